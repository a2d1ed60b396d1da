//! Deletes contacts, and what is stored under an address.

use async_trait::async_trait;

use crate::adapters::sqlite::{Sqlite, buttons, change_feed, rejects, roster, stored_time};
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

    async fn newest_request(&self, event: &EventId) -> Result<Option<Timestamp>, Unavailable> {
        let event = event.clone();
        self.read("reading a roster", move |db| {
            // A damaged time does not count.
            let sql = "SELECT max(requested_at) FROM attendee WHERE event = ?1 AND contact IS NOT NULL
                       AND requested_at BETWEEN ?2 AND ?3";
            let params = (event.as_str(), Timestamp::EARLIEST.as_millis(), Timestamp::LATEST.as_millis());
            let newest: Option<i64> = db.prepare_cached(sql)?.query_row(params, |row| row.get(0))?;
            newest.map(stored_time).transpose()
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
        self.overwrite("deleting contacts", move |db| {
            let attendees = roster::with_contact(db, &event, &after, limit)?;
            for attendee in &attendees {
                if let Some(without_contact) = attendee.without_contact() {
                    roster::store(db, Some(attendee), Some(&without_contact), now)?;
                }
            }
            change_feed::delete_contacts(db, &event, &attendees)?;
            let count = u64::try_from(attendees.len()).expect("a count fits 64 bits");
            let last = attendees.last().filter(|_| attendees.len() == limit);
            Ok(DeletedContacts { count, next: last.map(|last| last.name.key().clone()) })
        })
        .await
    }
}
