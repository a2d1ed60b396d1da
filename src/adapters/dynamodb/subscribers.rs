//! An index of the attendees who want messages, with one item each. Each event has a partition of its own, in which the sort
//! key is the attendee's.
//!
//! An event's index is complete while the partition contains a marker. From then on, the reader of the table's stream keeps
//! the index complete: it adds an entry for everybody who begins to want messages. An entry may remain although its attendee
//! wants no messages any more, so each attendee is read before being returned.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use super::item::{self, Item, NAME};
use super::roster::ON_ROSTER;
use super::{EventsTable, MAX_CONCURRENT_CALLS, conditional, key, number};
use crate::adapters::aws::error::unavailable;
use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::change::SubscriptionChange;
use crate::domain::event::EventId;
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::domain::worker_id;
use crate::ports::{Subscribers, Unavailable};

const READING: &str = "reading the subscribers";
const COMPLETING: &str = "completing the index of subscribers";
const UPDATING: &str = "updating the subscribers";

/// Sort key of the marker. No attendee has this key.
const MARKER: &str = "#";

/// How long the marker is valid. After this time, entries that are missing are added again. They can be missing because a
/// version of the program that had no index processed changes, or because records of the stream were lost.
const MARKER_DURATION: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Maximum number of entries that one call adds to an index. Adding them takes a fraction of a function's timeout.
const MAX_ADDED_ENTRIES: usize = 5_000;

/// The attribute with a random number, which is another one each time an entry is written.
const WRITE_ID: &str = "write_id";

/// The attributes of an entry.
#[derive(Serialize, Deserialize)]
struct Entry {
    event: String,
    /// The sort key of the attendee's item.
    name: String,
    write_id: u64,
}

/// The attributes of the marker.
#[derive(Serialize, Deserialize)]
struct MarkerRecord {
    event: String,
    name: String,
    /// The time in seconds since 1970, as DynamoDB's time to live requires.
    expires_at: i64,
}

#[async_trait]
impl Subscribers for EventsTable {
    async fn subscribers(
        &self,
        event: &EventId,
        limit: usize,
        after: Option<&NameKey>,
        now: Timestamp,
    ) -> Result<Vec<Attendee>, Unavailable> {
        self.complete_index(event, now).await?;
        let (mut found, mut after) = (Vec::new(), after.map(|name| name.as_str().to_owned()));
        loop {
            let wanted = limit - found.len();
            let entries = self.entries(event, wanted, after.as_deref()).await?;
            let is_last = entries.len() < wanted;
            after = entries.last().map(|entry| entry.name.clone());
            found.extend(self.current_subscribers(event, entries).await?);
            if is_last || found.len() == limit {
                return Ok(found);
            }
        }
    }

    async fn update_subscribers(&self, changes: BTreeMap<AttendeeKey, SubscriptionChange>) -> Result<(), Unavailable> {
        let updates = changes.into_iter().map(|(AttendeeKey { event, name }, change)| async move {
            match change {
                SubscriptionChange::Began => {
                    let put = self.client.put_item().table_name(&self.table);
                    let put = put.set_item(Some(new_entry(&event, name.as_str()))).send().await;
                    put.map(drop).map_err(|error| unavailable(UPDATING, &error))
                }
                SubscriptionChange::Ended => self.delete_outdated_entry(&event, name.as_str()).await,
            }
        });
        let updates: Vec<_> = updates.collect();
        stream::iter(updates).buffer_unordered(MAX_CONCURRENT_CALLS).try_collect().await
    }
}

impl EventsTable {
    /// Unless the marker says that the index is complete, adds the entries that are missing, and then the marker. This reads the
    /// whole roster. It is safe to repeat and to interrupt, and while attendees change: those who begin to want messages
    /// meanwhile are added by [`Subscribers::update_subscribers`].
    ///
    /// # Errors
    /// If more than [`MAX_ADDED_ENTRIES`] are missing, it adds this number and returns an error.
    async fn complete_index(&self, event: &EventId, now: Timestamp) -> Result<(), Unavailable> {
        let marker = self.get(READING, &partition(event), MARKER).await?.item;
        let is_valid = |marker: MarkerRecord| marker.expires_at > now.as_seconds();
        if marker.is_some_and(|marker| item::read(marker).is_ok_and(is_valid)) {
            return Ok(());
        }
        let entries = self.entries(event, usize::MAX, None).await?;
        let in_index: HashSet<String> = entries.into_iter().map(|entry| entry.name).collect();
        let mut names = self.names_of_subscribers(event).await?;
        names.retain(|name| !in_index.contains(name));
        let left = names.len().saturating_sub(MAX_ADDED_ENTRIES);
        names.truncate(MAX_ADDED_ENTRIES);
        stream::iter(names.iter().map(|name| self.add_entry(event, name)).collect::<Vec<_>>())
            .buffer_unordered(MAX_CONCURRENT_CALLS)
            .try_collect::<()>()
            .await?;
        if left > 0 {
            let cause = format!("subscribers that are not in the index yet: {left}; the next call continues");
            return Err(Unavailable { doing: COMPLETING, cause });
        }
        let expires_at = now.plus(MARKER_DURATION).as_seconds();
        let marker = MarkerRecord { event: partition(event), name: MARKER.to_owned(), expires_at };
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item::write(&marker)));
        put.send().await.map(drop).map_err(|error| unavailable(COMPLETING, &error))
    }

    /// Returns the sort keys of all attendees on the roster who want messages.
    async fn names_of_subscribers(&self, event: &EventId) -> Result<Vec<String>, Unavailable> {
        let filter =
            format!("{ON_ROSTER} AND attribute_exists(contact) AND (attribute_not_exists(notify) OR notify = :yes)");
        let query =
            self.on_roster().filter_expression(filter).expression_attribute_values(":yes", AttributeValue::Bool(true));
        let query = query.projection_expression("#name").expression_attribute_names("#name", NAME);
        let name = |item: Item| Ok(name_of(&item).map(str::to_owned));
        self.query_partition(COMPLETING, query, (event.as_str(), None), usize::MAX, name).await
    }

    /// Adds an entry unless there is one.
    async fn add_entry(&self, event: &EventId, name: &str) -> Result<(), Unavailable> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(new_entry(event, name)));
        let put = put.condition_expression(format!("attribute_not_exists({WRITE_ID})"));
        self.put_if(COMPLETING, put).await.map(drop)
    }

    /// Returns at most `limit` entries with names after `after`, sorted by name.
    async fn entries(&self, event: &EventId, limit: usize, after: Option<&str>) -> Result<Vec<Entry>, Unavailable> {
        let query = self.client.query().consistent_read(true);
        let entry =
            |item: Item| if name_of(&item) == Some(MARKER) { Ok(None) } else { item::read::<Entry>(item).map(Some) };
        self.query_partition(READING, query, (&partition(event), after), limit, entry).await
    }

    /// Returns the attendees of these entries, in the same order. Deletes the entries of those who want no messages any more.
    async fn current_subscribers(&self, event: &EventId, entries: Vec<Entry>) -> Result<Vec<Attendee>, Unavailable> {
        let keys = entries.iter().map(|entry| key(event.as_str(), &entry.name)).collect();
        let items = self.batch_get(READING, keys, None).await?;
        let mut items: HashMap<String, Item> =
            items.into_iter().filter_map(|item| Some((name_of(&item)?.to_owned(), item))).collect();
        let (mut attendees, mut outdated) = (Vec::with_capacity(entries.len()), Vec::new());
        for entry in entries {
            match items.remove(&entry.name).map(item::attendee).transpose() {
                Ok(Some(attendee)) if attendee.wants_messages() => attendees.push(attendee),
                Ok(_) => outdated.push(entry),
                Err(damaged) => tracing::error!(%damaged, doing = READING, "damaged item left out of a list"),
            }
        }
        stream::iter(outdated.iter().map(|entry| self.delete_entry(entry)).collect::<Vec<_>>())
            .buffer_unordered(MAX_CONCURRENT_CALLS)
            .try_collect::<()>()
            .await?;
        Ok(attendees)
    }

    /// Deletes the entry of an attendee who wants no messages now.
    ///
    /// The entry is read before the attendee. If the attendee begins to want messages after that, the entry is written again,
    /// and the new one is not deleted.
    pub(super) async fn delete_outdated_entry(&self, event: &EventId, name: &str) -> Result<(), Unavailable> {
        let Some(entry) = self.get(UPDATING, &partition(event), name).await?.item else { return Ok(()) };
        self.current_subscribers(event, item::read(entry).into_iter().collect()).await.map(drop)
    }

    /// Deletes an entry if it was not written again since it was read.
    async fn delete_entry(&self, entry: &Entry) -> Result<(), Unavailable> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.set_key(Some(key(&entry.event, &entry.name)));
        let delete = delete.condition_expression(format!("{WRITE_ID} = :{WRITE_ID}"));
        let delete = delete.expression_attribute_values(format!(":{WRITE_ID}"), number(entry.write_id));
        conditional(UPDATING, delete.send().await).map(drop)
    }

    /// Deletes the index of an event. The marker comes first, so that a part of an index is never taken for a complete one.
    pub(super) async fn delete_index(&self, event: &EventId) -> Result<(), Unavailable> {
        let _ = self.delete_item(UPDATING, &partition(event), MARKER).await?;
        self.delete_partition(&partition(event)).await
    }
}

/// A new item for the index.
pub(super) fn new_entry(event: &EventId, name: &str) -> Item {
    item::write(&Entry { event: partition(event), name: name.to_owned(), write_id: worker_id::random() })
}

/// The key of an attendee's item in the index.
pub(super) fn entry_key(event: &EventId, name: &str) -> Item {
    key(&partition(event), name)
}

fn name_of(item: &Item) -> Option<&str> {
    item.get(NAME)?.as_s().ok().map(String::as_str)
}

fn partition(event: &EventId) -> String {
    format!("#subscriber#{}", event.as_str())
}
