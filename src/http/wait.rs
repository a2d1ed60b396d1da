//! Waits a moment for the effect of a request, so that the next page shows it.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::attendee::Attendee;
use crate::domain::event_details::EventDetails;
use crate::domain::place::Place;
use crate::domain::signup::AttendeeKey;
use crate::domain::signup::Signup;
use crate::http::App;
use crate::ports::{Unavailable, place_of};
use std::slice;

/// How long a request waits for its sign-up to appear on the roster, and then for the decision about the place.
const MAX_WAIT: Duration = Duration::from_secs(2);
/// The time between two reads. It doubles after each read, up to the maximum.
const INITIAL_POLL_INTERVAL: Duration = Duration::from_millis(5);
const MAX_POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Waits until the sign-up or a newer one has been applied to the roster, and returns the attendee. It waits at most
/// [`MAX_WAIT`].
///
/// A failure to read the roster does not fail the request, because the sign-up is already durable.
pub async fn wait_for_roster(app: &App, signup: &Signup) -> Option<Attendee> {
    let key = signup.key();
    let mut polls = Polls::begin();
    loop {
        let attendee = app.backend.roster.attendee(&key).await.unwrap_or_else(|unavailable| {
            tracing::warn!(%unavailable, "roster read failed while waiting for a sign-up");
            None
        });
        let is_on_roster = attendee.as_ref().is_some_and(|attendee| attendee.newest >= signup.version);
        if is_on_roster || !polls.wait().await {
            return attendee;
        }
    }
}

/// Waits until it is decided whether the attendee and their guests have a place, at most [`MAX_WAIT`]. Returns at once if the
/// places of the event are not limited.
pub async fn wait_for_place(app: &App, details: Option<&EventDetails>, attendee: Option<&Attendee>) {
    let Some(attendee) = attendee else { return };
    let mut polls = Polls::begin();
    loop {
        let is_decided = is_decided(app, details, attendee).await.unwrap_or_else(|unavailable| {
            tracing::warn!(%unavailable, "reading a seat failed while waiting for a decision");
            true
        });
        if is_decided || !polls.wait().await {
            return;
        }
    }
}

/// Waits until somebody who is no longer on the roster has no seat, so that the next page shows their place as free. It waits at
/// most [`MAX_WAIT`].
pub async fn wait_until_free(app: &App, details: Option<&EventDetails>, key: &AttendeeKey) {
    if !details.is_some_and(EventDetails::is_limited) {
        return;
    }
    let mut polls = Polls::begin();
    loop {
        let seats = app.backend.seats.seats(slice::from_ref(key)).await.unwrap_or_else(|unavailable| {
            tracing::warn!(%unavailable, "reading a seat failed while waiting until it is free");
            Vec::new()
        });
        if seats.iter().all(Option::is_none) || !polls.wait().await {
            return;
        }
    }
}

async fn is_decided(app: &App, details: Option<&EventDetails>, attendee: &Attendee) -> Result<bool, Unavailable> {
    let seats = &*app.backend.seats;
    match place_of(seats, details, attendee).await? {
        Some(Place::Pending) => Ok(false),
        // More guests will be refused if they do not fit, and get their places in a moment if they do.
        Some(Place::Confirmed { refused_guests, .. }) if refused_guests > 0 => {
            Ok(!seats.summary(&attendee.event).await?.is_some_and(|seats| seats.fits(refused_guests)))
        }
        Some(Place::Confirmed { .. } | Place::Waiting { .. }) | None => Ok(true),
    }
}

/// Reads that are repeated until the time is up.
struct Polls {
    deadline: Instant,
    interval: Duration,
}

impl Polls {
    fn begin() -> Self {
        Self { deadline: Instant::now() + MAX_WAIT, interval: INITIAL_POLL_INTERVAL }
    }

    /// Waits until the next read. Returns `false` if the time is up.
    async fn wait(&mut self) -> bool {
        if Instant::now() >= self.deadline {
            return false;
        }
        tokio::time::sleep(self.interval).await;
        self.interval = (self.interval * 2).min(MAX_POLL_INTERVAL);
        true
    }
}
