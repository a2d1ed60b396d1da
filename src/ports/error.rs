//! How a port fails, and what became of a conditional call.

/// The backend did not do it, and may if asked again: throttled, timed out, disk full, unreachable.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{doing} failed: {cause}")]
pub struct Unavailable {
    /// What was being done, as in `writing to the queue`.
    pub doing: &'static str,
    pub cause: String,
}

/// Why the requests of an attendee were not applied.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApplyError {
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// They can never be applied; the reason is for a person, and holds no contact.
    #[error("{0}")]
    Rejected(String),
}

/// Why a message was not sent, and whether sending it again may help.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SendError {
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The recipient's own end does not answer, which says nothing about other recipients. A retry may help.
    #[error("{0}")]
    NoAnswer(Unavailable),
    /// A retry may help, and certainly nothing has arrived.
    #[error("{0}")]
    NotSent(Unavailable),
    /// It can never be sent; the reason is for a person, and holds no contact.
    #[error("{0}")]
    Rejected(String),
}

impl SendError {
    /// An error from before anything was sent.
    #[must_use]
    pub fn before_sending(self) -> Self {
        match self {
            Self::Unavailable(unavailable) | Self::NoAnswer(unavailable) => Self::NotSent(unavailable),
            error => error,
        }
    }
}

/// What became of a write that depends on what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Write {
    Stored,
    /// Something else is stored than the caller had read; nothing was written.
    Conflict,
}

/// What became of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Deletion {
    Deleted,
    /// There was nothing to delete.
    NotFound,
}

impl Write {
    /// By whether the write's condition held.
    pub fn of(condition_held: bool) -> Self {
        if condition_held { Self::Stored } else { Self::Conflict }
    }
}

impl Deletion {
    /// By whether there was something to delete.
    pub fn of(found: bool) -> Self {
        if found { Self::Deleted } else { Self::NotFound }
    }

    /// How many were deleted: 1 or 0.
    pub fn count(self) -> u64 {
        match self {
            Self::Deleted => 1,
            Self::NotFound => 0,
        }
    }
}
