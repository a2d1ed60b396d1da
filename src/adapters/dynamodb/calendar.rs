//! When each event is over, one item each. The items are in the same index as the digests with pending changes, under other
//! partition keys.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use serde::{Deserialize, Serialize};

use super::digests::{DUE_INDEX, time};
use super::item::{self, Item};
use super::{CALENDAR, EventsTable, conditional, key, number, text};
use crate::adapters::aws::error::unavailable;
use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Calendar, CalendarEntry, CalendarPage, CalendarPosition, Events as _, Unavailable, Write};

const READING: &str = "reading the calendar";
const WRITING: &str = "writing to the calendar";

/// Number of events read in one call of [`EventsTable::enter_events`].
const EVENTS_PAGE: usize = 100;

/// Whether the contacts of an event are deleted: the partition key of its item in the index.
#[derive(Clone, Copy)]
enum Contacts {
    Kept,
    Deleted,
}

/// The order of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    EarliestFirst,
    LatestFirst,
}

/// An event in the calendar. Times are in milliseconds.
#[derive(Serialize, Deserialize)]
struct CalendarItem {
    event: String,
    /// The event's id.
    name: String,
    waiting: String,
    /// When the event is over.
    due_at: i64,
}

#[async_trait]
impl Calendar for EventsTable {
    async fn set_over_at(&self, event: &EventId, over_at: Timestamp) -> Result<(), Unavailable> {
        let put = self.put_over_at(event, over_at);
        put.send().await.map(drop).map_err(|error| unavailable(WRITING, &error))
    }

    async fn upcoming(
        &self,
        now: Timestamp,
        after: Option<&CalendarPosition>,
        limit: usize,
    ) -> Result<CalendarPage, Unavailable> {
        // DynamoDB refuses a start key that does not meet the condition.
        let since = after.map_or(now, |after| now.min(after.over_at.minus(Duration::from_millis(1))));
        let query = self.over(Contacts::Kept, "due_at > :now", since, Order::EarliestFirst);
        let mut page = self.page(query_index(query, Contacts::Kept, after, limit).await?, limit).await?;
        page.entries.retain(|entry| entry.over_at > now);
        Ok(page)
    }

    async fn past(
        &self,
        now: Timestamp,
        after: Option<&CalendarPosition>,
        limit: usize,
    ) -> Result<CalendarPage, Unavailable> {
        let until = after.map_or(now, |after| now.max(after.over_at));
        let list = |contacts| {
            let query = self.over(contacts, "due_at <= :now", until, Order::LatestFirst);
            query_index(query, contacts, after, limit)
        };
        let (mut found, deleted) = tokio::try_join!(list(Contacts::Kept), list(Contacts::Deleted))?;
        found.extend(deleted);
        found.sort_by(|a, b| (b.over_at, &b.event).cmp(&(a.over_at, &a.event)));
        found.truncate(limit);
        self.page(found, limit).await
    }

    async fn with_contacts(&self, until: Timestamp, limit: usize) -> Result<Vec<CalendarPosition>, Unavailable> {
        let query = self.over(Contacts::Kept, "due_at <= :now", until, Order::EarliestFirst);
        query_index(query, Contacts::Kept, None, limit).await
    }

    async fn set_contacts_deleted(&self, over: &CalendarPosition, now: Timestamp) -> Result<(), Unavailable> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(CALENDAR, over.event.as_str())))
            .condition_expression("due_at = :over_at")
            .expression_attribute_values(":over_at", number(over.over_at.as_millis()));
        let update = if self.summary(&over.event).await?.is_some() {
            update
                .update_expression("SET waiting = :deleted")
                .expression_attribute_values(":deleted", text(Contacts::Deleted.as_str()))
        } else {
            // The event no longer exists.
            update
                .update_expression("SET expires_at = :now REMOVE waiting")
                .expression_attribute_values(":now", number(now.as_seconds()))
        };
        conditional(WRITING, update.send().await).map(drop)
    }
}

impl Contacts {
    fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "over",
            Self::Deleted => "past",
        }
    }
}

impl EventsTable {
    /// Enters the events that are not in the calendar, which an earlier version did not have. Reports each event, and whether
    /// it was entered. It is safe to repeat.
    pub async fn enter_events(&self, now: Timestamp, mut on_event: impl FnMut(bool)) -> Result<(), Unavailable> {
        let mut after: Option<EventId> = None;
        loop {
            let events = self.summaries(after.as_ref(), EVENTS_PAGE).await?;
            let Some(last) = events.last() else { return Ok(()) };
            after = Some(last.id.clone());
            let ids: Vec<EventId> = events.into_iter().map(|event| event.id).collect();
            for (event, details) in ids.iter().zip(self.details(&ids).await?) {
                // Damaged details are read again when the event changes.
                let Some(over_at) = details.over_at(now) else { continue };
                let put = self.put_over_at(event, over_at).condition_expression("attribute_not_exists(due_at)");
                on_event(self.put_if(WRITING, put).await? == Write::Stored);
            }
        }
    }

    fn put_over_at(&self, event: &EventId, over_at: Timestamp) -> PutItemFluentBuilder {
        let item = item::write(&CalendarItem {
            event: CALENDAR.to_owned(),
            name: event.as_str().to_owned(),
            waiting: Contacts::Kept.as_str().to_owned(),
            due_at: over_at.as_millis(),
        });
        self.client.put_item().table_name(&self.table).set_item(Some(item))
    }

    /// Queries the events that are over at a time which `condition` compares with `:now`.
    fn over(&self, contacts: Contacts, condition: &str, now: Timestamp, order: Order) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name(DUE_INDEX)
            .key_condition_expression(format!("waiting = :contacts AND {condition}"))
            .expression_attribute_values(":contacts", text(contacts.as_str()))
            .expression_attribute_values(":now", number(now.as_millis()))
            .scan_index_forward(order == Order::EarliestFirst)
    }

    /// Adds titles and counts to the events of one page.
    async fn page(&self, found: Vec<CalendarPosition>, limit: usize) -> Result<CalendarPage, Unavailable> {
        let events: Vec<&EventId> = found.iter().map(|position| &position.event).collect();
        let mut summaries = self.summaries_of(&events).await?;
        let next = found.last().filter(|_| found.len() == limit).cloned();
        let entry = |position: CalendarPosition| {
            let event = summaries.remove(&position.event)?;
            Some(CalendarEntry { event, over_at: position.over_at })
        };
        Ok(CalendarPage { entries: found.into_iter().filter_map(entry).collect(), next })
    }
}

/// Reads at most `limit` entries of a query of the index.
async fn query_index(
    query: QueryFluentBuilder,
    contacts: Contacts,
    after: Option<&CalendarPosition>,
    limit: usize,
) -> Result<Vec<CalendarPosition>, Unavailable> {
    let mut found = Vec::new();
    let mut start = after.map(|after| index_key(contacts, after));
    while found.len() < limit {
        let page = query
            .clone()
            .limit(i32::try_from(limit - found.len()).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| unavailable(READING, &error))?;
        for item in page.items.unwrap_or_default() {
            let read = |item: Item| {
                let CalendarItem { name, due_at, .. } = item::read(item)?;
                Ok(CalendarPosition { over_at: time(due_at)?, event: EventId::from_stored(name) })
            };
            match read(item) {
                Ok(position) => found.push(position),
                Err::<_, Unavailable>(damaged) => tracing::error!(%damaged, "damaged item left out of the calendar"),
            }
        }
        start = page.last_evaluated_key;
        if start.is_none() {
            break;
        }
    }
    Ok(found)
}

/// The key of an event in the index.
fn index_key(contacts: Contacts, position: &CalendarPosition) -> Item {
    let mut item = key(CALENDAR, position.event.as_str());
    item.insert("waiting".to_owned(), text(contacts.as_str()));
    item.insert("due_at".to_owned(), number(position.over_at.as_millis()));
    item
}
