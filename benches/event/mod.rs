//! An event on disk whose clock advances by a day with each batch of sign-ups, so that no backoff delays an announcement.

use std::path::Path;
use std::time::Duration;

use countmein::adapters::sqlite::Sqlite;
use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::channel::Channel;
use countmein::domain::event::{Event, EventId};
use countmein::domain::secret::Secret;
use countmein::domain::signup::{Request, Signup, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::{Announcer, EventPorts, add_to_digests};
use countmein::ports::{AttendeeSignups, ChangeFeed as _, Position, Roster as _};

const TITLE: &str = "Dance";

/// Changes that are added to the digest in one batch, as in the server.
const BATCH: usize = 200;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub struct EventOnDisk {
    pub sqlite: Sqlite,
    pub id: EventId,
    read_to: Position,
    /// How far this clock is ahead of the real one.
    clock_offset: Duration,
}

impl EventOnDisk {
    pub fn open(folder: &Path) -> Self {
        let (sqlite, id) = (Sqlite::open(folder).unwrap(), EventId::parse(TITLE).unwrap());
        Self { sqlite, id, read_to: Position::Start, clock_offset: Duration::ZERO }
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::now().plus(self.clock_offset)
    }

    /// Applies a request of each name on the next day, and adds the changes to the digest.
    pub async fn change(&mut self, names: impl Iterator<Item = String>, request: impl Fn(&str) -> Request) {
        self.clock_offset += DAY;
        let batches = names.map(|name| {
            let (version, event, request) = (Version::now(), Event::parse(TITLE).unwrap(), request(&name));
            let (name, channel) = (AttendeeName::parse(&name).unwrap(), Channel::Queue);
            let signup = Signup { version, event, name, channel, network: None, request };
            AttendeeSignups { key: signup.key(), signups: vec![signup] }
        });
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        let applied = self.sqlite.apply(batches.collect(), self.now(), deadline).await;
        assert!(applied.iter().all(Result::is_ok));
        let secret = secret();
        loop {
            let page = self.sqlite.changes(&self.read_to, BATCH).await.unwrap();
            let Some((last, _)) = page.last() else { break };
            self.read_to = last.clone();
            let changes: Vec<_> = page.into_iter().map(|(_, change)| change.expect("it is readable")).collect();
            let ports = EventPorts::of(&self.sqlite, &secret);
            add_to_digests(&changes, ports, &BackoffPolicy::default(), self.now()).await.unwrap();
        }
    }

    /// Announces what is due. Returns the number of messages in the outbox.
    pub async fn announce(&self) -> usize {
        let (sqlite, secret) = (&self.sqlite, secret());
        let announcer = Announcer {
            ports: EventPorts::of(sqlite, &secret),
            outbox: sqlite,
            backoff: BackoffPolicy::default(),
            has_broadcaster: false,
            clock: &|| self.now(),
            is_stopping: &|| false,
        };
        announcer.announce(&self.id, Timestamp::LATEST).await.unwrap()
    }
}

pub fn secret() -> Secret {
    Secret::new("a secret for the benchmark").unwrap()
}
