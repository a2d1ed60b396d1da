//! Buttons of Tasmota devices that are configured with `SetOption73 1`:
//! <https://tasmota.github.io/docs/Buttons-and-Switches/>.

use serde_json::{Map, Value};

use super::{DeviceMessage, device_in_topic, text_field};
use crate::domain::button::PressKind;

/// Decodes `{"Button1": {"Action": "SINGLE"}}` on `stat/<topic>/RESULT`. Results of commands arrive on the same topic.
pub fn result(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let device = device_in_topic(topic, "stat/", "/RESULT")?;
    let button = object.iter().find_map(|(field, value)| {
        let number: u32 = field.strip_prefix("Button")?.parse().ok()?;
        Some((number, text_field(value.as_object()?, "Action")?))
    });
    match button {
        Some((_, "CLEAR" | "TOGGLE")) => Some(DeviceMessage::NotAPress),
        Some((button, action)) => Some(DeviceMessage::of_action(device, button, action, kind(action), None)),
        None if topic.starts_with("stat/") => Some(DeviceMessage::NotAPress),
        None => None,
    }
}

fn kind(action: &str) -> Option<PressKind> {
    match action {
        "SINGLE" => Some(PressKind::Single),
        "DOUBLE" => Some(PressKind::Double),
        "TRIPLE" => Some(PressKind::Triple),
        "HOLD" => Some(PressKind::Long),
        _ => None,
    }
}
