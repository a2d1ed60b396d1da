//! Zigbee buttons behind zigbee2mqtt: <https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html>.

use serde_json::{Map, Value};

use super::{DeviceMessage, device_in_topic, text_field};
use crate::domain::button::DeduplicationKey;

const TOPIC_PREFIX: &str = "zigbee2mqtt/";

/// The last part of topics on which zigbee2mqtt or other programs send something else about a device.
const OTHER_TOPICS: [&str; 3] = ["/availability", "/set", "/get"];

/// Whether a topic of zigbee2mqtt is about the bridge itself. Its messages are large.
pub fn is_of_bridge(topic: &str) -> bool {
    topic.strip_prefix(TOPIC_PREFIX).is_some_and(|rest| rest == "bridge" || rest.starts_with("bridge/"))
}

/// Decodes an action that is sent as plain text on `zigbee2mqtt/<name>/action`. Any other plain text on a topic of
/// zigbee2mqtt is the state of a device.
pub fn text(topic: &str, text: &str) -> Option<DeviceMessage> {
    let rest = topic.strip_prefix(TOPIC_PREFIX).filter(|_| !text.starts_with('{'))?;
    Some(match rest.strip_suffix("/action") {
        Some(device) if !is_of_bridge(topic) => action(device, text),
        _ => DeviceMessage::NotAPress,
    })
}

/// Decodes `{"action": "1_single", "battery": 100, …}` on `zigbee2mqtt/<name>`, where the name may contain `/`. A message with
/// an empty, null or absent action is not a press.
pub fn json(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let device = device_in_topic(topic, TOPIC_PREFIX, "")?;
    let is_zigbee2mqtt = topic.starts_with(TOPIC_PREFIX);
    if !is_zigbee2mqtt && !object.contains_key("action") {
        return None;
    }
    let is_other =
        is_zigbee2mqtt && (is_of_bridge(topic) || OTHER_TOPICS.iter().any(|suffix| device.ends_with(suffix)));
    match text_field(object, "action").filter(|_| !is_other) {
        Some(text) => Some(action(device, text)),
        None => Some(DeviceMessage::NotAPress),
    }
}

/// zigbee2mqtt may send an action on both topics, and many devices report both that a button went down and that it was
/// released.
fn action(device: &str, text: &str) -> DeviceMessage {
    if text.is_empty() {
        return DeviceMessage::NotAPress;
    }
    DeviceMessage::of_words(device, text, Some(DeduplicationKey::Gesture))
}
