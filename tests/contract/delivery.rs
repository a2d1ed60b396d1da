//! From a change of the roster to the messages that attendees get, with each backend's roster, digests, announcements and
//! watermarks. The outbox is a list, since each backend has its own kind.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use countmein::domain::attendee::Attendee;
use countmein::domain::attendee_name::NameKey;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::change::Change;
use countmein::domain::contact_id::ContactId;
use countmein::domain::digest::{Digest, Owed};
use countmein::domain::event_announcement::EventAnnouncement;
use countmein::domain::notification::{Notification, Recipient};
use countmein::domain::outbox_message::{DigestDelivery, DigestRecipient, OutboxMessage};
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::{Announcer, add_to_digests};
use countmein::notify::{DigestSender, Outcome, RecentNews};
use countmein::ports::{Notified, Notifier, Outbox, SendError, Unavailable, Write};
use futures_util::{StreamExt as _, stream};

use crate::announcements::announcement;
use crate::backend::{Backend, CONTACT_SECRET};
use crate::people::{apply, apply_each, changes_of, email, event_id, person, unique};

/// Records who is told that who joined.
#[derive(Default)]
pub struct Provider {
    pub told: Mutex<Vec<(String, String)>>,
    /// Those who have these names cannot be reached.
    pub down: Vec<String>,
}

impl Provider {
    /// Returns what was told since the last call, sorted by recipient.
    pub fn told(&self) -> Vec<(String, String)> {
        let mut told = std::mem::take(&mut *self.told.lock().unwrap());
        told.sort();
        told
    }
}

#[async_trait]
impl Notifier for Provider {
    fn mailbox(&self, attendee: &Attendee) -> Option<ContactId> {
        Some(ContactId::of_mailbox(attendee.registration()?.contact.as_ref()?, &CONTACT_SECRET))
    }

    async fn is_permitted(&self, _: &Attendee, _: Timestamp, _: Option<Timestamp>) -> Result<bool, SendError> {
        Ok(true)
    }

    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError> {
        let Recipient::Attendee(attendee) = &notification.to else { return Ok(Notified::NotWanted) };
        let name = attendee.name.to_string();
        if self.down.contains(&name) {
            let cause = "intended by the test".to_owned();
            return Err(SendError::RecipientUnavailable(Unavailable { doing: "notifying somebody", cause }));
        }
        self.told.lock().unwrap().push((name, notification.announcement.joined.join(", ")));
        Ok(Notified::Sent)
    }
}

/// An outbox that is a list.
#[derive(Default)]
struct List(Mutex<Vec<OutboxMessage>>);

#[async_trait]
impl Outbox for List {
    async fn put(&self, messages: Vec<OutboxMessage>, _: Timestamp) -> Result<(), Unavailable> {
        self.0.lock().unwrap().extend(messages);
        Ok(())
    }
}

/// Announces what is due at a time, and returns the messages for the outbox.
pub async fn announce(backend: &Backend, title: &str, now: Timestamp) -> Vec<OutboxMessage> {
    let outbox = List::default();
    let announcer = Announcer {
        ports: backend.event_ports(),
        outbox: &outbox,
        backoff: BackoffPolicy::default(),
        has_broadcaster: false,
        clock: &|| now,
        is_stopping: &|| false,
    };
    announcer.announce(&event_id(title), Timestamp::LATEST).await.unwrap();
    outbox.0.into_inner().unwrap()
}

/// Sends messages, eight at a time. Returns those that could not be sent.
pub async fn deliver(
    backend: &Backend,
    messages: &[OutboxMessage],
    provider: &Provider,
    now: Timestamp,
) -> Vec<OutboxMessage> {
    let sender = &DigestSender {
        roster: &*backend.roster,
        events: &*backend.events,
        announcements: &*backend.announcements,
        watermarks: &*backend.watermarks,
        notifier: provider,
        claim_duration: Duration::from_secs(60),
        clock: &|| now,
        recent: RecentNews::default(),
    };
    let sends = messages.iter().map(|message| async move {
        let OutboxMessage::Digest(delivery) = message else { panic!("{message:?}") };
        match sender.send(delivery, None).await {
            Ok(Outcome::Delivered | Outcome::Finished) => None,
            Ok(Outcome::Deferred { .. } | Outcome::Uncertain { .. } | Outcome::Rejected { .. }) | Err(_) => {
                Some(message.clone())
            }
        }
    });
    let sends: Vec<_> = sends.collect();
    stream::iter(sends).buffer_unordered(8).filter_map(async |left| left).collect().await
}

/// Announces and sends what is due at a time. Returns who was told that who joined.
pub async fn send(backend: &Backend, title: &str, now: Timestamp) -> Vec<(String, String)> {
    let provider = Provider::default();
    let messages = announce(backend, title, now).await;
    assert_eq!(deliver(backend, &messages, &provider, now).await, []);
    provider.told()
}

/// Signs people up, each with this address, and adds the changes to the digest.
pub async fn join(backend: &Backend, title: &str, people: &[(&str, &str)], second: i64, now: Timestamp) {
    let enrols = people.iter().map(|(name, address)| person(title, name).enrols_with(second, name, email(address)));
    apply_each(&*backend.roster, enrols).await;
    let changes: Vec<Change> = changes_of(backend, &[title]).await.into_iter().map(Change::Attendee).collect();
    add_to_digests(&changes, backend.event_ports(), &BackoffPolicy::default(), now).await.unwrap();
}

pub fn told(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(to, of)| ((*to).to_owned(), (*of).to_owned())).collect()
}

pub async fn change_notifies_every_other_attendee_once(backend: &Backend) {
    let (title, now) = (unique("Dance"), Timestamp::now());
    let people = [("Ana", "ana@example.org"), ("Ben", "ben@example.org"), ("Cleo", "cleo@example.org")];
    join(backend, &title, &people, 1, now).await;
    let messages = announce(backend, &title, now).await;
    assert_eq!(messages.len(), 3);
    let provider = Provider::default();
    // A queue may deliver a message twice, also at the same time.
    let twice = [&messages[..], &messages[..]].concat();
    let busy = deliver(backend, &twice, &provider, now).await;
    assert_eq!(deliver(backend, &busy, &provider, now).await, []);
    assert_eq!(provider.told(), told(&[("Ana", "Ben, Cleo"), ("Ben", "Ana, Cleo"), ("Cleo", "Ana, Ben")]));
    assert_eq!(announce(backend, &title, now).await, [], "nothing is due");
}

pub async fn shared_mailbox_gets_one_copy_without_its_own_changes(backend: &Backend) {
    let (title, now) = (unique("Dance"), Timestamp::now());
    let family = [("Ana", "family@example.org"), ("Ben", "Family+ben@example.org"), ("Cleo", "family@example.org")];
    join(backend, &title, &[&family[..], &[("Zoe", "zoe@example.org")]].concat(), 1, now).await;
    assert_eq!(send(backend, &title, now).await, told(&[("Ana", "Zoe"), ("Zoe", "Ana, Ben, Cleo")]));

    // They are one copy also if different messages name them.
    let later = now.plus(Duration::from_secs(600));
    join(backend, &title, &[("Yan", "yan@example.org")], 2, later).await;
    let mut messages = announce(backend, &title, later).await;
    let names = |names: &[&str]| names.iter().map(|name| NameKey::of(name).unwrap()).collect();
    let Some(OutboxMessage::Digest(of_family)) = messages.first_mut() else { panic!("{messages:?}") };
    assert_eq!(of_family.to, DigestRecipient::Attendees(names(&["Ana", "Ben", "Cleo"])));
    let of_ben = DigestDelivery { to: DigestRecipient::Attendees(names(&["Ben"])), ..of_family.clone() };
    let provider = Provider::default();
    for messages in [&messages[..], &[OutboxMessage::Digest(of_ben)]] {
        assert_eq!(deliver(backend, messages, &provider, later).await, []);
    }
    // The request of Yan was made before the first announcement.
    assert_eq!(provider.told(), told(&[("Ana", "Yan"), ("Yan", "Ana, Ben, Cleo, Zoe"), ("Zoe", "Yan")]));
}

pub async fn recipient_who_was_missed_is_told_all_at_once(backend: &Backend) {
    let (title, now) = (unique("Dance"), Timestamp::now());
    join(backend, &title, &[("Ana", "ana@example.org"), ("Ben", "ben@example.org")], 1, now).await;
    let failing = Provider { down: vec!["Ana".to_owned()], ..Provider::default() };
    let first = deliver(backend, &announce(backend, &title, now).await, &failing, now).await;
    let later = now.plus(Duration::from_secs(600));
    join(backend, &title, &[("Cleo", "cleo@example.org")], 2, later).await;
    let second = deliver(backend, &announce(backend, &title, later).await, &failing, later).await;
    assert_eq!((first.len(), second.len()), (1, 1));

    // The later message comes first.
    let provider = Provider::default();
    assert_eq!(deliver(backend, &second, &provider, later).await, []);
    assert_eq!(deliver(backend, &first, &provider, later).await, []);
    assert_eq!(provider.told(), told(&[("Ana", "Ben, Cleo")]));
}

pub async fn recipients_who_fail_delay_nobody(backend: &Backend) {
    const RECIPIENTS: usize = 1_000;
    let (title, now) = (unique("Dance"), Timestamp::now());
    let names: Vec<String> = (0..RECIPIENTS).map(|number| format!("Guest {number:03}")).collect();
    let enrols = names.iter().map(|name| {
        let address = format!("{}@example.org", name.replace(' ', "-"));
        person(&title, name).enrols_with(1, "a", email(&address))
    });
    apply_each(&*backend.roster, enrols).await;
    let mut made = Digest::new(event_id(&title), title.clone());
    made.count = RECIPIENTS as u64;
    assert_eq!(backend.digests.store(&made).await.unwrap(), Write::Stored);
    let zoe = person(&title, "Zoe").enrols(2, "z");
    apply(&*backend.roster, vec![zoe]).await;
    let changes = changes_of(backend, &[&title]).await.into_iter().map(Change::Attendee);
    let of_zoe = changes.filter(|change| change.attendee().is_some_and(|it| it.key.name.as_str() == "zoe"));
    add_to_digests(&of_zoe.collect::<Vec<_>>(), backend.event_ports(), &BackoffPolicy::default(), now).await.unwrap();

    let messages = announce(backend, &title, now).await;
    assert_eq!(messages.len(), RECIPIENTS);
    let down = names.iter().enumerate().filter(|(number, _)| number % 10 < 3).map(|(_, name)| name.clone());
    let failing = Provider { down: down.collect(), ..Provider::default() };
    let left = deliver(backend, &messages, &failing, now).await;
    assert_eq!((failing.told().len(), left.len()), (700, 300));
    let an_hour_later = now.plus(Duration::from_secs(3_600));
    let recovered = Provider::default();
    assert_eq!(deliver(backend, &left, &recovered, an_hour_later).await, []);
    // All messages once more.
    assert_eq!(deliver(backend, &messages, &recovered, an_hour_later).await, []);
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for (name, joined) in recovered.told() {
        assert_eq!(joined, "Zoe");
        *times.entry(name).or_default() += 1;
    }
    assert_eq!((times.len(), times.values().sum::<usize>()), (300, 300), "nobody twice");
}

pub async fn recipient_whom_an_earlier_version_missed_is_told(backend: &Backend) {
    let (title, now) = (unique("Dance"), Timestamp::now());
    let people = ["Ana", "O’Neill"].map(|name| person(&title, name));
    let address = |name: &str| email(&format!("{}@example.org", name.replace('’', "-")));
    apply_each(&*backend.roster, people.iter().map(|it| it.enrols_with(1, "a", address(&it.name)))).await;
    let announcement = EventAnnouncement { has_watermarks: false, ..announcement(&title, now) };
    let names = vec![NameKey::from_stored("o’neill".to_owned())];
    let owed = vec![Owed { since: now, names }];
    let digest = Digest { owed, announced_at: Some(now), ..Digest::new(event_id(&title), title.clone()) };
    assert_eq!(backend.digests.store_announcing(&digest, &announcement).await.unwrap(), Write::Stored);

    assert_eq!(send(backend, &title, now).await, told(&[("O’Neill", "Ana")]));
    // Ana was told by that version.
    let later = now.plus(Duration::from_secs(600));
    join(backend, &title, &[("Cleo", "cleo@example.org")], 2, later).await;
    let sent = send(backend, &title, later).await;
    assert_eq!(sent.iter().find(|(to, _)| to == "O’Neill").map(|(_, of)| of.contains("Cleo")), Some(true), "{sent:?}");
    assert_eq!(sent.iter().filter(|(to, _)| to == "O’Neill").count(), 1);
}
