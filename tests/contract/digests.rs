use countmein::domain::attendee_name::{AttendeeName, NameKey};
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::change::Movement;
use countmein::domain::digest::{Digest, Lease, Owed};
use countmein::domain::event::{Event, EventId};
use countmein::domain::pending_changes::{NamedChange, PendingChanges};
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{DamagedRecord, ParkedEvent, Write};

use crate::backend::Backend;
use crate::people::{at, unique};

fn event(title: &str) -> EventId {
    Event::parse(title).unwrap().id().clone()
}

fn name(name: &str) -> NameKey {
    AttendeeName::parse(name).unwrap().key().clone()
}

fn joined(name: &str) -> NamedChange {
    let name = AttendeeName::parse(name).unwrap();
    NamedChange { name, movement: Movement::Joined, requested_at: at(1), mailbox: None }
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
    let backoff = BackoffPolicy::default();
    assert!(digest.claim(Lease { holder: u64::MAX, ends_at: at(60) }, &backoff, at(5)).is_some());
    digest.expansion.as_mut().unwrap().after = Some(name("Zoe"));
    digest.owed = vec![Owed { since: at(4), names: vec![name("Zoe"), name("\u{5f20}\u{4e09}")] }];
    digest.pending = waiting(&title, at(7)).pending;

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
