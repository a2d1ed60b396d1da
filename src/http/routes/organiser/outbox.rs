//! The outbox: lists the messages that wait, tries one again, or drops it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::attendee_name::NameKey;
use crate::domain::clock;
use crate::domain::timestamp::Timestamp;
use crate::http::client::{DefaultForm, wants_page};
use crate::http::locale::Locale;
use crate::http::paging::{PageQuery, split_page};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::organiser::Organiser;
use crate::http::{App, pages};
use crate::ports::{Deletion, OutboxTable, Retry, WaitingMessage};

/// A message in the outbox.
#[derive(Serialize, ToSchema)]
pub struct WaitingMessageBody {
    id: String,
    /// `opt_in_request`, `manage_link` for a personal link that is sent again, `seat_news` for a place or the waiting list, or `digest`
    /// for what an event announced.
    #[schema(example = "opt_in_request")]
    kind: &'static str,
    /// The id of the event.
    event: String,
    /// The folded name of the attendee whose contact gets the message: the first if several share it.
    name: String,
    /// When the message was put into the outbox.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// When the message is sent next.
    #[schema(value_type = String, format = DateTime)]
    due_at: Timestamp,
    /// The number of attempts to send it.
    attempts: u32,
    /// Why the last attempt failed; null if none did.
    last_failure: Option<String>,
}

/// One page of the list of messages in the outbox.
#[derive(Serialize, ToSchema)]
pub struct OutboxBody {
    messages: Vec<WaitingMessageBody>,
    /// The cursor of the next page; null on the last page.
    next: Option<String>,
}

/// Lists the messages in the outbox, in the order in which they were first put into it.
#[utoipa::path(
    get, path = "/organiser/outbox", operation_id = "listOutbox", tag = "organiser", params(PageQuery), security(("organiser" = [])),
    responses(
        (status = 200, body = OutboxBody),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
    locale: Locale,
) -> Result<Response, Problem> {
    let limit = query.limit()?;
    let waiting = outbox(&app)?.waiting(limit + 1, query.cursor()?.as_deref()).await?;
    let (waiting, next) = split_page(
        waiting,
        limit,
        |message| message.last_failure.as_deref().unwrap_or_default(),
        |message| &message.id,
    );
    if wants_page(&headers, DefaultForm::Json) {
        return Ok(pages::outbox(locale, &waiting, next.as_deref()).into_response());
    }
    let messages = waiting.into_iter().map(WaitingMessageBody::from).collect();
    Ok(Json(OutboxBody { messages, next }).into_response())
}

/// Makes a message in the outbox due at once.
#[utoipa::path(
    post, path = "/organiser/outbox/{id}/retry", operation_id = "retryMessage", tag = "organiser", params(("id" = String, Path, description = "The id of the message")),
    security(("organiser" = [])),
    responses(
        (status = 204, description = "The message is due"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn retry(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    match outbox(&app)?.retry(&id, clock::now()).await? {
        Retry::Due => Ok(done(&headers)),
        Retry::NotFound => Err(not_found()),
        Retry::Attempted => {
            let detail = "This message is just being sent, or it is not known whether the last attempt sent it. It is \
                          tried again by itself.";
            Err(Problem::new(ProblemKind::Conflict, detail).on_page("organiser-outbox-attempted"))
        }
    }
}

/// Drops a message from the outbox. If it is just being sent, it may still arrive.
#[utoipa::path(
    post, path = "/organiser/outbox/{id}/drop", operation_id = "dropMessage", tag = "organiser", params(("id" = String, Path, description = "The id of the message")),
    security(("organiser" = [])),
    responses(
        (status = 204, description = "The message is dropped"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn drop_message(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    match outbox(&app)?.drop_message(&id).await? {
        Deletion::Deleted => Ok(done(&headers)),
        Deletion::NotFound => Err(not_found()),
    }
}

/// A browser goes back to the list.
fn done(headers: &HeaderMap) -> Response {
    if wants_page(headers, DefaultForm::Json) {
        return Redirect::to("/organiser/outbox").into_response();
    }
    StatusCode::NO_CONTENT.into_response()
}

fn outbox(app: &App) -> Result<&dyn OutboxTable, Problem> {
    app.backend.outbox.as_deref().ok_or_else(|| {
        Problem::new(ProblemKind::NotFound, "This server's outbox is a queue, whose messages cannot be listed.")
            .on_page("organiser-outbox-unlisted")
    })
}

fn not_found() -> Problem {
    Problem::new(ProblemKind::NotFound, "There is no message with this id. It may have been sent or dropped.")
        .on_page("organiser-outbox-gone")
}

impl From<WaitingMessage> for WaitingMessageBody {
    fn from(waiting: WaitingMessage) -> Self {
        let WaitingMessage { id, message, first_at, due_at, attempts, last_failure } = waiting;
        Self {
            id,
            kind: message.kind().as_str(),
            event: message.event().to_string(),
            name: message.attendee().map_or("", NameKey::as_str).to_owned(),
            since: first_at,
            due_at,
            attempts,
            last_failure,
        }
    }
}
