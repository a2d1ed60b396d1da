//! Prevents concurrent tasks from sending opt-in requests to the same contact.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::domain::contact_id::ContactId;

/// The contacts to which this process is currently sending an opt-in request.
#[derive(Debug, Default)]
pub struct OptInsInFlight {
    contacts: Mutex<HashSet<ContactId>>,
    request_finished: Notify,
}

/// A guard that removes its contact from [`OptInsInFlight`] when it is dropped.
pub(super) struct InFlight<'a> {
    owner: &'a OptInsInFlight,
    contact: ContactId,
}

/// The result of [`OptInsInFlight::wait`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Another task was sending a request and has finished.
    Finished,
    /// No task was sending a request.
    NothingInFlight,
}

impl OptInsInFlight {
    fn contacts(&self) -> MutexGuard<'_, HashSet<ContactId>> {
        self.contacts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a request to this contact. Returns `None` if another task is already sending one.
    pub(super) fn start(&self, contact: &ContactId) -> Option<InFlight<'_>> {
        let is_new = self.contacts().insert(contact.clone());
        is_new.then(|| InFlight { owner: self, contact: contact.clone() })
    }

    /// Waits until no task is sending a request to this contact.
    pub(super) async fn wait(&self, contact: &ContactId) -> Wait {
        let mut result = Wait::NothingInFlight;
        loop {
            let mut finished = pin!(self.request_finished.notified());
            // Subscribes before the check, since a request can finish between the check and the `await`.
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
        self.owner.request_finished.notify_waiters();
    }
}
