//! All ports of one storage backend. The queue is apart, since on AWS it is another service.

use std::sync::Arc;

use crate::ports::{Budgets, Buttons, Contacts, Digests, Households, Idempotency, Inbox, Rejects, Roster};

/// What a storage backend offers, port by port. Everything that needs several ports takes this.
#[derive(Clone)]
pub struct Backend {
    pub roster: Arc<dyn Roster>,
    pub rejects: Arc<dyn Rejects>,
    pub idempotency: Arc<dyn Idempotency>,
    pub buttons: Arc<dyn Buttons>,
    pub households: Arc<dyn Households>,
    pub digests: Arc<dyn Digests>,
    pub contacts: Arc<dyn Contacts>,
    pub budgets: Arc<dyn Budgets>,
    /// None where the backend keeps no messages to read again.
    pub inbox: Option<Arc<dyn Inbox>>,
}
