//! What hosts do with single attendees: give one who waits a place, and remove one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::capacity::{Capacity, MAX_CAPACITY};
use crate::domain::channel::Channel;
use crate::domain::event::Event;
use crate::domain::host_link::HostRole;
use crate::domain::seat::{Seat, SeatChange};
use crate::domain::signup::{AttendeeKey, Request, Signup, Version};
use crate::domain::timestamp::Timestamp;
use crate::formats::fields;
use crate::http::App;
use crate::http::event_view::{Credentials, read_details};
use crate::http::middleware::body::Fields;
use crate::http::paging::parse_event_id;
use crate::http::problem::{Cause, Problem, ProblemKind};
use crate::http::routes::organiser::QueuedSignup;
use crate::http::routes::{hosting, signups};
use crate::http::wait::{wait_for_roster, wait_until_free};
use crate::ports::{Unavailable, Write};

/// Attempts to change a seat while others change seats of the same event.
const MAX_ATTEMPTS: u32 = 10;

/// A party that is the first on the waiting list now. Within a moment it has a place, if it fits.
#[derive(Serialize, ToSchema)]
pub struct Promoted {
    /// The id of the event.
    pub event: String,
    pub name: String,
    /// The number of people who need a place together.
    pub party: u8,
    /// The number of places of the event; null if it is not limited.
    pub capacity: Option<u32>,
}

/// Gives a party that waits a place before all others.
///
/// Only for co-hosts, the host and the organiser. If there is no place for the party, the number of places must be raised: send
/// `"raise_capacity": true`.
#[utoipa::path(
    post, path = "/events/{event}/attendees/{name}/promote", operation_id = "promoteAttendee", tag = "hosts", security(("host" = []), ("organiser" = [])),
    params(("event" = String, Path, description = "The event's id or title"), ("name" = String, Path, description = "The attendee's name")),
    request_body(content = Object, example = json!({"raise_capacity": true})),
    responses(
        (status = 202, body = Promoted),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn promote(
    State(app): State<Arc<App>>,
    Path((event, name)): Path<(String, String)>,
    credentials: Credentials,
    fields: Fields,
) -> Result<Response, Problem> {
    let may_raise = fields::optional_bool(&fields.map, "raise_capacity")? == Some(true);
    let promoted = promote_attendee(&app, &credentials, &event, &name, may_raise).await?;
    Ok((StatusCode::ACCEPTED, Json(promoted)).into_response())
}

/// Gives a party that waits a place before all others. `may_raise` allows to raise the number of places for it.
pub async fn promote_attendee(
    app: &App,
    credentials: &Credentials,
    event: &str,
    name: &str,
    may_raise: bool,
) -> Result<Promoted, Problem> {
    let attendee = host_attendee(app, credentials, event, name).await?;
    let details = read_details(app, &attendee.event).await?;
    if !details.is_some_and(|details| details.takes_place(Timestamp::now())) {
        let detail = "This event is cancelled or over, or its places were never limited.";
        return Err(Problem::new(ProblemKind::Conflict, detail));
    }
    let (seat, capacity) = move_to_front(app, &attendee, may_raise).await?;
    let details = hosting::change(app, credentials, event, HostRole::CoHost, |details, _| {
        let limit = &mut details.content.capacity;
        // Somebody else may have raised it further, or removed the limit.
        if let (Some(current), Some(needed)) = (*limit, capacity) {
            *limit = Some(current.max(needed));
        }
    })
    .await?;
    Ok(Promoted {
        event: attendee.event.to_string(),
        name: attendee.name.to_string(),
        party: seat.party,
        capacity: details.content.capacity.map(u32::from),
    })
}

/// Moves the seat of an attendee to the front of the line. Returns it with the number of places that it needs, if there must
/// be more.
async fn move_to_front(app: &App, attendee: &Attendee, may_raise: bool) -> Result<(Seat, Option<Capacity>), Problem> {
    let not_waiting = || {
        let detail = format!("{} is not on the waiting list of this event.", attendee.name);
        Problem::new(ProblemKind::Conflict, detail).on_page("host-not-waiting")
    };
    for _ in 0..MAX_ATTEMPTS {
        let digest = app.backend.digests.digest(&attendee.event).await.map_err(Unavailable::from)?;
        let Some(mut digest) = digest else { return Err(not_waiting()) };
        let seat = app.backend.seats.seats(&[attendee.key()]).await?.pop().flatten();
        let seat = seat.filter(Seat::is_waiting).ok_or_else(not_waiting)?;
        // While the seats are being counted, nobody else changes them.
        let seats = digest.seats.as_mut().filter(|seats| seats.recount.is_none()).ok_or_else(try_again)?;
        let needed = u32::try_from(seats.places_for(&seat)).ok().and_then(|places| Capacity::try_from(places).ok());
        let needed = needed.ok_or_else(|| {
            let detail = format!("An event has at most {MAX_CAPACITY} places.");
            Problem::new(ProblemKind::Conflict, detail)
        })?;
        let capacity = seats.capacity.is_some_and(|capacity| capacity < needed).then_some(needed);
        if let Some(capacity) = capacity.filter(|_| !may_raise) {
            let detail = format!(
                "There is no place for {} people. Send `\"raise_capacity\": true` to raise the number of places to {capacity}.",
                seat.party
            );
            let cause = Some(Box::new(Cause::NoPlace { needed: capacity.into() }));
            return Err(Problem { cause, ..Problem::new(ProblemKind::NoPlace, detail) });
        }
        let moved = seats.move_to_front(&seat);
        let change = SeatChange { old: Some(seat), new: Some(moved.clone()) };
        if app.backend.seats.commit(&digest, &[change], Timestamp::now()).await? == Write::Stored {
            return Ok((moved, capacity));
        }
    }
    Err(try_again())
}

fn try_again() -> Problem {
    let detail = "The places of this event are changing just now. Please try again in a moment.";
    Problem::new(ProblemKind::Conflict, detail)
}

/// Removes an attendee from the roster, which frees their places.
///
/// Only for co-hosts, the host and the organiser.
#[utoipa::path(
    delete, path = "/events/{event}/attendees/{name}", operation_id = "removeAttendee", tag = "hosts", security(("host" = []), ("organiser" = [])),
    params(("event" = String, Path, description = "The event's id or title"), ("name" = String, Path, description = "The attendee's name")),
    responses(
        (status = 202, body = QueuedSignup),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn remove(
    State(app): State<Arc<App>>,
    Path((event, name)): Path<(String, String)>,
    credentials: Credentials,
) -> Result<Response, Problem> {
    let signup = remove_attendee(&app, &credentials, &event, &name).await?;
    Ok((StatusCode::ACCEPTED, Json(QueuedSignup::of(&signup))).into_response())
}

/// Removes an attendee from the roster, and waits a moment until that is done.
pub async fn remove_attendee(app: &App, credentials: &Credentials, event: &str, name: &str) -> Result<Signup, Problem> {
    let attendee = host_attendee(app, credentials, event, name).await?;
    let signup = Signup {
        version: Version::newer_than(Some(&attendee.newest)),
        event: Event::parse(attendee.event_spelling()).map_err(|problem| problem.in_field("event"))?,
        name: attendee.name,
        channel: Channel::Cli,
        network: None,
        request: Request::Cancel,
    };
    signups::enqueue(app, &signup).await?;
    wait_for_roster(app, &signup).await;
    wait_until_free(app, read_details(app, signup.event.id()).await?.as_deref(), &signup.key()).await;
    Ok(signup)
}

/// Returns an attendee on the roster to somebody who may edit the event.
pub async fn host_attendee(app: &App, credentials: &Credentials, event: &str, name: &str) -> Result<Attendee, Problem> {
    let event = parse_event_id(event)?;
    let links = read_details(app, &event).await?.map(|details| details.links);
    credentials.require(HostRole::CoHost, app, &event, links).await?;
    let name = NameKey::of(name).map_err(|problem| problem.in_field("name"))?;
    let attendee = app.backend.roster.attendee(&AttendeeKey { event, name }).await?;
    let attendee = attendee.filter(|attendee| attendee.registration().is_some());
    attendee.ok_or_else(|| {
        Problem::new(ProblemKind::NotFound, "Nobody with this name is on the roster of this event.")
            .on_page("host-nobody")
    })
}
