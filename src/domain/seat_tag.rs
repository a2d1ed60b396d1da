//! The tag of a seat: identifies what a party was told, where neither its name nor its contact may appear.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::seat::{Seat, Standing};
use crate::domain::secret::Secret;

/// Separates these tags from other uses of the same secret.
const PURPOSE: &str = "seat";

/// 128 bits, enough that two seats with the same tag cannot be found.
const TAG_BYTES: usize = 16;

/// Identifies a standing of the seat of one registration. ASCII and short.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SeatTag(String);

impl SeatTag {
    pub fn of(seat: &Seat, standing: Standing, secret: &Secret) -> Self {
        let since = seat.since.as_millis().to_be_bytes();
        let (event, name) = (seat.attendee.event.as_str(), seat.attendee.name.as_str());
        let tag = secret.tag(PURPOSE, &[event.as_bytes(), name.as_bytes(), seat.owner.as_str().as_bytes(), &since]);
        // No id of a mailbox contains `#`.
        Self(format!("#seat-{}-{}", standing.as_str(), URL_SAFE_NO_PAD.encode(&tag[..TAG_BYTES])))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of the message that tells the party. It is the same when the message is sent again.
    pub fn message_id(&self) -> &str {
        self.0.trim_start_matches('#')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attendee_name::NameKey;
    use crate::domain::event::EventId;
    use crate::domain::signup::{AttendeeKey, SignupId};
    use crate::domain::timestamp::Timestamp;

    #[test]
    fn tag_is_of_one_registration_and_standing() {
        let secret = Secret::new("correct-horse-battery").unwrap();
        let attendee = |name: &str| AttendeeKey {
            event: EventId::parse("dance").unwrap(),
            name: NameKey::from_stored(name.to_owned()),
        };
        let ana = Seat {
            attendee: attendee("ana"),
            owner: SignupId::parse("signup").unwrap(),
            since: Timestamp::EARLIEST,
            party: 1,
            standing: Standing::Waiting,
            number: 7,
        };
        let tag = SeatTag::of(&ana, Standing::Waiting, &secret);
        assert!(tag.as_str().starts_with("#seat-waiting-") && tag.message_id().starts_with("seat-waiting-"));
        assert!(!tag.as_str().contains("ana"));
        // A change of the party, or of its place in line, is no other registration.
        let same = Seat { party: 2, standing: Standing::Confirmed, number: 8, ..ana.clone() };
        assert_eq!(SeatTag::of(&same, Standing::Waiting, &secret), tag);
        let later = Seat { since: Timestamp::LATEST, ..ana.clone() };
        let ben = Seat { attendee: attendee("ben"), ..ana.clone() };
        let others = [
            SeatTag::of(&ana, Standing::Confirmed, &secret),
            SeatTag::of(&later, Standing::Waiting, &secret),
            SeatTag::of(&ben, Standing::Waiting, &secret),
        ];
        assert!(!others.contains(&tag), "{others:?}");
    }
}
