//! The same messages in any order, with repeats and a restart, leave the same roster.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::support::{enqueue, serve_with};
use crate::support::seed;

const EVENTS: usize = 12;
const NAMES: [&str; 2] = ["Ana", "Ben"];

#[derive(Debug, Clone, Copy)]
enum Asked {
    /// By a publisher on the queue.
    SignUp,
    /// In the public's name.
    HttpSignUp,
    Cancel,
}

#[derive(Debug, Clone)]
struct Message {
    event: usize,
    name: &'static str,
    second: u32,
    id: u8,
    asked: Asked,
}

impl Message {
    fn body(&self) -> String {
        let Self { event, name, second, id, asked } = self;
        let time = format!("2026-01-02T03:04:{second:02}Z");
        let mut body =
            json!({"event": format!("event {event}"), "name": name, "requested_at": time, "id": format!("m{id}")});
        match asked {
            Asked::SignUp => {}
            Asked::HttpSignUp => body["channel"] = "http".into(),
            Asked::Cancel => body["action"] = "cancel".into(),
        }
        body.to_string()
    }
}

fn some_message() -> impl Strategy<Value = Message> {
    let asked = prop_oneof![Just(Asked::SignUp), Just(Asked::HttpSignUp), Just(Asked::Cancel)];
    let name = prop::sample::select(&NAMES[..]);
    (0..EVENTS, name, 0..4_u32, asked).prop_map(|(event, name, second, asked)| Message {
        event,
        name,
        second,
        id: 0,
        asked,
    })
}

/// Messages with unique ids, shuffled, some of them twice.
fn some_history() -> impl Strategy<Value = Vec<Message>> {
    prop::collection::vec(some_message(), 1..150).prop_flat_map(|mut messages| {
        for (id, message) in (0..).zip(&mut messages) {
            message.id = id;
        }
        let repeated = prop::sample::subsequence(messages.clone(), 0..=messages.len());
        repeated.prop_flat_map(move |repeated| Just([messages.clone(), repeated].concat()).prop_shuffle())
    })
}

proptest! {
    #![proptest_config(seed::config(8))]

    #[test]
    fn newest_message_wins_in_any_order(history in some_history(), half in 0.0..1.0) {
        let mut newest = BTreeMap::new();
        for message in &history {
            let version = (message.second, format!("m{}", message.id));
            let entry = newest.entry((message.event, message.name)).or_insert((version.clone(), message.asked));
            if version > entry.0 {
                *entry = (version, message.asked);
            }
        }
        let bodies: Vec<String> = history.iter().map(Message::body).collect();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short list")]
        let (first, second) = bodies.split_at((half * bodies.len() as f64) as usize);

        let data = Arc::new(tempfile::tempdir().unwrap());
        for part in [first, second] {
            enqueue(data.path(), part);
            serve_with(Arc::clone(&data), |_| {}).settled();
        }
        let server = serve_with(data, |_| {});
        for event in 0..EVENTS {
            let is_in = |name: &&str| newest.get(&(event, *name)).is_some_and(|(_, asked)| !matches!(asked, Asked::Cancel));
            let expected: Vec<&str> = NAMES.into_iter().filter(is_in).collect();
            prop_assert_eq!(server.who(&format!("event-{event}")), expected);
        }
        prop_assert!(server.rejects().is_empty());
    }
}
