//! Keeps concurrent tasks from sending an opt-in request to the same contact twice.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::domain::contact_id::ContactId;

/// The contacts to which this process is sending an opt-in request right now.
#[derive(Debug, Default)]
pub struct OptInsInFlight {
    contacts: Mutex<HashSet<ContactId>>,
    one_finished: Notify,
}

/// Keeps a contact in [`OptInsInFlight`] until it is dropped.
pub(super) struct InFlight<'a> {
    owner: &'a OptInsInFlight,
    contact: ContactId,
}

/// Whether there was a request to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    Finished,
    NothingInFlight,
}

impl OptInsInFlight {
    fn contacts(&self) -> MutexGuard<'_, HashSet<ContactId>> {
        self.contacts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns `None` if another task is sending a request to this contact.
    pub(super) fn start(&self, contact: &ContactId) -> Option<InFlight<'_>> {
        let is_first = self.contacts().insert(contact.clone());
        is_first.then(|| InFlight { owner: self, contact: contact.clone() })
    }

    /// Waits while another task is sending a request to this contact.
    pub(super) async fn wait(&self, contact: &ContactId) -> Wait {
        let mut result = Wait::NothingInFlight;
        loop {
            let mut finished = pin!(self.one_finished.notified());
            // Subscribing before the check ensures that no notification is missed.
            finished.as_mut().enable();
            if !self.contacts().contains(contact) {
                return result;
            }
            finished.await;
            result = Wait::Finished;
        }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.owner.contacts().remove(&self.contact);
        self.owner.one_finished.notify_waiters();
    }
}
