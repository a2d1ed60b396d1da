//! Flic's cloud: the claims of its tokens, after their signature was verified.

use serde_json::{Map, Value};

use super::{DeviceMessage, DevicePress, HTTP, text_of, time_of};
use crate::domain::button::PressKind;

/// `{"buttonSerialNumber", "clickType": "click", "pressedAt"}`.
pub fn claims(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let device = topic.strip_prefix(HTTP)?;
    text_of(object, "buttonSerialNumber").filter(|serial| *serial == device)?;
    let kind = match text_of(object, "clickType")? {
        "click" => Some(PressKind::Single),
        "double_click" => Some(PressKind::Double),
        "hold" => Some(PressKind::Long),
        _ => None,
    };
    Some(DeviceMessage::from(kind.map(|kind| DevicePress::first(device, kind, time_of(object, "pressedAt")))))
}
