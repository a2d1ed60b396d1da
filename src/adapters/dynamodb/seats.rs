//! The seats. Each event has a partition for its seats, in which the sort key is the attendee's, and one for its waiting list, in
//! which the sort key begins with the size of the party. They change in the same transaction as the event's digest.

use std::collections::HashMap;
use std::ops::Range;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{Delete, Put, Select, TransactWriteItem};
use serde::{Deserialize, Serialize};

use super::item::{self, Item, NAME};
use super::{DIGESTS, EventsTable, digests, key, text, transact};
use crate::adapters::aws::error::unavailable;
use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::digest::Digest;
use crate::domain::event::EventId;
use crate::domain::seat::{Party, Seat, SeatChange};
use crate::domain::seats::EventSeats;
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::seat::{SeatRecord, partition};
use crate::ports::{Digests as _, PartyPage, Seats, StoredParty, Unavailable, Write};

const READING: &str = "reading the seats";
const STORING: &str = "storing seats";

/// The attributes of an entry on the waiting list.
#[derive(Serialize, Deserialize)]
struct LineRecord {
    event: String,
    name: String,
    /// The sort key of the attendee's item.
    attendee: String,
}

/// The attributes of a digest that say its seats.
#[derive(Deserialize)]
struct SummaryRecord {
    #[serde(default)]
    seats: Option<EventSeats>,
}

#[async_trait]
impl Seats for EventsTable {
    async fn seats(&self, attendees: &[AttendeeKey]) -> Result<Vec<Option<Seat>>, Unavailable> {
        let keys = attendees.iter().map(|attendee| key(&partition(&attendee.event), attendee.name.as_str())).collect();
        let mut found: HashMap<AttendeeKey, Seat> = HashMap::new();
        for item in self.batch_get(READING, keys, None).await? {
            if let Some(seat) = readable(read_seat(item)) {
                found.insert(seat.attendee.clone(), seat);
            }
        }
        Ok(attendees.iter().map(|attendee| found.remove(attendee)).collect())
    }

    async fn seats_between(&self, event: &EventId, first: &NameKey, last: &NameKey) -> Result<Vec<Seat>, Unavailable> {
        let mut items = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("event = :event AND #name BETWEEN :first AND :last")
            .expression_attribute_names("#name", NAME)
            .expression_attribute_values(":event", text(&partition(event)))
            .expression_attribute_values(":first", text(first.as_str()))
            .expression_attribute_values(":last", text(last.as_str()))
            .into_paginator()
            .items()
            .send();
        let mut seats = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| unavailable(READING, &error))?;
            seats.extend(readable(read_seat(item)));
        }
        Ok(seats)
    }

    async fn parties(&self, event: &EventId, names: &[NameKey]) -> Result<Vec<Party>, Unavailable> {
        let stored = self.stored_parties(event, names).await?;
        Ok(stored.into_iter().filter_map(StoredParty::undamaged).collect())
    }

    /// Ignores entries of the waiting list whose seat does not wait.
    async fn first_waiting(&self, event: &EventId, size: u8, limit: usize) -> Result<Vec<Party>, Unavailable> {
        let (mut first, last) = (format!("{size:03}#"), format!("{size:03}$"));
        let mut found = Vec::new();
        loop {
            let entries = self.line(event, &(first, last.clone()), limit).await?;
            let is_last = entries.len() < limit;
            // The next entry has a key that is a little larger.
            first = entries.last().map_or_else(String::new, |entry| format!("{} ", entry.name));
            let names: Vec<NameKey> = entries.into_iter().map(|entry| NameKey::from_stored(entry.attendee)).collect();
            let stored = self.stored_parties(event, &names).await?;
            found.extend(stored.into_iter().filter(StoredParty::is_waiting).filter_map(StoredParty::undamaged));
            if is_last || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }

    async fn parties_after(
        &self,
        event: &EventId,
        after: Option<&NameKey>,
        limit: usize,
    ) -> Result<PartyPage, Unavailable> {
        let query = self.client.query().consistent_read(true);
        let partition = partition(event);
        let start = (partition.as_str(), after.map(NameKey::as_str));
        let read = |item: Item| Ok(item.get(NAME).and_then(|name| name.as_s().ok()).cloned().map(NameKey::from_stored));
        let (attendees, seats) = tokio::try_join!(
            self.attendees_on_roster(event, limit, after),
            self.query_partition(READING, query, start, limit, read)
        )?;
        let on_roster: Vec<NameKey> = attendees.iter().map(|attendee: &Attendee| attendee.name.key().clone()).collect();
        // Up to here, both lists are complete.
        let ends =
            [&on_roster, &seats].into_iter().filter(|names| names.len() == limit).filter_map(|names| names.last());
        let next = ends.min().cloned();
        let mut names: Vec<NameKey> = on_roster.into_iter().chain(seats).collect();
        names.sort();
        names.dedup();
        names.retain(|name| next.as_ref().is_none_or(|next| name <= next));
        Ok(PartyPage::of(self.stored_parties(event, &names).await?, next))
    }

    async fn waiting_numbers(&self, event: &EventId) -> Result<Vec<u64>, Unavailable> {
        let query = self.client.query().consistent_read(true);
        let number = |item: Item| {
            let LineRecord { name, .. } = item::read(item)?;
            let number = name.split_once('#').and_then(|(_, number)| number.parse().ok());
            number.map(Some).ok_or_else(|| item::damaged("an entry of the waiting list has no number"))
        };
        let mut numbers: Vec<u64> =
            self.query_partition(READING, query, (&line(event), None), usize::MAX, number).await?;
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Counts may be a moment behind, and cost half of what consistent ones do.
    async fn count_waiting(&self, event: &EventId, sizes: &[u8], numbers: Range<u64>) -> Result<u64, Unavailable> {
        if numbers.is_empty() {
            return Ok(0);
        }
        let mut count = 0;
        for size in sizes {
            let (first, last) = (line_key(*size, numbers.start), line_key(*size, numbers.end - 1));
            let mut start = None;
            loop {
                let page = self
                    .line_query(event, &(first.clone(), last.clone()))
                    .select(Select::Count)
                    .set_exclusive_start_key(start)
                    .send()
                    .await
                    .map_err(|error| unavailable(READING, &error))?;
                count += u64::try_from(page.count).unwrap_or_default();
                start = page.last_evaluated_key;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(count)
    }

    async fn commit(&self, digest: &Digest, changes: &[SeatChange], _: Timestamp) -> Result<Write, Unavailable> {
        if changes.is_empty() {
            return self.store(digest).await;
        }
        let writes = self.commit_writes(digest, changes);
        transact(STORING, self.client.transact_write_items().set_transact_items(Some(writes))).await
    }

    async fn delete_damaged_seat(&self, attendee: &AttendeeKey) -> Result<(), Unavailable> {
        self.delete_item(STORING, &partition(&attendee.event), attendee.name.as_str()).await.map(drop)
    }

    async fn summary(&self, event: &EventId) -> Result<Option<EventSeats>, Unavailable> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key(DIGESTS, event.as_str())));
        let found = get.projection_expression("seats").send().await.map_err(|error| unavailable(READING, &error))?;
        let record: Option<SummaryRecord> = found.item.map(item::read).transpose()?;
        Ok(record.and_then(|record| record.seats))
    }
}

impl EventsTable {
    /// A query of an event's waiting list, from one sort key to another.
    fn line_query(
        &self,
        event: &EventId,
        (first, last): &(String, String),
    ) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .key_condition_expression("event = :event AND #name BETWEEN :first AND :last")
            .expression_attribute_names("#name", NAME)
            .expression_attribute_values(":event", text(&line(event)))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last))
    }

    /// Returns the first entries on a part of the waiting list.
    async fn line(
        &self,
        event: &EventId,
        part: &(String, String),
        limit: usize,
    ) -> Result<Vec<LineRecord>, Unavailable> {
        let query = self.line_query(event, part).consistent_read(true);
        let page = query.limit(i32::try_from(limit).unwrap_or(i32::MAX)).send().await;
        let page = page.map_err(|error| unavailable(READING, &error))?;
        page.items.unwrap_or_default().into_iter().map(item::read).collect()
    }

    /// Reads attendees with their seats, in the order of the names.
    async fn stored_parties(&self, event: &EventId, names: &[NameKey]) -> Result<Vec<StoredParty>, Unavailable> {
        let seats = partition(event);
        let keys = names.iter().flat_map(|name| [key(event.as_str(), name.as_str()), key(&seats, name.as_str())]);
        let (mut attendees, mut found): (HashMap<String, Item>, HashMap<String, Item>) = Default::default();
        for item in self.batch_get(READING, keys.collect(), None).await? {
            let [of, name] = [item::EVENT, NAME].map(|attribute| item.get(attribute)?.as_s().ok().cloned());
            let (Some(of), Some(name)) = (of, name) else { continue };
            if of == seats {
                found.insert(name, item)
            } else {
                attendees.insert(name, item)
            };
        }
        let party = |name: &NameKey| StoredParty {
            key: AttendeeKey { event: event.clone(), name: name.clone() },
            attendee: attendees.remove(name.as_str()).map(item::attendee).transpose().map_err(|damaged| damaged.cause),
            seat: found.remove(name.as_str()).map(read_seat).transpose().map_err(|damaged| damaged.cause),
        };
        Ok(names.iter().map(party).collect())
    }

    /// The writes that store a digest with changed seats.
    pub(super) fn commit_writes(&self, digest: &Digest, changes: &[SeatChange]) -> Vec<TransactWriteItem> {
        let of_digest = TransactWriteItem::builder().put(self.digest_put(digest)).build();
        [of_digest].into_iter().chain(changes.iter().flat_map(|change| self.writes(change))).collect()
    }

    /// The writes of a change: the seat, and its entry on the waiting list.
    fn writes(&self, SeatChange { old, new }: &SeatChange) -> Vec<TransactWriteItem> {
        let put = |item: Item| {
            let put = Put::builder().table_name(&self.table).set_item(Some(item)).build();
            TransactWriteItem::builder().put(put.expect("table and item are set")).build()
        };
        let delete = |key: Item| {
            let delete = Delete::builder().table_name(&self.table).set_key(Some(key)).build();
            TransactWriteItem::builder().delete(delete.expect("table and key are set")).build()
        };
        let entry = |seat: &Option<Seat>| seat.clone().filter(Seat::is_waiting).map(|seat| entry_of(&seat));
        let (old_entry, new_entry) = (entry(old), entry(new));
        let mut writes = Vec::new();
        writes.extend(new.as_ref().map(|seat| put(item::write(&SeatRecord::from(seat)))));
        // The attendee may have moved to another key.
        let is_gone = |old: &&Seat| new.as_ref().is_none_or(|new| new.attendee != old.attendee);
        writes.extend(
            old.as_ref()
                .filter(is_gone)
                .map(|seat| delete(key(&partition(&seat.attendee.event), seat.attendee.name.as_str()))),
        );
        let is_moved = |entry: &&LineRecord| new_entry.as_ref().is_none_or(|new| new.name != entry.name);
        writes.extend(old_entry.as_ref().filter(is_moved).map(|entry| delete(key(&entry.event, &entry.name))));
        writes.extend(new_entry.as_ref().map(|entry| put(item::write(entry))));
        writes
    }

    /// Deletes the seats of an event.
    pub(super) async fn delete_seats(&self, event: &EventId) -> Result<(), Unavailable> {
        self.delete_partition(&line(event)).await?;
        self.delete_partition(&partition(event)).await
    }

    /// The put of a digest, on the condition that the version that was read is stored.
    pub(super) fn digest_put(&self, digest: &Digest) -> Put {
        let (condition, values) = digests::unchanged(digest);
        let put = Put::builder().table_name(&self.table).set_item(Some(digests::to_item(digest)));
        let put = put.condition_expression(condition).set_expression_attribute_values(values);
        put.build().expect("table and item are set")
    }
}

fn read_seat(item: Item) -> Result<Seat, Unavailable> {
    item::read::<SeatRecord>(item)?.into_seat().map_err(item::damaged)
}

fn entry_of(seat: &Seat) -> LineRecord {
    LineRecord {
        event: line(&seat.attendee.event),
        name: line_key(seat.party, seat.number),
        attendee: seat.attendee.name.as_str().to_owned(),
    }
}

fn line(event: &EventId) -> String {
    format!("#line#{}", event.as_str())
}

/// Digits in a fixed number, so that the order of the texts is the order of the numbers.
fn line_key(size: u8, number: u64) -> String {
    format!("{size:03}#{number:020}")
}

/// Leaves out a seat that is damaged, so that it affects no other.
fn readable(seat: Result<Seat, Unavailable>) -> Option<Seat> {
    seat.inspect_err(|damaged| tracing::error!(%damaged, doing = READING, "damaged seat left out of a list")).ok()
}
