//! ESPHome's event components: <https://esphome.io/components/event/>.
//!
//! The owner of the device can configure any topic. The whole topic is the serial number.

use serde_json::{Map, Value};

use super::{DeviceMessage, HTTP_TOPIC_PREFIX, text_field};

/// Decodes the state of a binary sensor. A device sends the state whenever it connects, so a state is not a press.
pub fn state(text: &str) -> Option<DeviceMessage> {
    matches!(text, "ON" | "OFF" | "").then_some(DeviceMessage::NotAPress)
}

/// Decodes `{"event_type": "single"}`. The owner of the device chooses the words.
pub fn event(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let device = topic.strip_prefix(HTTP_TOPIC_PREFIX).unwrap_or(topic);
    Some(DeviceMessage::of_words(device, text_field(object, "event_type")?, None))
}
