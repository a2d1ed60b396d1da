//! AWS IoT Button and AWS IoT 1-Click. Both are no longer sold; the developer guide of AWS IoT 1-Click says what they
//! send.

use serde_json::{Map, Value};

use super::{Read, Said, device, text_of, time_of};
use crate::domain::button::PressKind;

/// `{"serialNumber": "G030…", "clickType": "SINGLE", "batteryVoltage": "2000 mV"}` on `iotbutton/<DSN>`. It says no time.
pub fn iot_button(topic: &str, object: &Map<String, Value>) -> Read {
    let device = device(topic, "iotbutton/", "")?;
    text_of(object, "serialNumber")?;
    let kind = text_of(object, "clickType").and_then(click);
    Some(kind.map(|kind| Said::first(device, kind, None)))
}

/// `{"deviceEvent": {"buttonClicked": {"clickType", "reportedTime"}}, "deviceInfo": {"deviceId"}}`: what AWS IoT 1-Click
/// handed to a function, on whatever topic one passes it on.
pub fn one_click(topic: &str, object: &Map<String, Value>) -> Read {
    let clicked = object.get("deviceEvent")?.get("buttonClicked")?.as_object()?;
    let id = object.get("deviceInfo")?.get("deviceId")?.as_str()?;
    let device = device(topic, "iotbutton/", "").unwrap_or(id);
    let kind = text_of(clicked, "clickType").and_then(click);
    Some(kind.map(|kind| Said::first(device, kind, time_of(clicked, "reportedTime"))))
}

fn click(text: &str) -> Option<PressKind> {
    match text {
        "SINGLE" => Some(PressKind::Single),
        "DOUBLE" => Some(PressKind::Double),
        "LONG" => Some(PressKind::Long),
        _ => None,
    }
}
