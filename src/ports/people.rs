//! Deletes contacts.

use async_trait::async_trait;

use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
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

/// The result of [`People::delete_contacts`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeletedContacts {
    pub count: u64,
    /// The folded name after which the next call continues. `None` if no attendees are left.
    pub next: Option<NameKey>,
}

/// Deletes contacts, and what is stored under an address. [`Roster::remove`](crate::ports::Roster::remove) deletes what is stored under
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

    /// Returns the time of the newest request about the attendees with a contact on an event's roster. `None` if there are
    /// none.
    async fn newest_request(&self, event: &EventId) -> Result<Option<Timestamp>, Unavailable>;

    /// Deletes the contacts of at most `limit` attendees with names after `after` on an event's roster. The attendees stay
    /// on the roster. A change feed that can be rewritten then no longer contains their contacts.
    async fn delete_contacts(
        &self,
        event: &EventId,
        after: Option<&NameKey>,
        limit: usize,
        now: Timestamp,
    ) -> Result<DeletedContacts, Unavailable>;
}
