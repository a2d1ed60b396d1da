//! The port that sends notifications.

use async_trait::async_trait;

use crate::domain::attendee::Attendee;
use crate::domain::contact_id::ContactId;
use crate::domain::notification::Notification;
use crate::domain::timestamp::Timestamp;
use crate::ports::SendError;

/// The result of a notification that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Notified {
    Sent,
    /// No sender for this kind of contact is configured.
    NotWanted,
}

/// Sends notifications.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Returns the id of the mailbox or number that gets the notifications of an attendee. `None` if the attendee has no
    /// contact.
    fn mailbox(&self, attendee: &Attendee) -> Option<ContactId>;

    /// Returns whether the attendee can be reached, and the owner of the contact has agreed to notifications. May ask the owner.
    /// If an earlier attempt for the same message was interrupted, `interrupted_since` is a time that is not later than its
    /// beginning.
    async fn is_permitted(
        &self,
        attendee: &Attendee,
        now: Timestamp,
        interrupted_since: Option<Timestamp>,
    ) -> Result<bool, SendError>;

    /// Sends one notification. If this fails with a transient error, the caller retries for a day.
    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError>;
}
