//! Moves attendees that an earlier version stored under another key to their key of today: `countmein upgrade-table`.
//!
//! The key of an item cannot change, so an item moves with a delete and a put in one transaction. The table's stream
//! reports both. Two attributes tell readers of the stream that nobody left or joined: the item is marked with
//! [`REKEYED_TO`] before it is deleted, and the new item has [`REKEYED_FROM`]. Any other write of the attendee removes
//! these attributes.

use std::time::Duration;

use aws_sdk_dynamodb::types::{Delete, Put, ReturnValue, TransactWriteItem};
use futures_util::{StreamExt as _, stream};

use super::item::{self, EVENT, Item, NAME, Unchanged};
use super::subscribers::{entry_key, new_entry};
use super::{EventsTable, MAX_CONCURRENT_CALLS, key, number, text, transact};
use crate::adapters::aws::error::unavailable;
use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::rekeying::Rekeying;
use crate::domain::seat::{Seat, SeatChange};
use crate::domain::signup::AttendeeKey;
use crate::formats::stored::attendee::{REKEYED_FROM, REKEYED_TO};
use crate::ports::{Digests as _, ReadError, Seats as _, Unavailable, Write};

const DOING: &str = "re-keying an attendee";

/// Maximum attempts to move an attendee or to store a digest while other processes write them.
const MAX_ATTEMPTS: u32 = 20;

/// Delay after a conflict with another process.
const RETRY_DELAY: Duration = Duration::from_millis(50);

/// The result of moving one attendee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rekeyed {
    Moved,
    /// Another attendee is stored under the key of today.
    KeptApart,
    /// The attendee was removed, or moved by another process.
    Gone,
}

impl EventsTable {
    /// Reads the whole table, and returns the attendees that are stored under an earlier key. Reports the number of items
    /// of each page.
    pub async fn attendees_with_earlier_key(
        &self,
        mut on_page: impl FnMut(u64),
    ) -> Result<Vec<AttendeeKey>, Unavailable> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let scan = self.client.scan().table_name(&self.table).consistent_read(true);
            let scan = scan.projection_expression("#event, #name").expression_attribute_names("#event", EVENT);
            let page = scan.expression_attribute_names("#name", NAME).set_exclusive_start_key(start).send().await;
            let page = page.map_err(|error| unavailable("reading the table", &error))?;
            on_page(u64::try_from(page.items().len()).expect("a count fits 64 bits"));
            found.extend(page.items().iter().filter_map(earlier_key));
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(found);
            }
        }
    }

    /// Moves attendees to their keys of today. It is safe to repeat, also after an interruption. Reports each attendee.
    pub async fn rekey(
        &self,
        moves: Vec<Rekeying>,
        mut on_attendee: impl FnMut(&Rekeying, Rekeyed),
    ) -> Result<(), Unavailable> {
        let mut results = stream::iter(moves)
            .map(|rekeying| async move { (self.rekey_attendee(&rekeying).await, rekeying) })
            .buffer_unordered(MAX_CONCURRENT_CALLS);
        while let Some((rekeyed, rekeying)) = results.next().await {
            on_attendee(&rekeying, rekeyed?);
        }
        Ok(())
    }

    async fn rekey_attendee(&self, rekeying: &Rekeying) -> Result<Rekeyed, Unavailable> {
        let Rekeying { event, from, to } = rekeying;
        for _ in 0..MAX_ATTEMPTS {
            let Some(item) = self.get(DOING, event.as_str(), from.as_str()).await?.item else {
                return Ok(Rekeyed::Gone);
            };
            if self.get(DOING, event.as_str(), to.as_str()).await?.item.is_some() {
                if self.unmark(item).await? == Write::Stored {
                    return Ok(Rekeyed::KeptApart);
                }
                continue;
            }
            let mut marked = next_revision(item.clone());
            marked.insert(REKEYED_TO.to_owned(), text(to.as_str()));
            if self.replace(&item, marked.clone()).await? == Write::Stored
                && self.move_item(marked, from, to).await? == Write::Stored
            {
                self.keep_recipient(rekeying).await?;
                return Ok(Rekeyed::Moved);
            }
            tokio::time::sleep(RETRY_DELAY).await;
        }
        Err(too_many_conflicts())
    }

    /// Moves an item if it is unchanged and no attendee is stored under the new key. The attendee's seat and their entry in the
    /// index of subscribers move too.
    async fn move_item(&self, item: Item, from: &NameKey, to: &NameKey) -> Result<Write, Unavailable> {
        let Unchanged { condition, names, values } = unchanged(&item);
        let event = item.get(EVENT).and_then(|event| event.as_s().ok()).cloned().unwrap_or_default();
        let item_key = AttendeeKey { event: EventId::from_stored(event), name: from.clone() };
        let mut moved = item.clone();
        moved.remove(REKEYED_TO);
        moved.extend([(NAME.to_owned(), text(to.as_str())), (REKEYED_FROM.to_owned(), text(from.as_str()))]);
        let delete = Delete::builder().table_name(&self.table).set_key(Some(key_of(&item)));
        let delete = delete.condition_expression(condition).set_expression_attribute_names(Some(names));
        let delete = delete.set_expression_attribute_values(values).build();
        let put = Put::builder().table_name(&self.table).set_item(Some(moved));
        let put = put.condition_expression("attribute_not_exists(signup_id)").build();
        let mut transaction = self
            .client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().delete(delete.expect("the key is set")).build())
            .transact_items(TransactWriteItem::builder().put(put.expect("the item is set")).build());
        // A damaged attendee is no subscriber.
        if let Ok(attendee) = item::attendee(item)
            && attendee.wants_messages()
        {
            let (earlier, new) = (entry_key(&attendee.event, from.as_str()), new_entry(&attendee.event, to.as_str()));
            let delete = Delete::builder().table_name(&self.table).set_key(Some(earlier)).build();
            let put = Put::builder().table_name(&self.table).set_item(Some(new)).build();
            transaction = transaction
                .transact_items(TransactWriteItem::builder().delete(delete.expect("the key is set")).build())
                .transact_items(TransactWriteItem::builder().put(put.expect("the item is set")).build());
        }
        for write in self.moved_seat(&item_key, to).await? {
            transaction = transaction.transact_items(write);
        }
        transact(DOING, transaction).await
    }

    /// The writes that move the seat of an attendee to their new key, with the next version of the digest.
    async fn moved_seat(&self, attendee: &AttendeeKey, to: &NameKey) -> Result<Vec<TransactWriteItem>, Unavailable> {
        let Some(seat) = self.seats(std::slice::from_ref(attendee)).await?.pop().flatten() else {
            return Ok(Vec::new());
        };
        // Without a readable digest, all seats must be counted again anyway.
        let Ok(Some(digest)) = self.digest(&attendee.event).await else { return Ok(Vec::new()) };
        let moved = AttendeeKey { event: attendee.event.clone(), name: to.clone() };
        let change = SeatChange { new: Some(Seat { attendee: moved, ..seat.clone() }), old: Some(seat) };
        Ok(self.commit_writes(&digest, &[change]))
    }

    /// Removes the mark of an earlier attempt, so that a later removal of the attendee is announced.
    async fn unmark(&self, item: Item) -> Result<Write, Unavailable> {
        if !item.contains_key(REKEYED_TO) {
            return Ok(Write::Stored);
        }
        let mut unmarked = next_revision(item.clone());
        unmarked.remove(REKEYED_TO);
        self.replace(&item, unmarked).await
    }

    /// Replaces an item if it is unchanged.
    async fn replace(&self, item: &Item, new: Item) -> Result<Write, Unavailable> {
        let Unchanged { condition, names, values } = unchanged(item);
        let put = self.client.put_item().table_name(&self.table).set_item(Some(new));
        let put = put.condition_expression(condition).set_expression_attribute_names(Some(names));
        self.put_if(DOING, put.set_expression_attribute_values(values)).await
    }

    /// Unless the announcement that is being put into the outbox reaches the attendee at the new key, the attendee is owed it.
    async fn keep_recipient(&self, rekeying: &Rekeying) -> Result<(), Unavailable> {
        for _ in 0..MAX_ATTEMPTS {
            let mut digest = match self.digest(&rekeying.event).await {
                Ok(Some(digest)) => digest,
                // A damaged digest is parked when it is read next.
                Ok(None) | Err(ReadError::Damaged(_)) => return Ok(()),
                Err(ReadError::Unavailable(unavailable)) => return Err(unavailable),
            };
            if !digest.keep_recipient(rekeying) || self.store(&digest).await? == Write::Stored {
                return Ok(());
            }
            tokio::time::sleep(RETRY_DELAY).await;
        }
        Err(too_many_conflicts())
    }

    /// Deletes the item of an attendee. Returns the number of deleted items. A mark is removed first, because the stream's
    /// readers would ignore the deletion of a marked item.
    pub(super) async fn delete_attendee_item(
        &self,
        doing: &'static str,
        event: &EventId,
        name: &NameKey,
    ) -> Result<u64, Unavailable> {
        for _ in 0..MAX_ATTEMPTS {
            let delete = self.client.delete_item().table_name(&self.table);
            let delete = delete.set_key(Some(key(event.as_str(), name.as_str()))).return_values(ReturnValue::AllOld);
            match delete.condition_expression(format!("attribute_not_exists({REKEYED_TO})")).send().await {
                Ok(deleted) => return Ok(u64::from(deleted.attributes.is_some())),
                Err(error)
                    if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) => {}
                Err(error) => return Err(unavailable(doing, &error)),
            }
            if let Some(item) = self.get(doing, event.as_str(), name.as_str()).await?.item {
                let _ = self.unmark(item).await?;
            }
        }
        Err(too_many_conflicts())
    }
}

/// Returns the key of an attendee's item if it is an earlier key.
fn earlier_key(item: &Item) -> Option<AttendeeKey> {
    let text =
        |attribute| item.get(attribute).and_then(|value| value.as_s().ok()).filter(|text| !text.starts_with('#'));
    let (event, name) = (EventId::from_stored(text(EVENT)?.clone()), NameKey::from_stored(text(NAME)?.clone()));
    (*name.refolded() != name).then_some(AttendeeKey { event, name })
}

fn key_of(item: &Item) -> Item {
    let attribute = |name: &str| Some((name.to_owned(), item.get(name)?.clone()));
    [EVENT, NAME].into_iter().filter_map(attribute).collect()
}

/// Returns the condition that an attendee's item is unchanged. Updates by functions of versions that had no `rev` change
/// one of the other attributes.
fn unchanged(item: &Item) -> Unchanged {
    let attributes = ["rev", "requested_at", "signup_id", "link_asked_at", REKEYED_TO];
    Unchanged::of(attributes.map(|name| (name, item.get(name).cloned())))
}

fn next_revision(mut item: Item) -> Item {
    let revision = item.get("rev").and_then(|rev| rev.as_n().ok()?.parse::<u64>().ok()).unwrap_or(0);
    item.insert("rev".to_owned(), number(revision + 1));
    item
}

fn too_many_conflicts() -> Unavailable {
    Unavailable { doing: DOING, cause: format!("{MAX_ATTEMPTS} write conflicts in a row; run the command again") }
}
