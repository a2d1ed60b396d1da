//! Several events that are due are announced in the time that there is.

use std::sync::Mutex;
use std::time::Duration;

use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::event::EventId;
use countmein::domain::signup::Request;
use countmein::fanout::{Announcer, EventPorts};

use crate::memory::{Memory, contact_secret, until_it_stands_still};
use crate::start;

/// Announces events with 20 attendees each, and returns how many messages each has put into the outbox.
fn announce(events: usize, seconds: u64, is_stopping: bool) -> Vec<usize> {
    let memory = Memory::new(start());
    let titles: Vec<String> = (1..=events).map(|number| format!("Party {number}")).collect();
    for title in &titles {
        for number in 0..20 {
            memory.request(title, &format!("Guest {number:02}"), Request::trusted_sign_up(None));
        }
    }
    memory.take_in(BackoffPolicy::default()).unwrap();
    let secret = contact_secret();
    let announcer = Announcer {
        ports: EventPorts::of(&memory, &secret),
        outbox: &memory,
        backoff: BackoffPolicy::default(),
        has_broadcaster: true,
        clock: &|| memory.now(),
        is_stopping: &|| is_stopping,
    };
    let results = Mutex::new(Vec::new());
    let events = titles.iter().map(|title| EventId::parse(title).unwrap()).collect();
    let deadline = memory.now().plus(Duration::from_secs(seconds));
    let announcing = announcer.announce_all(events, deadline, |_, messages| {
        results.lock().unwrap().push(messages.unwrap());
    });
    until_it_stands_still(announcing).expect("it ends");
    results.into_inner().unwrap()
}

#[test]
fn every_event_is_announced() {
    // One message more for those who follow all events.
    assert_eq!(announce(10, 60, false), [21; 10]);
}

#[test]
fn nothing_begins_after_the_deadline_or_while_stopping() {
    assert!(announce(2, 0, false).is_empty());
    assert!(announce(2, 60, true).is_empty());
}
