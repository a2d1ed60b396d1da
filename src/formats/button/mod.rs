//! Decodes the messages that buttons send over MQTT or HTTP into presses.
//!
//! Each family of devices has its own module, which follows the manufacturer's public documentation. If the topic
//! contains a serial number, that one is used, and not the one in the payload. The first button of a device has the
//! device's serial number, the second one has the serial number followed by `:2`, and a button with a name has it followed by
//! `:left`, for example.

mod action;
mod aws_iot;
mod esphome;
mod flic;
pub mod flic_key;
pub mod message;
pub mod registration;
mod shelly;
mod tasmota;
#[cfg(test)]
mod tests;
mod zigbee2mqtt;

pub use self::zigbee2mqtt::is_of_bridge;

use serde_json::{Map, Value};

use self::action::{ButtonName, Meaning};
use self::message::ButtonMessage;
use crate::domain::button::{DeduplicationKey, Press, PressKind, Serial};
use crate::domain::invalid::FieldProblem;
use crate::domain::text::printable;
use crate::formats::fields;

/// A press over HTTP has this prefix and the serial number as its topic.
pub const HTTP_TOPIC_PREFIX: &str = "http/";

/// The length of an action that is not understood, in characters. It becomes part of a reason.
const MAX_ACTION_CHARS: usize = 64;

/// The content of a decoded message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    Press(Press),
    /// The message reports something else: the start of the device, its battery level, or the beginning or end of a press that
    /// another message reports.
    NotAPress,
    /// The button reports something that may be a press, but of an unknown kind.
    NotUnderstood {
        serial: Serial,
        /// At most 64 visible characters of what the device calls it.
        action: String,
    },
}

/// Why a message cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("the payload on `{topic}` is neither JSON nor a text that a supported button sends; see docs/buttons.md")]
    NotJson { topic: String },
    #[error("the payload on `{topic}` is not from a supported button; see docs/buttons.md")]
    Unknown { topic: String },
    #[error("the serial number on `{topic}` {problem}")]
    Serial { topic: String, problem: FieldProblem },
}

/// Decodes a button's message.
pub fn decode(message: &ButtonMessage) -> Result<Decoded, DecodeError> {
    let topic = message.topic.as_str();
    let serial = |device: &str, button| {
        Serial::of_button(device, button)
            .map_err(|problem| DecodeError::Serial { topic: printable_topic(topic), problem })
    };
    Ok(match device_message(topic, &message.payload)? {
        DeviceMessage::Press(press) => Decoded::Press(Press {
            serial: serial(&press.device, press.button)?,
            kind: press.kind,
            deduplication_key: press.deduplication_key,
        }),
        DeviceMessage::NotAPress => Decoded::NotAPress,
        DeviceMessage::NotUnderstood { device, button, action } => {
            Decoded::NotUnderstood { serial: serial(&device, button)?, action: printable(&action, MAX_ACTION_CHARS) }
        }
    })
}

/// A press of one of a device's buttons.
#[derive(Debug, PartialEq, Eq)]
struct DevicePress {
    device: String,
    /// The number of the button on the device. The first button is 1.
    button: u32,
    kind: PressKind,
    deduplication_key: Option<DeduplicationKey>,
}

/// A message of a supported device. The decoder of a device family returns `None` for a message of another family.
#[derive(Debug, PartialEq, Eq)]
enum DeviceMessage {
    Press(DevicePress),
    NotAPress,
    NotUnderstood { device: String, button: u32, action: String },
}

impl DeviceMessage {
    /// The message about an action of a known device. `kind` is `None` if the action is not known.
    fn of_action(
        device: &str,
        button: u32,
        action: &str,
        kind: Option<PressKind>,
        key: Option<DeduplicationKey>,
    ) -> Self {
        let device = device.to_owned();
        match kind {
            Some(kind) => Self::Press(DevicePress { device, button, kind, deduplication_key: key }),
            None => Self::NotUnderstood { device, button, action: action.to_owned() },
        }
    }

    /// The message about an action that [`action::meaning`] reads.
    fn of_words(device: &str, words: &str, key: Option<DeduplicationKey>) -> Self {
        match action::meaning(words) {
            Meaning::Press { button: ButtonName::Number(button), kind } => {
                Self::of_action(device, button, words, Some(kind), key)
            }
            Meaning::Press { button: ButtonName::Named(name), kind } => {
                Self::of_action(&format!("{device}:{name}"), 1, words, Some(kind), key)
            }
            Meaning::NotAPress => Self::NotAPress,
            Meaning::NotUnderstood => Self::of_action(device, 1, words, None, key),
        }
    }
}

fn device_message(topic: &str, payload: &[u8]) -> Result<DeviceMessage, DecodeError> {
    if let Ok(text) = std::str::from_utf8(payload).map(str::trim)
        && let Some(message) = zigbee2mqtt::text(topic, text).or_else(|| esphome::state(text))
    {
        return Ok(message);
    }
    let json = serde_json::from_slice(payload).map_err(|_| DecodeError::NotJson { topic: printable_topic(topic) })?;
    let not_supported = || DecodeError::Unknown { topic: printable_topic(topic) };
    let Value::Object(object) = json else { return Err(not_supported()) };
    let decoders = [
        aws_iot::one_click,
        aws_iot::iot_button,
        shelly::generation_1,
        shelly::generation_2,
        shelly::blu,
        flic::claims,
        zigbee2mqtt::json,
        tasmota::result,
        esphome::event,
    ];
    decoders.iter().find_map(|decode| decode(topic, &object)).ok_or_else(not_supported)
}

/// Shortens a topic and removes its control characters, so that it can be logged. Devices choose their topics.
pub fn printable_topic(topic: &str) -> String {
    printable(topic, 128)
}

/// The device in a topic that consists of `prefix`, the device and `suffix`, or in the topic of a press over HTTP.
fn device_in_topic<'a>(topic: &'a str, prefix: &str, suffix: &str) -> Option<&'a str> {
    let in_topic = || topic.strip_prefix(prefix)?.strip_suffix(suffix);
    topic.strip_prefix(HTTP_TOPIC_PREFIX).or_else(in_topic).filter(|device| !device.is_empty())
}

/// Returns `None` if the field is absent or not text.
fn text_field<'a>(object: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    fields::optional(object, field)?.as_str()
}

/// Reads a numeric field as a deduplication key.
fn counter_key(object: &Map<String, Value>, field: &str) -> Option<DeduplicationKey> {
    match fields::optional(object, field)? {
        Value::Number(number) => Some(DeduplicationKey::Counter(number.to_string())),
        _ => None,
    }
}

/// Reads a time, written as text or as a number, as a deduplication key.
fn time_key(object: &Map<String, Value>, field: &str) -> Option<DeduplicationKey> {
    match fields::optional(object, field)? {
        Value::String(text) => Some(DeduplicationKey::Time(text.clone())),
        Value::Number(number) => Some(DeduplicationKey::Time(number.to_string())),
        _ => None,
    }
}
