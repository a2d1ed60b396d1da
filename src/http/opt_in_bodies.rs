//! Response bodies about opt-ins, which are sent as JSON and also rendered as pages.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::opt_in::{OptIn, Scope};
use crate::domain::registration::Registration;

/// Which registrations the owner of an address wants notifications about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OptInScope {
    /// All registrations with this address.
    All,
    /// The registrations that are confirmed themselves.
    ConfirmedRegistrations,
}

impl OptInScope {
    /// Returns `None` unless the owner agreed to notifications.
    pub fn of(opt_in: Option<OptIn>) -> Option<Self> {
        match opt_in {
            Some(OptIn::Confirmed(Scope::All)) => Some(Self::All),
            Some(OptIn::Confirmed(Scope::ConfirmedRegistrations | Scope::ConfirmedRegistrationsAnd(_))) => {
                Some(Self::ConfirmedRegistrations)
            }
            Some(OptIn::Pending { .. } | OptIn::OptedOut) | None => None,
        }
    }
}

/// Whether the owner of an address wants notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OptInState {
    /// The owner has not answered. No notifications are sent.
    Pending,
    /// The owner wants notifications.
    Confirmed,
    /// The owner wants no notifications. None are sent.
    OptedOut,
}

impl OptInState {
    /// Returns the state of the address as a whole.
    pub fn of(opt_in: Option<OptIn>) -> Self {
        match opt_in {
            None | Some(OptIn::Pending { .. }) => Self::Pending,
            Some(OptIn::Confirmed(_)) => Self::Confirmed,
            Some(OptIn::OptedOut) => Self::OptedOut,
        }
    }

    /// Returns the state for one registration with the address.
    pub fn of_registration(opt_in: Option<OptIn>, registration: &Registration) -> Self {
        match opt_in {
            Some(opt_in) if opt_in.permits(registration) => Self::Confirmed,
            Some(OptIn::OptedOut) => Self::OptedOut,
            _ => Self::Pending,
        }
    }
}

/// Whether the owner of a registration's contact has agreed to notifications about it. Whoever holds the personal link
/// learns no more about the address, because it may be another person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactAgreement {
    /// The owner has not agreed, or wants no notifications. None are sent.
    Missing,
    /// The owner has agreed.
    Given,
}

/// Whether the owner of an address wants notifications about the registration of a link.
#[derive(Serialize, ToSchema)]
pub struct RegistrationOptInBody {
    /// The id of the event.
    pub event: String,
    pub name: String,
    pub registration: LinkedRegistration,
    /// About this registration if it is `current`, otherwise about the address.
    pub opt_in: OptInState,
    /// Null unless the owner agreed to notifications.
    pub scope: Option<OptInScope>,
    /// Whether notifications are on for this registration. Null unless it is `current`.
    pub notify: Option<bool>,
}

/// What became of the registration of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkedRegistration {
    /// The attendee is on the roster with this address.
    Current,
    /// The registration has ended.
    Ended,
    /// The event has been deleted.
    EventDeleted,
    /// The registration has another address now, or none.
    OtherContact,
    /// This server cannot know, because it runs without `--contact-secret`.
    Unknown,
}
