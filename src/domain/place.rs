//! Whether a registration has a place on an event whose places are limited, as its owner and others are told.

use strum::IntoStaticStr;

use crate::domain::registration::Registration;
use crate::domain::seat::{Seat, Standing};

/// Whether a registration has a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Place {
    /// This is not decided yet.
    Pending,
    Confirmed {
        /// The number of guests who have a place too.
        guests: u8,
        /// The number of further guests whom the registration wants to bring, and for whom there was no place.
        refused_guests: u8,
    },
    Waiting {
        /// The position on the waiting list, from 1. `None` if it is not known.
        position: Option<u64>,
    },
}

impl Place {
    /// Returns the place of a registration. `seat` is the stored seat of its attendee. The position on the waiting list is not
    /// known from it.
    pub fn of(registration: &Registration, seat: Option<&Seat>) -> Self {
        let Some(seat) = seat.filter(|seat| seat.is_of(registration)) else { return Self::Pending };
        match seat.standing {
            Standing::Waiting => Self::Waiting { position: None },
            Standing::Confirmed => {
                let wanted = registration.details.guests;
                // Places of guests who are not coming any more are given back in a moment.
                let guests = seat.party.saturating_sub(1).min(wanted);
                Self::Confirmed { guests, refused_guests: wanted - guests }
            }
        }
    }

    /// Returns the number of guests who are coming, or who wait.
    pub fn guests(self, registration: &Registration) -> u8 {
        match self {
            Self::Confirmed { guests, .. } => guests,
            Self::Pending | Self::Waiting { .. } => registration.details.guests,
        }
    }

    pub fn position(self) -> Option<u64> {
        match self {
            Self::Waiting { position } => position,
            Self::Pending | Self::Confirmed { .. } => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attendee_name::NameKey;
    use crate::domain::channel::Channel;
    use crate::domain::event::EventId;
    use crate::domain::registration_details::RegistrationDetails;
    use crate::domain::signup::{AttendeeKey, SignupId};
    use crate::domain::timestamp::Timestamp;

    fn registration(guests: u8) -> Registration {
        Registration {
            since: Timestamp::EARLIEST,
            owner: SignupId::parse("message-7").unwrap(),
            channel: Channel::Http,
            contact: None,
            confirmed: false,
            network: None,
            notify: true,
            details: RegistrationDetails { guests, ..RegistrationDetails::default() },
            link_requested_at: None,
        }
    }

    fn seat(standing: Standing, party: u8) -> Seat {
        let Registration { owner, since, .. } = registration(0);
        let name = NameKey::from_stored("ana".to_owned());
        let attendee = AttendeeKey { event: EventId::parse("dinner").unwrap(), name };
        Seat { attendee, owner, since, party, standing, number: 7 }
    }

    #[test]
    fn registration_without_seat_of_its_own_is_pending() {
        assert_eq!(Place::of(&registration(2), None), Place::Pending);
        let earlier = Seat { owner: SignupId::parse("message-6").unwrap(), ..seat(Standing::Confirmed, 1) };
        assert_eq!(Place::of(&registration(2), Some(&earlier)), Place::Pending);
        assert_eq!(Place::Pending.guests(&registration(2)), 2);
    }

    #[test]
    fn guests_without_place_are_refused() {
        let place = |guests, party| Place::of(&registration(guests), Some(&seat(Standing::Confirmed, party)));
        assert_eq!(place(2, 3), Place::Confirmed { guests: 2, refused_guests: 0 });
        assert_eq!(place(4, 3), Place::Confirmed { guests: 2, refused_guests: 2 });
        assert_eq!(place(4, 3).guests(&registration(4)), 2);
        assert_eq!(place(0, 3), Place::Confirmed { guests: 0, refused_guests: 0 }, "fewer guests come than before");
    }

    #[test]
    fn waiting_party_keeps_all_its_guests() {
        let place = Place::of(&registration(4), Some(&seat(Standing::Waiting, 3)));
        assert_eq!(place, Place::Waiting { position: None });
        assert_eq!((place.guests(&registration(4)), place.position(), place.as_str()), (4, None, "waiting"));
    }
}
