//! Places and the waiting list, as responses describe them. Servers of earlier versions do not mention them.

use std::fmt;

use serde::Deserialize;

/// The places of an event whose number is limited.
#[derive(Debug, Deserialize)]
pub struct Places {
    capacity: u64,
    /// The number of people who have a place.
    taken: u64,
    /// The number of sign-ups on the waiting list.
    waiting: u64,
}

/// Whether somebody has a place.
#[derive(Debug, Deserialize)]
pub struct Place {
    state: Option<PlaceState>,
    /// The position on the waiting list, from 1.
    position: Option<u64>,
    /// The number of further guests for whom there was no place.
    #[serde(default)]
    refused_guests: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PlaceState {
    Confirmed,
    Waiting,
    Pending,
    /// A newer server may know more.
    #[serde(other)]
    Other,
}

/// `23 of 40 places, 4 waiting`
impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { capacity, taken, waiting } = self;
        let places = if *capacity == 1 { "place" } else { "places" };
        write!(f, "{taken} of {capacity} {places}")?;
        if *waiting > 0 { write!(f, ", {waiting} waiting") } else { Ok(()) }
    }
}

impl Place {
    pub fn is_pending(&self) -> bool {
        self.state == Some(PlaceState::Pending)
    }

    /// A mark after the name in a list. Empty for whoever has a place.
    pub fn mark(&self) -> String {
        match (self.state, self.position) {
            (Some(PlaceState::Waiting), Some(position)) => format!("  (waiting, number {position})"),
            (Some(PlaceState::Waiting), None) => "  (waiting)".to_owned(),
            (Some(PlaceState::Pending), _) => "  (place not decided yet)".to_owned(),
            (Some(PlaceState::Confirmed | PlaceState::Other) | None, _) => String::new(),
        }
    }

    /// Says in sentences whether somebody has a place.
    pub fn sentences(&self, name: &str) -> Vec<String> {
        match (self.state, self.position) {
            (Some(PlaceState::Waiting), Some(position)) => {
                vec![format!("{name} is on the waiting list, as number {position}.")]
            }
            (Some(PlaceState::Waiting), None) => vec![format!("{name} is on the waiting list.")],
            (Some(PlaceState::Confirmed), _) => {
                let refused = (self.refused_guests > 0)
                    .then(|| format!("There was no place for {} of the guests.", self.refused_guests));
                std::iter::once(format!("{name} has a place.")).chain(refused).collect()
            }
            (Some(PlaceState::Pending | PlaceState::Other) | None, _) => Vec::new(),
        }
    }
}
