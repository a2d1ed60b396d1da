//! The manage link: what proves that somebody owns a stay, and what its page can say.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::attendee::{Attendee, Status};
use crate::attendee_name::NameKey;
use crate::event::EventId;
use crate::secret::Secret;
use crate::signup::{AttendeeKey, Signup, SignupId};
use crate::timestamp::Timestamp;

const PURPOSE: &str = "manage";
const TAG_BYTES: usize = 32;

/// How long a sign-up that is not in the table counts as on its way; after that it has left, by the
/// organiser's removal or by its tombstone's expiry.
const ON_ITS_WAY: Duration = Duration::from_secs(60 * 60);

/// Proof that a sign-up with this id was made for this attendee. It opens the stay that this sign-up
/// began, if it began one, and no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManageToken {
    pub key: AttendeeKey,
    pub signup: SignupId,
}

/// How things stand with the stay behind a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StayState {
    /// The sign-up is on its way to the roster.
    Pending,
    In,
    Out,
    /// The attendee is in by somebody else's sign-up.
    NotYours,
}

impl ManageToken {
    pub fn of(signup: &Signup) -> Self {
        Self { key: signup.key(), signup: signup.version.id.clone() }
    }

    /// As it stands in a link: base64url of the tag, the id's length in one byte, the id, the folded name.
    /// The tag covers the event too, which stands elsewhere in the link.
    pub fn sign(&self, secret: &Secret) -> String {
        let id = self.signup.as_str().as_bytes();
        let mut bytes = secret.tag(PURPOSE, &self.parts()).to_vec();
        bytes.push(u8::try_from(id.len()).expect("an id has at most 128 bytes"));
        bytes.extend_from_slice(id);
        bytes.extend_from_slice(self.key.name.as_str().as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a link's token; `None` if it was not made for this event under this secret.
    pub fn verify(event: &EventId, text: &str, secret: &Secret) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (tag, rest) = bytes.split_at_checked(TAG_BYTES)?;
        let (&id_length, rest) = rest.split_first()?;
        let (id, name) = rest.split_at_checked(usize::from(id_length))?;
        let token = Self {
            key: AttendeeKey {
                event: event.clone(),
                name: NameKey::from_stored(String::from_utf8(name.to_vec()).ok()?),
            },
            signup: SignupId::from_stored(String::from_utf8(id.to_vec()).ok()?),
        };
        secret.verifies(PURPOSE, &token.parts(), tag).then_some(token)
    }

    fn parts(&self) -> [&[u8]; 3] {
        [self.key.event.as_str().as_bytes(), self.key.name.as_str().as_bytes(), self.signup.as_str().as_bytes()]
    }

    /// How things stand, given the attendee as stored.
    pub fn state(&self, attendee: Option<&Attendee>, now: Timestamp) -> StayState {
        let made_at = self.signup.made_at();
        match attendee {
            None if made_at.is_some_and(|made_at| now.since(made_at) < ON_ITS_WAY) => StayState::Pending,
            None => StayState::Out,
            Some(Attendee { status: Status::In(stay), .. }) if stay.owner == self.signup => StayState::In,
            Some(attendee) if made_at.is_some_and(|made_at| made_at > attendee.newest.requested_at) => {
                StayState::Pending
            }
            Some(Attendee { status: Status::In(_), .. }) => StayState::NotYours,
            Some(Attendee { status: Status::Out { .. }, .. }) => StayState::Out,
        }
    }
}
