//! ESPHome's event components, on whatever topic its configuration says, which is then the serial number:
//! <https://esphome.io/components/event/>.

use serde_json::{Map, Value};

use super::{HTTP, Read, Said, text_of};
use crate::domain::button::PressKind;

/// The bare state of a binary sensor: sent again at every connection, so no press.
pub fn state(text: &str) -> Option<Option<Said>> {
    matches!(text, "ON" | "OFF" | "").then_some(None)
}

/// `{"event_type": "single"}`.
pub fn event(topic: &str, object: &Map<String, Value>) -> Read {
    let kind = match text_of(object, "event_type")? {
        "single" | "single_click" | "press" => Some(PressKind::Single),
        "double" | "double_click" => Some(PressKind::Double),
        "triple" | "triple_click" => Some(PressKind::Triple),
        "long" | "long_press" | "hold" => Some(PressKind::Long),
        _ => None,
    };
    let device = topic.strip_prefix(HTTP).unwrap_or(topic);
    Some(kind.map(|kind| Said::first(device, kind, None)))
}
