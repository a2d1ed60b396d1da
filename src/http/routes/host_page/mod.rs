//! The page behind a host's link: what the link allows, and who is coming.

pub mod actions;
pub mod edit;
pub mod lists;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use strum::VariantArray as _;
use utoipa::ToSchema;

use crate::domain::attendee_name::NameKey;
use crate::domain::channel::Channel;
use crate::domain::event::EventId;
use crate::domain::event_details::{EventDetails, SignupRefusal};
use crate::domain::host_link::HostRole;
use crate::domain::registration::Registration;
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::Viewer;
use crate::http::address_state::{AddressState, address_state};
use crate::http::bodies::RegistrationBody;
use crate::http::client::{DefaultForm, absolute_url, wants_page};
use crate::http::event_view::{host_role, invalid_host_link, read_details};
use crate::http::headcount::{Headcount, whole_roster};
use crate::http::locale::Locale;
use crate::http::pages::{Form, HostPage, Page, PersonalLink};
use crate::http::paging::{DEFAULT_LIMIT, PageQuery, encode_cursor, parse_event_id};
use crate::http::place_bodies::{PlaceBody, PlacesBody};
use crate::http::problem::Problem;
use crate::http::roster_view::{RosterPerson, RosterView};
use crate::http::routes::events::DetailsBody;
use crate::http::routes::host_links::link;
use crate::http::{App, moved_up};
use crate::notify::links::event_path;

/// An event as its host sees it.
#[derive(Serialize, ToSchema)]
pub struct HostBody {
    /// The id of the event.
    event: String,
    /// The role of the link: `host`, `co_host` or `check_in`.
    role: &'static str,
    /// The link for guests.
    url: String,
    details: DetailsBody,
    /// The number of attendees on all pages, including those on the waiting list.
    count: u64,
    /// The places. Absent if their number is not limited, and for a moment after they have been limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    places: Option<PlacesBody>,
    attendees: Vec<HostEntry>,
    /// The cursor of the next page; null on the last page.
    next: Option<String>,
}

/// An attendee as a host sees them.
#[derive(Serialize, ToSchema)]
pub struct HostEntry {
    name: String,
    /// When the registration began.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// The channel of the sign-up that began the registration.
    #[schema(value_type = String, example = "http")]
    channel: Channel,
    #[serde(flatten)]
    details: RegistrationBody,
    /// Absent if the places are not limited. In this list, the position is null if more than 500 wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<PlaceBody>,
}

impl HostEntry {
    fn of(person: &RosterPerson<'_>) -> Self {
        let Registration { since, channel, details, .. } = person.registration;
        let details = RegistrationBody { guests: person.guests(), ..RegistrationBody::of(details) };
        let place = person.place.map(PlaceBody::from);
        Self { name: person.attendee.name.to_string(), since: *since, channel: *channel, details, place }
    }
}

/// Shows an event to the holder of a host's link.
#[utoipa::path(
    get, path = "/events/{event}/host/{token}", operation_id = "showHostPage", tag = "hosts",
    params(("event" = String, Path, description = "The event's id or title"), ("token" = String, Path, description = "The token at the end of the host's link"), PageQuery),
    responses(
        (status = 200, content((HostBody = "application/json"), (String = "text/html"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn show(
    State(app): State<Arc<App>>,
    Path((event, token)): Path<(String, String)>,
    Query(page): Query<PageQuery>,
    Query(done): Query<DoneQuery>,
    locale: Locale,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let event = parse_event_id(&event)?;
    if wants_page(&headers, DefaultForm::Page) {
        let query = HostQuery { page, done, personal_link: None };
        return Ok(host_page(&app, &event, &token, &headers, &query, &Form::empty(locale)).await?.into_response());
    }
    let details = read_details(&app, &event).await?.ok_or_else(invalid_host_link)?;
    let role = host_role(&app, &event, Some(details.links), &token).await?.ok_or_else(invalid_host_link)?;
    let after = page.cursor()?.map(NameKey::from_stored);
    let view = Viewer::Host(role).view(Some(&details));
    let roster = RosterView::read(&app, &event, Some(&details), view, page.limit()?, after.as_ref()).await?;
    let body = HostBody {
        event: event.to_string(),
        role: role.as_str(),
        url: absolute_url(app.public_url.as_ref(), &headers, &event_path(&event, &[])),
        details: DetailsBody::of(&details),
        count: roster.page.count,
        places: roster.counts,
        attendees: roster.people().iter().map(HostEntry::of).collect(),
        next: roster.page.next.as_ref().map(|name| encode_cursor(name.as_str())),
    };
    Ok(Json(body).into_response())
}

/// The part of the query that says what the host has just done.
#[derive(Default, Deserialize)]
pub struct DoneQuery {
    done: Option<String>,
    /// Who [moved up](moved_up::to_query) from the waiting list.
    up: Option<String>,
}

/// What of a host's page to show.
#[derive(Default)]
pub struct HostQuery {
    page: PageQuery,
    done: DoneQuery,
    /// The link of an attendee, for which the host has asked.
    personal_link: Option<PersonalLink>,
}

async fn addresses(app: &App, roster: &RosterView) -> Result<Vec<AddressState>, Problem> {
    let mut addresses = Vec::new();
    for person in roster.people() {
        addresses.push(address_state(app, person.registration).await?);
    }
    Ok(addresses)
}

/// Returns the page of a host's link, with the part of the roster that `query` asks for.
pub async fn host_page(
    app: &App,
    event: &EventId,
    token: &str,
    headers: &HeaderMap,
    query: &HostQuery,
    form: &Form,
) -> Result<Page, Problem> {
    let details = read_details(app, event).await?.ok_or_else(invalid_host_link)?;
    let role = host_role(app, event, Some(details.links), token).await?.ok_or_else(invalid_host_link)?;
    let view = Viewer::Host(role).view(Some(&details));
    let whole = whole_roster(app, &details, view).await?;
    let headcount = whole.as_ref().map(|parts| Headcount::of(parts.iter().flat_map(RosterView::people)));
    let after = query.page.cursor()?.map(NameKey::from_stored);
    let roster = RosterView::read(app, event, Some(&details), view, DEFAULT_LIMIT, after.as_ref()).await?;
    let roles = if role == HostRole::Host { HostRole::VARIANTS } else { &[] };
    let links: Vec<(HostRole, String)> =
        roles.iter().rev().map(|role| (*role, link(app, headers, &details, *role).url)).collect();
    let moved_up = match &query.done.up {
        Some(names) => moved_up::from_query(app, event, names).await?,
        None => None,
    };
    let page = HostPage {
        details: &details,
        role,
        url: &absolute_url(app.public_url.as_ref(), headers, &event_path(event, &[])),
        path: &event_path(event, &["host", token]),
        links: &links,
        addresses: &addresses(app, &roster).await?,
        roster: &roster,
        headcount: headcount.as_ref(),
        refusal: details.check_open(Timestamp::now()).err(),
        delivery: app.delivery,
        done: query.done.done.as_deref().and_then(|done| done_message(done, &details)),
        moved_up,
        personal_link: query.personal_link.as_ref(),
        form,
    };
    Ok(page.page())
}

/// The message about what was done, if it is so. The name is from the address of the page, which may be old.
fn done_message(done: &str, details: &EventDetails) -> Option<&'static str> {
    let refusal = details.check_open(Timestamp::now()).err();
    let (message, is_so) = match done {
        "created" => ("host-done-created", details.version <= 1),
        "repeated" => ("host-done-repeated", true),
        "edited" => ("host-done-edited", true),
        "added" => ("host-done-added", true),
        "added_waiting" => ("host-done-added-waiting", true),
        "promoted" => ("host-done-promoted", true),
        "removed" => ("host-done-removed", true),
        "closed" => ("host-done-closed", matches!(refusal, Some(SignupRefusal::Closed(_)))),
        "opened" => ("host-done-opened", refusal.is_none()),
        "cancelled" => ("host-done-cancelled", details.cancelled_at.is_some()),
        "archived" => ("host-done-archived", details.archived_at.is_some()),
        "reopened" => ("host-done-reopened", details.takes_place(Timestamp::now())),
        "revoked" => ("host-done-revoked", true),
        _ => return None,
    };
    is_so.then_some(message)
}
