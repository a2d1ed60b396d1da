//! Helpers of the cases: people, events and times.

use countmein::domain::attendee::{Applied, Attendee};
use countmein::domain::attendee_name::{AttendeeName, NameKey};
use countmein::domain::change::{AttendeeChange, Change};
use countmein::domain::channel::Channel;
use countmein::domain::contact::Contact;
use countmein::domain::event::{Event, EventId};
use countmein::domain::signup::{AttendeeKey, Request, Signup, SignupId, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{AttendeeSignups, Position, Roster, RosterPage};
use tokio::time::Instant;
use uuid::Uuid;

use crate::backend::{BATCH_TIME, Backend};

/// When the cases take place.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_795_431_600_000 + second * 1_000).expect("it is in range")
}

/// A word that no other case uses; words made later sort later.
pub fn unique(word: &str) -> String {
    format!("{word} {}", Uuid::now_v7().simple())
}

pub fn id(text: &str) -> SignupId {
    SignupId::parse(text).expect("it is an id")
}

pub fn email(address: &str) -> Contact {
    Contact::email(address).expect("it is an address")
}

pub fn event_id(event: &str) -> EventId {
    EventId::parse(event).expect("it is an event")
}

pub fn key(event: &str, name: &str) -> AttendeeKey {
    let name = NameKey::of(name).expect("it is a name");
    AttendeeKey { event: event_id(event), name }
}

/// An attendee of an event, and requests about them.
#[derive(Clone)]
pub struct Person {
    pub event: String,
    pub name: String,
}

pub fn person(event: &str, name: &str) -> Person {
    Person { event: event.to_owned(), name: name.to_owned() }
}

impl Person {
    pub fn asks(&self, second: i64, signup_id: &str, request: Request) -> Signup {
        let channel = if matches!(request, Request::SignUp { .. }) { Channel::Http } else { Channel::Queue };
        Signup {
            version: Version { requested_at: at(second), id: id(signup_id) },
            event: Event::parse(&self.event).expect("it is an event"),
            name: AttendeeName::parse(&self.name).expect("it is a name"),
            channel,
            network: None,
            request,
        }
    }

    pub fn joins(&self, second: i64, signup_id: &str) -> Signup {
        self.asks(second, signup_id, Request::sign_up(None))
    }

    pub fn enrols(&self, second: i64, signup_id: &str) -> Signup {
        self.asks(second, signup_id, Request::trusted_sign_up(None))
    }

    pub fn enrols_with(&self, second: i64, signup_id: &str, contact: Contact) -> Signup {
        self.asks(second, signup_id, Request::trusted_sign_up(Some(contact)))
    }

    pub fn cancels(&self, second: i64, signup_id: &str) -> Signup {
        self.asks(second, signup_id, Request::Cancel)
    }

    pub fn leaves(&self, second: i64, signup_id: &str, registration: &SignupId) -> Signup {
        self.asks(second, signup_id, Request::CancelRegistration { registration: registration.clone() })
    }

    pub fn key(&self) -> AttendeeKey {
        key(&self.event, &self.name)
    }
}

/// Requests for one attendee, as ingest hands them to the roster.
pub fn batch(signups: Vec<Signup>) -> AttendeeSignups {
    AttendeeSignups { key: signups[0].key(), signups }
}

/// Applies requests for one attendee together.
pub async fn apply(roster: &dyn Roster, signups: Vec<Signup>) -> Vec<Applied> {
    let mut answers = roster.apply(vec![batch(signups)], at(0), Instant::now() + BATCH_TIME).await;
    assert_eq!(answers.len(), 1, "one batch has one answer");
    answers.remove(0).expect("the backend is there")
}

/// Applies requests one after the other.
pub async fn apply_each(roster: &dyn Roster, signups: impl IntoIterator<Item = Signup>) -> Vec<Applied> {
    let mut answers = Vec::new();
    for signup in signups {
        answers.extend(apply(roster, vec![signup]).await);
    }
    answers
}

pub async fn attendee(backend: &Backend, person: &Person) -> Option<Attendee> {
    backend.roster.attendee(&person.key()).await.expect("the backend is there")
}

/// A page of the roster, with the count that goes with it.
pub async fn roster(backend: &Backend, event: &str, limit: usize, after: Option<&NameKey>) -> RosterPage {
    backend.catch_up().await;
    backend.roster.roster(&event_id(event), limit, after).await.expect("the backend is there")
}

/// The names on the roster, in order.
pub async fn who_is_in(backend: &Backend, event: &str) -> Vec<String> {
    let page = roster(backend, event, 100, None).await;
    assert_eq!(page.next, None, "a case has few people");
    assert_eq!(page.count, page.attendees.len() as u64, "the count is that of the names");
    page.attendees.iter().map(|attendee| attendee.name.as_str().to_owned()).collect()
}

/// The changes of some events, in their order.
pub async fn changes_of(backend: &Backend, events: &[&str]) -> Vec<AttendeeChange> {
    changes_since(backend, &Position::Start, events).await
}

/// Those after a position.
pub async fn changes_since(backend: &Backend, position: &Position, events: &[&str]) -> Vec<AttendeeChange> {
    let changes = all_changes_since(backend, position, events).await;
    changes.into_iter().filter_map(|change| change.attendee().cloned()).collect()
}

/// Also those of the events' details.
pub async fn all_changes_since(backend: &Backend, position: &Position, events: &[&str]) -> Vec<Change> {
    let events: Vec<EventId> = events.iter().map(|event| event_id(event)).collect();
    let mut found = Vec::new();
    let mut position = position.clone();
    loop {
        let page = backend.changes.changes(&position, 100).await.expect("the backend is there");
        let Some((last, _)) = page.last() else { return found };
        position = last.clone();
        let readable = page.into_iter().map(|(_, change)| change.expect("it is readable"));
        found.extend(readable.filter(|change| events.contains(change.event())));
    }
}
