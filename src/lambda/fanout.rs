//! The stream's changes into the digests, and what is due to everybody who is in; each minute, what has waited.

use std::time::Duration;

use anyhow::Context as _;
use aws_config::SdkConfig;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::notify::sender;
use super::{parsed_setting, setting};
use crate::adapters::aws::config;
use crate::adapters::dynamodb::EventsTable;
use crate::adapters::metrics::emf::{Emf, Unit};
use crate::domain::backoff::Noise;
use crate::domain::change::{Change, Movements};
use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::fanout;
use crate::fanout::DigestSender;
use crate::lambda::stream_event;
use crate::notify::NotificationSender;
use crate::ports::{Digests as _, Meter as _};

/// Events looked at in one minute's turn, at the most.
const DUE: usize = 1_000;

/// Notifications on their way at once.
const AT_ONCE: usize = 32;

/// After this an invocation tries nobody further; the next minute's goes on. A call of AWS that hangs fails after four
/// seconds, and with it the way that it is part of: what has begun ends within the function's timeout.
const TIME: Duration = Duration::from_secs(30);

pub struct Fanout {
    config: SdkConfig,
    table: EventsTable,
    emf: Emf,
    noise: Noise,
    /// Most changes come to an event that is quiet: the start need not wait for secrets and words.
    sender: OnceCell<NotificationSender>,
}

impl Fanout {
    pub fn from_environment() -> anyhow::Result<Self> {
        let config = config::of_function()?;
        let by_default = Noise::default();
        let seconds = |name, wait: Duration| -> anyhow::Result<Duration> {
            Ok(parsed_setting(name)?.map_or(wait, Duration::from_secs))
        };
        let noise = Noise {
            first_wait: seconds("COUNTMEIN_BACKOFF_INITIAL", by_default.first_wait)?,
            factor: parsed_setting("COUNTMEIN_BACKOFF_MULTIPLIER")?.unwrap_or(by_default.factor),
            longest_wait: seconds("COUNTMEIN_BACKOFF_MAXIMUM", by_default.longest_wait)?,
        };
        Ok(Self {
            table: EventsTable::new(&config, setting("COUNTMEIN_TABLE")?),
            emf: Emf::new(setting("COUNTMEIN_STAGE")?),
            config,
            noise,
            sender: OnceCell::new(),
        })
    }

    /// A batch of the table's stream, which has records, or the schedule's event, which has none.
    ///
    /// # Errors
    /// A batch of which not all changes are in their digests; it is to come again. Whoever could not be told is no
    /// error: the schedule goes on with them, and the stream waits for nobody.
    pub async fn handle(&self, event: Value) -> anyhow::Result<()> {
        let until = Timestamp::now().plus(TIME);
        // In boxes, since the whole way to a person is in these, which is more than the compiler likes to lay out at once.
        match event.get("Records") {
            Some(_) => Box::pin(self.take_in(event, until)).await,
            None => Box::pin(self.go_on(until)).await,
        }
    }

    async fn take_in(&self, event: Value, until: Timestamp) -> anyhow::Result<()> {
        let event = serde_json::from_value(event).context("the event is not one of a DynamoDB stream")?;
        let changes = stream_event::changes(event)?;
        let now = Timestamp::now();
        let taken = fanout::add_to_digests(&changes, &self.table, &self.noise, now).await?;
        let Movements { joined, left } = taken.movements;
        tracing::debug!(joined, left, "changes taken in");
        self.emf.write(&[("AttendeesJoined", Unit::Count, count(joined)), ("AttendeesLeft", Unit::Count, count(left))]);
        tokio::join!(self.answer(&changes, until), self.announce_all(taken.due, until));
        Ok(())
    }

    async fn answer(&self, changes: &[Change], until: Timestamp) {
        if !changes.iter().any(Change::wants_an_answer) {
            return;
        }
        let go_on = || Some(Timestamp::now()).filter(|now| *now < until);
        match self.sender().await {
            // Who was not asked is when there is something to tell.
            Ok(sender) => drop(sender.answer_changes(changes, &go_on).await),
            Err(error) => tracing::error!(error = format!("{error:#}"), "owners of addresses are asked later"),
        }
    }

    async fn go_on(&self, until: Timestamp) -> anyhow::Result<()> {
        let now = Timestamp::now();
        let due = self.table.due(now, DUE).await?;
        let oldest = due.first().map_or(0.0, |(_, since)| now.since(*since).as_secs_f64());
        tracing::debug!(digests = due.len(), "looked at what waits");
        self.emf.write(&[
            ("DigestsDue", Unit::Count, count(u64::try_from(due.len()).unwrap_or(u64::MAX))),
            ("OldestDigestDue", Unit::Seconds, oldest),
        ]);
        let events: Vec<EventId> = due.into_iter().map(|(event, _)| event).collect();
        self.announce_all(events, until).await;
        Ok(())
    }

    /// Sends what is due of each, as far as there is time.
    async fn announce_all(&self, events: Vec<EventId>, until: Timestamp) {
        if events.is_empty() {
            return;
        }
        let notifier = match self.sender().await {
            Ok(sender) => sender,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "people are told in a minute");
                return;
            }
        };
        let digest_sender = DigestSender {
            digests: &self.table,
            roster: &self.table,
            notifier,
            backoff: self.noise,
            concurrency: AT_ONCE,
            clock: &Timestamp::now,
            is_stopping: &|| false,
        };
        let ended = |event: &EventId, tally| match tally {
            Ok(tally) => self.emf.notified(&tally),
            Err(unavailable) => tracing::error!(%unavailable, event.id = %event, "people are told in a minute"),
        };
        digest_sender.send_digests(events, until, ended).await;
    }

    async fn sender(&self) -> anyhow::Result<&NotificationSender> {
        self.sender.get_or_try_init(|| sender(&self.config, &self.table, &self.emf)).await
    }
}

#[expect(clippy::cast_precision_loss, reason = "a metric is a double; nobody counts to 2^53")]
fn count(count: u64) -> f64 {
    count as f64
}
