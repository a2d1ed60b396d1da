//! Stores the details of events.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::attendee::Attendee;
use crate::domain::deleted_event::{DeletedEvent, DeletionState};
use crate::domain::event::EventId;
use crate::domain::event_details::EventDetails;
use crate::domain::lifetime;
use crate::domain::signup::SignupId;
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::{View, Viewer};
use crate::ports::{ReadError, Unavailable, Write};

/// What is stored about an event.
#[derive(Debug, Clone, PartialEq)]
pub enum StoredDetails {
    /// Nothing: the event began with a sign-up, or it does not exist.
    None,
    Some(Arc<EventDetails>),
    /// The marker of an event that was deleted. An event without details may have begun under the same id since.
    Deleted(Arc<DeletedEvent>),
    /// The record cannot be read. Contains what is wrong with it, without the values in it.
    Damaged(String),
}

impl StoredDetails {
    /// What a viewer may see of the event: nothing while it is being deleted, or if its details are damaged.
    pub fn view(&self, viewer: Viewer) -> View {
        match self {
            Self::None => viewer.view(None),
            Self::Some(details) => viewer.view(Some(details)),
            Self::Deleted(deleted) => match deleted.state {
                DeletionState::InProgress => View { roster: false, count: false },
                // An event without details has begun under the same id.
                DeletionState::Complete => viewer.view(None),
            },
            Self::Damaged(_) => View { roster: false, count: false },
        }
    }

    pub fn details(&self) -> Option<&EventDetails> {
        match self {
            Self::Some(details) => Some(details),
            Self::None | Self::Deleted(_) | Self::Damaged(_) => None,
        }
    }

    /// When the event is over if its last change was at this time. `None` if its details are damaged.
    pub fn over_at(&self, last_change: Timestamp) -> Option<Timestamp> {
        match self {
            // An event that began anew after it was deleted has no details.
            Self::None | Self::Deleted(_) => Some(lifetime::over_at(None, last_change)),
            Self::Some(details) => Some(lifetime::over_at(Some(details), last_change)),
            Self::Damaged(_) => None,
        }
    }

    pub fn is_deleted(&self) -> bool {
        matches!(self, Self::Deleted(_))
    }

    /// Returns whether a request at this time was about an event that has been deleted since.
    pub fn is_void(&self, requested_at: Timestamp) -> bool {
        match self {
            Self::None | Self::Damaged(_) => false,
            Self::Some(details) => details.earlier_deleted_at.is_some_and(|deleted_at| requested_at <= deleted_at),
            Self::Deleted(deleted) => deleted.covers(requested_at),
        }
    }

    /// Returns whether the registration that a sign-up began belonged to an event that has been deleted since. `attendee` is
    /// the one with its name.
    pub fn is_void_registration(&self, owner: &SignupId, attendee: Option<&Attendee>) -> bool {
        match owner.created_at() {
            Some(began_at) => self.is_void(began_at),
            // The id is that of a message, which says no time.
            None => self.is_deleted() && attendee.is_none_or(|attendee| self.is_void(attendee.newest.requested_at)),
        }
    }
}

/// Stores the details of events. Each write is also a [`Change`](crate::domain::change::Change) in the change feed.
#[async_trait]
pub trait Events: Send + Sync {
    /// Returns what is stored about each of the events, in the same order.
    async fn details(&self, events: &[EventId]) -> Result<Vec<StoredDetails>, Unavailable>;

    /// How long another process may use details after they were replaced: zero if there is no other process.
    fn max_age(&self) -> Duration {
        Duration::ZERO
    }

    /// Returns what is stored about one event.
    async fn stored(&self, event: &EventId) -> Result<StoredDetails, Unavailable> {
        Ok(self.details(std::slice::from_ref(event)).await?.pop().unwrap_or(StoredDetails::None))
    }

    /// Returns the details of one event, or `None` if it has none, or was deleted.
    async fn details_of(&self, event: &EventId) -> Result<Option<Arc<EventDetails>>, ReadError> {
        match self.stored(event).await? {
            StoredDetails::Some(details) => Ok(Some(details)),
            StoredDetails::Damaged(cause) => Err(ReadError::Damaged(cause)),
            StoredDetails::None | StoredDetails::Deleted(_) => Ok(None),
        }
    }

    /// Stores the details of a new event. Returns [`Write::Conflict`] if the event exists, with details or without, or if
    /// the stored version is not [`EventDetails::version`]: 0, or that of the marker of a deleted event.
    async fn create_event(&self, details: &EventDetails, now: Timestamp) -> Result<Write, Unavailable>;

    /// Stores the details with the version [`EventDetails::version`] + 1. Returns [`Write::Conflict`] if the stored
    /// details do not have the version [`EventDetails::version`].
    async fn store_details(&self, details: &EventDetails, now: Timestamp) -> Result<Write, Unavailable>;

    /// Replaces the details of an event by the marker of its deletion, or a marker by the next one, with the version
    /// [`DeletedEvent::version`] + 1. Returns [`Write::Conflict`] if another version than [`DeletedEvent::version`] is
    /// stored.
    async fn store_deletion(&self, deleted: &DeletedEvent, now: Timestamp) -> Result<Write, Unavailable>;
}
