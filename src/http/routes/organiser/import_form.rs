//! The import of a table that the organiser pastes into a form.

use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::domain::invalid::FieldProblem;
use crate::domain::signup::{SignupId, Version};
use crate::domain::timestamp::Timestamp;
use crate::formats::csv::repeats::Repeats;
use crate::formats::csv::{CsvError, Import, ImportedSignup, Row, RowProblem, Table, rejected_rows};
use crate::formats::fields;
use crate::http::form_token::TOKEN_FIELD;
use crate::http::locale::Locale;
use crate::http::named_event::{NamedEvents, SeveralEvents};
use crate::http::pages::{Form, ImportResult};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::organiser::import::{MAX_ROWS, send};
use crate::http::{App, pages};
use crate::ports::{IdempotentRequest, Unavailable};

/// A table that was read as a whole.
struct ReadTable {
    rows: Vec<Row>,
    ignored: Vec<String>,
}

/// Signs up the people in a table, and shows the result. Rows that cannot be imported are shown in a form.
pub async fn import(app: &App, locale: Locale, typed: Map<String, Value>) -> Result<Response, Problem> {
    let table = match read(&typed) {
        Ok(table) => table,
        Err(problem) => {
            let form = Form::refused(locale, typed, problem);
            return Ok((form.status(), pages::import(&form, None)).into_response());
        }
    };
    let import = identify(app, &typed).await?;
    let (mut signups, mut refused) = (Vec::new(), Vec::new());
    let (mut corrections, mut repeats) = (Vec::new(), Repeats::default());
    let write = |result: std::io::Result<()>| result.expect("writing to a vector does not fail");
    write(rejected_rows::write_columns(&mut corrections));
    let named = table.rows.iter().filter_map(|row| row.signup.as_ref().ok());
    let names = NamedEvents::find(app, named.map(|signup| &signup.event)).await?;
    for row in &table.rows {
        let signup = row.signup.clone().and_then(|signup| match names.resolve(&signup.event) {
            Ok(event) => Ok(ImportedSignup { event, ..signup }),
            Err(SeveralEvents) => Err(RowProblem::SeveralEvents),
        });
        match signup {
            Ok(signup) => {
                repeats.note(row.number, &signup);
                signups.push(import.signup(row.number, signup));
            }
            Err(problem) => {
                write(rejected_rows::write_cells(&mut corrections, row));
                refused.push((row.number, problem));
            }
        }
    }
    let new_events = send(app, &signups, &names).await?;
    let form = Form::filled(locale, "table", String::from_utf8_lossy(&corrections).into_owned());
    let result = ImportResult {
        accepted: signups.len(),
        refused: &refused,
        ignored: &table.ignored,
        new_events: &new_events,
        repeats: &repeats.kept,
    };
    Ok(pages::import(&form, Some(&result)).into_response())
}

fn read(typed: &Map<String, Value>) -> Result<ReadTable, Problem> {
    let text = fields::text(typed, "table")?;
    if text.trim().is_empty() {
        return Err(FieldProblem::Missing.in_field("table").into());
    }
    let mut table = Table::new(text.as_bytes()).map_err(|error| unreadable(&error))?;
    let mut rows = Vec::new();
    while let Some(row) = table.next_row().map_err(|error| unreadable(&error.into()))? {
        if rows.len() == MAX_ROWS {
            return Err(refuse_table("A form imports at most 1,000 rows.", "organiser-import-too-many"));
        }
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(unreadable(&CsvError::Empty));
    }
    Ok(ReadTable { rows, ignored: table.ignored_columns().to_vec() })
}

fn unreadable(error: &CsvError) -> Problem {
    let message = match error {
        CsvError::Empty => "organiser-import-empty",
        CsvError::MissingColumn { .. } | CsvError::DuplicateColumn(_) => "organiser-import-columns",
        CsvError::Unreadable(_) | CsvError::OtherFormat(_) => "organiser-import-unreadable",
    };
    refuse_table(&error.to_string(), message)
}

fn refuse_table(detail: &str, message: &'static str) -> Problem {
    Problem { field: Some("table"), ..Problem::new(ProblemKind::InvalidField, detail).on_page(message) }
}

/// Identifies the import. If the same form is sent twice, for example because its result was loaded again, the second one
/// is the same import and does not undo what has changed since.
async fn identify(app: &App, typed: &Map<String, Value>) -> Result<Import, Unavailable> {
    let text = |field: &str| typed.get(field).and_then(Value::as_str).unwrap_or_default();
    let (table, token) = (text("table"), text(TOKEN_FIELD));
    let (id, now) = (Import::id_of(table.as_bytes()), Timestamp::now());
    if token.is_empty() {
        return Ok(Import { id, began_at: now });
    }
    let key = app.token_secret.tag("import form", &[token.as_bytes(), table.as_bytes()]);
    let first = IdempotentRequest {
        fingerprint: id.clone(),
        id: SignupId::parse(&format!("import-{id}")).unwrap_or_else(|_| Version::now().id),
        requested_at: now,
    };
    let first = app.backend.idempotency.remember(URL_SAFE_NO_PAD.encode(key), first).await?;
    Ok(Import { id, began_at: first.requested_at })
}
