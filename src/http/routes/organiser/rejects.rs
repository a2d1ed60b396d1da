//! Rejected messages: list, show, correct and send again, discard.

use std::slice;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::domain::timestamp::Timestamp;
use crate::formats::rejected_content::RejectedContent;
use crate::http::client::{DefaultForm, wants_page};
use crate::http::locale::Locale;
use crate::http::middleware::body::Fields;
use crate::http::pages::{AttentionPage, Form, Page};
use crate::http::paging::{PageQuery, split_page};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::organiser::DoneQuery;
use crate::http::routes::organiser::corrections::{corrected_signup, parse_form_corrections, parse_json_corrections};
use crate::http::routes::organiser::{Organiser, QueuedSignup, about_any_contact};
use crate::http::routes::signups;
use crate::http::wait::wait_for_roster;
use crate::http::{App, pages};
use crate::ports::{Deletion, RejectEntry, RejectedMessage, Unavailable};

/// A rejected message, without its body.
#[derive(Serialize, ToSchema)]
pub struct RejectSummary {
    id: String,
    /// The number of messages. It is more than 1 if a device sent several with the same problem; the latest is stored.
    count: u64,
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
    Query(done): Query<DoneQuery>,
    headers: HeaderMap,
    locale: Locale,
) -> Result<Response, Problem> {
    let (rejects, next) = read_page(&app, &query).await?;
    if wants_page(&headers, DefaultForm::Json) {
        let done = match done.done.as_deref() {
            Some("processed") => Some("attention-done-processed"),
            Some("sent") => Some("attention-done-sent"),
            Some("discarded") => Some("attention-done-discarded"),
            _ => None,
        };
        return Ok(pages::rejects(&rejects, next.as_deref(), &Form::empty(locale), done).into_response());
    }
    Ok(Json(RejectsBody { rejects: rejects.into_iter().map(RejectSummary::from).collect(), next }).into_response())
}

/// Reads a page of the list, and the cursor of the next one.
pub async fn read_page(app: &App, query: &PageQuery) -> Result<(Vec<RejectEntry>, Option<String>), Problem> {
    let limit = query.limit()?;
    let rejects = app.backend.rejected.entries(limit + 1, query.cursor()?.as_deref()).await?;
    Ok(split_page(rejects, limit, |reject| &reject.reason, |reject| &reject.id))
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
    locale: Locale,
) -> Result<Response, Problem> {
    let reject = find_reject(&app, &id).await?;
    if wants_page(&headers, DefaultForm::Json) {
        let form = Form::empty(locale);
        return Ok(attention_page(&app, &reject, &form, &form).await?.into_response());
    }
    let RejectedMessage { id, count, body, reason, arrived_at, rejected_at, .. } = reject;
    Ok(Json(RejectBody { summary: RejectSummary { id, count, reason, arrived_at, rejected_at }, body }).into_response())
}

/// The page of a message, with a form that corrects it and, for a press, one that registers its button.
pub async fn attention_page(
    app: &App,
    reject: &RejectedMessage,
    correction: &Form,
    registration: &Form,
) -> Result<Page, Unavailable> {
    let content = reject.content();
    let button = match &content {
        RejectedContent::Press { press, .. } => app.backend.buttons.find(slice::from_ref(&press.serial)).await?.pop(),
        RejectedContent::Signup(_) | RejectedContent::UnknownAction { .. } | RejectedContent::Unreadable => None,
    };
    let problem = match &content {
        RejectedContent::Signup(_) => corrected_signup(app, reject, Map::new()).await.err().map(about_any_contact),
        RejectedContent::Press { .. } | RejectedContent::UnknownAction { .. } | RejectedContent::Unreadable => None,
    };
    let (content, button, problem) = (&content, button.as_ref(), problem.as_ref());
    Ok(AttentionPage { reject, content, button, problem, correction, registration }.page())
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
    headers: HeaderMap,
    locale: Locale,
    fields: Fields,
) -> Result<Response, Problem> {
    let reject = find_reject(&app, &id).await?;
    let Fields { map, is_form } = fields;
    let corrections = if is_form { parse_form_corrections(&map) } else { parse_json_corrections(map.clone()) };
    let signup = match corrections {
        Ok(corrections) => corrected_signup(&app, &reject, corrections).await,
        Err(problem) => Err(problem),
    };
    let signup = match signup {
        Ok(signup) => signup,
        Err(problem) if is_form && wants_page(&headers, DefaultForm::Json) => {
            let form = Form::refused(locale, map, about_any_contact(problem.clone()));
            let page = attention_page(&app, &reject, &form, &Form::empty(locale)).await.map_err(|_| problem)?;
            return Ok((form.status(), page).into_response());
        }
        Err(problem) => return Err(problem),
    };
    // Send, then delete: after a crash in between, the rejected message is still stored, and sending it again changes
    // nothing.
    signups::enqueue(&app, &signup).await?;
    // Another request may have deleted the message in the meantime.
    let _ = app.backend.rejected.delete(&reject.id).await?;
    let attendee = wait_for_roster(&app, &signup).await;
    if is_form {
        let is_processed = attendee.is_some_and(|attendee| attendee.newest >= signup.version);
        let done = if is_processed { "processed" } else { "sent" };
        return Ok(Redirect::to(&format!("/organiser/rejects?done={done}")).into_response());
    }
    Ok((StatusCode::ACCEPTED, Json(QueuedSignup::of(&signup))).into_response())
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
    if wants_page(&headers, DefaultForm::Json) {
        return Ok(Redirect::to("/organiser/rejects?done=discarded").into_response());
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
    .on_page("attention-gone")
}

impl From<RejectEntry> for RejectSummary {
    fn from(RejectEntry { id, count, reason, arrived_at, rejected_at }: RejectEntry) -> Self {
        Self { id, count, reason, arrived_at, rejected_at }
    }
}
