//! Attendees: written without a read before, read by event.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::stored_attendee::{self, StoredAttendee};
use super::{EventsTable, MAX_CONCURRENT_CALLS, QUERY_PAGE, item, text};
use crate::adapters::aws::error::apply_error;
use crate::domain::attendee::{Applied, Attendee, apply_all};
use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::attendee::StoredStatus;
use crate::ports::{ApplyError, AttendeeSignups, EventSummary, RejectedMessages as _, Roster, RosterPage, Unavailable};

const WRITING: &str = "writing to the roster";
const READING: &str = "reading the roster";

/// What has not begun by then is tried again: a batch that DynamoDB throttles must be answered before the function's
/// own timeout (20 s), or all of it would come again.
const BUDGET: Duration = Duration::from_secs(14);

/// How often an attendee is taken up again that somebody else writes at the same time.
const ATTEMPTS: u32 = 10;

#[async_trait]
impl Roster for EventsTable {
    async fn apply(&self, batches: Vec<AttendeeSignups>, now: Timestamp) -> Vec<Result<Vec<Applied>, ApplyError>> {
        let began = Instant::now();
        stream::iter(batches)
            .map(|batch| async move {
                if began.elapsed() > BUDGET {
                    let cause = "the batch took too long before this one's turn".to_owned();
                    return Err(Unavailable { doing: WRITING, cause }.into());
                }
                self.apply_batch(&batch, now).await
            })
            .buffered(MAX_CONCURRENT_CALLS)
            .collect()
            .await
    }

    async fn attendee(&self, key: &AttendeeKey) -> Result<Option<Attendee>, Unavailable> {
        Ok(self.stored_attendee(key).await?.map(|found| found.attendee))
    }

    async fn roster(&self, event: &EventId, limit: usize, after: Option<&NameKey>) -> Result<RosterPage, Unavailable> {
        let (summary, mut attendees) =
            tokio::try_join!(self.summary(event), self.who_is_in(event, limit.saturating_add(1), after))?;
        let more = attendees.len() > limit;
        attendees.truncate(limit);
        let next = attendees.last().filter(|_| more).map(|last| last.name.key().clone());
        let seen = u64::try_from(attendees.len()).expect("a count fits 64 bits");
        let count = match (&summary, after, more) {
            // All are here: what is seen is newer than what the digest counted.
            (_, None, false) => seen,
            (Some(summary), ..) => summary.count.max(seen),
            (None, ..) => seen,
        };
        let first =
            attendees.iter().min_by_key(|attendee| attendee.registration().map(|registration| registration.since));
        let title = summary.map(|summary| summary.title).or_else(|| first.map(|attendee| attendee.title.clone()));
        Ok(RosterPage { title, count, attendees, next })
    }

    async fn events(&self, limit: usize, after: Option<&EventId>) -> Result<Vec<EventSummary>, Unavailable> {
        self.summaries(after, limit).await
    }

    async fn all_attendees(&self, limit: usize, after: Option<&AttendeeKey>) -> Result<Vec<Attendee>, Unavailable> {
        let mut found = Vec::new();
        if let Some(AttendeeKey { event, name }) = after {
            found = self.who_is_in(event, limit, Some(name)).await?;
        }
        let mut event = after.map(|key| key.event.clone());
        while found.len() < limit {
            let summaries = self.events(QUERY_PAGE, event.as_ref()).await?;
            let Some(last) = summaries.last() else { break };
            event = Some(last.id.clone());
            for summary in summaries {
                if found.len() < limit {
                    found.extend(self.who_is_in(&summary.id, limit - found.len(), None).await?);
                }
            }
        }
        Ok(found)
    }

    async fn remove(&self, name: &NameKey, event: Option<&EventId>, _: Timestamp) -> Result<u64, Unavailable> {
        let events = match event {
            Some(event) => vec![event.clone()],
            None => self.all_events().await?,
        };
        let removed = stream::iter(events)
            .map(|event| async move { self.delete_item("removing a person", event.as_str(), name.as_str()).await })
            .buffer_unordered(MAX_CONCURRENT_CALLS)
            .try_fold(0, async |sum, removed| Ok(sum + removed.count()))
            .await?;
        // Of one event alone, the person goes on elsewhere.
        let households = if event.is_none() { self.delete_usual_name(name).await? } else { 0 };
        Ok(removed
            + self.delete_rejected_messages_of(name, event).await?
            + self.delete_buttons_of(name, event).await?
            + households)
    }
}

/// What a conditional write came to.
#[expect(clippy::large_enum_variant, reason = "only one exists at a time, for a moment")]
enum Written {
    Done,
    /// The condition did not hold: this is there, or nothing.
    Refused(Option<StoredAttendee>),
}

impl EventsTable {
    /// Most requests are new sign-ups, so the first write takes the attendee for absent: one call, if that is so. A
    /// refusal returns what is there; [`apply_all`] decides over that, and there is another call only if there is
    /// something to write.
    async fn apply_batch(&self, batch: &AttendeeSignups, now: Timestamp) -> Result<Vec<Applied>, ApplyError> {
        let mut found = match apply_all(None, &batch.signups, now) {
            (Some(_), _) => None,
            // These requests only change somebody who is there.
            (None, _) => self.stored_attendee(&batch.key).await?,
        };
        for _ in 0..ATTEMPTS {
            let current = found.as_ref().map(|found| &found.attendee);
            let (attendee, applied) = apply_all(current, &batch.signups, now);
            let Some(attendee) = attendee else { return Ok(applied) };
            match self.replace(found.as_ref(), &attendee).await? {
                Written::Done => return Ok(applied),
                Written::Refused(there) => found = there,
            }
        }
        Err(Unavailable { doing: WRITING, cause: "others keep writing the same attendee".to_owned() }.into())
    }

    /// Writes the attendee over exactly what was found.
    async fn replace(&self, found: Option<&StoredAttendee>, attendee: &Attendee) -> Result<Written, ApplyError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match stored_attendee::replace(put, found, attendee).send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refusal)) => {
                    Ok(Written::Refused(refusal.item.clone().map(StoredAttendee::read).transpose()?))
                }
                _ => Err(apply_error(WRITING, &error)),
            },
        }
    }

    async fn stored_attendee(&self, key: &AttendeeKey) -> Result<Option<StoredAttendee>, Unavailable> {
        let found = self.get(READING, key.event.as_str(), key.name.as_str()).await?;
        found.item.map(StoredAttendee::read).transpose()
    }

    /// At most `limit` of those who are in, by folded name.
    async fn who_is_in(
        &self,
        event: &EventId,
        limit: usize,
        after: Option<&NameKey>,
    ) -> Result<Vec<Attendee>, Unavailable> {
        let query = self
            .client
            .query()
            .consistent_read(true)
            .filter_expression("#status = :in")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":in", text(StoredStatus::In.as_str()));
        let place = (event.as_str(), after.map(NameKey::as_str));
        self.partition(READING, query, place, limit, |item| item::attendee(item).map(Some)).await
    }

    async fn all_events(&self) -> Result<Vec<EventId>, Unavailable> {
        let mut events: Vec<EventId> = Vec::new();
        loop {
            let page = self.events(QUERY_PAGE, events.last()).await?;
            if page.is_empty() {
                return Ok(events);
            }
            events.extend(page.into_iter().map(|summary| summary.id));
        }
    }

    async fn delete_rejected_messages_of(&self, name: &NameKey, event: Option<&EventId>) -> Result<u64, Unavailable> {
        let (mut deleted, mut after) = (0, None);
        loop {
            let page = self.list(QUERY_PAGE, after.as_deref()).await?;
            let Some(last) = page.last() else { return Ok(deleted) };
            after = Some(last.id.clone());
            for reject in page.iter().filter(|reject| reject.is_about(name, event)) {
                deleted += self.delete(&reject.id).await?.count();
            }
        }
    }
}
