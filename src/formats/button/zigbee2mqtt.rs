//! Zigbee buttons behind zigbee2mqtt: <https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html>.

use serde_json::{Map, Value};

use super::{DeviceMessage, DevicePress, device_in_topic, text_field};
use crate::domain::button::PressKind;

const TOPIC_PREFIX: &str = "zigbee2mqtt/";

/// Decodes an action that is sent as plain text on `zigbee2mqtt/<name>/action`.
pub fn text(topic: &str, text: &str) -> Option<DeviceMessage> {
    let device = topic.strip_prefix(TOPIC_PREFIX)?.strip_suffix("/action")?;
    Some(DeviceMessage::from(action(device, text)))
}

/// Decodes `{"action": "1_single", "battery": 100, …}` on `zigbee2mqtt/<name>`. A message with an
/// empty, null or absent action is not a press.
pub fn json(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let device = device_in_topic(topic, TOPIC_PREFIX, "")?;
    if !topic.starts_with(TOPIC_PREFIX) && !object.contains_key("action") {
        return None;
    }
    Some(DeviceMessage::from(text_field(object, "action").and_then(|text| action(device, text))))
}

/// Parses an action like `single`, or like `2_single` with the number of the button.
fn action(device: &str, text: &str) -> Option<DevicePress> {
    let numbered = text.split_once('_').and_then(|(number, kind)| Some((number.parse().ok()?, kind)));
    let (button, kind) = numbered.unwrap_or((1, text));
    let kind = match kind {
        "single" => PressKind::Single,
        "double" => PressKind::Double,
        "triple" => PressKind::Triple,
        "hold" | "long" => PressKind::Long,
        _ => return None,
    };
    Some(DevicePress { device: device.to_owned(), button, kind, deduplication_key: None })
}
