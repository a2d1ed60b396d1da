//! Messages about what an earlier version announced, after a clock was wrong, and to attendees who share a message.

use std::time::Duration;

use async_trait::async_trait;
use countmein::domain::attendee_name::NameKey;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::digest::{Digest, Expansion, Owed};
use countmein::domain::event_announcement::EventAnnouncement;
use countmein::domain::outbox_message::{DigestDelivery, DigestRecipient, OutboxMessage};
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::Announcer;
use countmein::ports::{Outbox, Unavailable, Write};

use crate::announcements::announcement;
use crate::backend::Backend;
use crate::delivery::{Provider, announce, deliver, join, told};
use crate::people::{apply_each, email, event_id, person, unique};

const HOUR: Duration = Duration::from_secs(3_600);

fn key(name: &str) -> NameKey {
    NameKey::of(name).unwrap()
}

fn digest_to(title: &str, announced_at: Timestamp, names: &[&str]) -> OutboxMessage {
    let to = DigestRecipient::Attendees(names.iter().map(|name| key(name)).collect());
    OutboxMessage::Digest(DigestDelivery { event: event_id(title), announced_at, owed_since: announced_at, to })
}

async fn enrol(backend: &Backend, title: &str, names: &[&str]) {
    let address = |name: &str| email(&format!("{}@example.org", name.to_lowercase()));
    apply_each(&*backend.roster, names.iter().map(|name| person(title, name).enrols_with(1, "a", address(name)))).await;
}

/// An upgrade while Zoe is owed what an earlier version announced, and cannot be reached for an hour.
pub async fn owed_recipient_survives_a_later_announcement(backend: &Backend) {
    let (title, now) = (unique("Dance"), Timestamp::now());
    enrol(backend, &title, &["Zoe"]).await;
    let earlier = EventAnnouncement { has_watermarks: false, ..announcement(&title, now) };
    let owed = vec![Owed { since: now, names: vec![key("Zoe")] }];
    let digest = Digest { owed, announced_at: Some(now), ..Digest::new(event_id(&title), title.clone()) };
    assert_eq!(backend.digests.store_announcing(&digest, &earlier).await.unwrap(), Write::Stored);
    let failing = Provider { down: vec!["Zoe".to_owned()], ..Provider::default() };
    let first = deliver(backend, &announce(backend, &title, now).await, &failing, now).await;
    assert_eq!(first.len(), 1);
    let later = now.plus(HOUR);
    join(backend, &title, &[("Cleo", "cleo@example.org")], 2, later).await;
    let second = announce(backend, &title, later).await;
    let provider = Provider::default();
    // On AWS the later message is attempted first: the other waits for its retry. On SQLite both are one row with the later time.
    assert_eq!(deliver(backend, &second, &provider, later).await, []);
    assert_eq!(deliver(backend, &first, &provider, later).await, []);
    let of_zoe: Vec<_> = provider.told().into_iter().filter(|(to, _)| to == "Zoe").map(|(_, of)| of).collect();
    assert!(of_zoe.concat().contains("Ana"), "Zoe was never told of Ana: {of_zoe:?}");
}

/// The upgrade of a version that stored no announcements (AWS), while somebody is late and an announcement is being sent.
pub async fn earlier_news_reach_those_after_the_position(backend: &Backend) {
    let (title, now) = (unique("Dance"), Timestamp::now());
    enrol(backend, &title, &["Ben", "Zoe"]).await;
    let begun_at = now.plus(Duration::from_secs(10));
    let owed = vec![Owed { since: now, names: vec![key("Zoe")] }];
    let expansion = Some(Expansion { announced_at: begun_at, begun_at, after: None });
    let earlier_news = Some(announcement(&title, now).changes);
    let digest = Digest { owed, expansion, earlier_news, ..Digest::new(event_id(&title), title.clone()) };
    assert_eq!(backend.digests.store(&digest).await.unwrap(), Write::Stored);
    let messages = announce(backend, &title, begun_at).await;
    let provider = Provider::default();
    let left = deliver(backend, &messages, &provider, begun_at).await;
    deliver(backend, &left, &provider, begun_at).await;
    assert_eq!(provider.told(), told(&[("Ben", "Ana"), ("Zoe", "Ana")]));
}

/// The clock was three days ahead and was set right for all.
pub async fn clock_that_was_days_ahead_repeats_nothing(backend: &Backend) {
    let (title, now) = (unique("Dance"), Timestamp::now());
    let ahead = now.plus(72 * HOUR);
    join(backend, &title, &[("Ana", "ana@example.org"), ("Ben", "ben@example.org")], 1, ahead).await;
    let provider = Provider::default();
    deliver(backend, &announce(backend, &title, ahead).await, &provider, ahead).await;
    assert_eq!(provider.told().len(), 2);
    let later = now.plus(7 * HOUR);
    join(backend, &title, &[("Cleo", "cleo@example.org")], 2, later).await;
    let later = later.plus(7 * HOUR);
    deliver(backend, &announce(backend, &title, later).await, &provider, later).await;
    let of_ana: Vec<_> = provider.told().into_iter().filter(|(to, _)| to == "Ana").collect();
    assert_eq!(of_ana, told(&[("Ana", "Cleo")]), "Ben was told before");
}

/// Two attendees of one message who have different mailboxes by now. One of them cannot be reached.
pub async fn failure_of_one_mailbox_does_not_stop_the_other(backend: &Backend) {
    for (up, down) in [("Ana", "Ben"), ("Ben", "Ana")] {
        let (title, now) = (unique("Dance"), Timestamp::now());
        let people = [("Ana", "ana@example.org"), ("Ben", "ben@example.org"), ("Cleo", "cleo@example.org")];
        join(backend, &title, &people, 1, now).await;
        announce(backend, &title, now).await;
        let failing = Provider { down: vec![down.to_owned()], ..Provider::default() };
        deliver(backend, &[digest_to(&title, now, &["Ana", "Ben"])], &failing, now).await;
        assert_eq!(failing.told().len(), 1, "{up} waits because {down} fails");
    }
}

/// An outbox during whose call `countmein upgrade-table` keeps a recipient, who moves before the position.
struct Rekeys<'a>(&'a Backend, String);

#[async_trait]
impl Outbox for Rekeys<'_> {
    async fn put(&self, _: Vec<OutboxMessage>, now: Timestamp) -> Result<(), Unavailable> {
        let mut digest = self.0.digests.digest(&event_id(&self.1)).await.unwrap().unwrap();
        digest.owed.push(Owed { since: now, names: vec![key("O'Neill")] });
        assert_eq!(self.0.digests.store(&digest).await.unwrap(), Write::Stored);
        Ok(())
    }
}

pub async fn recipient_who_is_kept_while_a_page_is_put_stays_owed(backend: &Backend) {
    let (title, now) = (unique("Dance"), Timestamp::now());
    join(backend, &title, &[("Zoe", "zoe@example.org")], 1, now).await;
    let announcer = Announcer {
        ports: backend.event_ports(),
        outbox: &Rekeys(backend, title.clone()),
        backoff: BackoffPolicy::default(),
        has_broadcaster: false,
        clock: &|| now,
        is_stopping: &|| false,
    };
    announcer.announce(&event_id(&title), Timestamp::LATEST).await.unwrap();
    let digest = backend.digests.digest(&event_id(&title)).await.unwrap().unwrap();
    assert_eq!(digest.owed.len(), 1, "the recipient has no message and is not owed one");
}
