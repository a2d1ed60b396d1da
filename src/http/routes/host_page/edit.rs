//! The page on which a host edits the event.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Map, Value};

use crate::domain::event::EventId;
use crate::domain::event_details::{Content, EventDetails};
use crate::domain::host_link::HostRole;
use crate::formats::event_details::patched;
use crate::http::App;
use crate::http::event_view::Credentials;
use crate::http::locale::Locale;
use crate::http::middleware::body::Fields;
use crate::http::pages::{EditMode, EditPage, Form, Page};
use crate::http::paging::parse_event_id;
use crate::http::problem::Problem;
use crate::http::routes::hosting::{details_for, outdated, store_edit};
use crate::http::routes::new_event::{in_future, is_preview};
use crate::notify::links::event_path;

/// Shows the form of an event to a host.
#[utoipa::path(
    get, path = "/events/{event}/host/{token}/edit", operation_id = "showEditPage", tag = "hosts",
    params(("event" = String, Path, description = "The event's id or title"), ("token" = String, Path, description = "The token at the end of the host's link")),
    responses((status = 200, content((String = "text/html"))), (status = "4XX", body = Problem, content_type = "application/problem+json")),
)]
pub async fn show(
    State(app): State<Arc<App>>,
    Path((event, token)): Path<(String, String)>,
    locale: Locale,
) -> Result<Response, Problem> {
    let event = parse_event_id(&event)?;
    let details = editable(&app, &event, &token).await?;
    Ok(page(&details, &token, &Form::empty(locale), None).into_response())
}

/// Stores what a host typed into the form.
#[utoipa::path(
    post, path = "/events/{event}/host/{token}/edit", operation_id = "editAsHost", tag = "hosts",
    params(("event" = String, Path, description = "The event's id or title"), ("token" = String, Path, description = "The token at the end of the host's link")),
    request_body(content = Object, description = "The fields of an event, and its `version`", example = json!({"place": "Hall 2", "version": "1"})),
    responses(
        (status = 200, description = "The form with a preview", content((String = "text/html"))),
        (status = 303, description = "Redirect to the host's page"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn edit(
    State(app): State<Arc<App>>,
    Path((event, token)): Path<(String, String)>,
    locale: Locale,
    fields: Fields,
) -> Result<Response, Problem> {
    let event = parse_event_id(&event)?;
    let details = editable(&app, &event, &token).await?;
    let typed = fields.map;
    let problem = match edited(&details.content, &typed) {
        Err(problem) => problem,
        Ok(content) if is_preview(&typed) => {
            return Ok(page(&details, &token, &Form::typed(locale, typed), Some(&content)).into_response());
        }
        Ok(_) => match save(&app, &details, &typed).await {
            Ok(()) => {
                return Ok(Redirect::to(&(event_path(&event, &["host", &token]) + "?done=edited")).into_response());
            }
            Err(problem) => problem,
        },
    };
    // The page names the current version, so that the host can save again after comparing.
    let details = editable(&app, &event, &token).await?;
    let form = Form::refused(locale, typed, problem);
    Ok((form.status(), page(&details, &token, &form, None)).into_response())
}

/// The event with the edit. A new time must not be past, as on the form of a new event.
fn edited(stored: &Content, typed: &Map<String, Value>) -> Result<Content, Problem> {
    let content = patched(stored, typed)?;
    if content.schedule == stored.schedule { Ok(content) } else { in_future(content) }
}

async fn editable(app: &App, event: &EventId, token: &str) -> Result<EventDetails, Problem> {
    let credentials = Credentials::HostLink(token.to_owned());
    Ok(details_for(app, &credentials, event, HostRole::CoHost).await?.get().clone())
}

/// Stores the edit unless somebody else has edited the event since the page was shown.
async fn save(app: &App, details: &EventDetails, typed: &Map<String, Value>) -> Result<(), Problem> {
    let seen = typed.get("version").and_then(Value::as_str);
    if seen != Some(details.version.to_string().as_str()) {
        return Err(outdated());
    }
    store_edit(app, details.clone(), typed).await.map(|_| ())
}

fn page(details: &EventDetails, token: &str, form: &Form, preview: Option<&Content>) -> Page {
    let back = event_path(&details.event, &["host", token]);
    EditPage { mode: EditMode::Edit { details, back: &back }, preview, form }.page()
}
