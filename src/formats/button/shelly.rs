//! Shelly's buttons and inputs: <https://shelly-api-docs.shelly.cloud/>.

use serde_json::{Map, Value};

use super::{DeviceMessage, DevicePress, HTTP, counter_of, device, text_of};
use crate::domain::button::PressKind;

/// The first generation: `{"event": "S", "event_cnt": 2}` on `shellies/<id>/input_event/<input>`.
pub fn generation_1(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let (device, input) = match topic.strip_prefix(HTTP) {
        Some(device) => (device, "0"),
        None => topic.strip_prefix("shellies/")?.split_once("/input_event/")?,
    };
    let event = text_of(object, "event")?;
    let kind = match event {
        "S" => PressKind::Single,
        "SS" => PressKind::Double,
        "SSS" => PressKind::Triple,
        "L" => PressKind::Long,
        // `SL` and `LS`, or an empty text when the device starts.
        _ if object.contains_key("event_cnt") => return Some(DeviceMessage::NotAPress),
        _ => return None,
    };
    let button = input.parse::<u32>().ok()?.checked_add(1)?;
    let deduplication_key = counter_of(object, "event_cnt");
    Some(DeviceMessage::Press(DevicePress { device: device.to_owned(), button, kind, deduplication_key }))
}

/// The second and later generations: `{"src": …, "params": {"ts", "events": [{"id": 0, "event": "single_push"}]}}` on
/// `<id>/events/rpc`.
pub fn generation_2(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let device = device(topic, "", "/events/rpc")?;
    let params = object.get("params")?.as_object()?;
    let Some(events) = params.get("events").and_then(Value::as_array) else {
        return Some(DeviceMessage::NotAPress);
    };
    let mut presses = events.iter().filter_map(|event| {
        let event = event.as_object()?;
        let kind = push(text_of(event, "event")?)?;
        let input = event.get("id").and_then(Value::as_u64).unwrap_or_default();
        let button = u32::try_from(input).ok()?.checked_add(1)?;
        Some(DevicePress { device: device.to_owned(), button, kind, deduplication_key: counter_of(params, "ts") })
    });
    let press = presses.next();
    // A message is one press. Several presses in one message are an error, so that none is lost silently.
    if presses.next().is_some() { None } else { Some(DeviceMessage::from(press)) }
}

/// The BLU series, as the webhook of a gateway posts it: `{"component": "bthomedevice:202", "event": "single_push", "idx": 1,
/// "ts": …}`. `idx` is the number of the button.
pub fn blu(topic: &str, object: &Map<String, Value>) -> Option<DeviceMessage> {
    let device = topic.strip_prefix(HTTP)?;
    text_of(object, "component")?;
    let idx = object.get("idx").and_then(Value::as_u64).unwrap_or(1);
    let press = push(text_of(object, "event")?).and_then(|kind| {
        let button = u32::try_from(idx).ok()?.max(1);
        Some(DevicePress { device: device.to_owned(), button, kind, deduplication_key: counter_of(object, "ts") })
    });
    Some(DeviceMessage::from(press))
}

fn push(event: &str) -> Option<PressKind> {
    match event {
        "single_push" => Some(PressKind::Single),
        "double_push" => Some(PressKind::Double),
        "triple_push" => Some(PressKind::Triple),
        "long_push" => Some(PressKind::Long),
        _ => None,
    }
}
