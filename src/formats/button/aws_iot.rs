//! AWS IoT Button and AWS IoT 1-Click. They are no longer sold. The developer guide of AWS IoT 1-Click documents their
//! messages.

use serde_json::{Map, Value};

use super::{DeviceMessage, DevicePress, device, text_of, time_of};
use crate::domain::button::PressKind;

/// `{"serialNumber": "G030…", "clickType": "SINGLE", "batteryVoltage": "2000 mV"}` on `iotbutton/<device serial number>`.
/// The message contains no timestamp.
pub fn iot_button(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let device = device(topic, "iotbutton/", "")?;
    text_of(object, "serialNumber")?;
    let kind = text_of(object, "clickType").and_then(click);
    Some(DeviceMessage::from(kind.map(|kind| DevicePress::first(device, kind, None))))
}

/// `{"deviceEvent": {"buttonClicked": {"clickType", "reportedTime"}}, "deviceInfo": {"deviceId"}}`: the event that AWS
/// IoT 1-Click passed to a function. It may arrive on any topic.
pub fn one_click(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let clicked = object.get("deviceEvent")?.get("buttonClicked")?.as_object()?;
    let id = object.get("deviceInfo")?.get("deviceId")?.as_str()?;
    let device = device(topic, "iotbutton/", "").unwrap_or(id);
    let kind = text_of(clicked, "clickType").and_then(click);
    Some(DeviceMessage::from(kind.map(|kind| DevicePress::first(device, kind, time_of(clicked, "reportedTime")))))
}

fn click(text: &str) -> Option<PressKind> {
    match text {
        "SINGLE" => Some(PressKind::Single),
        "DOUBLE" => Some(PressKind::Double),
        "LONG" => Some(PressKind::Long),
        _ => None,
    }
}
