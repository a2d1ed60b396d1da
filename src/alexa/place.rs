//! Waits for the decision whether somebody who was signed up has a place.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::skill::Skill;
use crate::domain::event_details::EventDetails;
use crate::domain::place::Place;
use crate::domain::signup::{AttendeeKey, Version};
use crate::ports::{Unavailable, place_of};

/// How long the skill waits. It leaves time to answer before Amazon gives up.
const MAX_WAIT: Duration = Duration::from_secs(4);

const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Returns the place of an attendee once the sign-up with this version is on the roster and its place is decided. Returns
/// [`Place::Pending`] if this takes too long, and `None` if the places of the event are not limited.
pub async fn wait_for_place(
    skill: &Skill<'_>,
    details: Option<&EventDetails>,
    key: &AttendeeKey,
    version: &Version,
) -> Result<Option<Place>, Unavailable> {
    if !details.is_some_and(EventDetails::is_limited) {
        return Ok(None);
    }
    let deadline = Instant::now() + MAX_WAIT;
    loop {
        let attendee = skill.roster.attendee(key).await?.filter(|attendee| attendee.newest >= *version);
        if let Some(attendee) = attendee {
            match place_of(skill.seats, details, &attendee).await? {
                Some(Place::Pending) => {}
                place => return Ok(place),
            }
        }
        if Instant::now() >= deadline {
            return Ok(Some(Place::Pending));
        }
        sleep(POLL_INTERVAL).await;
    }
}
