use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use countmein::domain::attendee_name::{AttendeeName, NameKey};
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::change::{Change, Movement};
use countmein::domain::digest::{Digest, Lease};
use countmein::domain::event::{Event, EventId};
use countmein::domain::notification::{Notification, Recipient};
use countmein::domain::pending_changes::{NamedChange, PendingChanges};
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::{DigestSender, add_to_digests};
use countmein::ports::{DamagedRecord, Notified, Notifier, ParkedEvent, SendError, Write};

use crate::backend::Backend;
use crate::people::{Person, apply_each, at, changes_of, email, person, unique};

fn event(title: &str) -> EventId {
    Event::parse(title).unwrap().id().clone()
}

fn name(name: &str) -> NameKey {
    AttendeeName::parse(name).unwrap().key().clone()
}

fn joined(name: &str) -> NamedChange {
    let name = AttendeeName::parse(name).unwrap();
    NamedChange { name, movement: Movement::Joined, requested_at: at(1) }
}

/// A digest with a pending change since then.
fn waiting(title: &str, due_at: Timestamp) -> Digest {
    let mut news = PendingChanges::opened_at(due_at);
    news.add(joined("Ana"), 10);
    let waiting = countmein::domain::digest::PendingDigest { news, due_at };
    Digest { pending: Some(waiting), count: 1, ..Digest::new(event(title), title.to_owned()) }
}

pub async fn digest_is_stored_whole(backend: &Backend) {
    let title = unique("Dance");
    let id = event(&title);
    assert_eq!(backend.digests.digest(&id).await.unwrap(), None);
    let mut digest = waiting(&title, at(5));
    digest.seen.extend([[1; 8], [2; 8]]);
    assert!(digest.claim(Lease { holder: u64::MAX, ends_at: at(60) }, at(5)).is_some());
    let sending = digest.sending.as_mut().unwrap();
    sending.missed.extend([name("Zoe"), name("\u{5f20}\u{4e09}")]);
    sending.told_to = Some(name("Zoe"));
    sending.news.add(joined("Ben"), 1);
    digest.finish_sending(&BackoffPolicy::default(), at(6));
    digest.pending = waiting(&title, at(7)).pending;
    assert!(digest.claim(Lease { holder: 7, ends_at: at(60) }, at(100)).is_some());

    assert_eq!(backend.digests.store(&digest).await.unwrap(), Write::Stored);

    let stored = backend.digests.digest(&id).await.unwrap().expect("it is there");
    assert_eq!(stored, Digest { version: 1, ..digest });
}

pub async fn stale_digest_write_is_refused(backend: &Backend) {
    let title = unique("Dance");
    let digest = waiting(&title, at(5));
    assert_eq!(backend.digests.store(&digest).await.unwrap(), Write::Stored);
    assert_eq!(backend.digests.store(&digest).await.unwrap(), Write::Conflict, "it is there already");
    let read = backend.digests.digest(&event(&title)).await.unwrap().expect("it is there");
    assert_eq!(backend.digests.store(&Digest { count: 2, ..read.clone() }).await.unwrap(), Write::Stored);
    assert_eq!(backend.digests.store(&Digest { count: 3, ..read }).await.unwrap(), Write::Conflict);
    assert_eq!(backend.digests.digest(&event(&title)).await.unwrap().unwrap().count, 2);
}

pub async fn parked_digest_is_no_longer_due(backend: &Backend) {
    let (damaged, healthy) = (unique("Ball"), unique("Choir"));
    for title in [&damaged, &healthy] {
        assert_eq!(backend.digests.store(&waiting(title, at(5))).await.unwrap(), Write::Stored);
    }
    let park = |title: &str, damaged| ParkedEvent {
        event: event(title),
        damaged,
        cause: "`version` is missing".to_owned(),
        parked_at: at(6),
    };
    for _ in 0..2 {
        backend.digests.park(&park(&damaged, DamagedRecord::Digest)).await.unwrap();
        backend.digests.park(&park(&healthy, DamagedRecord::Change)).await.unwrap();
    }
    let unknown = park(&unique("Dance"), DamagedRecord::Digest);
    backend.digests.park(&unknown).await.unwrap();

    let due = backend.digests.due(at(10), 1_000).await.unwrap();
    let due: Vec<EventId> = due.into_iter().map(|(event, _)| event).collect();
    assert!(!due.contains(&event(&damaged)));
    assert!(due.contains(&event(&healthy)));
    assert_eq!(backend.digests.digest(&unknown.event).await.unwrap(), None);
}

pub async fn due_digests_are_listed_oldest_first(backend: &Backend) {
    let titles = ["Ball", "Choir", "Dance"].map(unique);
    for (title, due_at) in titles.iter().zip([at(30), at(10), at(20)]) {
        assert_eq!(backend.digests.store(&waiting(title, due_at)).await.unwrap(), Write::Stored);
    }
    let nothing = unique("Nothing");
    assert_eq!(
        backend.digests.store(&Digest { pending: None, ..waiting(&nothing, at(5)) }).await.unwrap(),
        Write::Stored
    );

    let due = backend.digests.due(at(20), 100).await.unwrap();

    let ours: Vec<_> = due.into_iter().filter(|(id, _)| titles.iter().any(|title| event(title) == *id)).collect();
    assert_eq!(ours, [(event(&titles[1]), at(10)), (event(&titles[2]), at(20))]);
    assert_eq!(backend.digests.due(at(30), 1).await.unwrap().len(), 1);
}

/// Records notifications.
#[derive(Default)]
struct Kept(Mutex<Vec<(String, String)>>);

#[async_trait]
impl Notifier for Kept {
    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError> {
        let Recipient::Attendee(attendee) = &notification.to else { return Ok(Notified::NotWanted) };
        let names = notification.announcement.joined.join(", ");
        self.0.lock().unwrap().push((attendee.name.to_string(), names));
        Ok(Notified::Sent)
    }
}

pub async fn change_notifies_every_other_attendee_once(backend: &Backend) {
    let title = unique("Dance");
    let people = ["Ana", "Ben", "Cleo"].map(|name| person(&title, name));
    let enrols = |person: &Person| person.enrols_with(1, "a", email("ana@example.org"));
    apply_each(&*backend.roster, people.iter().map(enrols)).await;
    let changes: Vec<Change> = changes_of(backend, &[&title]).await.into_iter().map(Change::Attendee).collect();
    let (noise, now) = (BackoffPolicy::default(), Timestamp::now());
    add_to_digests(&changes, backend.event_ports(), &noise, now).await.unwrap();
    let expected = [("Ana", "Ben, Cleo"), ("Ben", "Ana, Cleo"), ("Cleo", "Ana, Ben")];
    assert_eq!(send(backend, &title, now).await, expected.map(|(to, of)| (to.to_owned(), of.to_owned())));
    assert_eq!(send(backend, &title, now).await, []);
}

/// Sends what is due at a time. Returns whom it notified that who joined.
pub async fn send(backend: &Backend, title: &str, now: Timestamp) -> Vec<(String, String)> {
    let kept = Kept::default();
    let clock = || now;
    let digest_sender = DigestSender {
        digests: &*backend.digests,
        roster: &*backend.roster,
        events: &*backend.events,
        notifier: &kept,
        backoff: BackoffPolicy::default(),
        concurrency: 4,
        clock: &clock,
        is_stopping: &|| false,
    };
    let sent = digest_sender.send_digest(&event(title), now.plus(Duration::from_secs(60))).await.unwrap();
    let mut kept = kept.0.into_inner().unwrap();
    assert_eq!(sent.delivered, kept.len() as u64);
    kept.sort();
    kept
}

pub async fn failed_recipient_with_another_key_is_notified_once(backend: &Backend) {
    let title = unique("Dance");
    let people = ["Ana", "O’Neill"].map(|name| person(&title, name));
    let enrols = |person: &Person| person.enrols_with(1, "a", email("ana@example.org"));
    apply_each(&*backend.roster, people.iter().map(enrols)).await;
    let now = Timestamp::now();
    let mut digest = waiting(&title, now);
    digest.pending.as_mut().unwrap().news.named = vec![joined("Ben")];
    assert!(digest.claim(Lease { holder: 1, ends_at: now }, now).is_some());
    digest.lease = None;
    digest.sending.as_mut().unwrap().missed.push(NameKey::from_stored("o’neill".to_owned()));
    assert_eq!(backend.digests.store(&digest).await.unwrap(), Write::Stored);

    let notified = |name: &str| vec![(name.to_owned(), "Ben".to_owned())];
    assert_eq!(send(backend, &title, now).await, notified("Ana"));
    let later = now.plus(Duration::from_secs(120));
    assert_eq!(send(backend, &title, later).await, notified("O’Neill"));
    assert_eq!(send(backend, &title, later.plus(Duration::from_secs(120))).await, []);
}
