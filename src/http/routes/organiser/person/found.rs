//! What a search for a person finds.

use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::AttendeeName;
use crate::domain::button::Button;
use crate::domain::opt_in::OptIn;
use crate::ports::RejectedMessage;

/// Something that is stored about the person.
pub enum Found {
    Attendee(Attendee),
    Button(Button),
    Reject(RejectedMessage),
    /// The usual name of a household.
    Household(AttendeeName),
    OptIn(FoundOptIn),
}

pub enum FoundOptIn {
    Stored(OptIn),
    /// This server does not have the secret that contact ids are derived from.
    Unknown,
}

impl Found {
    /// About how large the entry is in a response. An attendee may have many messages.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Attendee(_) => 4 * 1_024,
            Self::Reject(reject) => reject.body.len(),
            Self::Button(_) | Self::Household(_) | Self::OptIn(_) => 1_024,
        }
    }
}
