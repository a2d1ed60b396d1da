//! Adding changes to digests: what is reported and stored, damaged records, and digests that have expired.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use countmein::domain::attendee::Attendee;
use countmein::domain::attendee_name::NameKey;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::change::{Change, DetailsChange, Movements, SubscriptionChange};
use countmein::domain::digest::Digest;
use countmein::domain::event::EventId;
use countmein::domain::event_announcement::EventAnnouncement;
use countmein::domain::event_details::{Content, EventDetails, Title};
use countmein::domain::signup::{AttendeeKey, Request};
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::{DigestUpdate, EventPorts, add_to_digests, take_in};
use countmein::ports::{
    DamagedChange, DamagedRecord, Digests, ParkedEvent, ReadError, Subscribers, Unavailable, Write,
};
use futures_util::FutureExt as _;

use crate::memory::{Memory, contact_secret};
use crate::{DANCE, DAY, start};

const PIZZA: &str = "Pizza Night";

fn event(title: &str) -> EventId {
    EventId::parse(title).unwrap()
}

fn join(memory: &Memory, title: &str, name: &str) {
    assert!(memory.request(title, name, Request::trusted_sign_up(None)));
}

fn leave(memory: &Memory, title: &str, name: &str) {
    assert!(memory.request(title, name, Request::Cancel));
}

fn add(memory: &Memory, changes: &[Change]) -> DigestUpdate {
    let backoff = BackoffPolicy::default();
    let secret = contact_secret();
    let update = add_to_digests(changes, EventPorts::of(memory, &secret), &backoff, memory.now());
    update.now_or_never().expect("nothing crashes").unwrap()
}

fn digest(memory: &Memory, title: &str) -> Digest {
    memory.digest(&event(title)).now_or_never().unwrap().unwrap().unwrap()
}

#[test]
fn movements_and_due_events_are_reported() {
    let memory = Memory::new(start());
    for name in ["Ana", "Ben", "Cleo"] {
        join(&memory, DANCE, name);
        join(&memory, PIZZA, name);
    }
    leave(&memory, DANCE, "Ana");
    leave(&memory, PIZZA, "Ben");
    let changes = memory.changes();

    let update = add(&memory, &changes);

    let due = vec![event(DANCE), event(PIZZA)];
    assert_eq!(update, DigestUpdate { movements: Movements { joined: 6, left: 2 }, due: due.clone(), parked: 0 });
    let stores = memory.state().stores;
    let repeated = add(&memory, &changes);
    assert_eq!(repeated, DigestUpdate { movements: Movements::default(), due, parked: 0 });
    assert_eq!(memory.state().stores, stores, "an unchanged digest is not stored");

    memory.work(BackoffPolicy::default()).unwrap();
    join(&memory, DANCE, "Dora");
    assert_eq!(add(&memory, &memory.changes()).due, [], "the backoff has begun");
}

#[test]
fn details_are_stored_once() {
    let memory = Memory::new(start());
    let content = Content::titled(Title::parse("The big dance").unwrap());
    let details = EventDetails { version: 1, ..EventDetails::new(event(DANCE), content, start()) };
    let changes = [Change::Details(DetailsChange { event: event(DANCE), old: None, new: Some(details) })];
    join(&memory, DANCE, "Ana");
    add(&memory, &memory.changes());
    let stores = memory.state().stores;
    for _ in 0..2 {
        assert!(add(&memory, &changes).movements.is_empty());
        assert_eq!(digest(&memory, DANCE).title, "The big dance");
        assert_eq!(memory.state().stores, stores + 1);
    }
}

/// An index of subscribers that is not available.
struct NoIndex;

#[async_trait]
impl Subscribers for NoIndex {
    async fn subscribers(
        &self,
        _: &EventId,
        _: usize,
        _: Option<&NameKey>,
        _: Timestamp,
    ) -> Result<Vec<Attendee>, Unavailable> {
        unreachable!("nothing is sent")
    }

    async fn update_subscribers(&self, _: BTreeMap<AttendeeKey, SubscriptionChange>) -> Result<(), Unavailable> {
        Err(Unavailable { doing: "updating the subscribers", cause: "intended by the test".to_owned() })
    }
}

#[test]
fn subscribers_are_updated_before_the_digest_is_stored() {
    let memory = Memory::new(start());
    join(&memory, DANCE, "Ana");
    let (changes, secret, backoff) = (memory.changes(), contact_secret(), BackoffPolicy::default());
    let ports = EventPorts { subscribers: &NoIndex, ..EventPorts::of(&memory, &secret) };
    let update = add_to_digests(&changes, ports, &backoff, memory.now());
    assert!(update.now_or_never().expect("nothing crashes").is_err());
    assert_eq!(memory.digest(&event(DANCE)).now_or_never().unwrap().unwrap(), None);
}

/// An event whose digest has expired, and the changes that were added to it.
fn expired() -> (Memory, Vec<Change>) {
    let memory = Memory::new(start());
    join(&memory, DANCE, "Ana");
    leave(&memory, DANCE, "Ana");
    let changes = memory.changes();
    memory.work(BackoffPolicy::default()).unwrap();
    memory.advance(DAY * 31);
    (memory, changes)
}

#[test]
fn expired_digest_is_replaced() {
    let (memory, changes) = expired();
    assert!(add(&memory, &changes).movements.is_empty(), "a repeated batch is recognised");

    let (memory, _) = expired();
    join(&memory, "DANCE", "Ben");
    let update = add(&memory, &memory.changes());
    assert_eq!(update.movements, Movements { joined: 1, left: 0 });
    let digest = digest(&memory, DANCE);
    assert_eq!((digest.title.as_str(), digest.count, digest.expires_at), ("DANCE", 1, None));
}

/// Digests of which one is damaged.
struct Damaged<'a> {
    memory: &'a Memory,
    event: EventId,
    parked: Mutex<Vec<ParkedEvent>>,
}

#[async_trait]
impl Digests for Damaged<'_> {
    async fn digest(&self, event: &EventId) -> Result<Option<Digest>, ReadError> {
        if *event == self.event {
            return Err(ReadError::Damaged("it has no version".to_owned()));
        }
        self.memory.digest(event).await
    }

    async fn store(&self, digest: &Digest) -> Result<Write, Unavailable> {
        self.memory.store(digest).await
    }

    async fn store_announcing(&self, _: &Digest, _: &EventAnnouncement) -> Result<Write, Unavailable> {
        unreachable!("nothing is sent")
    }

    async fn due(&self, _: Timestamp, _: usize) -> Result<Vec<(EventId, Timestamp)>, Unavailable> {
        unreachable!("nothing is sent")
    }

    async fn unpark(&self, _: &EventId) -> Result<(), Unavailable> {
        unreachable!("the event is not rebuilt")
    }

    async fn replace_digest(&self, _: &Digest) -> Result<(), Unavailable> {
        unreachable!("the event is not rebuilt")
    }

    async fn park(&self, parked: &ParkedEvent) -> Result<(), Unavailable> {
        self.parked.lock().unwrap().push(parked.clone());
        Ok(())
    }
}

#[test]
fn damaged_records_park_only_their_events() {
    let memory = Memory::new(start());
    join(&memory, DANCE, "Ana");
    join(&memory, PIZZA, "Ana");
    let readable = memory.changes();
    let damaged = ["Swimming", "Skating"].map(|title| DamagedChange { event: event(title), cause: title.to_owned() });
    let changes = readable.iter().cloned().map(Ok).chain(damaged.map(Err)).collect();
    let digests = Damaged { memory: &memory, event: event(PIZZA), parked: Mutex::default() };
    let now = memory.now().plus(Duration::from_secs(1));

    let secret = contact_secret();
    let ports = EventPorts { digests: &digests, ..EventPorts::of(&memory, &secret) };
    let taken_in = take_in(changes, ports, &BackoffPolicy::default(), now).now_or_never().unwrap().unwrap();

    let update = DigestUpdate { movements: Movements { joined: 1, left: 0 }, due: vec![event(DANCE)], parked: 3 };
    assert_eq!(taken_in, (readable, update));
    let parked = |title: &str, damaged, cause: &str| ParkedEvent {
        event: event(title),
        damaged,
        cause: cause.to_owned(),
        parked_at: now,
    };
    let expected = [
        parked("Swimming", DamagedRecord::Change, "Swimming"),
        parked("Skating", DamagedRecord::Change, "Skating"),
        parked(PIZZA, DamagedRecord::Digest, "it has no version"),
    ];
    assert_eq!(*digests.parked.lock().unwrap(), expected);
}
