//! The function that announces changes of the roster.
//!
//! A batch of the table's stream is added to the digests, and the messages to recipients are put into the outbox, from which
//! the function `deliver` sends them. A schedule also invokes the function every minute, to announce what has become due
//! since, to delete the contacts of events that have been over for a while, and to return dead letters to the outbox.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;

use super::dead_letters::return_dead_letters;
use super::{parsed_setting, required_setting};
use crate::adapters::aws::config;
use crate::adapters::dynamodb::EventsTable;
use crate::adapters::metrics::emf::{Emf, Metric};
use crate::adapters::secrets_manager as secrets;
use crate::adapters::sqs::{Sqs, SqsOutbox};
use crate::domain::backoff::BackoffPolicy;
use crate::domain::change::{Change, Movements};
use crate::domain::event::EventId;
use crate::domain::new_event_id::for_log;
use crate::domain::outbox_message::OutboxMessage;
use crate::domain::seat::SeatChange;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::fanout::{self, Announcer, EventPorts};
use crate::lambda::stream_event;
use crate::ports::{Digests as _, Meter as _, Outbox as _, ReadError, Unavailable};
use crate::upkeep::{self, DEFAULT_CONTACT_DAYS, UpkeepPorts, days};

/// Maximum number of due digests that one scheduled invocation reads.
const MAX_DUE_DIGESTS: usize = 1_000;

/// An invocation begins no page of recipients after this time; the next scheduled invocation continues. A page is a few reads
/// and about 50 calls to SQS, so it ends within the function's timeout. Once a week, a page also reads the event's roster and
/// completes its index of subscribers.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The state of the function between invocations.
pub struct Fanout {
    table: EventsTable,
    outbox: SqsOutbox,
    /// The dead letters of the outbox.
    dead_letters: Sqs,
    emf: Emf,
    /// The key of the ids of mailboxes.
    contact_secret: Secret,
    backoff: BackoffPolicy,
    contact_retention: Duration,
}

impl Fanout {
    /// Reads the settings, and the secret for contact ids.
    pub async fn from_environment() -> anyhow::Result<Self> {
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
        let outbox = required_setting("COUNTMEIN_OUTBOX_URL")?;
        Ok(Self {
            table: EventsTable::new(&config, required_setting("COUNTMEIN_TABLE")?),
            dead_letters: Sqs::dead_letters(&config, required_setting("COUNTMEIN_OUTBOX_DEAD_LETTERS_URL")?, &outbox),
            outbox: SqsOutbox::new(Sqs::new(&config, outbox)),
            emf: Emf::new(required_setting("COUNTMEIN_STAGE")?),
            contact_secret: secrets::read_current(&config, &required_setting("COUNTMEIN_CONTACT_SECRET")?).await?,
            backoff,
            contact_retention: days(parsed_setting("COUNTMEIN_KEEP_CONTACTS")?.unwrap_or(DEFAULT_CONTACT_DAYS)),
        })
    }

    /// Handles a batch of the table's stream, which has records, or the event of the schedule, which has none.
    ///
    /// A damaged record parks its event, and affects no other.
    ///
    /// # Errors
    /// Returns an error if a change could not be added to its digest, or a message that it causes could not be put into the
    /// outbox, because of a transient failure; Lambda then delivers the batch again. A failed announcement is not an error:
    /// the schedule continues it, and it must not block the stream.
    pub async fn handle(&self, event: Value) -> anyhow::Result<()> {
        let deadline = Timestamp::now().plus(TIME_LIMIT);
        // The futures are boxed because they are very large.
        match event.get("Records") {
            Some(_) => Box::pin(self.handle_stream(event, deadline)).await,
            None => Box::pin(self.handle_schedule(deadline)).await,
        }
    }

    async fn handle_stream(&self, event: Value, deadline: Timestamp) -> anyhow::Result<()> {
        let event = serde_json::from_value(event).context("the event is not from a DynamoDB stream")?;
        let (seats, damaged): (Vec<_>, Vec<_>) =
            stream_event::seat_changes(&event).into_iter().partition(Result::is_ok);
        let mut records = stream_event::changes(event);
        records.extend(damaged.into_iter().filter_map(Result::err).map(Err));
        let seats: Vec<SeatChange> = seats.into_iter().filter_map(Result::ok).collect();
        let now = Timestamp::now();
        let (changes, update) =
            fanout::take_in(records, EventPorts::of(&self.table, &self.contact_secret), &self.backoff, now).await?;
        self.emf.parked(update.parked);
        let Movements { joined, left } = update.movements;
        tracing::debug!(joined, left, "changes added to the digests");
        self.emf.write(&[Metric::count("AttendeesJoined", joined), Metric::count("AttendeesLeft", left)]);
        let (put, ()) =
            tokio::join!(self.put_direct_messages(&changes, &seats, now), self.announce(update.due, deadline));
        Ok(put?)
    }

    /// Puts opt-in requests to new contacts, manage links that people asked for again, and news about seats into the outbox.
    async fn put_direct_messages(
        &self,
        changes: &[Change],
        seats: &[SeatChange],
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let of_attendees = changes.iter().filter_map(Change::attendee).flat_map(OutboxMessage::after);
        let messages = of_attendees.chain(seats.iter().filter_map(OutboxMessage::after_seat)).collect();
        self.outbox.put(messages, now).await
    }

    async fn handle_schedule(&self, deadline: Timestamp) -> anyhow::Result<()> {
        let now = Timestamp::now();
        let due = self.table.due(now, MAX_DUE_DIGESTS).await?;
        let oldest = due.first().map_or(Duration::ZERO, |(_, since)| now.since(*since));
        tracing::debug!(digests = due.len(), "found due digests");
        self.emf.write(&[Metric::count("DigestsDue", due.len() as u64), Metric::duration("OldestDigestDue", oldest)]);
        let events: Vec<EventId> = due.into_iter().map(|(event, _)| event).collect();
        self.announce(events, deadline).await;
        let has_time = || Timestamp::now() < deadline;
        let deleted =
            upkeep::delete_contacts(UpkeepPorts::of(&self.table), self.contact_retention, now, &has_time).await;
        return_dead_letters(&self.dead_letters, &self.emf, now).await?;
        deleted?;
        Ok(())
    }

    /// Announces the changes of events that are due, until the deadline.
    async fn announce(&self, events: Vec<EventId>, deadline: Timestamp) {
        let announcer = Announcer {
            ports: EventPorts::of(&self.table, &self.contact_secret),
            outbox: &self.outbox,
            backoff: self.backoff,
            has_broadcaster: true,
            clock: &Timestamp::now,
            is_stopping: &|| false,
        };
        let report = |event: &EventId, announced| match announced {
            Ok(_) => {}
            Err(ReadError::Damaged(_)) => self.emf.parked(1),
            Err(ReadError::Unavailable(unavailable)) => {
                tracing::error!(%unavailable, event.id = for_log(event), "announcing failed; retrying on the next schedule")
            }
        };
        announcer.announce_all(events, deadline, report).await;
    }
}
