//! The page on which an event is planned, and the form that creates it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::event::{Event, EventId};
use crate::domain::event_details::{Content, EventDetails};
use crate::domain::host_link::{HostRole, LinkGenerations};
use crate::domain::invalid::FieldProblem;
use crate::domain::signup::SignupId;
use crate::domain::timestamp::Timestamp;
use crate::formats::event_details::from_json;
use crate::http::client::absolute_url;
use crate::http::event_view::{Credentials, find_event};
use crate::http::locale::Locale;
use crate::http::pages::{EditMode, EditPage, Form};
use crate::http::problem::Problem;
use crate::http::routes::event_creation::{check_creator, first_free, is_unlisted, store_new};
use crate::http::{App, form_token, pages};
use crate::notify::links::event_path;
use crate::ports::{IdempotentRequest, StoredDetails, Write};

/// Shows the form for a new event.
pub async fn show(State(app): State<Arc<App>>, credentials: Credentials, locale: Locale) -> Result<Response, Problem> {
    check_creator(&app, &credentials).await?;
    Ok(EditPage { mode: EditMode::New, preview: None, form: &Form::empty(locale) }.page().into_response())
}

/// Refuses an event that has begun: probably the year is wrong. Programs may store past events.
pub fn in_future(content: Content) -> Result<Content, Problem> {
    let is_past = content.schedule.as_ref().is_some_and(|schedule| schedule.starts_at() <= Timestamp::now());
    if is_past { Err(FieldProblem::InThePast.in_field("starts_at").into()) } else { Ok(content) }
}

/// Creates the event that was typed into the form, or shows a preview of it.
pub async fn create(
    app: &App,
    headers: &HeaderMap,
    locale: Locale,
    typed: Map<String, Value>,
) -> Result<Response, Problem> {
    let problem = match content(&typed).and_then(in_future) {
        Ok(content) if is_preview(&typed) => {
            let form = Form::typed(locale, typed);
            return Ok(EditPage { mode: EditMode::New, preview: Some(&content), form: &form }.page().into_response());
        }
        Ok(content) => match create_once(app, headers, &typed, content).await {
            Ok(created) => {
                let token = created.details.links.sign(&created.details.event, HostRole::Host, &app.token_secret);
                let done = if created.is_repeat { "?done=repeated" } else { "?done=created" };
                let path = event_path(&created.details.event, &["host", &token]) + done;
                return Ok(Redirect::to(&path).into_response());
            }
            Err(problem) => problem,
        },
        Err(problem) => problem,
    };
    let form = Form::refused(locale, typed, problem);
    Ok((form.status(), EditPage { mode: EditMode::New, preview: None, form: &form }.page()).into_response())
}

/// Whether the button for a preview sent the form.
pub fn is_preview(typed: &Map<String, Value>) -> bool {
    typed.get("action").is_some_and(|action| action == "preview")
}

/// On the page, an event needs a time.
fn content(typed: &Map<String, Value>) -> Result<Content, Problem> {
    let content = from_json(typed)?;
    match content.schedule {
        Some(_) => Ok(content),
        None => Err(FieldProblem::Missing.in_field("starts_at").into()),
    }
}

/// What a form created.
struct Created {
    details: EventDetails,
    /// Whether the same form had created it before.
    is_repeat: bool,
}

/// The event that a form creates. It is stored before the event, so that a repeat finds the same one.
#[derive(Serialize, Deserialize)]
struct Planned {
    event: String,
    links: LinkGenerations,
}

/// Creates an event, or returns the one that the same form has created.
async fn create_once(
    app: &App,
    headers: &HeaderMap,
    typed: &Map<String, Value>,
    content: Content,
) -> Result<Created, Problem> {
    let (is_unlisted, now) = (is_unlisted(typed)?, Timestamp::now());
    let is_new = |details| Created { details, is_repeat: false };
    let Some(token) = form_token::of_form(app, headers, typed) else {
        return store_new(app, content, is_unlisted, now).await.map(is_new);
    };
    let candidate = first_free(app, content.clone(), is_unlisted, now).await?;
    let planned = Planned { event: candidate.event.to_string(), links: candidate.links };
    let request = IdempotentRequest {
        fingerprint: serde_json::to_string(&planned).expect("it is plain data"),
        id: SignupId::new(now),
        requested_at: now,
    };
    let key = URL_SAFE_NO_PAD.encode(app.token_secret.tag("form token of an event", &[token.as_bytes()]));
    let first = app.backend.idempotency.remember(key, request).await?;
    let Ok(planned) = serde_json::from_str::<Planned>(&first.fingerprint) else {
        return store_new(app, content, is_unlisted, now).await.map(is_new);
    };
    let event = EventId::from_stored(planned.event);
    let mut details = if event == candidate.event && planned.links == candidate.links {
        candidate
    } else {
        EventDetails { links: planned.links, ..EventDetails::new(event, content.clone(), now) }
    };
    if let StoredDetails::Some(stored) = app.backend.events.stored(&details.event).await?
        && stored.links == details.links
    {
        return Ok(Created { details: (*stored).clone(), is_repeat: true });
    }
    if app.backend.events.create_event(&details, now).await? == Write::Stored {
        details.version += 1;
        return Ok(is_new(details));
    }
    // Another request has just created it: a repeat of this form, or one that took the id.
    match app.backend.events.stored(&details.event).await? {
        StoredDetails::Some(stored) if stored.links == details.links => {
            Ok(Created { details: (*stored).clone(), is_repeat: true })
        }
        _ => store_new(app, content, is_unlisted, now).await.map(is_new),
    }
}

/// Shows a poster with the link of an event.
pub async fn poster(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    locale: Locale,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let event = Event::parse(&event).map_err(|problem| problem.in_field("event"))?;
    let found = find_event(&app, event.id()).await?;
    let title = match found.details() {
        Some(details) => details.content.title.to_string(),
        None => {
            let stored = app.backend.roster.roster(event.id(), 1, None).await?.title;
            stored.unwrap_or_else(|| event.title().to_owned())
        }
    };
    let event = Event::titled(event.id().clone(), title);
    let url = absolute_url(app.public_url.as_ref(), &headers, &event_path(event.id(), &[]));
    Ok(pages::poster(locale, &event, found.details(), &url).into_response())
}
