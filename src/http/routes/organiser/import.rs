//! CSV import: clients read the file and send its rows in batches.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::domain::attendee_name::AttendeeName;
use crate::domain::channel::Channel;
use crate::domain::event::{Event, EventId};
use crate::domain::invalid::{FieldProblem, InvalidField};
use crate::domain::signup::Signup;
use crate::domain::timestamp::Timestamp;
use crate::formats::csv::{Import, ImportedSignup};
use crate::formats::{fields, http_signup as http, message, registration_details};
use crate::http::App;
use crate::http::locale::Locale;
use crate::http::middleware::body::Fields;
use crate::http::named_event::NamedEvents;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::organiser::{Organiser, import_form};
use std::collections::BTreeMap;

/// The maximum number of rows in one request.
pub const MAX_ROWS: usize = 1_000;

/// The maximum row number. The id of a row's sign-up contains the row number as ten digits.
const MAX_ROW_NUMBER: u64 = 9_999_999_999;

/// How long a request waits for the queue to become shorter.
const MAX_QUEUE_WAIT: Duration = Duration::from_secs(5);
/// Time between two reads of the queue's length.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Rows of a CSV import. Sending them again with the same `import` and `began_at` changes nothing.
#[derive(Serialize, ToSchema)]
pub struct ImportRequest {
    /// An id of this import, different for each file: at most 64 letters and digits.
    #[schema(example = "9f86d081884c7d65")]
    pub import: String,
    /// When the import began, in milliseconds since 1970. All its rows get this time.
    pub began_at: i64,
    /// At most 1,000 rows.
    pub rows: Vec<ImportRow>,
}

/// One row of a CSV import.
#[derive(Serialize, ToSchema)]
pub struct ImportRow {
    /// The number of the row in the file. If two rows are about the same person, the one with the higher number wins.
    pub row: u64,
    #[schema(example = "Dance")]
    pub event: String,
    #[schema(example = "Melvin")]
    pub name: String,
    #[schema(value_type = Option<Object>, example = json!({"email": "ana@example.org"}))]
    pub contact: Option<Value>,
}

/// The result of a batch of rows.
#[derive(Serialize, ToSchema)]
pub struct ImportResponse {
    /// The number of rows that are stored and will be added to the roster.
    accepted: usize,
    /// Rows that are invalid. Correct and send them again.
    refused: Vec<RefusedRow>,
    /// The titles of events for which nobody had signed up before, and which have no details. They may be typing mistakes.
    new_events: Vec<String>,
}

/// An invalid row.
#[derive(Serialize, ToSchema)]
pub struct RefusedRow {
    row: u64,
    /// What is wrong with the row, and what to do.
    reason: String,
}

/// Signs up the people in some rows of a CSV file.
#[utoipa::path(
    post, path = "/organiser/import", operation_id = "importRows", tag = "organiser", security(("organiser" = [])), request_body = ImportRequest,
    responses(
        (status = 202, body = ImportResponse),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "The queue is too long at the moment; try again"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn import(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    locale: Locale,
    fields: Fields,
) -> Result<Response, Problem> {
    if fields.is_form {
        return import_form::import(&app, locale, fields.map).await;
    }
    let import = parse_import(&fields.map)?;
    let rows = match fields::optional(&fields.map, "rows") {
        Some(Value::Array(rows)) if rows.len() <= MAX_ROWS => rows,
        Some(Value::Array(rows)) => {
            return Err(FieldProblem::TooMany { found: rows.len(), limit: MAX_ROWS }.in_field("rows").into());
        }
        Some(other) => {
            let problem = FieldProblem::WrongType { expected: "a list", found: fields::kind_of(other) };
            return Err(problem.in_field("rows").into());
        }
        None => return Err(FieldProblem::Missing.in_field("rows").into()),
    };
    let (mut signups, mut refused) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        let row = as_object(row)?;
        let number = parse_row_number(row)?;
        match parse_person(row) {
            Ok(person) => signups.push((number, person)),
            Err(invalid) => refused.push(RefusedRow { row: number, reason: invalid.to_string() }),
        }
    }
    let names = NamedEvents::find(&app, signups.iter().map(|(_, person)| &person.event)).await?;
    let mut accepted = Vec::with_capacity(signups.len());
    for (row, person) in signups {
        match names.resolve(&person.event) {
            Ok(event) => accepted.push(import.signup(row, ImportedSignup { event, ..person })),
            Err(several) => refused.push(RefusedRow { row, reason: several.to_string() }),
        }
    }
    let new_events = send(&app, &accepted, &names).await?;
    let response = ImportResponse { accepted: accepted.len(), refused, new_events };
    Ok((StatusCode::ACCEPTED, Json(response)).into_response())
}

/// Puts the sign-ups of at most [`MAX_ROWS`] rows on the queue. Returns the titles of the events that they begin.
pub async fn send(app: &App, signups: &[Signup], names: &NamedEvents) -> Result<Vec<String>, Problem> {
    wait_for_queue(app).await?;
    let accepted = u32::try_from(signups.len()).expect("MAX_ROWS fits in a u32");
    app.queue.send(signups.iter().map(message::write).collect()).await?;
    if accepted > 0 {
        app.metrics.accepted(Channel::Import, accepted);
    }
    let mut begun: BTreeMap<&EventId, &str> = BTreeMap::new();
    for event in signups.iter().map(|signup| &signup.event).filter(|event| names.begins(event)) {
        begun.entry(event.id()).or_insert(event.title());
    }
    Ok(begun.into_values().map(str::to_owned).collect())
}

fn parse_import(fields: &Map<String, Value>) -> Result<Import, InvalidField> {
    let id = fields::text(fields, "import")?;
    if !(1..=64).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(FieldProblem::NotAnId { limit: 64 }.in_field("import"));
    }
    let began_at = match fields::optional(fields, "began_at") {
        Some(value) => value.as_i64().ok_or(FieldProblem::NotATime).and_then(Timestamp::from_millis),
        None => Err(FieldProblem::Missing),
    };
    let began_at = began_at.map_err(|problem| problem.in_field("began_at"))?.min(Timestamp::now());
    Ok(Import { id: id.to_owned(), began_at })
}

fn as_object(row: &Value) -> Result<&Map<String, Value>, InvalidField> {
    row.as_object().ok_or_else(|| {
        let problem = FieldProblem::WrongType { expected: "a list of objects", found: fields::kind_of(row) };
        problem.in_field("rows")
    })
}

fn parse_row_number(row: &Map<String, Value>) -> Result<u64, InvalidField> {
    let number = row.get("row").and_then(Value::as_u64).filter(|number| *number <= MAX_ROW_NUMBER);
    number.ok_or_else(|| FieldProblem::Missing.in_field("rows.row"))
}

fn parse_person(row: &Map<String, Value>) -> Result<ImportedSignup, InvalidField> {
    Ok(ImportedSignup {
        event: fields::parsed(row, "event", Event::parse)?,
        name: fields::parsed(row, "name", AttendeeName::parse)?,
        contact: http::contact(row)?,
        details: registration_details::parse(row)?,
    })
}

/// Waits until the queue is short enough, so that other sign-ups do not wait behind a large import.
async fn wait_for_queue(app: &App) -> Result<(), Problem> {
    let Some(limit) = app.import_queue_limit else { return Ok(()) };
    let deadline = Instant::now() + MAX_QUEUE_WAIT;
    while app.queue.depth().await?.messages > limit {
        if Instant::now() >= deadline {
            let detail = "Too many sign-ups are waiting in the queue. Please try again in a moment.";
            return Err(Problem::new(ProblemKind::Unavailable, detail));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    Ok(())
}
