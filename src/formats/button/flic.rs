//! Flic's cloud: what it has signed, once the signature is verified.

use serde_json::{Map, Value};

use super::{HTTP, Read, Said, text_of, time_of};
use crate::domain::button::PressKind;

/// `{"buttonSerialNumber", "clickType": "click", "pressedAt"}`.
pub fn claims(topic: &str, object: &Map<String, Value>) -> Read {
    let device = topic.strip_prefix(HTTP)?;
    text_of(object, "buttonSerialNumber").filter(|serial| *serial == device)?;
    let kind = match text_of(object, "clickType")? {
        "click" => Some(PressKind::Single),
        "double_click" => Some(PressKind::Double),
        "hold" => Some(PressKind::Long),
        _ => None,
    };
    Some(kind.map(|kind| Said::first(device, kind, time_of(object, "pressedAt"))))
}
