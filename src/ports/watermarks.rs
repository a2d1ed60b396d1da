//! Watermarks: what each contact was told about each event, and about its own seat.

use async_trait::async_trait;

use crate::domain::contact_id::ContactId;
use crate::domain::event::EventId;
use crate::domain::seat_tag::SeatTag;
use crate::domain::timestamp::Timestamp;
use crate::ports::{LastAttempt, Unavailable};

/// Identifies a watermark.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WatermarkKey {
    pub event: EventId,
    pub recipient: WatermarkRecipient,
}

/// Whom a watermark is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WatermarkRecipient {
    /// The id of a [mailbox](ContactId::of_mailbox).
    Mailbox(ContactId),
    /// The subscribers who follow all events.
    Everybody,
    /// A party and one standing of its seat. Its watermark says when the party was told.
    Seat(SeatTag),
}

impl WatermarkRecipient {
    /// Returns the text under which the watermark is stored.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Mailbox(mailbox) => mailbox.as_str(),
            // No id of a mailbox contains this character.
            Self::Everybody => "#everybody",
            Self::Seat(tag) => tag.as_str(),
        }
    }
}

/// The right to tell a contact what an event has announced. Nobody else has it until it is given back, or until it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatermarkClaim {
    pub key: WatermarkKey,
    /// A random number that identifies the worker.
    pub holder: u64,
    pub ends_at: Timestamp,
}

/// The result of [`Watermarks::claim`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Claimed {
    Granted {
        /// The last announcement that the contact was told. `None` if there is none.
        told_until: Option<Timestamp>,
        /// Whether an earlier attempt may have told the contact more, since its outcome is not known.
        is_in_doubt: bool,
    },
    /// Another worker has the claim.
    Held,
}

/// Stores, for each event and contact, the last announcement that the contact was told. A watermark may be deleted when
/// its announcement is older than [`ANNOUNCEMENT_RETENTION`](crate::domain::event_announcement::ANNOUNCEMENT_RETENTION).
#[async_trait]
pub trait Watermarks: Send + Sync {
    /// Claims a watermark, unless another worker has a claim that has not ended at `now`.
    async fn claim(&self, claim: &WatermarkClaim, now: Timestamp) -> Result<Claimed, Unavailable>;

    /// Stores the last announcement that the contact was told, and gives the claim back. Does nothing if another worker has
    /// claimed the watermark since.
    async fn advance(&self, claim: &WatermarkClaim, told_until: Timestamp) -> Result<(), Unavailable>;

    /// Gives a claim back at `now`. If the attempt is [unresolved](LastAttempt::Unresolved), the next claim is in doubt. Does
    /// nothing if another worker has claimed the watermark since.
    async fn release(
        &self,
        claim: &WatermarkClaim,
        last_attempt: LastAttempt,
        now: Timestamp,
    ) -> Result<(), Unavailable>;
}
