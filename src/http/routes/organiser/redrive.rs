//! Sends many rejected messages again, for example after an outage.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::formats::{fields, message};
use crate::http::client::{DefaultForm, wants_page};
use crate::http::locale::Locale;
use crate::http::middleware::body::Fields;
use crate::http::pages::Form;
use crate::http::paging::{DEFAULT_LIMIT, PageQuery, decode_cursor, split_page};
use crate::http::problem::Problem;
use crate::http::routes::organiser::Organiser;
use crate::http::routes::organiser::corrections::corrected_signup;
use crate::http::routes::organiser::rejects::read_page;
use crate::http::{App, pages};
use crate::ports::RejectedMessage;

/// Rejected messages that one form submission reads. It finishes within the timeout of the Lambda function `api`.
const MAX_FORM_MESSAGES: usize = 1_000;

/// Which rejected messages to send again. Without a field, all of them.
#[derive(Serialize, ToSchema)]
pub struct RedriveAllRequest {
    /// Only messages whose reason contains this text. Case does not matter.
    pub reason: Option<String>,
    /// Only messages about this event.
    pub event: Option<String>,
    /// Only messages that were rejected at this time or later.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<String>,
    /// The value of `next` from the previous response.
    pub cursor: Option<String>,
}

/// The result of sending up to 100 rejected messages again.
#[derive(Serialize, ToSchema)]
pub struct RedriveAllResponse {
    /// Number of messages that were sent again.
    sent: usize,
    /// Number of messages that match but still cannot be processed. They stay rejected.
    kept: usize,
    /// The cursor for the next messages; null if there are no more.
    next: Option<String>,
}

struct Filter {
    reason: Option<String>,
    event: Option<EventId>,
    since: Option<Timestamp>,
}

impl Filter {
    /// Parses the fields of a request. An empty text is no filter, because forms send empty fields.
    fn parse(fields: &Map<String, Value>) -> Result<Self, Problem> {
        let text = |field| -> Result<Option<&str>, Problem> {
            Ok(fields::optional_text(fields, field)?.map(str::trim).filter(|text| !text.is_empty()))
        };
        let event = text("event")?.map(EventId::parse).transpose().map_err(|problem| problem.in_field("event"))?;
        let since = text("since")?.map(Timestamp::parse_rfc3339).transpose();
        Ok(Self {
            reason: text("reason")?.map(str::to_lowercase),
            event,
            since: since.map_err(|problem| problem.in_field("since"))?,
        })
    }

    fn matches(&self, reject: &RejectedMessage) -> bool {
        self.reason.as_ref().is_none_or(|reason| reject.reason.to_lowercase().contains(reason))
            && self.since.is_none_or(|since| reject.rejected_at >= since)
    }

    fn matches_event(&self, event: Option<&EventId>) -> bool {
        self.event.is_none() || self.event.as_ref() == event
    }
}

/// Sends up to 100 rejected messages again without corrections, oldest first. Repeat the request with `cursor` until
/// `next` is null.
#[utoipa::path(
    post, path = "/organiser/rejects/redrive", operation_id = "redriveAllRejects", tag = "organiser", security(("organiser" = [])),
    request_body = RedriveAllRequest,
    responses(
        (status = 200, body = RedriveAllResponse),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn redrive_all(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    headers: HeaderMap,
    locale: Locale,
    fields: Fields,
) -> Result<Response, Problem> {
    if fields.is_form && wants_page(&headers, DefaultForm::Json) {
        return redrive_by_form(&app, locale, fields.map).await;
    }
    let filter = Filter::parse(&fields.map)?;
    let cursor = fields::optional_text(&fields.map, "cursor")?.map(decode_cursor).transpose()?;
    Ok(Json(redrive_page(&app, &filter, cursor.as_deref()).await?).into_response())
}

/// Sends more messages again than a request of a program does, which can be repeated with a cursor.
async fn redrive_by_form(app: &App, locale: Locale, typed: Map<String, Value>) -> Result<Response, Problem> {
    let filter = match Filter::parse(&in_utc(typed.clone())) {
        Ok(filter) => filter,
        Err(problem) => {
            let form = Form::refused(locale, typed, problem);
            let (rejects, next) = read_page(app, &PageQuery::default()).await?;
            return Ok((form.status(), pages::rejects(&rejects, next.as_deref(), &form, None)).into_response());
        }
    };
    let mut result = redrive_page(app, &filter, None).await?;
    let mut read = DEFAULT_LIMIT;
    while let Some(next) = result.next.take() {
        if read >= MAX_FORM_MESSAGES {
            result.next = Some(next);
            break;
        }
        let page = redrive_page(app, &filter, Some(&decode_cursor(&next)?)).await?;
        result = RedriveAllResponse { sent: result.sent + page.sent, kept: result.kept + page.kept, next: page.next };
        read += DEFAULT_LIMIT;
    }
    Ok(pages::redrive_result(locale, result.sent, result.kept, result.next.is_some()).into_response())
}

/// Browsers send the time of a form without seconds and without a zone.
fn in_utc(mut typed: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::String(since)) = typed.get_mut("since")
        && since.len() == "2026-01-31T18:00".len()
    {
        since.push_str(":00Z");
    }
    typed
}

/// Sends the matching messages of one page again.
async fn redrive_page(app: &App, filter: &Filter, after: Option<&str>) -> Result<RedriveAllResponse, Problem> {
    let rejects = app.backend.rejected.list(DEFAULT_LIMIT + 1, after).await?;
    let (rejects, next) = split_page(rejects, DEFAULT_LIMIT, |reject| &reject.reason, |reject| &reject.id);
    let (mut ids, mut bodies, mut kept) = (Vec::new(), Vec::new(), 0);
    for reject in rejects.iter().filter(|reject| filter.matches(reject)) {
        // A button press names no event; its sign-up does.
        match corrected_signup(app, reject, Map::new()).await {
            Ok(signup) if filter.matches_event(Some(signup.event.id())) => {
                app.metrics.accepted(signup.channel, 1);
                ids.push(&reject.id);
                bodies.push(message::write(&signup));
            }
            Err(_) if filter.matches_event(reject.event().as_ref()) => kept += 1,
            Ok(_) | Err(_) => {}
        }
    }
    let sent = bodies.len();
    // Send, then delete: after a crash in between, the messages are still stored, and sending them again changes nothing.
    if sent > 0 {
        app.queue.send(bodies).await?;
    }
    for id in ids {
        // Another request may have deleted the message in the meantime.
        let _ = app.backend.rejected.delete(id).await?;
    }
    Ok(RedriveAllResponse { sent, kept, next })
}
