//! What events announced, and which attendees get messages about others.

use std::time::Duration;

use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::change::Movement;
use countmein::domain::contact_id::ContactId;
use countmein::domain::digest::Digest;
use countmein::domain::event_announcement::{ANNOUNCEMENT_RETENTION, EventAnnouncement};
use countmein::domain::pending_changes::{NamedChange, PendingChanges};
use countmein::domain::timestamp::Timestamp;
use countmein::domain::viewer::View;
use countmein::ports::Write;

use crate::backend::Backend;
use crate::people::{event_id, person, unique};

/// A digest of the event.
fn digest(title: &str) -> Digest {
    Digest::new(event_id(title), title.to_owned())
}

pub fn announcement(title: &str, made_at: Timestamp) -> EventAnnouncement {
    let mut changes = PendingChanges::opened_at(made_at);
    for name in ["Ana", "张三"] {
        let name = AttendeeName::parse(name).unwrap();
        let mailbox = Some(ContactId::from_stored("mailbox".to_owned()));
        changes.add(NamedChange { name, movement: Movement::Joined, requested_at: made_at, mailbox }, 1);
    }
    EventAnnouncement {
        event: event_id(title),
        at: made_at,
        title: title.to_owned(),
        count: 7,
        changes,
        view: View { roster: true, count: false },
        has_watermarks: true,
    }
}

/// Stores announcements of an event, whose digest is not stored yet.
pub async fn announce(backend: &Backend, title: &str, announcements: &[EventAnnouncement]) {
    let stored = backend.digests.digest(&event_id(title)).await.unwrap();
    let mut digest = stored.unwrap_or_else(|| digest(title));
    for announcement in announcements {
        assert_eq!(backend.digests.store_announcing(&digest, announcement).await.unwrap(), Write::Stored);
        digest.version += 1;
    }
}

pub async fn latest(backend: &Backend, title: &str, limit: usize) -> Vec<EventAnnouncement> {
    backend.announcements.latest(&person(title, "Ana").key(), limit).await.unwrap()
}

pub async fn latest_announcements_of_the_event_come_first(backend: &Backend) {
    let (dance, choir, now) = (unique("Dance"), unique("Choir"), Timestamp::now());
    assert_eq!(latest(backend, &dance, 10).await, []);
    let of_dance = [0, 1, 1_000].map(|millis| announcement(&dance, now.plus(Duration::from_millis(millis))));
    announce(backend, &dance, &of_dance).await;
    announce(backend, &choir, &[announcement(&choir, now)]).await;

    let [first, second, third] = of_dance;
    assert_eq!(latest(backend, &dance, 10).await, [third.clone(), second.clone(), first]);
    assert_eq!(latest(backend, &dance, 2).await, [third, second]);
}

pub async fn announcements_after_a_time_come_in_order(backend: &Backend) {
    let (dance, choir, now) = (unique("Dance"), unique("Choir"), Timestamp::now());
    let made = [0, 1, 1_000].map(|millis| announcement(&dance, now.plus(Duration::from_millis(millis))));
    announce(backend, &dance, &made).await;
    announce(backend, &choir, &[announcement(&choir, now)]).await;
    let after = async |after, limit| backend.announcements.after(&event_id(&dance), None, after, limit).await.unwrap();
    assert_eq!(after(now.minus(Duration::from_millis(1)), 10).await, made);
    assert_eq!(after(now, 10).await, made[1..]);
    assert_eq!(after(now, 1).await, made[1..2]);
    assert_eq!(after(made[2].at, 10).await, []);
    assert_eq!(after(Timestamp::EARLIEST, 10).await, made);

    let expired = announcement(&dance, now.minus(ANNOUNCEMENT_RETENTION));
    let digest = Digest { version: 3, ..digest(&dance) };
    assert_eq!(backend.digests.store_announcing(&digest, &expired).await.unwrap(), Write::Stored);
    assert_eq!(after(Timestamp::EARLIEST, 10).await, made);
}

pub async fn announcement_is_stored_with_its_digest_or_not_at_all(backend: &Backend) {
    let (title, now) = (unique("Dance"), Timestamp::now());
    announce(backend, &title, &[announcement(&title, now)]).await;
    // Another process has stored the digest since.
    let outdated = digest(&title);
    let refused = backend
        .digests
        .store_announcing(&outdated, &announcement(&title, now.plus(Duration::from_secs(1))))
        .await
        .unwrap();
    assert_eq!(refused, Write::Conflict);
    assert_eq!(latest(backend, &title, 10).await, [announcement(&title, now)]);
    let stored = backend.digests.digest(&event_id(&title)).await.unwrap();
    assert_eq!(stored, Some(Digest { version: 1, ..outdated }));
}

pub async fn announcements_are_kept_for_30_days(backend: &Backend) {
    let (title, now) = (unique("Dance"), Timestamp::now());
    let (expired, kept) =
        (now.minus(ANNOUNCEMENT_RETENTION), now.minus(ANNOUNCEMENT_RETENTION - Duration::from_secs(60)));
    announce(backend, &title, &[announcement(&title, expired), announcement(&title, kept)]).await;
    assert_eq!(latest(backend, &title, 10).await, [announcement(&title, kept)]);
}
