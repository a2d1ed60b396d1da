//! Buttons of AWS IoT and AWS IoT 1-Click. They are no longer sold. The
//! developer guide of AWS IoT 1-Click documents their messages.

use serde_json::{Map, Value};

use super::{DeviceMessage, device_in_topic, text_field, time_key};
use crate::domain::button::{DeduplicationKey, PressKind};

/// Decodes `{"serialNumber": "G030…", "clickType": "SINGLE", "batteryVoltage": "2000 mV"}` on
/// `iotbutton/<serial number>`. The message contains no timestamp, so the press has no deduplication key.
pub fn iot_button(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let device = device_in_topic(topic, "iotbutton/", "")?;
    text_field(object, "serialNumber")?;
    Some(click(device, text_field(object, "clickType"), None))
}

/// Decodes `{"deviceEvent": {"buttonClicked": {"clickType", "reportedTime"}}, "deviceInfo": {"deviceId"}}`, the
/// event that AWS IoT 1-Click passes to a Lambda function. It may arrive on any topic.
pub fn one_click(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let clicked = object.get("deviceEvent")?.get("buttonClicked")?.as_object()?;
    let id = object.get("deviceInfo")?.get("deviceId")?.as_str()?;
    let device = device_in_topic(topic, "iotbutton/", "").unwrap_or(id);
    Some(click(device, text_field(clicked, "clickType"), time_key(clicked, "reportedTime")))
}

/// A message without a kind of click reports the battery.
fn click(device: &str, click: Option<&str>, key: Option<DeduplicationKey>) -> DeviceMessage {
    match click {
        Some(click) => DeviceMessage::of_action(device, 1, click, click_kind(click), key),
        None => DeviceMessage::NotAPress,
    }
}

fn click_kind(text: &str) -> Option<PressKind> {
    match text {
        "SINGLE" => Some(PressKind::Single),
        "DOUBLE" => Some(PressKind::Double),
        "LONG" => Some(PressKind::Long),
        _ => None,
    }
}
