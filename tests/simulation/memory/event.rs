//! The roster and what else is stored about events.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use async_trait::async_trait;
use countmein::domain::attendee::{Applied, Attendee};
use countmein::domain::attendee_name::NameKey;
use countmein::domain::change::SubscriptionChange;
use countmein::domain::deleted_event::DeletedEvent;
use countmein::domain::event::EventId;
use countmein::domain::event_details::EventDetails;
use countmein::domain::registration::Registration;
use countmein::domain::signup::AttendeeKey;
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{
    ApplyError, AttendeeSignups, Calendar, CalendarPage, CalendarPosition, DeletedAttendees, Deletion, Deletions,
    EventSummary, Events, Roster, RosterPage, StoredDetails, Subscribers, Unavailable, Write,
};

use super::Memory;

#[async_trait]
impl Events for Memory {
    async fn details(&self, events: &[EventId]) -> Result<Vec<StoredDetails>, Unavailable> {
        self.step().await;
        self.read()?;
        let state = self.state();
        let stored = |event| match state.details.get(event) {
            Some(details) => StoredDetails::Some(Arc::new(details.clone())),
            None => StoredDetails::None,
        };
        Ok(events.iter().map(stored).collect())
    }

    async fn create_event(&self, _: &EventDetails, _: Timestamp) -> Result<Write, Unavailable> {
        unreachable!("the simulation stores details itself")
    }

    async fn store_details(&self, _: &EventDetails, _: Timestamp) -> Result<Write, Unavailable> {
        unreachable!("the simulation stores details itself")
    }

    async fn store_deletion(&self, _: &DeletedEvent, _: Timestamp) -> Result<Write, Unavailable> {
        unreachable!("no event is deleted")
    }
}

#[async_trait]
impl Deletions for Memory {
    async fn delete_event_state(&self, _: &EventId, _: Timestamp) -> Result<(), Unavailable> {
        unreachable!("no event is deleted")
    }

    async fn delete_digest_without_attendees(&self, _: &EventId) -> Result<(), Unavailable> {
        unreachable!("no event is deleted")
    }

    async fn delete_attendees(&self, _: &DeletedEvent, _: usize) -> Result<DeletedAttendees, Unavailable> {
        unreachable!("no event is deleted")
    }

    async fn delete_late_attendee(&self, _: &Attendee, _: Timestamp) -> Result<Deletion, Unavailable> {
        unreachable!("no event is deleted")
    }
}

#[async_trait]
impl Calendar for Memory {
    async fn set_over_at(&self, event: &EventId, over_at: Timestamp) -> Result<(), Unavailable> {
        self.step().await;
        self.read()?;
        self.state().calendar.insert(event.clone(), over_at);
        self.step().await;
        Ok(())
    }

    async fn upcoming(
        &self,
        _: Timestamp,
        _: Option<&CalendarPosition>,
        _: usize,
    ) -> Result<CalendarPage, Unavailable> {
        unreachable!("sending does not list events")
    }

    async fn past(&self, _: Timestamp, _: Option<&CalendarPosition>, _: usize) -> Result<CalendarPage, Unavailable> {
        unreachable!("sending does not list events")
    }

    async fn with_contacts(&self, _: Timestamp, _: usize) -> Result<Vec<CalendarPosition>, Unavailable> {
        unreachable!("sending deletes no contacts")
    }

    async fn set_contacts_deleted(&self, _: &CalendarPosition, _: Timestamp) -> Result<(), Unavailable> {
        unreachable!("sending deletes no contacts")
    }
}

#[async_trait]
impl Subscribers for Memory {
    async fn subscribers(
        &self,
        event: &EventId,
        limit: usize,
        after: Option<&NameKey>,
        _: Timestamp,
    ) -> Result<Vec<Attendee>, Unavailable> {
        self.step().await;
        self.read()?;
        let mut state = self.state();
        state.pages += 1;
        let name = after.cloned().unwrap_or_else(|| NameKey::from_stored(String::new()));
        let after = (Bound::Excluded(AttendeeKey { event: event.clone(), name }), Bound::Unbounded);
        let of_event = state.subscribers.range(after).take_while(|key| key.event == *event);
        let attendees = of_event.filter_map(|key| state.attendees.get(key));
        Ok(attendees.filter(|attendee| wants_messages(attendee)).take(limit).cloned().collect())
    }

    async fn update_subscribers(&self, changes: BTreeMap<AttendeeKey, SubscriptionChange>) -> Result<(), Unavailable> {
        self.step().await;
        self.read()?;
        let mut state = self.state();
        for (key, change) in changes {
            match change {
                SubscriptionChange::Began => drop(state.subscribers.insert(key)),
                SubscriptionChange::Ended if state.attendees.get(&key).is_some_and(wants_messages) => {}
                SubscriptionChange::Ended => drop(state.subscribers.remove(&key)),
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Roster for Memory {
    async fn apply(
        &self,
        _: Vec<AttendeeSignups>,
        _: Timestamp,
        _: tokio::time::Instant,
    ) -> Vec<Result<Vec<Applied>, ApplyError>> {
        unreachable!("the simulation makes its own requests")
    }

    async fn attendee(&self, key: &AttendeeKey) -> Result<Option<Attendee>, Unavailable> {
        self.step().await;
        Ok(self.state().attendees.get(key).cloned())
    }

    async fn roster(&self, _: &EventId, _: usize, _: Option<&NameKey>) -> Result<RosterPage, Unavailable> {
        unreachable!("sending reads no roster")
    }

    async fn events(&self, _: usize, _: Option<&EventId>) -> Result<Vec<EventSummary>, Unavailable> {
        unreachable!("sending does not list events")
    }

    async fn all_attendees(&self, _: usize, _: Option<&AttendeeKey>) -> Result<Vec<Attendee>, Unavailable> {
        unreachable!("sending does not list everybody")
    }

    async fn remove(&self, _: &NameKey, _: Option<&EventId>, _: Timestamp) -> Result<u64, Unavailable> {
        unreachable!("sending removes nobody")
    }
}

fn wants_messages(attendee: &Attendee) -> bool {
    attendee.registration().is_some_and(Registration::wants_messages)
}
