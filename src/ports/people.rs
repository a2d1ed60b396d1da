//! Deletes what is stored under an address.

use async_trait::async_trait;

use crate::domain::attendee::Attendee;
use crate::domain::button::Serial;
use crate::domain::contact::Contact;
use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::ports::Unavailable;

/// Entries in which an address was found.
#[derive(Debug, Clone, Default)]
pub struct AddressEntries {
    pub attendees: Vec<Attendee>,
    pub buttons: Vec<Serial>,
    /// The ids of rejected messages.
    pub rejects: Vec<String>,
}

impl AddressEntries {
    pub fn is_empty(&self) -> bool {
        self.attendees.is_empty() && self.buttons.is_empty() && self.rejects.is_empty()
    }
}

/// Deletes what is stored under an address. [`Roster::remove`](crate::ports::Roster::remove) deletes what is stored under
/// a name.
#[async_trait]
pub trait People: Send + Sync {
    /// Deletes these entries, except attendees who no longer use the address. Returns the number of deleted entries. A
    /// change feed that can be rewritten then no longer contains the address, for one event or for all events.
    async fn remove_address(
        &self,
        contact: &Contact,
        event: Option<&EventId>,
        entries: AddressEntries,
        now: Timestamp,
    ) -> Result<u64, Unavailable>;
}
