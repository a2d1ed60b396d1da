//! Rows of a table, some hundred at a time.

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
use crate::domain::event::Event;
use crate::domain::invalid::{FieldProblem, InvalidField};
use crate::domain::timestamp::Timestamp;
use crate::formats::csv::{Import, Person};
use crate::formats::{fields, http_signup as http, message};
use crate::http::App;
use crate::http::middleware::body::Fields;
use crate::http::problem::{Kind, Problem};
use crate::http::routes::organiser::Organiser;

/// Rows in one request.
pub const IMPORT_ROWS: usize = 1_000;

/// How long a request waits for the queue to become shorter, where a long one holds up others.
const PATIENCE: Duration = Duration::from_secs(5);

/// Rows of one import. Sent again, with the same `import` and `began_at`, they change nothing.
#[derive(Serialize, ToSchema)]
pub struct ImportBody {
    /// Tells this table from all others: at most 64 letters and digits.
    #[schema(example = "9f86d081884c7d65")]
    pub import: String,
    /// When the import began, in milliseconds since 1970: its rows are of that time.
    pub began_at: i64,
    /// At most 1,000.
    pub rows: Vec<ImportRow>,
}

#[derive(Serialize, ToSchema)]
pub struct ImportRow {
    /// Its number in the table; of two rows about one person the later one wins.
    pub row: u64,
    #[schema(example = "Dance")]
    pub event: String,
    #[schema(example = "Melvin")]
    pub name: String,
    #[schema(value_type = Option<Object>, example = json!({"email": "ana@example.org"}))]
    pub contact: Option<Value>,
}

#[derive(Serialize, ToSchema)]
pub struct Imported {
    /// Rows that are durably on their way to the roster.
    accepted: usize,
    refused: Vec<RefusedRow>,
}

#[derive(Serialize, ToSchema)]
pub struct RefusedRow {
    row: u64,
    reason: String,
}

/// Signs up the people of some rows, with the organiser's authority.
#[utoipa::path(
    post, path = "/organiser/import", operation_id = "importRows", tag = "organiser", security(("organiser" = [])), request_body = ImportBody,
    responses(
        (status = 202, body = Imported),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "Too much is on its way; try again"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn import(State(app): State<Arc<App>>, _organiser: Organiser, fields: Fields) -> Result<Response, Problem> {
    let import = read(&fields.map)?;
    let rows = match fields::optional(&fields.map, "rows") {
        Some(Value::Array(rows)) if rows.len() <= IMPORT_ROWS => rows,
        Some(Value::Array(rows)) => {
            return Err(FieldProblem::TooMany { found: rows.len(), limit: IMPORT_ROWS }.in_field("rows").into());
        }
        Some(other) => {
            let problem = FieldProblem::WrongType { expected: "a list", found: fields::kind_of(other) };
            return Err(problem.in_field("rows").into());
        }
        None => return Err(FieldProblem::Missing.in_field("rows").into()),
    };
    let (mut bodies, mut refused) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        let (number, person) = person(row)?;
        match person {
            Ok(person) => bodies.push(message::write(&import.signup(number, person))),
            Err(invalid) => refused.push(RefusedRow { row: number, reason: invalid.to_string() }),
        }
    }
    wait_for_room(&app).await?;
    let accepted = bodies.len();
    app.queue.send(bodies).await?;
    if accepted > 0 {
        app.metrics.accepted(Channel::Import, u32::try_from(accepted).expect("there are at most IMPORT_ROWS"));
    }
    Ok((StatusCode::ACCEPTED, Json(Imported { accepted, refused })).into_response())
}

fn read(fields: &Map<String, Value>) -> Result<Import, InvalidField> {
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

/// A row's number, and whom it signs up.
fn person(row: &Value) -> Result<(u64, Result<Person, InvalidField>), InvalidField> {
    let Value::Object(row) = row else {
        let problem = FieldProblem::WrongType { expected: "a list of objects", found: fields::kind_of(row) };
        return Err(problem.in_field("rows"));
    };
    let number = row.get("row").and_then(Value::as_u64).filter(|number| *number < 10_000_000_000);
    let number = number.ok_or_else(|| FieldProblem::Missing.in_field("rows.row"))?;
    let person = || {
        Ok(Person {
            event: fields::parsed(row, "event", Event::parse)?,
            name: fields::parsed(row, "name", AttendeeName::parse)?,
            contact: http::contact(row)?,
        })
    };
    Ok((number, person()))
}

/// So that nobody waits behind a hundred thousand rows.
async fn wait_for_room(app: &App) -> Result<(), Problem> {
    let Some(room) = app.import_room else { return Ok(()) };
    let deadline = Instant::now() + PATIENCE;
    while app.queue.depth().await?.messages > room {
        if Instant::now() >= deadline {
            return Err(Problem::new(Kind::Unavailable, "too much is on its way to the roster; try again in a moment"));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
