//! Shelly's buttons and inputs: <https://shelly-api-docs.shelly.cloud/>.

use serde_json::{Map, Value};

use super::{DeviceMessage, HTTP_TOPIC_PREFIX, counter_key, device_in_topic, text_field};
use crate::domain::button::{DeduplicationKey, PressKind};

/// Decodes a message of the first generation: `{"event": "S", "event_cnt": 2}` on `shellies/<id>/input_event/<input>`.
pub fn generation_1(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let (device, input) = match topic.strip_prefix(HTTP_TOPIC_PREFIX) {
        Some(device) => (device, "0"),
        None => topic.strip_prefix("shellies/")?.split_once("/input_event/")?,
    };
    let event = text_field(object, "event")?;
    let kind = match event {
        "S" => Some(PressKind::Single),
        "SS" => Some(PressKind::Double),
        "SSS" => Some(PressKind::Triple),
        "L" => Some(PressKind::Long),
        _ => None,
    };
    if kind.is_none() && !object.contains_key("event_cnt") {
        return None;
    }
    // The event is empty when the device starts.
    if event.is_empty() {
        return Some(DeviceMessage::NotAPress);
    }
    // Mixed presses (`SL`, `LS`) are not supported.
    let button = input.parse::<u32>().ok()?.checked_add(1)?;
    Some(DeviceMessage::of_action(device, button, event, kind, counter_key(object, "event_cnt")))
}

/// Decodes a message of the second or a later generation: `{"src": …, "params": {"ts", "events": [{"id": 0, "event":
/// "single_push"}]}}` on `<id>/events/rpc`.
pub fn generation_2(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let device = device_in_topic(topic, "", "/events/rpc")?;
    let params = object.get("params")?.as_object()?;
    let Some(events) = params.get("events").and_then(Value::as_array) else {
        return Some(DeviceMessage::NotAPress);
    };
    let mut actions = events
        .iter()
        .filter_map(Value::as_object)
        .filter_map(|event| input_event(device, event, counter_key(params, "ts")));
    let action = actions.next().unwrap_or(DeviceMessage::NotAPress);
    // Only one press can be returned. Several presses in a message are
    // reported as an error instead of losing some of them.
    if actions.next().is_some() { None } else { Some(action) }
}

/// Decodes an event of an input, or of a device of the BLU series, for which the sender is the gateway. Its component is the
/// device, and each button of it has a serial number with its `idx`:
/// <https://shelly-api-docs.shelly.cloud/gen2/DynamicComponents/BTHome/BTHomeDevice>. Returns `None` for an event of another kind.
fn input_event(sender: &str, event: &Map<String, Value>, key: Option<DeduplicationKey>) -> Option<DeviceMessage> {
    let name = text_field(event, "event").filter(|name| !PARTS_OF_PUSHES.contains(name))?;
    let component = text_field(event, "component").unwrap_or("input:");
    let kind = push_kind(name);
    if component.starts_with("bthomedevice:") {
        let number = event.get("idx").and_then(Value::as_u64).map(|idx| format!(":{idx}"));
        let device = format!("{sender}:{component}{}", number.unwrap_or_default());
        return Some(DeviceMessage::of_action(&device, 1, name, kind, key)).filter(|_| kind.is_some() || is_push(name));
    }
    if kind.is_none() && !(component.starts_with("input:") && is_push(name)) {
        return None;
    }
    let input = event.get("id").and_then(Value::as_u64).unwrap_or_default();
    let button = u32::try_from(input).ok()?.checked_add(1)?;
    Some(DeviceMessage::of_action(sender, button, name, kind, key))
}

/// Decodes a message of the BLU series, which a gateway posts as a webhook: `{"component": "bthomedevice:202", "event":
/// "single_push", "idx": 1, "ts": …}`. `idx` is the number of the button.
pub fn blu(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let device = topic.strip_prefix(HTTP_TOPIC_PREFIX)?;
    text_field(object, "component")?;
    let idx = object.get("idx").and_then(Value::as_u64).unwrap_or(1);
    let name = text_field(object, "event")?;
    let kind = push_kind(name);
    if kind.is_none() && !is_push(name) {
        return Some(DeviceMessage::NotAPress);
    }
    let button = u32::try_from(idx).ok()?.max(1);
    Some(DeviceMessage::of_action(device, button, name, kind, counter_key(object, "ts")))
}

/// Events before and after the push that another event reports.
const PARTS_OF_PUSHES: [&str; 2] = ["btn_down", "btn_up"];

/// Whether an event is some push of a button, such as `quad_push`.
fn is_push(event: &str) -> bool {
    event.ends_with("_push") || event.starts_with("hold")
}

fn push_kind(event: &str) -> Option<PressKind> {
    match event {
        "single_push" => Some(PressKind::Single),
        "double_push" => Some(PressKind::Double),
        "triple_push" => Some(PressKind::Triple),
        "long_push" => Some(PressKind::Long),
        _ => None,
    }
}
