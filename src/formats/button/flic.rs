//! Buttons of Flic: the claims of a token from Flic's cloud. The token's signature was verified before.

use serde_json::{Map, Value};

use super::{DeviceMessage, HTTP_TOPIC_PREFIX, text_field, time_key};
use crate::domain::button::PressKind;

/// Decodes `{"buttonSerialNumber", "clickType": "click", "pressedAt"}`.
pub fn claims(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let device = topic.strip_prefix(HTTP_TOPIC_PREFIX)?;
    text_field(object, "buttonSerialNumber").filter(|serial| *serial == device)?;
    let click = text_field(object, "clickType")?;
    let kind = match click {
        "click" => Some(PressKind::Single),
        "double_click" => Some(PressKind::Double),
        "hold" => Some(PressKind::Long),
        _ => None,
    };
    Some(DeviceMessage::of_action(device, 1, click, kind, time_key(object, "pressedAt")))
}
