//! ESPHome's event components. The topic is free in their configuration, and is the serial number:
//! <https://esphome.io/components/event/>.

use serde_json::{Map, Value};

use super::{DeviceMessage, DevicePress, HTTP, text_of};
use crate::domain::button::PressKind;

/// The plain state of a binary sensor. The device sends it again at every connection, so it is not a press.
pub fn state(text: &str) -> Option<DeviceMessage> {
    matches!(text, "ON" | "OFF" | "").then_some(DeviceMessage::NotAPress)
}

/// `{"event_type": "single"}`.
pub fn event(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let kind = match text_of(object, "event_type")? {
        "single" | "single_click" | "press" => Some(PressKind::Single),
        "double" | "double_click" => Some(PressKind::Double),
        "triple" | "triple_click" => Some(PressKind::Triple),
        "long" | "long_press" | "hold" => Some(PressKind::Long),
        _ => None,
    };
    let device = topic.strip_prefix(HTTP).unwrap_or(topic);
    Some(DeviceMessage::from(kind.map(|kind| DevicePress::first(device, kind, None))))
}
