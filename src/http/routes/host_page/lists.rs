//! The list of people for a host: to print, and as a table.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::domain::event::EventId;
use crate::domain::event_details::EventDetails;
use crate::domain::new_event_id::readable_part;
use crate::domain::place::Place;
use crate::domain::viewer::Viewer;
use crate::formats::csv::text::escape_formula;
use crate::http::event_view::{host_role, invalid_host_link, read_details};
use crate::http::headcount::{MAX_COUNTED, whole_roster};
use crate::http::locale::Locale;
use crate::http::paging::parse_event_id;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::roster_view::{RosterPerson, RosterView};
use crate::http::{App, pages};
use crate::notify::links::event_path;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Shows the list of people, to be printed.
#[utoipa::path(
    get, path = "/events/{event}/host/{token}/print", operation_id = "printList", tag = "hosts",
    params(("event" = String, Path, description = "The event's id or title"), ("token" = String, Path, description = "The token at the end of the host's link")),
    responses((status = 200, content((String = "text/html"))), (status = "4XX", body = Problem, content_type = "application/problem+json")),
)]
pub async fn print(
    State(app): State<Arc<App>>,
    Path((event, token)): Path<(String, String)>,
    locale: Locale,
) -> Result<Response, Problem> {
    let (details, parts) = read(&app, &event, &token).await?;
    let path = event_path(&details.event, &["host", &token]);
    Ok(pages::print_list(locale, &details, &parts, &path).into_response())
}

/// The list of people as CSV (RFC 4180, UTF-8 with a byte order mark, without which Excel does not read it as UTF-8), without
/// addresses.
///
/// A text that a spreadsheet would read as a formula starts with an added `'`.
#[utoipa::path(
    get, path = "/events/{event}/host/{token}/list.csv", operation_id = "exportAsHost", tag = "hosts",
    params(("event" = String, Path, description = "The event's id or title"), ("token" = String, Path, description = "The token at the end of the host's link")),
    responses((status = 200, content((String = "text/csv"))), (status = "4XX", body = Problem, content_type = "application/problem+json")),
)]
pub async fn csv(
    State(app): State<Arc<App>>,
    Path((event, token)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (details, parts) = read(&app, &event, &token).await?;
    let mut table =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    let header = ["name", "guests", "answer", "note", "since", "state", "position"].map(str::to_owned);
    let rows = parts.iter().flat_map(RosterView::people).map(|person| row(&person));
    for row in [header].into_iter().chain(rows) {
        table.write_record(row).expect("writing to a vector does not fail");
    }
    let body = table.into_inner().expect("writing to a vector does not fail");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.csv\"", file_name(&details.event))),
    ];
    Ok((headers, body).into_response())
}

/// Returns the name of an event for a file: without the random end of an unlisted id, so that the file does not contain the
/// link. `attendees` if the id is not ASCII.
fn file_name(event: &EventId) -> &str {
    let name = readable_part(event);
    if name.is_ascii() { name } else { "attendees" }
}

fn row(person: &RosterPerson<'_>) -> [String; 7] {
    let details = &person.registration.details;
    let text = |text: &str| escape_formula(text).into_owned();
    [
        text(person.attendee.name.as_str()),
        person.guests().to_string(),
        details.answer.as_ref().map(|answer| text(answer.as_str())).unwrap_or_default(),
        details.note.as_ref().map(|note| text(note.as_str())).unwrap_or_default(),
        person.registration.since.to_string(),
        person.place.map(Place::as_str).unwrap_or_default().to_owned(),
        person.place.and_then(Place::position).map(|position| position.to_string()).unwrap_or_default(),
    ]
}

async fn read(app: &App, event: &str, token: &str) -> Result<(Arc<EventDetails>, Vec<RosterView>), Problem> {
    let event = parse_event_id(event)?;
    let details = read_details(app, &event).await?.ok_or_else(invalid_host_link)?;
    let role = host_role(app, &event, Some(details.links), token).await?.ok_or_else(invalid_host_link)?;
    let parts = whole_roster(app, &details, Viewer::Host(role).view(Some(&details))).await?.ok_or_else(|| {
        let detail = format!(
            "More than {MAX_COUNTED} people signed up. Read the list in parts, with `Accept: application/json`."
        );
        Problem::new(ProblemKind::Conflict, detail).on_page("host-too-many")
    })?;
    Ok((details, parts))
}
