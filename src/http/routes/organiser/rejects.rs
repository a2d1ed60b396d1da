//! The rejects: list, show, correct and send again, throw away.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::domain::contact::Contact;
use crate::domain::invalid::FieldProblem;
use crate::domain::signup::Signup;
use crate::domain::timestamp::Timestamp;
use crate::formats;
use crate::http::client::wants_page;
use crate::http::middleware::body::Fields;
use crate::http::paging::{PageQuery, cut};
use crate::http::problem::{Kind, Problem};
use crate::http::routes::organiser::{Organiser, Sent};
use crate::http::routes::signups;
use crate::http::{App, pages};
use crate::ingest::presses::{Asked, Presses};
use crate::ports::{Deletion, Reject};

#[derive(Serialize, ToSchema)]
pub struct RejectSummary {
    id: String,
    /// What is wrong, and what to do about it.
    reason: String,
    #[schema(value_type = String, format = DateTime)]
    arrived_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    rejected_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
pub struct RejectsBody {
    rejects: Vec<RejectSummary>,
    /// The cursor of the next page; null on the last.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct RejectBody {
    #[serde(flatten)]
    summary: RejectSummary,
    /// The message as it came.
    body: String,
}

#[derive(Serialize, ToSchema)]
pub struct Correction {
    /// Fields of the message and their new values; null takes a field out.
    #[schema(value_type = Object, example = json!({"name": "Ada"}))]
    pub set: Map<String, Value>,
}

/// The rejects, oldest first. For the organiser.
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
    let rejects = app.backend.rejects.list(limit + 1, query.cursor()?.as_deref()).await?;
    let (rejects, next) = cut(rejects, limit, |reject| &reject.id);
    if wants_page(&headers) {
        return Ok(pages::rejects(&rejects, next.as_deref()).into_response());
    }
    Ok(Json(RejectsBody { rejects: rejects.iter().map(RejectSummary::of).collect(), next }).into_response())
}

/// One reject with its message. For the organiser.
#[utoipa::path(
    get, path = "/organiser/rejects/{id}", operation_id = "showReject", tag = "organiser", params(("id" = String, Path)), security(("organiser" = [])),
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
    let reject = find(&app, &id).await?;
    if wants_page(&headers) {
        return Ok(pages::reject(&reject, None).into_response());
    }
    Ok(Json(RejectBody { summary: RejectSummary::of(&reject), body: reject.body }).into_response())
}

/// Corrects a reject and sends it again, under its original id and time.
#[utoipa::path(
    post, path = "/organiser/rejects/{id}/redrive", operation_id = "redriveReject", tag = "organiser", params(("id" = String, Path)),
    security(("organiser" = [])), request_body = Correction,
    responses(
        (status = 202, body = Sent),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn redrive(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Problem> {
    let reject = find(&app, &id).await?;
    let corrections = if fields.by_form { form_corrections(&fields.map) } else { json_corrections(fields.map) };
    let signup = match corrections {
        Ok(corrections) => again(&app, &reject, corrections).await,
        Err(problem) => Err(problem),
    };
    let signup = match signup {
        Ok(signup) => signup,
        Err(problem) if fields.by_form => {
            return Ok(
                (StatusCode::UNPROCESSABLE_ENTITY, pages::reject(&reject, Some(&problem.detail))).into_response()
            );
        }
        Err(problem) => return Err(problem),
    };
    // Sent before it is deleted: a crash in between leaves a reject whose message, sent again, changes nothing.
    signups::enqueue(&app, &signup).await?;
    // Another request may have deleted it meanwhile.
    let _ = app.backend.rejects.delete(&reject.id).await?;
    signups::settled(&app, &signup).await;
    if fields.by_form {
        return Ok(Redirect::to("/organiser/rejects").into_response());
    }
    Ok((StatusCode::ACCEPTED, Json(Sent::of(&signup))).into_response())
}

/// What is to be sent again: of a press that is corrected by nothing but its button's registration, what it asks now.
async fn again(app: &App, reject: &Reject, corrections: Map<String, Value>) -> Result<Signup, Problem> {
    let Some(envelope) = reject.press().filter(|_| corrections.is_empty()) else {
        return Ok(reject.corrected(corrections)?);
    };
    let presses = Presses { buttons: &*app.backend.buttons, idempotency: &*app.backend.idempotency };
    let asked = presses.read(&[(envelope, reject.arrived_at)]).await.remove(0)?;
    match asked {
        Asked::Signup(signup) => Ok(signup),
        Asked::Never(reason) => Err(Problem::new(Kind::Conflict, &reason)),
        Asked::Nothing => {
            Err(Problem::new(Kind::Conflict, "by its button's registration this press does nothing; throw it away"))
        }
    }
}

/// Throws a reject away.
#[utoipa::path(
    post, path = "/organiser/rejects/{id}/discard", operation_id = "discardReject", tag = "organiser", params(("id" = String, Path)),
    security(("organiser" = [])),
    responses(
        (status = 204, description = "It is gone"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn discard(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if app.backend.rejects.delete(&id).await? == Deletion::NotFound {
        return Err(not_found());
    }
    if wants_page(&headers) {
        return Ok(Redirect::to("/organiser/rejects").into_response());
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn find(app: &App, id: &str) -> Result<Reject, Problem> {
    app.backend.rejects.get(id).await?.ok_or_else(not_found)
}

fn not_found() -> Problem {
    Problem::new(Kind::NotFound, "there is no reject of this id; it may have been sent again or thrown away")
}

fn json_corrections(mut fields: Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    match fields.remove("set") {
        None => Ok(Map::new()),
        Some(Value::Object(set)) => Ok(set),
        Some(_) => {
            let problem = FieldProblem::WrongType { expected: "an object", found: "something else" };
            Err(problem.in_field("set").into())
        }
    }
}

/// An empty field of the form leaves the message's field as it is.
fn form_corrections(fields: &Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    let text = |field| fields.get(field).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let mut set = Map::new();
    for field in ["event", "name"] {
        if let Some(text) = text(field) {
            set.insert(field.to_owned(), Value::from(text));
        }
    }
    if fields.contains_key("no_contact") {
        set.insert("contact".to_owned(), Value::Null);
    } else if let Some(line) = text("contact") {
        let contact = Contact::from_line(line).map_err(|problem| problem.in_field("contact"))?;
        set.insert("contact".to_owned(), formats::contact::to_json(&contact));
    }
    Ok(set)
}

impl RejectSummary {
    fn of(reject: &Reject) -> Self {
        Self {
            id: reject.id.clone(),
            reason: reject.reason.clone(),
            arrived_at: reject.arrived_at,
            rejected_at: reject.rejected_at,
        }
    }
}
