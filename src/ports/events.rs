//! Stores the details of events.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::event::EventId;
use crate::domain::event_details::EventDetails;
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::{View, Viewer};
use crate::ports::{ReadError, Unavailable, Write};

/// What is stored about an event.
#[derive(Debug, Clone, PartialEq)]
pub enum StoredDetails {
    /// Nothing: the event began with a sign-up, or it does not exist.
    None,
    Some(Arc<EventDetails>),
    /// The record cannot be read. Contains what is wrong with it, without the values in it.
    Damaged(String),
}

impl StoredDetails {
    /// What everybody may see of the event: nothing if its details are damaged.
    pub fn public_view(&self) -> View {
        match self {
            Self::None => Viewer::Public.view(None),
            Self::Some(details) => Viewer::Public.view(Some(details)),
            Self::Damaged(_) => View { roster: false, count: false },
        }
    }
}

/// Stores the details of events. Each write is also a [`Change`](crate::domain::change::Change) in the change feed.
#[async_trait]
pub trait Events: Send + Sync {
    /// Returns what is stored about each of the events, in the same order.
    async fn details(&self, events: &[EventId]) -> Result<Vec<StoredDetails>, Unavailable>;

    /// Returns the details of one event, or `None` if it has none.
    async fn details_of(&self, event: &EventId) -> Result<Option<Arc<EventDetails>>, ReadError> {
        match self.details(std::slice::from_ref(event)).await?.pop() {
            Some(StoredDetails::Some(details)) => Ok(Some(details)),
            Some(StoredDetails::Damaged(cause)) => Err(ReadError::Damaged(cause)),
            Some(StoredDetails::None) | None => Ok(None),
        }
    }

    /// Stores the details of a new event. Returns [`Write::Conflict`] if the event exists, with details or without.
    async fn create_event(&self, details: &EventDetails, now: Timestamp) -> Result<Write, Unavailable>;

    /// Stores the details with the version [`EventDetails::version`] + 1. Returns [`Write::Conflict`] if the stored
    /// details do not have the version [`EventDetails::version`].
    async fn store_details(&self, details: &EventDetails, now: Timestamp) -> Result<Write, Unavailable>;
}
