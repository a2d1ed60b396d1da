//! Attendees: written without a look before, read by event.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::item::{self, EVENT, Item, NAME};
use super::{AT_ONCE, EventsTable, QUERY_PAGE, attendee_update, number, text};
use crate::adapters::aws::error::apply_error;
use crate::domain::attendee::{Applied, Attendee, apply_all};
use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::signup::{AttendeeKey, Signup};
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::attendee::{AttendeeRecord, StoredStatus};
use crate::ports::{ApplyError, AttendeeBatch, EventSummary, Rejects as _, Roster, RosterPage, Unavailable};

const WRITING: &str = "writing to the roster";
const READING: &str = "reading the roster";

/// What has not begun by then is tried again: a batch that DynamoDB throttles must be answered before the function's
/// own timeout (20 s), or all of it would come again.
const BUDGET: Duration = Duration::from_secs(14);

/// How often an attendee is taken up again that somebody else writes at the same time.
const ATTEMPTS: u32 = 10;

#[async_trait]
impl Roster for EventsTable {
    async fn apply(&self, batches: Vec<AttendeeBatch>, now: Timestamp) -> Vec<Result<Vec<Applied>, ApplyError>> {
        let began = Instant::now();
        stream::iter(batches)
            .map(|batch| async move {
                if began.elapsed() > BUDGET {
                    let cause = "the batch took too long before this one's turn".to_owned();
                    return Err(Unavailable { doing: WRITING, cause }.into());
                }
                self.apply_batch(&batch, now).await
            })
            .buffered(AT_ONCE)
            .collect()
            .await
    }

    async fn attendee(&self, key: &AttendeeKey) -> Result<Option<Attendee>, Unavailable> {
        let found = self.get(READING, key.event.as_str(), key.name.as_str()).await?;
        found.item.map(item::attendee).transpose()
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

    async fn everybody(&self, limit: usize, after: Option<&AttendeeKey>) -> Result<Vec<Attendee>, Unavailable> {
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
            .buffer_unordered(AT_ONCE)
            .try_fold(0, async |sum, removed| Ok(sum + removed.count()))
            .await?;
        // Of one event alone, the person goes on elsewhere.
        let households = if event.is_none() { self.forget_households(name).await? } else { 0 };
        Ok(removed + self.forget_rejects(name, event).await? + self.forget_buttons(name, event).await? + households)
    }
}

/// What a conditional write came to.
#[expect(clippy::large_enum_variant, reason = "one at a time, taken apart at once")]
enum Written {
    Done,
    /// The condition did not hold over this, or over nothing.
    Refused(Option<Attendee>),
}

impl EventsTable {
    /// One call as a rule: a request is an update whose condition says when it applies, and several for one attendee are
    /// written as if nobody were there. What the condition refuses is decided by [`apply_all`] over what was there, and
    /// costs another call only if there is something to write still.
    async fn apply_batch(&self, batch: &AttendeeBatch, now: Timestamp) -> Result<Vec<Applied>, ApplyError> {
        let written = match &batch.signups[..] {
            [signup] => (self.update(signup, now).await?, vec![Applied::Stored]),
            signups => match apply_all(None, signups, now) {
                (Some(attendee), applied) => (self.replace(None, &attendee).await?, applied),
                // Only owners ask, and whether they are depends on who is there.
                (None, _) => (Written::Refused(self.attendee(&batch.key).await?), Vec::new()),
            },
        };
        let mut current = match written {
            (Written::Done, applied) => return Ok(applied),
            (Written::Refused(found), _) => found,
        };
        for _ in 0..ATTEMPTS {
            let (stored, applied) = apply_all(current.as_ref(), &batch.signups, now);
            let Some(stored) = stored else { return Ok(applied) };
            match self.replace(current.as_ref(), &stored).await? {
                Written::Done => return Ok(applied),
                Written::Refused(found) => current = found,
            }
        }
        Err(Unavailable { doing: WRITING, cause: "others keep writing the same attendee".to_owned() }.into())
    }

    async fn update(&self, signup: &Signup, now: Timestamp) -> Result<Written, ApplyError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(EVENT, text(signup.event.id().as_str()))
            .key(NAME, text(signup.name.key().as_str()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match attendee_update::complete(update, signup, now).send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => refused(refusal.item.clone()),
                _ => Err(apply_error(WRITING, &error)),
            },
        }
    }

    /// Writes the attendee over exactly what was found.
    async fn replace(&self, found: Option<&Attendee>, attendee: &Attendee) -> Result<Written, ApplyError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::write(&AttendeeRecord::from(attendee))))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = match found {
            None => put.condition_expression("attribute_not_exists(signup_id)"),
            Some(found) => put
                .condition_expression("requested_at = :requested_at AND signup_id = :signup_id")
                .expression_attribute_values(":requested_at", number(found.newest.requested_at.as_millis()))
                .expression_attribute_values(":signup_id", text(found.newest.id.as_str())),
        };
        match put.send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refusal)) => refused(refusal.item.clone()),
                _ => Err(apply_error(WRITING, &error)),
            },
        }
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

    async fn forget_rejects(&self, name: &NameKey, event: Option<&EventId>) -> Result<u64, Unavailable> {
        let (mut forgotten, mut after) = (0, None);
        loop {
            let page = self.list(QUERY_PAGE, after.as_deref()).await?;
            let Some(last) = page.last() else { return Ok(forgotten) };
            after = Some(last.id.clone());
            for reject in page.iter().filter(|reject| reject.is_about(name, event)) {
                forgotten += self.delete(&reject.id).await?.count();
            }
        }
    }
}

fn refused(found: Option<Item>) -> Result<Written, ApplyError> {
    Ok(Written::Refused(found.map(item::attendee).transpose()?))
}
