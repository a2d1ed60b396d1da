//! Shelly's buttons and inputs: <https://shelly-api-docs.shelly.cloud/>.

use serde_json::{Map, Value};

use super::{HTTP, Read, Said, count_of, device, text_of};
use crate::domain::button::PressKind;

/// Of the first generation: `{"event": "S", "event_cnt": 2}` on `shellies/<id>/input_event/<input>`.
pub fn generation_1(topic: &str, object: &Map<String, Value>) -> Read {
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
        // `SL`, `LS`, and nothing at a start.
        _ if object.contains_key("event_cnt") => return Some(None),
        _ => return None,
    };
    let button = input.parse::<u32>().ok()?.checked_add(1)?;
    Some(Some(Said { device: device.to_owned(), button, kind, mark: count_of(object, "event_cnt") }))
}

/// Of the second and later ones: `{"src": …, "params": {"ts", "events": [{"id": 0, "event": "single_push"}]}}` on
/// `<id>/events/rpc`.
pub fn generation_2(topic: &str, object: &Map<String, Value>) -> Read {
    let device = device(topic, "", "/events/rpc")?;
    let params = object.get("params")?.as_object()?;
    let Some(events) = params.get("events").and_then(Value::as_array) else { return Some(None) };
    let mut presses = events.iter().filter_map(|event| {
        let event = event.as_object()?;
        let kind = push(text_of(event, "event")?)?;
        let input = event.get("id").and_then(Value::as_u64).unwrap_or_default();
        let button = u32::try_from(input).ok()?.checked_add(1)?;
        Some(Said { device: device.to_owned(), button, kind, mark: count_of(params, "ts") })
    });
    let press = presses.next();
    // Of several at once none is dropped unseen: they are told as what is not understood.
    if presses.next().is_some() { None } else { Some(press) }
}

/// Of the line BLU, as a gateway's webhook posts it: `{"component": "bthomedevice:202", "event": "single_push", "idx": 1,
/// "ts": …}`. `idx` is the device's button.
pub fn blu(topic: &str, object: &Map<String, Value>) -> Read {
    let device = topic.strip_prefix(HTTP)?;
    text_of(object, "component")?;
    let idx = object.get("idx").and_then(Value::as_u64).unwrap_or(1);
    let press = push(text_of(object, "event")?).and_then(|kind| {
        let button = u32::try_from(idx).ok()?.max(1);
        Some(Said { device: device.to_owned(), button, kind, mark: count_of(object, "ts") })
    });
    Some(press)
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
