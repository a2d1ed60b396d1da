//! Rejected messages: list, show, correct and send again, discard.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::domain::contact::Contact;
use crate::domain::invalid::FieldProblem;
use crate::domain::signup::Signup;
use crate::domain::timestamp::Timestamp;
use crate::formats;
use crate::http::client::wants_page;
use crate::http::middleware::body::Fields;
use crate::http::paging::{PageQuery, split_page};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::organiser::{Organiser, QueuedSignup};
use crate::http::routes::signups;
use crate::http::wait::wait_for_roster;
use crate::http::{App, pages};
use crate::ingest::presses::{PressResolver, ResolvedPress};
use crate::ports::{Deletion, RejectEntry, RejectedMessage};

/// Time for resolving a rejected press again. It is shorter than the timeout of the Lambda function `api`.
const PRESS_TIME: Duration = Duration::from_secs(5);

/// A rejected message, without its body.
#[derive(Serialize, ToSchema)]
pub struct RejectSummary {
    id: String,
    /// What is wrong with the message, and what to do.
    reason: String,
    #[schema(value_type = String, format = DateTime)]
    arrived_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    rejected_at: Timestamp,
}

/// One page of the list of rejected messages.
#[derive(Serialize, ToSchema)]
pub struct RejectsBody {
    rejects: Vec<RejectSummary>,
    /// The cursor of the next page; null on the last page.
    next: Option<String>,
}

/// A rejected message.
#[derive(Serialize, ToSchema)]
pub struct RejectBody {
    #[serde(flatten)]
    summary: RejectSummary,
    /// The message as it arrived.
    body: String,
}

/// Corrections to a rejected message.
#[derive(Serialize, ToSchema)]
pub struct RedriveRequest {
    /// Fields of the message and their new values; null removes a field.
    #[schema(value_type = Object, example = json!({"name": "Ada"}))]
    pub set: Map<String, Value>,
}

/// Lists the rejected messages, oldest first.
#[utoipa::path(
    get, path = "/organiser/rejects", operation_id = "listRejects", tag = "organiser", params(PageQuery), security(("organiser" = [])),
    responses(
        (status = 200, body = RejectsBody),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = query.limit()?;
    let rejects = app.backend.rejected.entries(limit + 1, query.cursor()?.as_deref()).await?;
    let (rejects, next) = split_page(rejects, limit, |reject| &reject.reason, |reject| &reject.id);
    if wants_page(&headers) {
        return Ok(pages::rejects(&rejects, next.as_deref()).into_response());
    }
    Ok(Json(RejectsBody { rejects: rejects.into_iter().map(RejectSummary::from).collect(), next }).into_response())
}

/// Shows one rejected message.
#[utoipa::path(
    get, path = "/organiser/rejects/{id}", operation_id = "showReject", tag = "organiser", params(("id" = String, Path, description = "The id of the rejected message")), security(("organiser" = [])),
    responses(
        (status = 200, body = RejectBody),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn show(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let reject = find_reject(&app, &id).await?;
    if wants_page(&headers) {
        return Ok(pages::reject(&reject, None).into_response());
    }
    let RejectedMessage { id, body, reason, arrived_at, rejected_at } = reject;
    Ok(Json(RejectBody { summary: RejectSummary { id, reason, arrived_at, rejected_at }, body }).into_response())
}

/// Corrects a rejected message and sends it again. It keeps its original id and time.
#[utoipa::path(
    post, path = "/organiser/rejects/{id}/redrive", operation_id = "redriveReject", tag = "organiser", params(("id" = String, Path, description = "The id of the rejected message")),
    security(("organiser" = [])), request_body = RedriveRequest,
    responses(
        (status = 202, body = QueuedSignup),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn redrive(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let reject = find_reject(&app, &id).await?;
    let corrections =
        if fields.is_form { parse_form_corrections(&fields.map) } else { parse_json_corrections(fields.map) };
    let signup = match corrections {
        Ok(corrections) => corrected_signup(&app, &reject, corrections).await,
        Err(problem) => Err(problem),
    };
    let signup = match signup {
        Ok(signup) => signup,
        Err(problem) if fields.is_form => {
            return Ok(
                (StatusCode::UNPROCESSABLE_ENTITY, pages::reject(&reject, Some(&problem.detail))).into_response()
            );
        }
        Err(problem) => return Err(problem),
    };
    // Send, then delete: after a crash in between, the rejected message is still stored, and sending it again changes
    // nothing.
    signups::enqueue(&app, &signup).await?;
    // Another request may have deleted the message in the meantime.
    let _ = app.backend.rejected.delete(&reject.id).await?;
    wait_for_roster(&app, &signup).await;
    if fields.is_form {
        return Ok(Redirect::to("/organiser/rejects").into_response());
    }
    Ok((StatusCode::ACCEPTED, Json(QueuedSignup::of(&signup))).into_response())
}

/// The sign-up to send again.
///
/// A button press without corrections is resolved again, because its button may have been registered or changed since.
pub async fn corrected_signup(
    app: &App,
    reject: &RejectedMessage,
    corrections: Map<String, Value>,
) -> Result<Signup, Problem> {
    let Some(envelope) = reject.button_message().filter(|_| corrections.is_empty()) else {
        return Ok(reject.corrected(corrections)?);
    };
    let resolver = PressResolver {
        buttons: &*app.backend.buttons,
        idempotency: &*app.backend.idempotency,
        deadline: Instant::now() + PRESS_TIME,
    };
    let resolved = resolver.resolve(&[(envelope, reject.arrived_at)]).await.remove(0)?;
    match resolved {
        ResolvedPress::Signup(signup) => Ok(*signup),
        ResolvedPress::Rejected(reason) => Err(Problem::new(ProblemKind::Conflict, &reason)),
        ResolvedPress::NoAction => Err(Problem::new(
            ProblemKind::Conflict,
            "The button is registered to do nothing on this kind of press. Discard the press, or register the button differently.",
        )),
    }
}

/// Discards a rejected message.
#[utoipa::path(
    post, path = "/organiser/rejects/{id}/discard", operation_id = "discardReject", tag = "organiser", params(("id" = String, Path, description = "The id of the rejected message")),
    security(("organiser" = [])),
    responses(
        (status = 204, description = "The message is discarded"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn discard(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if app.backend.rejected.delete(&id).await? == Deletion::NotFound {
        return Err(not_found());
    }
    if wants_page(&headers) {
        return Ok(Redirect::to("/organiser/rejects").into_response());
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn find_reject(app: &App, id: &str) -> Result<RejectedMessage, Problem> {
    app.backend.rejected.get(id).await?.ok_or_else(not_found)
}

fn not_found() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "There is no rejected message with this id. It may have been sent again or discarded.",
    )
}

fn parse_json_corrections(mut fields: Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    match fields.remove("set") {
        None => Ok(Map::new()),
        Some(Value::Object(set)) => Ok(set),
        Some(_) => {
            let problem = FieldProblem::WrongType { expected: "an object", found: "something else" };
            Err(problem.in_field("set").into())
        }
    }
}

/// An empty form field leaves the field of the message unchanged.
fn parse_form_corrections(fields: &Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    let text = |field| fields.get(field).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let mut set = Map::new();
    for field in ["event", "name"] {
        if let Some(text) = text(field) {
            set.insert(field.to_owned(), Value::from(text));
        }
    }
    if fields.contains_key("no_contact") {
        set.insert("contact".to_owned(), Value::Null);
    } else if let Some(text) = text("contact") {
        let contact = Contact::from_line(text).map_err(|problem| problem.in_field("contact"))?;
        set.insert("contact".to_owned(), formats::contact::to_json(&contact));
    }
    Ok(set)
}

impl From<RejectEntry> for RejectSummary {
    fn from(RejectEntry { id, reason, arrived_at, rejected_at }: RejectEntry) -> Self {
        Self { id, reason, arrived_at, rejected_at }
    }
}
