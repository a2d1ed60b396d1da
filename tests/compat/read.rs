//! Reads everything through the ports of a storage backend, SQLite or DynamoDB.

use serde_json::{Value, json};

use crate::code::Ports;
use crate::golden::{as_list, as_text, assert_holds};

/// Attendees in and out, with all that is stored about them.
pub async fn attendees(ports: &Ports, expected: &Value) {
    for expected in as_list(&expected["attendees"]) {
        let (event, name) = (as_text(&expected["event"]), as_text(&expected["folded_name"]));
        let attendee = ports.attendee(event, name).await;
        assert_holds(name, &attendee, expected);
        // That version did not ask about single registrations.
        assert_ne!(attendee["registration"]["confirmed"], true, "{name}");
    }
}

/// Events with their rosters and digests.
pub async fn events(ports: &Ports, expected: &Value) {
    let (events, digests) = (as_list(&expected["events"]), as_list(&expected["digests"]));
    let ids: Vec<&str> = events.iter().map(|event| as_text(&event["id"])).collect();
    assert_eq!(ports.events().await, ids);
    for (event, digest) in events.iter().zip(digests) {
        let id = as_text(&event["id"]);
        assert_holds(id, &ports.event(id).await, event);
        assert_holds(id, &ports.digest(id).await, &as_read_today(digest));
    }
}

/// Rejected messages, buttons, opt-ins, budgets and households.
pub async fn all_else(ports: &Ports, expected: &Value) {
    assert_holds("rejected messages", &ports.rejects().await, &expected["rejects"]);
    assert_holds("buttons", &ports.buttons().await, &expected["buttons"]);
    for (contact_id, opt_in) in expected["opt_ins"].as_object().unwrap() {
        assert_holds(contact_id, &ports.opt_in(contact_id).await, opt_in);
    }
    for (budget, spent) in expected["budgets"].as_object().unwrap() {
        assert_eq!(ports.spent(budget).await, spent.as_u64().unwrap(), "{budget}");
    }
    for (household, name) in expected["households"].as_object().unwrap() {
        assert_eq!(ports.usual_name(household).await.as_deref(), name.as_str(), "{household}");
    }
}

/// A digest as it is expected today. That version had sent some of its messages, and kept who was missed.
fn as_read_today(digest: &Value) -> Value {
    let mut digest = digest.clone();
    let fields = digest.as_object_mut().unwrap();
    let late = fields.remove("late").unwrap_or_else(|| json!([]));
    let sending = fields.remove("sending").unwrap_or_default();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let owed = as_list(&late).iter().flat_map(|late| list(&late["recipients"])).chain(list(&sending["missed"]));
    fields.insert("owed".to_owned(), owed.collect());
    fields.insert("told_to".to_owned(), sending["told_to"].clone());
    digest
}
