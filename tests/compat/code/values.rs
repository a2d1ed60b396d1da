//! Domain values as JSON. Times are in milliseconds.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Attendee, Button, Digest, DigestRecord, NameKey, OptIn, RejectedMessage, Status, Timestamp, contact_json};

pub fn attendee(attendee: Option<&Attendee>) -> Value {
    let Some(attendee) = attendee else { return Value::Null };
    let (registration, forgotten_at) = match &attendee.status {
        Status::Out { expires_at } => (Value::Null, json!(expires_at.as_millis())),
        Status::In(registration) => {
            let registration = json!({
                "since": registration.since.as_millis(),
                "signup": registration.owner.as_str(),
                "channel": registration.channel.as_str(),
                "contact": registration.contact.as_ref().map(contact_json::to_json),
                "confirmed": registration.confirmed,
                "notify": registration.notify,
                "link_requested_at": registration.link_requested_at.map(Timestamp::as_millis),
            });
            (registration, Value::Null)
        }
    };
    json!({
        "event": attendee.event.as_str(),
        "title": attendee.title,
        "name": attendee.name.as_str(),
        // As the version that wrote the golden files folded it.
        "folded_name": attendee.name.lookup_key().as_str(),
        "newest": {"requested_at": attendee.newest.requested_at.as_millis(), "id": attendee.newest.id.as_str()},
        "registration": registration,
        "forgotten_at": forgotten_at,
    })
}

/// By the names of its stored attributes, and with the changes that it has counted. What is not sent yet has other names: who
/// is `owed` it, up to whom others were told it (`told_to`), and the names in it (`unfinished`).
pub fn digest(digest: &Digest) -> Value {
    let seen: Vec<String> = digest.seen.iter().map(|mark| format!("{:016x}", u64::from_be_bytes(*mark))).collect();
    let mut value = serde_json::to_value(DigestRecord::next(digest)).unwrap();
    value["version"] = json!(digest.version);
    value["seen"] = json!(seen);
    for name in ["sending", "late"] {
        value.as_object_mut().unwrap().remove(name);
    }
    let owed = digest.owed.iter().flat_map(|owed| owed.names.iter().map(NameKey::as_str));
    value["owed"] = owed.collect();
    value["told_to"] = json!(digest.expansion.as_ref().and_then(|expansion| Some(expansion.after.as_ref()?.as_str())));
    let named = digest.earlier_news.iter().flat_map(|news| news.named.iter().map(|change| change.name.as_str()));
    value["unfinished"] = json!(named.collect::<BTreeSet<_>>());
    value
}

pub fn button(button: &Button) -> Value {
    let actions = button.actions;
    json!({
        "serial": button.serial.as_str(),
        "event": button.event.title(),
        "name": button.attendee.as_str(),
        "single": actions.single.as_str(),
        "double": actions.double.as_str(),
        "triple": actions.triple.as_str(),
        "long": actions.long.as_str(),
        "contact": button.contact.as_ref().map(contact_json::to_json),
    })
}

pub fn reject(reject: &RejectedMessage) -> Value {
    json!({
        "id": reject.id,
        "body": reject.body,
        "reason": reject.reason,
        "arrived_at": reject.arrived_at.as_millis(),
        "rejected_at": reject.rejected_at.as_millis(),
    })
}

pub fn opt_in(opt_in: Option<OptIn>) -> Value {
    match opt_in {
        None => Value::Null,
        Some(OptIn::Pending { at }) => json!({"state": "pending", "requested_at": at.as_millis()}),
        Some(OptIn::Confirmed(_)) => json!({"state": "confirmed"}),
        Some(OptIn::OptedOut) => json!({"state": "opted_out"}),
    }
}
