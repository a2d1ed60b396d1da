//! Zigbee buttons behind zigbee2mqtt: <https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html>.

use serde_json::{Map, Value};

use super::{DeviceMessage, DevicePress, device, text_of};
use crate::domain::button::PressKind;

const BASE: &str = "zigbee2mqtt/";

/// The plain action on `zigbee2mqtt/<name>/action`.
pub fn text(topic: &str, text: &str) -> Option<DeviceMessage> {
    let device = topic.strip_prefix(BASE)?.strip_suffix("/action")?;
    Some(DeviceMessage::from(action(device, text)))
}

/// `{"action": "1_single", "battery": 100, …}` on `zigbee2mqtt/<name>`. The action is empty, null or absent before and
/// after a press.
pub fn json(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let device = device(topic, BASE, "")?;
    if !topic.starts_with(BASE) && !object.contains_key("action") {
        return None;
    }
    Some(DeviceMessage::from(text_of(object, "action").and_then(|text| action(device, text))))
}

/// `single`, or `2_single` with the number of the button.
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
