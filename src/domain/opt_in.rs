//! Double opt-in: a contact gets no notifications until its owner has confirmed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::contact_id::ContactId;
use crate::domain::link_token;
use crate::domain::registration::{Registration, RegistrationTag};
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;

/// Separates these tags from other uses of the same secret. Changing it would invalidate all tokens.
const PURPOSE: &str = "consent";

/// 128 bits, like a usual session cookie.
const TAG_BYTES: usize = 16;

/// [`TAG_BYTES`] in base64url without padding.
const TAG_CHARS: usize = TAG_BYTES.div_ceil(3) * 4 - 2;

/// The opt-in of a contact. Nothing is stored for a contact before its first opt-in request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptIn {
    /// An opt-in request was sent, but not answered yet.
    Pending {
        /// When the last opt-in request was sent.
        at: Timestamp,
    },
    /// The owner agreed to notifications.
    Confirmed(Scope),
    /// The owner declined or unsubscribed. The contact gets no notifications and no further opt-in requests.
    OptedOut,
}

/// Which registrations with a contact its owner agreed to get notifications about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All registrations with this contact, whoever signs it up.
    All,
    /// Only registrations that are [confirmed](Registration::confirmed) themselves.
    ConfirmedRegistrations,
    /// Also the registration that the provider of the messages asked about in its own words. It delivers nothing before the
    /// owner has agreed.
    ConfirmedRegistrationsAnd(RegistrationTag),
}

impl OptIn {
    /// Returns whether notifications about a registration with this contact may be sent to it.
    pub fn permits(self, registration: &Registration) -> bool {
        match self {
            Self::Confirmed(Scope::All) => true,
            Self::Confirmed(Scope::ConfirmedRegistrations) => registration.confirmed,
            Self::Confirmed(Scope::ConfirmedRegistrationsAnd(one)) => {
                registration.confirmed || one == RegistrationTag::of(&registration.owner)
            }
            Self::Pending { .. } | Self::OptedOut => false,
        }
    }

    /// Returns the opt-in after the owner has confirmed one registration.
    #[must_use]
    pub fn after_confirming_registration(before: Option<Self>) -> Self {
        match before {
            Some(confirmed @ Self::Confirmed(_)) => confirmed,
            _ => Self::Confirmed(Scope::ConfirmedRegistrations),
        }
    }
}

/// The token in a link that was sent to a contact. It proves that its bearer can read the messages to this contact.
pub struct ContactToken;

impl ContactToken {
    /// Returns the token of a contact: the base64url tag, followed by the contact's id.
    pub fn sign(contact: &ContactId, secret: &Secret) -> String {
        let tag = secret.tag(PURPOSE, &[contact.as_str().as_bytes()]);
        format!("{}{}", URL_SAFE_NO_PAD.encode(&tag[..TAG_BYTES]), contact.as_str())
    }

    /// Returns the contact of a token, or `None` if the token was not signed with this secret.
    pub fn verify(text: &str, secret: &Secret) -> Option<ContactId> {
        link_token::spellings(text).find_map(|text| {
            let (_, id) = text.split_at_checked(TAG_CHARS)?;
            let id = ContactId::from_stored(id.to_owned());
            Secret::constant_time_eq(Self::sign(&id, secret).as_bytes(), text.as_bytes()).then_some(id)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::channel::Channel;
    use crate::domain::contact::Contact;
    use crate::domain::registration_details::RegistrationDetails;
    use crate::domain::signup::SignupId;

    fn registration(confirmed: bool) -> Registration {
        let since = Timestamp::EARLIEST;
        Registration {
            since,
            owner: SignupId::parse("own").unwrap(),
            channel: Channel::Http,
            contact: Some(Contact::email("ana@example.org").unwrap()),
            confirmed,
            network: None,
            notify: true,
            details: RegistrationDetails::default(),
            link_requested_at: None,
        }
    }

    #[test]
    fn opt_in_permits_what_its_owner_agreed_to() {
        let some = OptIn::Confirmed(Scope::ConfirmedRegistrations);
        let other = SignupId::parse("other").unwrap();
        for (opt_in, unconfirmed, confirmed) in [
            (OptIn::Pending { at: Timestamp::EARLIEST }, false, false),
            (OptIn::OptedOut, false, false),
            (some, false, true),
            (OptIn::Confirmed(Scope::ConfirmedRegistrationsAnd(RegistrationTag::of(&other))), false, true),
            (
                OptIn::Confirmed(Scope::ConfirmedRegistrationsAnd(RegistrationTag::of(&registration(false).owner))),
                true,
                true,
            ),
            (OptIn::Confirmed(Scope::All), true, true),
        ] {
            let permitted = [false, true].map(|is_confirmed| opt_in.permits(&registration(is_confirmed)));
            assert_eq!(permitted, [unconfirmed, confirmed], "{opt_in:?}");
        }
        assert_eq!(OptIn::after_confirming_registration(None), some);
        assert_eq!(OptIn::after_confirming_registration(Some(OptIn::OptedOut)), some);
        let all = OptIn::Confirmed(Scope::All);
        assert_eq!(OptIn::after_confirming_registration(Some(all)), all);
    }

    #[test]
    fn rejects_forged_or_truncated_token() {
        let key = Secret::new("first-contact-secret").unwrap();
        let id = ContactId::of(&Contact::email("ana@example.org").unwrap(), &key);
        let token = ContactToken::sign(&id, &key);
        assert_eq!(token.len(), 44);
        assert_eq!(ContactToken::verify(&token, &key), Some(id));
        assert_eq!(ContactToken::verify(&token, &Secret::new("other-contact-secret").unwrap()), None);
        for forged in ["", "x", &token[1..], &token[..43], &format!("{token}A"), "é".repeat(22).as_str()] {
            assert_eq!(ContactToken::verify(forged, &key), None, "{forged}");
        }
    }
}
