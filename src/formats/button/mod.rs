//! Messages from buttons over MQTT or HTTP, and the presses in them.
//!
//! There is one module for each family of devices, written after the public documentation of its maker. The serial number is
//! in the topic if the topic has one. The first button of a device has the device's serial number, the second one `…:2`, and
//! so on.

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

use serde_json::{Map, Value};

use self::message::ButtonMessage;
use crate::domain::button::{DeduplicationKey, Press, PressKind, Serial};
use crate::domain::invalid::FieldProblem;
use crate::formats::fields;

/// The prefix of the topic of a press over HTTP; the serial number follows.
pub const HTTP: &str = "http/";

/// A decoded message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    Press(Press),
    /// Another message, like the device's start, its battery level, a released button or an unsupported kind of press.
    NotAPress,
}

/// Why a message cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("the payload on `{topic}` is neither JSON nor a text of a supported button; see docs/buttons.md")]
    NotJson { topic: String },
    #[error("the payload on `{topic}` is not from a supported button; see docs/buttons.md")]
    Unknown { topic: String },
    #[error("the serial number on `{topic}` {problem}")]
    Serial { topic: String, problem: FieldProblem },
}

/// Decodes a button's message.
pub fn decode(message: &ButtonMessage) -> Result<Decoded, DecodeError> {
    let topic = message.topic.as_str();
    let DeviceMessage::Press(press) = device_message(topic, &message.payload)? else { return Ok(Decoded::NotAPress) };
    let serial = Serial::of_button(&press.device, press.button)
        .map_err(|problem| DecodeError::Serial { topic: shown(topic), problem })?;
    Ok(Decoded::Press(Press { serial, kind: press.kind, deduplication_key: press.deduplication_key }))
}

/// A press of one of a device's buttons.
#[derive(Debug, PartialEq, Eq)]
struct DevicePress {
    device: String,
    /// The number of the button, from 1.
    button: u32,
    kind: PressKind,
    deduplication_key: Option<DeduplicationKey>,
}

impl DevicePress {
    /// A press of the device's first or only button.
    fn first(device: &str, kind: PressKind, deduplication_key: Option<DeduplicationKey>) -> Self {
        Self { device: device.to_owned(), button: 1, kind, deduplication_key }
    }
}

/// A message of a supported device. The decoder of a family returns none for a message of another family.
#[derive(Debug, PartialEq, Eq)]
enum DeviceMessage {
    Press(DevicePress),
    NotAPress,
}

impl From<Option<DevicePress>> for DeviceMessage {
    fn from(press: Option<DevicePress>) -> Self {
        press.map_or(Self::NotAPress, Self::Press)
    }
}

fn device_message(topic: &str, payload: &[u8]) -> Result<DeviceMessage, DecodeError> {
    if let Ok(text) = std::str::from_utf8(payload).map(str::trim)
        && let Some(message) = zigbee2mqtt::text(topic, text).or_else(|| esphome::state(text))
    {
        return Ok(message);
    }
    let json = serde_json::from_slice(payload).map_err(|_| DecodeError::NotJson { topic: shown(topic) })?;
    let unknown = || DecodeError::Unknown { topic: shown(topic) };
    let Value::Object(object) = json else { return Err(unknown()) };
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
    decoders.iter().find_map(|decode| decode(topic, &object)).ok_or_else(unknown)
}

/// A topic for an error text: without control characters and not too long, since any device can choose it.
pub fn shown(topic: &str) -> String {
    topic.chars().filter(|c| !c.is_control()).take(128).collect()
}

/// The device in a topic of the form `prefix device suffix`, or in the topic of a press over HTTP.
fn device<'a>(topic: &'a str, prefix: &str, suffix: &str) -> Option<&'a str> {
    let in_topic = || topic.strip_prefix(prefix)?.strip_suffix(suffix);
    topic.strip_prefix(HTTP).or_else(in_topic).filter(|device| !device.is_empty())
}

/// The text of a field; none if it is absent or no text.
fn text_of<'a>(object: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    fields::optional(object, field)?.as_str()
}

/// A numeric field as a deduplication key.
fn counter_of(object: &Map<String, Value>, field: &str) -> Option<DeduplicationKey> {
    match fields::optional(object, field)? {
        Value::Number(number) => Some(DeduplicationKey::Counter(number.to_string())),
        _ => None,
    }
}

/// A time as text or as a number, as a deduplication key.
fn time_of(object: &Map<String, Value>, field: &str) -> Option<DeduplicationKey> {
    match fields::optional(object, field)? {
        Value::String(text) => Some(DeduplicationKey::Time(text.clone())),
        Value::Number(number) => Some(DeduplicationKey::Time(number.to_string())),
        _ => None,
    }
}
