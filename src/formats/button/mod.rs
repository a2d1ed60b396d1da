//! Buttons: what they send, over MQTT or HTTP, and what of it is a press.
//!
//! Device by device, by what its public documentation says it sends. The serial number is in the topic where the topic
//! has one. Of a device with several buttons the first goes by the device's own, the second by `…:2`, and so on.

mod aws_iot;
pub mod envelope;
mod esphome;
mod flic;
pub mod flic_key;
pub mod registration;
mod shelly;
mod tasmota;
#[cfg(test)]
mod tests;
mod zigbee2mqtt;

use serde_json::{Map, Value};

use self::envelope::Envelope;
use crate::domain::button::{Mark, Press, PressKind, Serial};
use crate::domain::invalid::FieldProblem;
use crate::formats::fields;

/// Where buttons that know HTTP alone stand: `http/` and the serial number.
pub const HTTP: &str = "http/";

/// What a device said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    Press(Press),
    /// Something else: that it woke up, its battery, a button let go, a kind of press without a name here.
    NotAPress,
}

/// Why nobody can tell what a device said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    #[error("the payload on `{topic}` is not JSON, nor the text of any button that is known")]
    NotJson { topic: String },
    #[error("the payload on `{topic}` is of no button that is known; see the README for those that are")]
    Unknown { topic: String },
    #[error("the serial number on `{topic}` {problem}")]
    Serial { topic: String, problem: FieldProblem },
}

/// Decodes what came on a topic.
pub fn decode(envelope: &Envelope) -> Result<Decoded, Undecodable> {
    let topic = envelope.topic.as_str();
    let Some(said) = said(topic, &envelope.payload)? else { return Ok(Decoded::NotAPress) };
    let serial = Serial::of_button(&said.device, said.button)
        .map_err(|problem| Undecodable::Serial { topic: shown(topic), problem })?;
    Ok(Decoded::Press(Press { serial, kind: said.kind, mark: said.mark }))
}

/// A press, as the devices tell it.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    device: String,
    /// Which of the device's buttons, from 1.
    button: u32,
    kind: PressKind,
    /// What tells this press from the next one, if the device says it.
    mark: Option<Mark>,
}

impl Said {
    fn first(device: &str, kind: PressKind, mark: Option<Mark>) -> Self {
        Self { device: device.to_owned(), button: 1, kind, mark }
    }
}

/// Which press, if it is one; `None` of a device of another family.
type Read = Option<Option<Said>>;

fn said(topic: &str, payload: &[u8]) -> Result<Option<Said>, Undecodable> {
    if let Ok(text) = std::str::from_utf8(payload).map(str::trim)
        && let Some(said) = zigbee2mqtt::text(topic, text).or_else(|| esphome::state(text))
    {
        return Ok(said);
    }
    let json = serde_json::from_slice(payload).map_err(|_| Undecodable::NotJson { topic: shown(topic) })?;
    let unknown = || Undecodable::Unknown { topic: shown(topic) };
    let Value::Object(object) = json else { return Err(unknown()) };
    let devices = [
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
    devices.iter().find_map(|device| device(topic, &object)).ok_or_else(unknown)
}

/// A topic comes from strangers, and a reason stays short.
pub fn shown(topic: &str) -> String {
    topic.chars().filter(|c| !c.is_control()).take(128).collect()
}

/// The device that a topic names between its ends, or that posted over HTTP.
fn device<'a>(topic: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let named = || topic.strip_prefix(before)?.strip_suffix(after);
    topic.strip_prefix(HTTP).or_else(named).filter(|device| !device.is_empty())
}

/// The text of a field, if it is one.
fn text_of<'a>(object: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    fields::optional(object, field)?.as_str()
}

/// A number, by which a device tells its presses apart.
fn count_of(object: &Map<String, Value>, field: &str) -> Option<Mark> {
    match fields::optional(object, field)? {
        Value::Number(number) => Some(Mark::Count(number.to_string())),
        _ => None,
    }
}

/// A moment, as text or as a number.
fn time_of(object: &Map<String, Value>, field: &str) -> Option<Mark> {
    match fields::optional(object, field)? {
        Value::String(text) => Some(Mark::Time(text.clone())),
        Value::Number(number) => Some(Mark::Time(number.to_string())),
        _ => None,
    }
}
