//! Attendees that are stored under keys of versions that did not fold punctuation in names.

use countmein::domain::attendee::{Applied, Attendee};
use countmein::domain::attendee_name::{AttendeeName, NameKey};
use countmein::domain::signup::{AttendeeKey, Request, Signup};
use countmein::ports::AttendeeSignups;
use tokio::time::Instant;

use crate::backend::{BATCH_TIME, Backend};
use crate::people::{apply, apply_each, at, attendee, changes_of, email, event_id, id, person, unique, who_is_in};

/// A sign-up that an earlier version applied.
fn earlier(event: &str, name: &str, key: &str, second: i64, signup_id: &str) -> Signup {
    let name = AttendeeName::from_stored(name.to_owned(), key.to_owned());
    Signup { name, ..person(event, "Ana").enrols_with(second, signup_id, email("ana@example.org")) }
}

async fn by_key(backend: &Backend, event: &str, key: &str) -> Option<Attendee> {
    let key = AttendeeKey { event: event_id(event), name: NameKey::from_stored(key.to_owned()) };
    backend.roster.attendee(&key).await.expect("the backend is there")
}

fn owner(attendee: Option<Attendee>) -> Option<String> {
    Some(attendee?.registration()?.owner.to_string())
}

pub async fn attendee_under_earlier_key_is_found(backend: &Backend) {
    let event = unique("Dance");
    apply(&*backend.roster, vec![earlier(&event, "O’Neill", "o’neill", 1, "a")]).await;
    let (typographic, plain) = (person(&event, "O’NEILL"), person(&event, "O'Neill"));
    assert_eq!(owner(attendee(backend, &typographic).await).as_deref(), Some("a"));
    assert_eq!(owner(by_key(backend, &event, "o’neill").await).as_deref(), Some("a"));

    assert_eq!(apply(&*backend.roster, vec![typographic.joins(2, "b")]).await, [Applied::Stored]);
    assert_eq!(who_is_in(backend, &event).await, ["O’Neill"], "no second attendee");
    let silent = typographic.asks(3, "c", Request::SetNotifications { registration: id("a"), on: false });
    assert_eq!(apply(&*backend.roster, vec![silent]).await, [Applied::Stored]);
    assert_eq!(apply(&*backend.roster, vec![typographic.leaves(4, "d", &id("a"))]).await, [Applied::Stored]);
    assert!(who_is_in(backend, &event).await.is_empty());

    // The tombstone still holds back older requests.
    assert_eq!(apply(&*backend.roster, vec![typographic.enrols(3, "late")]).await, [Applied::Stale]);
    assert_eq!(apply(&*backend.roster, vec![typographic.enrols(5, "e")]).await, [Applied::Stored]);
    assert_eq!(owner(attendee(backend, &typographic).await).as_deref(), Some("e"));
    assert_eq!(attendee(backend, &plain).await, None, "its key of today is not known to be that of an earlier key");
}

pub async fn link_with_earlier_key_finds_the_attendee(backend: &Backend) {
    let event = unique("Dance");
    apply(&*backend.roster, vec![person(&event, "O’Neill").enrols(1, "a")]).await;
    for key in ["o’neill", "o‘neill", "o'neill"] {
        let found = by_key(backend, &event, key).await.expect("the key is refolded");
        assert_eq!((found.name.as_str(), found.name.key().as_str()), ("O’Neill", "o'neill"));
    }
    assert_eq!(by_key(backend, &event, "o-neill").await, None);
}

pub async fn spellings_are_one_attendee(backend: &Backend) {
    let event = unique("Dance");
    let [plain, typographic, grave] = ["O'Neill", "O’Neill", "O`Neill"].map(|name| person(&event, name));
    let batches = [typographic.enrols(3, "c"), plain.joins(1, "a"), grave.cancels(2, "b")]
        .map(|signup| AttendeeSignups { key: signup.key(), signups: vec![signup] });
    let answers = backend.roster.apply(batches.to_vec(), at(0), Instant::now() + BATCH_TIME).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(who_is_in(backend, &event).await.len(), 1, "the newest request signs up");
    let found = attendee(backend, &plain).await;
    assert!(found.is_some() && found == attendee(backend, &typographic).await);
    assert_eq!(found, attendee(backend, &grave).await);
}

pub async fn attendees_with_same_key_stay_apart(backend: &Backend) {
    let event = unique("Dance");
    let earlier = earlier(&event, "O’Neill", "o’neill", 1, "a");
    let (typographic, plain) = (person(&event, "O’Neill"), person(&event, "O'Neill"));
    apply_each(&*backend.roster, [earlier, plain.enrols(2, "b")]).await;
    assert_eq!(who_is_in(backend, &event).await, ["O'Neill", "O’Neill"]);
    assert_eq!(owner(attendee(backend, &typographic).await).as_deref(), Some("a"));
    assert_eq!(owner(attendee(backend, &plain).await).as_deref(), Some("b"));

    assert_eq!(apply(&*backend.roster, vec![typographic.leaves(3, "c", &id("a"))]).await, [Applied::Stored]);
    assert_eq!(who_is_in(backend, &event).await, ["O'Neill"]);
    assert_eq!(changes_of(backend, &[&event]).await.len(), 3);
}

pub async fn removal_covers_earlier_keys(backend: &Backend) {
    let (event, other) = (unique("Dance"), unique("Pizza"));
    let name = unique("O’Neill");
    let key = NameKey::of(&name).expect("it is a name");
    apply(&*backend.roster, vec![earlier(&event, &name, key.as_str(), 1, "a")]).await;
    apply(&*backend.roster, vec![person(&other, &name).enrols(1, "a")]).await;
    backend.catch_up().await;
    assert_eq!(backend.roster.remove(&key, None, at(9)).await.expect("the backend is there"), 2);
    assert!(who_is_in(backend, &event).await.is_empty());
    assert!(who_is_in(backend, &other).await.is_empty());
}
