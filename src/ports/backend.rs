//! All ports of one storage backend. The queue is not included because it is a separate service (SQS) on AWS.

use std::sync::Arc;

use crate::ports::{
    Announcements, Budgets, Buttons, Calendar, Contacts, Deletions, Digests, EarlierMessages, Events, Households,
    Idempotency, OutboxTable, People, RejectedMessages, Roster, Seats, Subscribers, Watermarks,
};

/// The ports of one storage backend, for callers that need several of them.
#[derive(Clone)]
pub struct Backend {
    pub roster: Arc<dyn Roster>,
    pub subscribers: Arc<dyn Subscribers>,
    pub seats: Arc<dyn Seats>,
    pub people: Arc<dyn People>,
    pub rejected: Arc<dyn RejectedMessages>,
    pub idempotency: Arc<dyn Idempotency>,
    pub buttons: Arc<dyn Buttons>,
    pub households: Arc<dyn Households>,
    pub events: Arc<dyn Events>,
    pub calendar: Arc<dyn Calendar>,
    pub deletions: Arc<dyn Deletions>,
    pub digests: Arc<dyn Digests>,
    pub contacts: Arc<dyn Contacts>,
    pub budgets: Arc<dyn Budgets>,
    pub announcements: Arc<dyn Announcements>,
    pub watermarks: Arc<dyn Watermarks>,
    /// `None` if the outbox is a queue, whose messages cannot be listed.
    pub outbox: Option<Arc<dyn OutboxTable>>,
    /// `None` if no earlier version stored messages in this backend.
    pub earlier_messages: Option<Arc<dyn EarlierMessages>>,
}
