//! The function that notifies attendees of changes.
//!
//! A batch of the table's stream is added to the digests, and the digests that are due are sent. A schedule also
//! invokes the function every minute, to send the digests that have become due since, and to delete the contacts of events
//! that have been over for a while.

use std::time::Duration;

use anyhow::Context as _;
use aws_config::SdkConfig;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::notify::{limits, notification_sender};
use super::{parsed_setting, required_setting};
use crate::adapters::aws::config;
use crate::adapters::dynamodb::EventsTable;
use crate::adapters::metrics::emf::{Emf, Metric};
use crate::domain::backoff::BackoffPolicy;
use crate::domain::change::{AttendeeChange, Change, Movements};
use crate::domain::event::EventId;
use crate::domain::new_event_id::for_log;
use crate::domain::timestamp::Timestamp;
use crate::fanout;
use crate::fanout::{DigestSender, EventPorts};
use crate::lambda::stream_event;
use crate::notify::{Limits, NotificationSender};
use crate::ports::{Digests as _, Meter as _, ReadError};
use crate::upkeep::{self, UpkeepPorts};
use crate::upkeep::{DEFAULT_CONTACT_DAYS, days};

/// Maximum number of due digests that one scheduled invocation reads.
const MAX_DUE_DIGESTS: usize = 1_000;

const MAX_CONCURRENT_NOTIFICATIONS: usize = 32;

/// An invocation starts no notification after this time; the next scheduled invocation continues. A call to AWS takes
/// at most [`OPERATION_TIMEOUT`](config::OPERATION_TIMEOUT), so calls in progress end within the function's timeout.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The state of the function between invocations.
pub struct Fanout {
    config: SdkConfig,
    table: EventsTable,
    emf: Emf,
    limits: Limits,
    backoff: BackoffPolicy,
    contact_retention: Duration,
    /// Created when it is first needed, because most batches send nothing and need no secrets.
    sender: OnceCell<NotificationSender>,
}

impl Fanout {
    pub fn from_environment() -> anyhow::Result<Self> {
        let config = config::load_for_function()?;
        let default = BackoffPolicy::default();
        let seconds = |name, default: Duration| -> anyhow::Result<Duration> {
            Ok(parsed_setting(name)?.map_or(default, Duration::from_secs))
        };
        let backoff = BackoffPolicy {
            initial: seconds("COUNTMEIN_BACKOFF_INITIAL", default.initial)?,
            multiplier: parsed_setting("COUNTMEIN_BACKOFF_MULTIPLIER")?.unwrap_or(default.multiplier),
            maximum: seconds("COUNTMEIN_BACKOFF_MAXIMUM", default.maximum)?,
        };
        Ok(Self {
            table: EventsTable::new(&config, required_setting("COUNTMEIN_TABLE")?),
            emf: Emf::new(required_setting("COUNTMEIN_STAGE")?),
            config,
            limits: limits()?,
            backoff,
            contact_retention: days(parsed_setting("COUNTMEIN_KEEP_CONTACTS")?.unwrap_or(DEFAULT_CONTACT_DAYS)),
            sender: OnceCell::new(),
        })
    }

    /// Handles a batch of the table's stream, which has records, or the event of the schedule, which has none.
    ///
    /// A damaged record parks its event, and affects no other.
    ///
    /// # Errors
    /// Returns an error if a change could not be added to its digest because of a transient failure; Lambda then delivers
    /// the batch again. A failed notification is not an error: the schedule retries it, and it must not block the stream.
    pub async fn handle(&self, event: Value) -> anyhow::Result<()> {
        let deadline = Timestamp::now().plus(TIME_LIMIT);
        // The futures are boxed because they are very large: they contain all the code that sends notifications.
        match event.get("Records") {
            Some(_) => Box::pin(self.handle_stream(event, deadline)).await,
            None => Box::pin(self.handle_schedule(deadline)).await,
        }
    }

    async fn handle_stream(&self, event: Value, deadline: Timestamp) -> anyhow::Result<()> {
        let event = serde_json::from_value(event).context("the event is not from a DynamoDB stream")?;
        let records = stream_event::changes(event);
        let now = Timestamp::now();
        let (changes, update) = fanout::take_in(records, EventPorts::of(&self.table), &self.backoff, now).await?;
        self.emf.parked(update.parked);
        let Movements { joined, left } = update.movements;
        tracing::debug!(joined, left, "changes added to the digests");
        self.emf.write(&[Metric::count("AttendeesJoined", joined), Metric::count("AttendeesLeft", left)]);
        tokio::join!(self.send_direct_messages(&changes, deadline), self.send_digests(update.due, deadline));
        Ok(())
    }

    /// Sends opt-in requests to new contacts, and sends manage links again to people who asked for them.
    async fn send_direct_messages(&self, changes: &[Change], deadline: Timestamp) {
        if !changes.iter().filter_map(Change::attendee).any(AttendeeChange::needs_reply) {
            return;
        }
        let time_left = || Some(Timestamp::now()).filter(|now| *now < deadline);
        match self.sender().await {
            // An opt-in request that is not sent now is sent before the next notification.
            Ok(sender) => drop(sender.send_direct_messages(changes, &time_left).await),
            Err(error) => tracing::error!(
                error = format!("{error:#}"),
                "opt-in requests deferred; they are sent before the next notification"
            ),
        }
    }

    async fn handle_schedule(&self, deadline: Timestamp) -> anyhow::Result<()> {
        let now = Timestamp::now();
        let due = self.table.due(now, MAX_DUE_DIGESTS).await?;
        let oldest = due.first().map_or(Duration::ZERO, |(_, since)| now.since(*since));
        tracing::debug!(digests = due.len(), "found due digests");
        self.emf.write(&[Metric::count("DigestsDue", due.len() as u64), Metric::duration("OldestDigestDue", oldest)]);
        let events: Vec<EventId> = due.into_iter().map(|(event, _)| event).collect();
        self.send_digests(events, deadline).await;
        let has_time = || Timestamp::now() < deadline;
        upkeep::delete_contacts(UpkeepPorts::of(&self.table), self.contact_retention, now, &has_time).await?;
        Ok(())
    }

    /// Sends the due digests of some events, until the deadline.
    async fn send_digests(&self, events: Vec<EventId>, deadline: Timestamp) {
        if events.is_empty() {
            return;
        }
        let notifier = match self.sender().await {
            Ok(sender) => sender,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "announcing failed; retrying on the next schedule");
                return;
            }
        };
        let digest_sender = DigestSender {
            digests: &self.table,
            roster: &self.table,
            events: &*notifier.events,
            notifier,
            backoff: self.backoff,
            concurrency: MAX_CONCURRENT_NOTIFICATIONS,
            clock: &Timestamp::now,
            is_stopping: &|| false,
        };
        let report = |event: &EventId, tally| match tally {
            Ok(tally) => self.emf.notified(&tally),
            Err(ReadError::Damaged(_)) => self.emf.parked(1),
            Err(ReadError::Unavailable(unavailable)) => {
                tracing::error!(%unavailable, event.id = for_log(event), "announcing failed; retrying on the next schedule")
            }
        };
        digest_sender.send_digests(events, deadline, report).await;
    }

    async fn sender(&self) -> anyhow::Result<&NotificationSender> {
        self.sender
            .get_or_try_init(|| notification_sender(&self.config, &self.table, &self.emf, self.limits.clone()))
            .await
    }
}
