//! ESPHome's event components: <https://esphome.io/components/event/>.
//!
//! The owner of the device can configure any topic. The whole topic is the serial number.

use serde_json::{Map, Value};

use super::{DeviceMessage, DevicePress, HTTP_TOPIC_PREFIX, text_field};
use crate::domain::button::PressKind;

/// Decodes the state of a binary sensor. A device sends the state whenever it connects, so a state is not a press.
pub fn state(text: &str) -> Option<DeviceMessage> {
    matches!(text, "ON" | "OFF" | "").then_some(DeviceMessage::NotAPress)
}

/// Decodes `{"event_type": "single"}`.
pub fn event(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let kind = match text_field(object, "event_type")? {
        "single" | "single_click" | "press" => Some(PressKind::Single),
        "double" | "double_click" => Some(PressKind::Double),
        "triple" | "triple_click" => Some(PressKind::Triple),
        "long" | "long_press" | "hold" => Some(PressKind::Long),
        _ => None,
    };
    let device = topic.strip_prefix(HTTP_TOPIC_PREFIX).unwrap_or(topic);
    Some(DeviceMessage::from(kind.map(|kind| DevicePress::of_first_button(device, kind, None))))
}
