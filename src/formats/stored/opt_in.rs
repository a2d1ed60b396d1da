//! The stored form of an opt-in. The names of the states differ from the variants for compatibility.

use serde::{Deserialize, Serialize};

use crate::domain::opt_in::{OptIn, Scope};
use crate::domain::registration::RegistrationTag;
use crate::domain::timestamp::Timestamp;

/// The stored scope of an opt-in for confirmed registrations only.
const CONFIRMED_REGISTRATIONS: &str = "confirmed";

/// The columns or attributes of an opt-in.
///
/// Functions of a version without scopes may still run during a deployment. They read every `given` as an opt-in for all
/// registrations, which is what it means to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptInRecord {
    pub state: String,
    /// In milliseconds since 1970. Present only in the state `asked`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<i64>,
    /// Present only in the state `given`, unless the opt-in is valid for all registrations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The tag of a registration that is included in the scope too. Functions of an earlier version do not read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
}

impl From<OptIn> for OptInRecord {
    fn from(opt_in: OptIn) -> Self {
        let record = |state: &str, asked_at, scope: Option<&str>| {
            let (state, scope) = (state.to_owned(), scope.map(str::to_owned));
            Self { state, asked_at, scope, registration: None }
        };
        match opt_in {
            OptIn::Pending { at } => record("asked", Some(at.as_millis()), None),
            OptIn::Confirmed(Scope::All) => record("given", None, None),
            OptIn::Confirmed(Scope::ConfirmedRegistrations) => record("given", None, Some(CONFIRMED_REGISTRATIONS)),
            OptIn::Confirmed(Scope::ConfirmedRegistrationsAnd(one)) => {
                let registration = Some(one.to_string());
                Self { registration, ..record("given", None, Some(CONFIRMED_REGISTRATIONS)) }
            }
            OptIn::OptedOut => record("refused", None, None),
        }
    }
}

impl OptInRecord {
    /// Returns `None` if no version of the program stores this.
    pub fn parse(&self) -> Option<OptIn> {
        let one = self.registration.as_deref().map(RegistrationTag::parse);
        match (self.state.as_str(), self.asked_at, self.scope.as_deref(), one) {
            ("asked", Some(at), None, None) => Some(OptIn::Pending { at: Timestamp::from_millis(at).ok()? }),
            ("given", None, None, None) => Some(OptIn::Confirmed(Scope::All)),
            ("given", None, Some(CONFIRMED_REGISTRATIONS), None) => {
                Some(OptIn::Confirmed(Scope::ConfirmedRegistrations))
            }
            ("given", None, Some(CONFIRMED_REGISTRATIONS), Some(one)) => {
                Some(OptIn::Confirmed(Scope::ConfirmedRegistrationsAnd(one?)))
            }
            ("refused", None, None, None) => Some(OptIn::OptedOut),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signup::SignupId;

    #[test]
    fn every_opt_in_is_read_as_it_was_written() {
        let tag = RegistrationTag::of(&SignupId::parse("s-1").unwrap());
        for opt_in in [
            OptIn::Pending { at: Timestamp::EARLIEST },
            OptIn::Confirmed(Scope::All),
            OptIn::Confirmed(Scope::ConfirmedRegistrations),
            OptIn::Confirmed(Scope::ConfirmedRegistrationsAnd(tag)),
            OptIn::OptedOut,
        ] {
            assert_eq!(OptInRecord::from(opt_in).parse(), Some(opt_in));
        }
        let opt_in = OptIn::Confirmed(Scope::ConfirmedRegistrationsAnd(tag));
        let damaged = OptInRecord { registration: Some("xyz".to_owned()), ..opt_in.into() };
        assert_eq!(damaged.parse(), None);
        assert_eq!(OptInRecord { scope: Some("all".to_owned()), ..opt_in.into() }.parse(), None);
    }
}
