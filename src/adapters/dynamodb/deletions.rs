//! Deletes the items that belong to a deleted event.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::item::{EVENT, Item, NAME};
use super::{
    CALENDAR, DIGESTS, EventsTable, MAX_CONCURRENT_CALLS, PARKED, announcements, conditional, key, number, text,
    watermarks,
};
use crate::adapters::aws::error::unavailable;
use crate::domain::attendee::Attendee;
use crate::domain::deleted_event::DeletedEvent;
use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::ports::{DeletedAttendees, Deletion, Deletions, Unavailable, Write};

const DELETING: &str = "deleting an event";

/// The time of the newest request about an attendee.
const REQUESTED_AT: &str = "requested_at";

/// An item of an attendee, as far as a deletion needs it.
struct AttendeeKeyItem {
    name: String,
    /// As stored. A damaged item may have no such time.
    requested_at: Option<AttributeValue>,
}

#[async_trait]
impl Deletions for EventsTable {
    /// The stream of the table cannot be rewritten.
    async fn delete_event_state(&self, event: &EventId, _: Timestamp) -> Result<(), Unavailable> {
        let _ = self.delete_item(DELETING, DIGESTS, event.as_str()).await?;
        let _ = self.delete_item(DELETING, PARKED, event.as_str()).await?;
        let _ = self.delete_item(DELETING, CALENDAR, event.as_str()).await?;
        self.delete_partitions(event).await
    }

    /// Only the reader of the stream creates digests, and it makes this call.
    async fn delete_digest_without_attendees(&self, event: &EventId) -> Result<(), Unavailable> {
        if !self.has_attendees(event).await? {
            let _ = self.delete_item(DELETING, DIGESTS, event.as_str()).await?;
            self.delete_partitions(event).await?;
        }
        Ok(())
    }

    async fn delete_attendees(&self, deleted: &DeletedEvent, limit: usize) -> Result<DeletedAttendees, Unavailable> {
        let (mut found, mut newest_left, mut start) = (Vec::new(), None, None);
        loop {
            let (items, next) = self.attendee_keys(&deleted.event, limit, start).await?;
            for item in items {
                match item.time() {
                    Some(requested_at) if requested_at > deleted.deleted_at => {
                        newest_left = newest_left.max(Some(requested_at));
                    }
                    _ => found.push(item),
                }
            }
            start = next;
            if start.is_none() || found.len() >= limit {
                break;
            }
        }
        found.truncate(limit);
        let count = found.len();
        let event = &deleted.event;
        stream::iter(found)
            .map(|item| async move { self.delete_unchanged(event, &item.name, item.requested_at).await })
            .buffer_unordered(MAX_CONCURRENT_CALLS)
            .try_for_each(|_| async { Ok(()) })
            .await?;
        Ok(DeletedAttendees { count, newest_left })
    }

    async fn delete_late_attendee(&self, attendee: &Attendee, _: Timestamp) -> Result<Deletion, Unavailable> {
        let requested_at = number(attendee.newest.requested_at.as_millis());
        self.delete_unchanged(&attendee.event, attendee.name.key().as_str(), Some(requested_at)).await
    }
}

impl EventsTable {
    /// Deletes what an event has announced, what each recipient was told of it, its seats, and the index of its subscribers.
    async fn delete_partitions(&self, event: &EventId) -> Result<(), Unavailable> {
        self.delete_partition(&announcements::partition(event)).await?;
        self.delete_partition(&watermarks::partition(event)).await?;
        self.delete_seats(event).await?;
        self.delete_index(event).await
    }

    /// Deletes all items of a partition.
    pub(super) async fn delete_partition(&self, partition: &str) -> Result<(), Unavailable> {
        let query = self.client.query().consistent_read(true).projection_expression("#name");
        let query = query.expression_attribute_names("#name", NAME);
        let name = |mut item: Item| Ok(item.remove(NAME).and_then(|name| name.as_s().ok().cloned()));
        let names = self.query_partition(DELETING, query, (partition, None), usize::MAX, name).await?;
        stream::iter(names.iter().map(|name| self.delete_item(DELETING, partition, name)).collect::<Vec<_>>())
            .buffer_unordered(MAX_CONCURRENT_CALLS)
            .try_for_each(|_| async { Ok(()) })
            .await
    }

    /// Reads the keys of at most `limit` attendees, and the position of the next page.
    async fn attendee_keys(
        &self,
        event: &EventId,
        limit: usize,
        start: Option<Item>,
    ) -> Result<(Vec<AttendeeKeyItem>, Option<Item>), Unavailable> {
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let query = query.key_condition_expression("#event = :event");
        let query = query.expression_attribute_values(":event", text(event.as_str()));
        let query = query.projection_expression(format!("#event, #name, {REQUESTED_AT}"));
        let query = query.expression_attribute_names("#event", EVENT).expression_attribute_names("#name", NAME);
        let query = query.limit(i32::try_from(limit).unwrap_or(i32::MAX)).set_exclusive_start_key(start);
        let page = query.send().await.map_err(|error| unavailable(DELETING, &error))?;
        let items = page.items.unwrap_or_default().into_iter().filter_map(AttendeeKeyItem::of).collect();
        Ok((items, page.last_evaluated_key))
    }

    /// Deletes the item of an attendee if the newest request about them is still the same.
    async fn delete_unchanged(
        &self,
        event: &EventId,
        name: &str,
        requested_at: Option<AttributeValue>,
    ) -> Result<Deletion, Unavailable> {
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key(event.as_str(), name)));
        let delete = match requested_at {
            Some(requested_at) => delete
                .condition_expression(format!("{REQUESTED_AT} = :{REQUESTED_AT}"))
                .expression_attribute_values(format!(":{REQUESTED_AT}"), requested_at),
            None => delete.condition_expression(format!("attribute_not_exists({REQUESTED_AT})")),
        };
        Ok(Deletion::of(conditional(DELETING, delete.send().await)? == Write::Stored))
    }
}

impl AttendeeKeyItem {
    /// Returns `None` if the item is no attendee: then its key begins with `#`.
    fn of(mut item: Item) -> Option<Self> {
        let Some(AttributeValue::S(name)) = item.remove(NAME) else { return None };
        (!name.starts_with('#')).then(|| Self { name, requested_at: item.remove(REQUESTED_AT) })
    }

    fn time(&self) -> Option<Timestamp> {
        let millis = self.requested_at.as_ref()?.as_n().ok()?.parse().ok()?;
        Timestamp::from_millis(millis).ok()
    }
}
