//! Buttons of AWS IoT and AWS IoT 1-Click. They are no longer sold. The
//! developer guide of AWS IoT 1-Click documents their messages.

use serde_json::{Map, Value};

use super::{DeviceMessage, DevicePress, device_in_topic, text_field, time_key};
use crate::domain::button::PressKind;

/// Decodes `{"serialNumber": "G030…", "clickType": "SINGLE", "batteryVoltage": "2000 mV"}` on
/// `iotbutton/<serial number>`. The message contains no timestamp, so the press has no deduplication key.
pub fn iot_button(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let device = device_in_topic(topic, "iotbutton/", "")?;
    text_field(object, "serialNumber")?;
    let kind = text_field(object, "clickType").and_then(click_kind);
    Some(DeviceMessage::from(kind.map(|kind| DevicePress::of_first_button(device, kind, None))))
}

/// Decodes `{"deviceEvent": {"buttonClicked": {"clickType", "reportedTime"}}, "deviceInfo": {"deviceId"}}`, the
/// event that AWS IoT 1-Click passes to a Lambda function. It may arrive on any topic.
pub fn one_click(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let clicked = object.get("deviceEvent")?.get("buttonClicked")?.as_object()?;
    let id = object.get("deviceInfo")?.get("deviceId")?.as_str()?;
    let device = device_in_topic(topic, "iotbutton/", "").unwrap_or(id);
    let kind = text_field(clicked, "clickType").and_then(click_kind);
    Some(DeviceMessage::from(
        kind.map(|kind| DevicePress::of_first_button(device, kind, time_key(clicked, "reportedTime"))),
    ))
}

fn click_kind(text: &str) -> Option<PressKind> {
    match text {
        "SINGLE" => Some(PressKind::Single),
        "DOUBLE" => Some(PressKind::Double),
        "LONG" => Some(PressKind::Long),
        _ => None,
    }
}
