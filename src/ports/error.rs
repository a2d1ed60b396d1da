//! How a port fails.

/// The backend did not do it, and may if asked again: throttled, timed out, disk full, away.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{doing} failed: {cause}")]
pub struct Unavailable {
    /// What was being done, as in `writing to the queue`.
    pub doing: &'static str,
    pub cause: String,
}

/// Why something was not done, and whether it ever can be.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Retry(#[from] Unavailable),
    /// It may work later too, but it is the recipient's own end that does not answer, which says nothing of anybody else's.
    #[error("{0}")]
    NoAnswer(Unavailable),
    /// It may work later too, and surely nothing has arrived.
    #[error("{0}")]
    NotSent(Unavailable),
    /// It never will work; the reason is for a person, and holds no contact.
    #[error("{0}")]
    Reject(String),
}

impl Failure {
    /// Of what comes before anything is sent.
    #[must_use]
    pub fn before_sending(self) -> Self {
        match self {
            Self::Retry(unavailable) | Self::NoAnswer(unavailable) => Self::NotSent(unavailable),
            failure => failure,
        }
    }
}
