//! Digests in the outbox of a file.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use countmein::adapters::metrics::prometheus::PrometheusMetrics;
use countmein::adapters::sqlite::{DATABASE, Sqlite};
use countmein::domain::attendee_name::NameKey;
use countmein::domain::event::EventId;
use countmein::domain::outbox_message::{DigestDelivery, DigestRecipient, OutboxMessage};
use countmein::domain::timestamp::Timestamp;
use countmein::notify::{Attempt, OutboxSender, Outcome, SendMessage};
use countmein::ports::{Lane, LastAttempt, Outbox as _, OutboxTable as _, Roster as _, SendError};
use futures_util::FutureExt as _;

const HOUR: Duration = Duration::from_secs(3_600);

fn key(name: &str) -> NameKey {
    NameKey::of(name).unwrap()
}

fn message_at(announced_at: Timestamp, names: &[&str]) -> OutboxMessage {
    let to = DigestRecipient::Attendees(names.iter().map(|name| key(name)).collect());
    let event = EventId::parse("Dance").unwrap();
    OutboxMessage::Digest(DigestDelivery { event, announced_at, owed_since: announced_at, to })
}

/// Claims what is due.
async fn claimed(sqlite: &Sqlite, now: Timestamp) -> Vec<OutboxMessage> {
    let entries = sqlite.claim(Lane::Digests, 10, now, now).await.unwrap();
    entries.into_iter().map(|entry| entry.message).collect()
}

#[tokio::test]
async fn later_digest_to_a_recipient_becomes_one_with_the_earlier() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let now = Timestamp::now();
    sqlite.put(vec![message_at(now, &["Ana"])], now).await.unwrap();
    let later = now.plus(HOUR);
    sqlite.put(vec![message_at(later, &["Ana", "Ben"])], later).await.unwrap();
    let OutboxMessage::Digest(expected) = message_at(later, &["Ana", "Ben"]) else { unreachable!("it is a digest") };
    assert_eq!(claimed(&sqlite, later).await, [OutboxMessage::Digest(DigestDelivery { owed_since: now, ..expected })]);
}

#[tokio::test]
async fn damaged_row_blocks_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let now = Timestamp::now();
    sqlite.put(vec![message_at(now, &["Ana"]), message_at(now, &["Ben"])], now).await.unwrap();
    let db = rusqlite::Connection::open(folder.path().join(DATABASE)).unwrap();
    assert_eq!(db.execute("UPDATE outbox SET names = '[' WHERE name = 'ana'", ()).unwrap(), 1);
    let listed = sqlite.waiting(10, None).await;
    let claimed = sqlite.claim(Lane::Digests, 10, now, now).await;
    assert_eq!((listed.ok().map(|it| it.len()), claimed.ok().map(|it| it.len())), (Some(1), Some(1)));
}

struct Fails;

#[async_trait]
impl SendMessage for Fails {
    async fn attempt(&self, _: &OutboxMessage, _: Attempt) -> Result<Outcome, SendError> {
        Ok(Outcome::Deferred { last_attempt: LastAttempt::Resolved, reason: String::new() })
    }
}

/// The mail server is down for a little more than a day. An event announces something an hour before it is back.
#[tokio::test]
async fn later_announcement_is_tried_for_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let now = Timestamp::now();
    sqlite.put(vec![message_at(now, &["Ana"])], now).await.unwrap();
    let later = now.plus(23 * HOUR);
    sqlite.put(vec![message_at(later, &["Ana"])], later).await.unwrap();
    let clock = || now.plus(24 * HOUR);
    let sender = OutboxSender {
        outbox: &sqlite,
        lane: Lane::Digests,
        sender: &Fails,
        metrics: &PrometheusMetrics::new(),
        clock: &clock,
        is_stopping: &|| false,
    };
    sender.send_due(&|| std::future::pending().boxed()).await.unwrap();
    assert_eq!(sqlite.depth().await.unwrap().messages, 1, "the announcement of an hour ago is dropped");
}

#[tokio::test]
async fn removal_of_a_person_keeps_the_messages_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let now = Timestamp::now();
    // Ana and Ben shared a mailbox. Ana wants no messages any more, Ben now shares one with Cleo.
    sqlite.put(vec![message_at(now, &["Ana", "Ben"])], now).await.unwrap();
    let later = now.plus(HOUR);
    sqlite.put(vec![message_at(later, &["Ben", "Cleo"])], later).await.unwrap();
    sqlite.remove(&key("Ana"), None, later).await.unwrap();
    assert_eq!(claimed(&sqlite, later).await, [message_at(now, &["Ben"]), message_at(later, &["Ben", "Cleo"])]);
}

/// Webhooks that do not answer: 113 of 128 places are taken.
struct Slow(Mutex<Vec<String>>);

#[async_trait]
impl SendMessage for Slow {
    async fn attempt(&self, message: &OutboxMessage, _: Attempt) -> Result<Outcome, SendError> {
        let name = message.attendee().unwrap().as_str().to_owned();
        if name.starts_with("slow") {
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        self.0.lock().unwrap().push(name);
        Ok(Outcome::Delivered)
    }
}

#[tokio::test]
async fn slow_recipients_delay_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = &Sqlite::open(folder.path()).unwrap();
    let now = Timestamp::now();
    let slow: Vec<_> = (0..113).map(|number| message_at(now, &[&format!("Slow {number}")])).collect();
    sqlite.put(slow, now).await.unwrap();
    let provider = &Slow(Mutex::default());
    let metrics = &PrometheusMetrics::new();
    let sender = OutboxSender {
        outbox: sqlite,
        lane: Lane::Digests,
        sender: provider,
        metrics,
        clock: &Timestamp::now,
        is_stopping: &|| false,
    };
    let put_later = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        sqlite.put(vec![message_at(Timestamp::now(), &["Fast"])], Timestamp::now()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
    };
    let wait = || tokio::time::sleep(Duration::from_millis(100)).boxed();
    tokio::select! {
        _ = sender.send_due(&wait) => panic!("it takes ten seconds"),
        () = put_later => {}
    }
    assert_eq!(*provider.0.lock().unwrap(), ["fast"]);
}
