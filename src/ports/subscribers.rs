//! Finds the attendees of an event who get messages about others.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::change::SubscriptionChange;
use crate::domain::event::EventId;
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// Finds an event's subscribers: the attendees on the roster who
/// [want messages](crate::domain::registration::Registration::wants_messages).
///
/// It reads about as much as there are subscribers, however many attendees the roster has.
#[async_trait]
pub trait Subscribers: Send + Sync {
    /// Returns at most `limit` subscribers with names after `after`, sorted by folded name, as they are on the roster now.
    /// Fewer than `limit` are the last ones. A subscriber whose last change has not been passed to
    /// [`Subscribers::update_subscribers`] may be missing.
    async fn subscribers(
        &self,
        event: &EventId,
        limit: usize,
        after: Option<&NameKey>,
        now: Timestamp,
    ) -> Result<Vec<Attendee>, Unavailable>;

    /// Takes in the last change of each attendee. The changes of one attendee are taken in in their order, and it is safe to
    /// repeat earlier ones.
    async fn update_subscribers(&self, changes: BTreeMap<AttendeeKey, SubscriptionChange>) -> Result<(), Unavailable>;
}
