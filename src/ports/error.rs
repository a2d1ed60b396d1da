//! Errors of the ports, and the results of conditional writes and deletions.

use crate::domain::limit::Limit;

/// A transient failure, such as throttling, a timeout, a full disk or an unreachable service. A retry may help.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{doing} failed: {cause}")]
pub struct Unavailable {
    /// The operation that failed, such as `writing to the queue`.
    pub doing: &'static str,
    pub cause: String,
}

impl Unavailable {
    /// The operation did not finish before its deadline. It may still have been carried out.
    pub fn timed_out(doing: &'static str) -> Self {
        Self { doing, cause: "timed out".to_owned() }
    }
}

/// Why a stored record was not read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The record is damaged. Another attempt does not help until it is repaired.
    #[error("the stored record is damaged: {0}")]
    Damaged(String),
}

impl From<ReadError> for Unavailable {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable(unavailable) => unavailable,
            ReadError::Damaged(cause) => Self { doing: "reading a stored record", cause },
        }
    }
}

/// Why a batch of requests about one attendee was not applied.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApplyError {
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The requests can never be applied. The reason is shown to the organiser and must not contain a contact.
    #[error("{0}")]
    Rejected(String),
}

impl ApplyError {
    /// The stored attendee cannot be read.
    pub fn damaged(cause: &str) -> Self {
        Self::Rejected(format!(
            "the stored attendee is damaged ({cause}); ask the operator to repair or delete it, then send this message again"
        ))
    }
}

/// Why a message was not sent, and whether a retry may help.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SendError {
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The recipient's own server failed, for example with a timeout, a 429 or a 500. Other
    /// recipients are not affected. A retry may help.
    #[error("{0}")]
    RecipientUnavailable(Unavailable),
    /// The message was definitely not sent. A retry may help and cannot deliver it twice.
    #[error("{0}")]
    NotSent(Unavailable),
    /// A limit does not permit the message now. It was not sent; a retry may help.
    #[error("the limit `{}` is reached", .0.as_str())]
    LimitReached(Limit),
    /// The message can never be sent. The reason is shown to the organiser and must not contain a contact.
    #[error("{0}")]
    Rejected(String),
}

impl SendError {
    /// Converts a transient error to [`SendError::NotSent`]. Use it for an
    /// error that occurred before anything was sent.
    #[must_use]
    pub fn as_not_sent(self) -> Self {
        match self {
            Self::Unavailable(unavailable) | Self::RecipientUnavailable(unavailable) => Self::NotSent(unavailable),
            error => error,
        }
    }
}

/// The result of a conditional write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Write {
    Stored,
    /// The stored value has changed since the caller read it. Nothing was written.
    Conflict,
}

/// The result of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Deletion {
    Deleted,
    /// No such entry was stored.
    NotFound,
}

impl Write {
    /// Returns `Stored` if the condition of the write was met, otherwise `Conflict`.
    pub fn of(is_condition_met: bool) -> Self {
        if is_condition_met { Self::Stored } else { Self::Conflict }
    }
}

impl Deletion {
    /// Returns `Deleted` if the entry was found, otherwise `NotFound`.
    pub fn of(is_found: bool) -> Self {
        if is_found { Self::Deleted } else { Self::NotFound }
    }

    /// Returns the number of deleted entries: 1 or 0.
    pub fn count(self) -> u64 {
        match self {
            Self::Deleted => 1,
            Self::NotFound => 0,
        }
    }
}
