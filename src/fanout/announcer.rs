//! Makes the announcements of events that are due, and puts a message for each recipient into the outbox.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};

use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::backoff::BackoffPolicy;
use crate::domain::contact::Contact;
use crate::domain::digest::{Claim, Digest, Lease, Owed};
use crate::domain::event::EventId;
use crate::domain::event_announcement::EventAnnouncement;
use crate::domain::outbox_message::{DigestDelivery, DigestRecipient, OutboxMessage};
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::Viewer;
use crate::domain::worker_id;
use crate::fanout::digest_update::add_to_digest;
use crate::fanout::{EventPorts, MAX_ATTEMPTS, park, too_many_conflicts};
use crate::ports::{DamagedRecord, Outbox, ReadError, Write};

/// How long a process may work on the announcement of an event before another process continues. This is longer than the
/// timeout of a Lambda function (60 s).
pub const LEASE_DURATION: Duration = Duration::from_secs(120);

/// Events that are announced concurrently.
const MAX_CONCURRENT_EVENTS: usize = 4;

/// Recipients whose messages are put into the outbox together. The position is stored after each page.
const PAGE: usize = 500;

/// The name of the subscribers who follow all events, where earlier versions stored the names of recipients.
const EVERYBODY: &str = "#everybody";

/// Makes the announcements of events that are due.
///
/// A message for each recipient is put into the outbox, page by page. After a crash, the last page is put into the outbox
/// again, which changes nothing for a recipient who was told.
pub struct Announcer<'a> {
    pub ports: EventPorts<'a>,
    pub outbox: &'a dyn Outbox,
    pub backoff: BackoffPolicy,
    /// Whether somebody may follow all events.
    pub has_broadcaster: bool,
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    /// Whether the program is stopping. If so, no further page is begun.
    pub is_stopping: &'a (dyn Fn() -> bool + Sync),
}

/// The number of messages that were put into the outbox.
pub type Messages = usize;

impl Announcer<'_> {
    /// Announces several events, at most four at the same time. No page begins after `deadline`.
    /// `on_result` is called with the result of each event that was begun.
    pub async fn announce_all(
        &self,
        events: Vec<EventId>,
        deadline: Timestamp,
        on_result: impl Fn(&EventId, Result<Messages, ReadError>),
    ) {
        let on_result = &on_result;
        let announcements = events.into_iter().map(|event| async move {
            if self.has_time(deadline) {
                on_result(&event, self.announce(&event, deadline).await);
            }
        });
        let announcements: Vec<_> = announcements.collect();
        stream::iter(announcements).buffer_unordered(MAX_CONCURRENT_EVENTS).collect().await
    }

    /// Announces one event if it is due. Does nothing if another process has the lease on its digest. No page begins after
    /// `deadline`, except the first.
    ///
    /// # Errors
    /// If the digest is damaged, its event is parked.
    pub async fn announce(&self, event: &EventId, deadline: Timestamp) -> Result<Messages, ReadError> {
        let holder = worker_id::random();
        let Some(mut digest) = self.claim(event, holder).await? else { return Ok(0) };
        let mut messages = 0;
        loop {
            let mut owed = digest.owed.clone();
            messages += self.expand_page(&mut digest).await?;
            let goes_on = digest.expansion.is_some() && self.has_time(deadline);
            let lease = Lease { holder, ends_at: (self.clock)().plus(LEASE_DURATION) };
            digest.lease = goes_on.then_some(lease);
            owed.retain(|owed| !digest.owed.contains(owed));
            let is_held = self.store_progress(&mut digest, &owed, holder).await?;
            if !goes_on || !is_held {
                return Ok(messages);
            }
        }
    }

    /// Acquires the lease of a digest that is due, and stores the announcement that begins now. Returns `None` if the digest
    /// is not due, or if another process has the lease.
    async fn claim(&self, event: &EventId, holder: u64) -> Result<Option<Digest>, ReadError> {
        for _ in 0..MAX_ATTEMPTS {
            let now = (self.clock)();
            let Some(mut digest) = self.digest(event, now).await? else { return Ok(None) };
            if digest.rebuild_requested_at.is_some() {
                let details = self.ports.events.stored(event).await?;
                add_to_digest(event, Vec::new(), &details, self.ports, &self.backoff, now).await?;
                continue;
            }
            // After a conflict, this process can already hold the lease: its write was stored, but the response was lost.
            if digest.is_held_by(holder) {
                return Ok(Some(digest));
            }
            let lease = Lease { holder, ends_at: now.plus(LEASE_DURATION) };
            let Some(claim) = digest.claim(lease, &self.backoff, now) else { return Ok(None) };
            let stored = match claim {
                Claim::Stored => self.ports.digests.store(&digest).await?,
                Claim::New(announcement) => {
                    let view = self.ports.events.stored(event).await?.view(Viewer::Attendee);
                    self.ports.digests.store_announcing(&digest, &EventAnnouncement { view, ..announcement }).await?
                }
            };
            if stored == Write::Stored {
                digest.version += 1;
                return Ok(Some(digest));
            }
        }
        Err(too_many_conflicts().into())
    }

    /// Stores how far the announcement has been put into the outbox, also if changes were added to the digest meanwhile.
    /// `owed` are the recipients whose messages are in the outbox now. Returns whether this process had the lease until then.
    async fn store_progress(&self, digest: &mut Digest, owed: &[Owed], holder: u64) -> Result<bool, ReadError> {
        for _ in 0..MAX_ATTEMPTS {
            if self.ports.digests.store(digest).await? == Write::Stored {
                digest.version += 1;
                return Ok(true);
            }
            let newer = self.digest(&digest.event, (self.clock)()).await?;
            let Some(mut newer) = newer.filter(|newer| newer.is_held_by(holder)) else { return Ok(false) };
            newer.owed.retain(|newer| !owed.contains(newer));
            let Digest { expansion, lease, .. } = digest.clone();
            *digest = Digest { expansion, lease, ..newer };
        }
        Err(too_many_conflicts().into())
    }

    async fn digest(&self, event: &EventId, now: Timestamp) -> Result<Option<Digest>, ReadError> {
        let read = self.ports.digests.digest(event).await;
        if let Err(ReadError::Damaged(cause)) = &read {
            park(event.clone(), DamagedRecord::Digest, cause.clone(), self.ports.digests, now).await?;
        }
        read
    }

    fn has_time(&self, deadline: Timestamp) -> bool {
        (self.clock)() < deadline && !(self.is_stopping)()
    }

    /// Puts the messages to the next page of recipients into the outbox, and advances the digest's position. The last page is
    /// also that of the recipients who are owed something.
    async fn expand_page(&self, digest: &mut Digest) -> Result<Messages, ReadError> {
        let mut messages = Vec::new();
        let mut next = None;
        if let Some(expansion) = &digest.expansion {
            let message = |to| message(&digest.event, expansion.announced_at, to);
            if self.has_broadcaster && expansion.after.is_none() {
                messages.push(message(DigestRecipient::Everybody));
            }
            // An empty name comes before all others.
            let after = expansion.after.as_ref().filter(|after| !after.as_str().is_empty());
            let page = self.ports.subscribers.subscribers(&digest.event, PAGE, after, (self.clock)()).await?;
            // Their messages say this too.
            let is_owed = |attendee: &Attendee| {
                let (key, earlier_key) = (attendee.name.key(), &*attendee.name.lookup_key());
                digest.owed.iter().any(|owed| owed.names.contains(key) || owed.names.contains(earlier_key))
            };
            let names = names_by_mailbox(page.iter().filter(|attendee| !is_owed(attendee)));
            messages.extend(names.into_iter().map(|names| message(DigestRecipient::Attendees(names))));
            next = page.last().filter(|_| page.len() == PAGE).map(|last| last.name.key().clone());
        }
        if next.is_none() {
            for Owed { since, names } in std::mem::take(&mut digest.owed) {
                messages.extend(names.iter().map(|name| message(&digest.event, since, recipient(name))));
            }
        }
        let count = self.put(messages).await?;
        match next {
            Some(name) => digest.expansion.iter_mut().for_each(|expansion| expansion.after = Some(name.clone())),
            None => digest.expansion = None,
        }
        Ok(count)
    }

    async fn put(&self, messages: Vec<OutboxMessage>) -> Result<Messages, ReadError> {
        let count = messages.len();
        if count > 0 {
            self.outbox.put(messages, (self.clock)()).await?;
        }
        Ok(count)
    }
}

fn message(event: &EventId, announced_at: Timestamp, to: DigestRecipient) -> OutboxMessage {
    OutboxMessage::Digest(DigestDelivery { event: event.clone(), announced_at, owed_since: announced_at, to })
}

fn recipient(name: &NameKey) -> DigestRecipient {
    match name.as_str() {
        EVERYBODY => DigestRecipient::Everybody,
        _ => DigestRecipient::Attendees(vec![name.clone()]),
    }
}

/// Returns the names of the attendees, together if they have the same mailbox or number. Attendees of different pages are
/// not together. They get one copy nevertheless, because they have one watermark.
fn names_by_mailbox<'a>(attendees: impl Iterator<Item = &'a Attendee>) -> Vec<Vec<NameKey>> {
    let (mut groups, mut positions): (Vec<Vec<NameKey>>, HashMap<Contact, usize>) = Default::default();
    for attendee in attendees {
        let name = attendee.name.key().clone();
        let contact = attendee.registration().and_then(|registration| registration.contact.as_ref());
        let Some(contact) = contact else { continue };
        let mailbox = contact.mailbox().folded().into_owned();
        match positions.get(&mailbox) {
            Some(position) => groups[*position].push(name),
            None => {
                positions.insert(mailbox, groups.len());
                groups.push(vec![name]);
            }
        }
    }
    groups
}
