//! Shelly's buttons and inputs: <https://shelly-api-docs.shelly.cloud/>.

use serde_json::{Map, Value};

use super::{DeviceMessage, DevicePress, HTTP_TOPIC_PREFIX, counter_key, device_in_topic, text_field};
use crate::domain::button::PressKind;

/// Decodes a message of the first generation: `{"event": "S", "event_cnt": 2}` on `shellies/<id>/input_event/<input>`.
pub fn generation_1(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let (device, input) = match topic.strip_prefix(HTTP_TOPIC_PREFIX) {
        Some(device) => (device, "0"),
        None => topic.strip_prefix("shellies/")?.split_once("/input_event/")?,
    };
    let event = text_field(object, "event")?;
    let kind = match event {
        "S" => PressKind::Single,
        "SS" => PressKind::Double,
        "SSS" => PressKind::Triple,
        "L" => PressKind::Long,
        // Mixed presses (`SL`, `LS`) are not supported. The event is empty when the device starts.
        _ if object.contains_key("event_cnt") => return Some(DeviceMessage::NotAPress),
        _ => return None,
    };
    let button = input.parse::<u32>().ok()?.checked_add(1)?;
    let deduplication_key = counter_key(object, "event_cnt");
    Some(DeviceMessage::Press(DevicePress { device: device.to_owned(), button, kind, deduplication_key }))
}

/// Decodes a message of the second or a later generation: `{"src": …, "params": {"ts", "events": [{"id": 0, "event":
/// "single_push"}]}}` on `<id>/events/rpc`.
pub fn generation_2(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let device = device_in_topic(topic, "", "/events/rpc")?;
    let params = object.get("params")?.as_object()?;
    let Some(events) = params.get("events").and_then(Value::as_array) else {
        return Some(DeviceMessage::NotAPress);
    };
    let mut presses = events.iter().filter_map(|event| {
        let event = event.as_object()?;
        let kind = push_kind(text_field(event, "event")?)?;
        let input = event.get("id").and_then(Value::as_u64).unwrap_or_default();
        let button = u32::try_from(input).ok()?.checked_add(1)?;
        Some(DevicePress { device: device.to_owned(), button, kind, deduplication_key: counter_key(params, "ts") })
    });
    let press = presses.next();
    // Only one press can be returned. Several presses in a message are
    // reported as an error instead of losing some of them.
    if presses.next().is_some() { None } else { Some(DeviceMessage::from(press)) }
}

/// Decodes a message of the BLU series, which a gateway posts as a webhook: `{"component": "bthomedevice:202", "event":
/// "single_push", "idx": 1, "ts": …}`. `idx` is the number of the button.
pub fn blu(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let device = topic.strip_prefix(HTTP_TOPIC_PREFIX)?;
    text_field(object, "component")?;
    let idx = object.get("idx").and_then(Value::as_u64).unwrap_or(1);
    let press = push_kind(text_field(object, "event")?).and_then(|kind| {
        let button = u32::try_from(idx).ok()?.max(1);
        Some(DevicePress { device: device.to_owned(), button, kind, deduplication_key: counter_key(object, "ts") })
    });
    Some(DeviceMessage::from(press))
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
