//! The errors of ports, and the results of conditional writes and deletions.

/// A transient failure, such as throttling, a timeout, a full disk or an unreachable service. A retry may help.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{doing} failed: {cause}")]
pub struct Unavailable {
    /// The operation, like `writing to the queue`.
    pub doing: &'static str,
    pub cause: String,
}

/// Why the requests of an attendee were not applied.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApplyError {
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// They can never be applied. The reason is shown to the organiser and contains no contact.
    #[error("{0}")]
    Rejected(String),
}

/// Why a message was not sent, and whether a retry may help.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SendError {
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The recipient's own server failed, for example with a timeout, a 429 or a 500. Other recipients are not affected. A
    /// retry may help.
    #[error("{0}")]
    RecipientUnavailable(Unavailable),
    /// The message certainly did not arrive. A retry may help.
    #[error("{0}")]
    NotSent(Unavailable),
    /// It can never be sent. The reason is shown to the organiser and contains no contact.
    #[error("{0}")]
    Rejected(String),
}

impl SendError {
    /// Turns a transient error into [`SendError::NotSent`]. The caller knows that nothing was sent.
    #[must_use]
    pub fn before_sending(self) -> Self {
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
    /// There was nothing to delete.
    NotFound,
}

impl Write {
    /// The result by whether the write's condition held.
    pub fn of(condition_held: bool) -> Self {
        if condition_held { Self::Stored } else { Self::Conflict }
    }
}

impl Deletion {
    /// The result by whether there was something to delete.
    pub fn of(found: bool) -> Self {
        if found { Self::Deleted } else { Self::NotFound }
    }

    /// The number of deleted entries: 1 or 0.
    pub fn count(self) -> u64 {
        match self {
            Self::Deleted => 1,
            Self::NotFound => 0,
        }
    }
}
