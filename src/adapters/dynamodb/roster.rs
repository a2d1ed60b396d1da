//! The attendees, one item each. A write usually needs no read before it, because most sign-ups are new.

use std::borrow::Cow;

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::time::{Instant, timeout_at};

use super::item::Item;
use super::stored_attendee::{self, StoredAttendee};
use super::{EventsTable, MAX_CONCURRENT_CALLS, MAX_QUERY_ITEMS, item, text};
use crate::adapters::aws::error::apply_error;
use crate::domain::attendee::{Applied, Attendee, apply_all};
use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::attendee::StoredStatus;
use crate::ports::{
    ApplyError, AttendeeSignups, Deletion, EventSummary, RejectedMessages as _, Roster, RosterPage, Unavailable,
};

const WRITING: &str = "writing to the roster";
const REMOVING: &str = "removing a person";
const READING: &str = "reading the roster";

/// Maximum attempts to write an attendee. An attempt fails if another process has written the attendee in the meantime.
const MAX_WRITE_ATTEMPTS: u32 = 10;

/// Maximum number of rejected messages in memory. Each has at most 256 KiB.
const MAX_REJECTS_IN_MEMORY: usize = 16;

/// The condition that an attendee is on the roster.
pub(super) const ON_ROSTER: &str = "#status = :in";

#[async_trait]
impl Roster for EventsTable {
    async fn apply(
        &self,
        batches: Vec<AttendeeSignups>,
        now: Timestamp,
        deadline: Instant,
    ) -> Vec<Result<Vec<Applied>, ApplyError>> {
        stream::iter(batches)
            .map(|batch| async move {
                let applied = timeout_at(deadline, self.apply_batch(&batch, now)).await;
                applied.unwrap_or_else(|_| Err(Unavailable::timed_out(WRITING).into()))
            })
            .buffered(MAX_CONCURRENT_CALLS)
            .collect()
            .await
    }

    async fn attendee(&self, key: &AttendeeKey) -> Result<Option<Attendee>, Unavailable> {
        let item = self.find_item(key).await?;
        Ok(item.map(StoredAttendee::from_item).transpose()?.map(|stored| stored.attendee))
    }

    async fn roster(&self, event: &EventId, limit: usize, after: Option<&NameKey>) -> Result<RosterPage, Unavailable> {
        let (summary, mut attendees) =
            tokio::try_join!(self.summary(event), self.attendees_on_roster(event, limit.saturating_add(1), after))?;
        let has_more = attendees.len() > limit;
        attendees.truncate(limit);
        let next = attendees.last().filter(|_| has_more).map(|last| last.name.key().clone());
        let page_count = u64::try_from(attendees.len()).expect("a count fits 64 bits");
        let count = match (&summary, after, has_more) {
            // The page contains the whole roster, so its count is newer than the digest's.
            (_, None, false) => page_count,
            (Some(summary), ..) => summary.count.max(page_count),
            (None, ..) => page_count,
        };
        let first =
            attendees.iter().min_by_key(|attendee| attendee.registration().map(|registration| registration.since));
        let seats = summary.as_ref().and_then(|summary| summary.seats);
        let title = summary.map(|summary| summary.title).or_else(|| first.map(|attendee| attendee.title.clone()));
        Ok(RosterPage { title, count, seats, attendees, next })
    }

    async fn events(&self, limit: usize, after: Option<&EventId>) -> Result<Vec<EventSummary>, Unavailable> {
        self.summaries(after, limit).await
    }

    async fn all_attendees(&self, limit: usize, after: Option<&AttendeeKey>) -> Result<Vec<Attendee>, Unavailable> {
        let mut found = Vec::new();
        if let Some(AttendeeKey { event, name }) = after {
            found = self.attendees_on_roster(event, limit, Some(name)).await?;
        }
        let mut event = after.map(|key| key.event.clone());
        while found.len() < limit {
            let summaries = self.events(MAX_QUERY_ITEMS, event.as_ref()).await?;
            let Some(last) = summaries.last() else { break };
            event = Some(last.id.clone());
            for summary in summaries {
                if found.len() < limit {
                    found.extend(self.attendees_on_roster(&summary.id, limit - found.len(), None).await?);
                }
            }
        }
        Ok(found)
    }

    async fn remove(&self, name: &NameKey, event: Option<&EventId>, _: Timestamp) -> Result<u64, Unavailable> {
        let events = match event {
            Some(event) => vec![event.clone()],
            None => self.all_event_ids().await?,
        };
        let removed = stream::iter(events)
            .map(|event| async move { self.delete_attendee(&event, name).await })
            .buffer_unordered(MAX_CONCURRENT_CALLS)
            .try_fold(0, async |sum, removed| Ok(sum + removed))
            .await?;
        // A household's usual name belongs to no single event.
        let households = if event.is_none() { self.delete_usual_name(name).await? } else { 0 };
        Ok(removed
            + self.delete_rejected_messages_of(name, event).await?
            + self.delete_buttons_of(name, event).await?
            + households)
    }
}

/// The result of a conditional put of an attendee.
#[expect(clippy::large_enum_variant, reason = "each value is short-lived")]
enum PutResult {
    Stored,
    /// The condition did not hold. Contains the attendee that is stored instead, if any.
    Conflict(Option<StoredAttendee>),
}

/// Parses the attendee that a request is about. If its item is damaged, the request can never be applied to it.
fn parse_stored(item: Item) -> Result<StoredAttendee, ApplyError> {
    StoredAttendee::from_item(item).map_err(|damaged| ApplyError::damaged(&damaged.cause))
}

impl EventsTable {
    /// Applies the requests about one attendee.
    ///
    /// Most requests are new sign-ups, so the first put assumes that the attendee is not stored yet. If this is true,
    /// one call is enough. Otherwise the put fails and returns the stored attendee. [`apply_all`] then decides again,
    /// based on that attendee, and a second put follows only if the attendee changes. If the attendee may be stored under
    /// an earlier key, it costs a read to find out.
    async fn apply_batch(&self, batch: &AttendeeSignups, now: Timestamp) -> Result<Vec<Applied>, ApplyError> {
        let may_have_earlier_key = *batch.key.name.refolded() != batch.key.name;
        let mut stored = match apply_all(None, &batch.signups, now) {
            (Some(_), _) if may_have_earlier_key => {
                self.attendee_item(&batch.key).await?.map(parse_stored).transpose()?
            }
            (Some(_), _) => None,
            // These requests can only change a stored attendee, so a put without a read would be useless.
            (None, _) => self.find_item(&batch.key).await?.map(parse_stored).transpose()?,
        };
        for _ in 0..MAX_WRITE_ATTEMPTS {
            let current = stored.as_ref().map(|stored| &stored.attendee);
            let (changed, applied) = apply_all(current, &batch.signups, now);
            let Some(changed) = changed else { return Ok(applied) };
            match self.put_attendee(stored.as_ref(), &changed).await? {
                PutResult::Stored => return Ok(applied),
                // The attendee was removed, or got its key of today.
                PutResult::Conflict(None) if may_have_earlier_key => {
                    stored = self.find_item(&batch.key).await?.map(parse_stored).transpose()?;
                }
                PutResult::Conflict(conflicting) => stored = conflicting,
            }
        }
        Err(Unavailable { doing: WRITING, cause: "too many concurrent writes to the same attendee".to_owned() }.into())
    }

    /// Writes an attendee if the stored attendee is still `expected`. `None` means that no attendee is stored.
    async fn put_attendee(
        &self,
        expected: Option<&StoredAttendee>,
        attendee: &Attendee,
    ) -> Result<PutResult, ApplyError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match stored_attendee::conditional_put(put, expected, attendee).send().await {
            Ok(_) => Ok(PutResult::Stored),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(conflict)) => {
                    Ok(PutResult::Conflict(conflict.item.clone().map(parse_stored).transpose()?))
                }
                _ => Err(apply_error(WRITING, &error)),
            },
        }
    }

    async fn attendee_item(&self, key: &AttendeeKey) -> Result<Option<Item>, Unavailable> {
        Ok(self.get(READING, key.event.as_str(), key.name.as_str()).await?.item)
    }

    /// Deletes the attendees under a key and the refolded key, and their entries in the index of subscribers. Returns the
    /// number of attendees.
    async fn delete_attendee(&self, event: &EventId, name: &NameKey) -> Result<u64, Unavailable> {
        let mut deleted = self.delete_attendee_item(REMOVING, event, name).await?;
        self.delete_outdated_entry(event, name.as_str()).await?;
        // Later, because an attendee only moves to this key.
        if let Cow::Owned(name) = name.refolded() {
            deleted += self.delete_attendee_item(REMOVING, event, &name).await?;
            self.delete_outdated_entry(event, name.as_str()).await?;
        }
        Ok(deleted)
    }

    /// Returns the item of the attendee with this key or, if there is none, the refolded key. An attendee only moves from
    /// an earlier key to the key of today, so that these two reads in a row find it.
    async fn find_item(&self, key: &AttendeeKey) -> Result<Option<Item>, Unavailable> {
        match (self.attendee_item(key).await?, key.name.refolded()) {
            (None, Cow::Owned(name)) => self.attendee_item(&AttendeeKey { event: key.event.clone(), name }).await,
            (found, _) => Ok(found),
        }
    }

    /// A query with the values of [`ON_ROSTER`].
    pub(super) fn on_roster(&self) -> QueryFluentBuilder {
        let query = self.client.query().consistent_read(true).expression_attribute_names("#status", "status");
        query.expression_attribute_values(":in", text(StoredStatus::In.as_str()))
    }

    /// Returns at most `limit` attendees who are on the roster, by folded name, starting after the name `after`.
    pub(super) async fn attendees_on_roster(
        &self,
        event: &EventId,
        limit: usize,
        after: Option<&NameKey>,
    ) -> Result<Vec<Attendee>, Unavailable> {
        let query = self.on_roster().filter_expression(ON_ROSTER);
        let start = (event.as_str(), after.map(NameKey::as_str));
        self.query_partition(READING, query, start, limit, |item| item::attendee(item).map(Some)).await
    }

    /// Returns at most `limit` attendees of an event who have a contact, by folded name, starting after the name `after`.
    pub(super) async fn with_contact(
        &self,
        event: &EventId,
        after: Option<&NameKey>,
        limit: usize,
    ) -> Result<Vec<StoredAttendee>, Unavailable> {
        let query = self.client.query().consistent_read(true).filter_expression("attribute_exists(contact)");
        let read = |item| StoredAttendee::from_item(item).map(Some);
        self.query_partition(READING, query, (event.as_str(), after.map(NameKey::as_str)), limit, read).await
    }

    /// Deletes the contact of an attendee, who may have changed since.
    pub(super) async fn delete_contact(&self, stored: StoredAttendee) -> Result<Deletion, Unavailable> {
        let mut stored = Some(stored);
        for _ in 0..MAX_WRITE_ATTEMPTS {
            let Some(current) = &stored else { break };
            let Some(without_contact) = current.attendee.without_contact() else { break };
            match self.put_attendee(Some(current), &without_contact).await {
                Ok(PutResult::Stored) => return Ok(Deletion::Deleted),
                Ok(PutResult::Conflict(conflicting)) => stored = conflicting,
                Err(ApplyError::Unavailable(unavailable)) => return Err(unavailable),
                Err(error) => return Err(Unavailable { doing: WRITING, cause: error.to_string() }),
            }
        }
        Ok(Deletion::NotFound)
    }

    async fn all_event_ids(&self) -> Result<Vec<EventId>, Unavailable> {
        let mut events: Vec<EventId> = Vec::new();
        loop {
            let page = self.events(MAX_QUERY_ITEMS, events.last()).await?;
            if page.is_empty() {
                return Ok(events);
            }
            events.extend(page.into_iter().map(|summary| summary.id));
        }
    }

    async fn delete_rejected_messages_of(&self, name: &NameKey, event: Option<&EventId>) -> Result<u64, Unavailable> {
        let (mut deleted, mut after) = (0, None);
        loop {
            let page = self.list(MAX_REJECTS_IN_MEMORY, after.as_deref()).await?;
            let Some(last) = page.last() else { return Ok(deleted) };
            after = Some(last.id.clone());
            for reject in page.iter().filter(|reject| reject.is_about(name, event)) {
                deleted += self.delete(&reject.id).await?.count();
            }
        }
    }
}
