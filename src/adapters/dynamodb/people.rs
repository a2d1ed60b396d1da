//! Deletes contacts, and what is stored under an address.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;

use super::item;
use super::{EventsTable, MAX_CONCURRENT_CALLS, conditional, key, text};
use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::contact::Contact;
use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::ports::{
    AddressEntries, Buttons as _, DeletedContacts, Deletion, People, RejectedMessages as _, Unavailable, Write,
};

const REMOVING: &str = "removing an address";
const READING: &str = "reading the roster";

/// The part of an attendee's item that says when the newest request about them was made, in milliseconds.
#[derive(Deserialize)]
struct RequestTime {
    requested_at: i64,
}

#[async_trait]
impl People for EventsTable {
    /// The stream of the table cannot be rewritten.
    async fn remove_address(
        &self,
        _: &Contact,
        _: Option<&EventId>,
        entries: AddressEntries,
        _: Timestamp,
    ) -> Result<u64, Unavailable> {
        let mut removed = stream::iter(entries.attendees)
            .map(|attendee| async move { self.delete_attendee_with_contact(&attendee).await })
            .buffer_unordered(MAX_CONCURRENT_CALLS)
            .try_fold(0, async |sum, deletion| Ok(sum + deletion.count()))
            .await?;
        for serial in &entries.buttons {
            removed += self.unregister(serial).await?.count();
        }
        for id in &entries.rejects {
            removed += self.delete(id).await?.count();
        }
        Ok(removed)
    }

    async fn newest_request(&self, event: &EventId) -> Result<Option<Timestamp>, Unavailable> {
        let query = self.client.query().consistent_read(true).filter_expression("attribute_exists(contact)");
        let query = query.projection_expression("requested_at");
        let read = |item| Ok(Some(item::read::<RequestTime>(item)?.requested_at));
        let times = self.query_partition(READING, query, (event.as_str(), None), usize::MAX, read).await?;
        // A damaged time does not count.
        Ok(times.into_iter().filter_map(|millis| Timestamp::from_millis(millis).ok()).max())
    }

    async fn delete_contacts(
        &self,
        event: &EventId,
        after: Option<&NameKey>,
        limit: usize,
        _: Timestamp,
    ) -> Result<DeletedContacts, Unavailable> {
        let attendees = self.with_contact(event, after, limit).await?;
        let last = attendees.last().filter(|_| attendees.len() == limit);
        let next = last.map(|last| last.attendee.name.key().clone());
        let count = stream::iter(attendees)
            .map(|attendee| async move { self.delete_contact(attendee).await })
            .buffer_unordered(MAX_CONCURRENT_CALLS)
            .try_fold(0, async |sum, deletion| Ok(sum + deletion.count()))
            .await?;
        Ok(DeletedContacts { count, next })
    }
}

impl EventsTable {
    /// Deletes an attendee, and their entry in the index of subscribers, if the stored attendee still has the same contact.
    async fn delete_attendee_with_contact(&self, attendee: &Attendee) -> Result<Deletion, Unavailable> {
        let Some(contact) = attendee.registration().and_then(|registration| registration.contact.as_ref()) else {
            return Ok(Deletion::NotFound);
        };
        let stored = AttributeValue::M([(contact.kind().to_owned(), text(contact.address()))].into());
        let delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(attendee.event.as_str(), attendee.name.key().as_str())))
            .condition_expression("contact = :contact")
            .expression_attribute_values(":contact", stored);
        let deletion = Deletion::of(conditional(REMOVING, delete.send().await)? == Write::Stored);
        self.delete_outdated_entry(&attendee.event, attendee.name.key().as_str()).await?;
        Ok(deletion)
    }
}
