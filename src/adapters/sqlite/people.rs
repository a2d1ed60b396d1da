//! Deletes contacts, and what is stored under an address.

use async_trait::async_trait;
use rusqlite::Connection;

use crate::adapters::sqlite::{Sqlite, buttons, change_feed, overwriting, rejects, roster};
use crate::domain::attendee_name::NameKey;
use crate::domain::contact::Contact;
use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::ports::{AddressEntries, DeletedContacts, People, Unavailable};

#[async_trait]
impl People for Sqlite {
    async fn remove_address(
        &self,
        contact: &Contact,
        event: Option<&EventId>,
        entries: AddressEntries,
        now: Timestamp,
    ) -> Result<u64, Unavailable> {
        let (contact, event) = (contact.clone(), event.cloned());
        self.overwrite("removing an address", move |db| {
            let mut removed = 0;
            for attendee in &entries.attendees {
                let stored = roster::find(db, &attendee.key())?;
                if stored.as_ref().is_some_and(|stored| stored.uses(&contact)) {
                    roster::store(db, stored.as_ref(), None, now)?;
                    roster::delete_event_if_empty(db, attendee.event.as_str())?;
                    removed += 1;
                }
            }
            change_feed::delete_address(db, &contact, event.as_ref())?;
            for serial in &entries.buttons {
                removed += buttons::delete(db, serial)?.count();
            }
            for id in &entries.rejects {
                removed += rejects::delete(db, id)?.count();
            }
            Ok(removed)
        })
        .await
    }

    async fn delete_contacts(
        &self,
        event: &EventId,
        after: Option<&NameKey>,
        limit: usize,
        now: Timestamp,
    ) -> Result<DeletedContacts, Unavailable> {
        let event = event.clone();
        let after = after.map_or_else(String::new, |name| name.as_str().to_owned());
        let delete = move |db: &Connection| {
            let attendees = roster::with_contact(db, &event, &after, limit)?;
            for attendee in &attendees {
                if let Some(without_contact) = attendee.without_contact() {
                    roster::store(db, Some(attendee), Some(&without_contact), now)?;
                }
            }
            let count = u64::try_from(attendees.len()).expect("a count fits 64 bits");
            let last = attendees.last().filter(|_| attendees.len() == limit);
            Ok(DeletedContacts { count, next: last.map(|last| last.name.key().clone()) })
        };
        self.write("deleting contacts", move |db| overwriting(db, &delete)).await
    }
}
