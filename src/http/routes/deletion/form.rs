//! The page on which a host or the organiser deletes an event. A GET request changes nothing.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::position::Cursor;
use super::{Request, Target, delete_part, target};
use crate::domain::event::EventId;
use crate::formats::fields;
use crate::http::event_view::{Credentials, no_such_event};
use crate::http::locale::Locale;
use crate::http::middleware::body::Fields;
use crate::http::paging::parse_event_id;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::organiser::Organiser;
use crate::http::{App, pages};
use crate::notify::links::{event_path, organiser_deletion_path};

/// The fields of the form on the page.
#[derive(Serialize, ToSchema)]
pub struct DeletionForm {
    /// The id of the event.
    pub confirm: String,
    /// Where an interrupted deletion continues.
    pub cursor: Option<String>,
}

/// Shows the holder of a host's link what deleting the event would delete.
#[utoipa::path(
    get, path = "/events/{event}/host/{token}/delete", operation_id = "showDeletionToHost", tag = "hosts",
    params(("event" = String, Path, description = "The event's id or title"), ("token" = String, Path, description = "The token at the end of the host's link")),
    responses(
        (status = 200, content((String = "text/html"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn show_to_host(
    State(app): State<Arc<App>>,
    Path((event, token)): Path<(String, String)>,
    locale: Locale,
) -> Result<Response, Problem> {
    let event = parse_event_id(&event)?;
    let page = Page::of_host(&event, &token);
    page.show(&app, &Credentials::HostLink(token), &pages::Form::empty(locale)).await
}

/// Deletes an event, by the form on the page.
#[utoipa::path(
    post, path = "/events/{event}/host/{token}/delete", operation_id = "deleteAsHost", tag = "hosts",
    params(("event" = String, Path, description = "The event's id or title"), ("token" = String, Path, description = "The token at the end of the host's link")),
    request_body = DeletionForm,
    responses(
        (status = 200, content((String = "text/html"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn delete_as_host(
    State(app): State<Arc<App>>,
    Path((event, token)): Path<(String, String)>,
    locale: Locale,
    form: Fields,
) -> Result<Response, Problem> {
    let event = parse_event_id(&event)?;
    let page = Page::of_host(&event, &token);
    page.delete(&app, &Credentials::HostLink(token), locale, form).await
}

/// Shows the organiser what deleting the event would delete.
#[utoipa::path(
    get, path = "/organiser/events/{event}/delete", operation_id = "showDeletionToOrganiser", tag = "organiser", security(("organiser" = [])),
    params(("event" = String, Path, description = "The event's id or title")),
    responses(
        (status = 200, content((String = "text/html"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn show_to_organiser(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    _organiser: Organiser,
    locale: Locale,
) -> Result<Response, Problem> {
    let event = parse_event_id(&event)?;
    let page = Page::of_organiser(&event);
    page.show(&app, &Credentials::OrganiserSession, &pages::Form::empty(locale)).await
}

/// Deletes an event, by the form on the page.
#[utoipa::path(
    post, path = "/organiser/events/{event}/delete", operation_id = "deleteAsOrganiser", tag = "organiser", security(("organiser" = [])),
    params(("event" = String, Path, description = "The event's id or title")), request_body = DeletionForm,
    responses(
        (status = 200, content((String = "text/html"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn delete_as_organiser(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    _organiser: Organiser,
    locale: Locale,
    form: Fields,
) -> Result<Response, Problem> {
    let event = parse_event_id(&event)?;
    let page = Page::of_organiser(&event);
    page.delete(&app, &Credentials::OrganiserSession, locale, form).await
}

/// The page on which an event is deleted.
struct Page<'a> {
    event: &'a EventId,
    path: String,
    /// The path of the page that links to this one, and the message that names it.
    back: (String, &'static str),
    /// The path of the page that follows the deletion, and the message that names it.
    home: (&'static str, &'static str),
}

impl<'a> Page<'a> {
    fn of_host(event: &'a EventId, token: &str) -> Self {
        let path = event_path(event, &["host", token, "delete"]);
        let back = (event_path(event, &["host", token]), "delete-back-host");
        Self { event, path, back, home: ("/", "back-home") }
    }

    fn of_organiser(event: &'a EventId) -> Self {
        let back = (event_path(event, &[]), "back-event");
        Self { event, path: organiser_deletion_path(event), back, home: ("/organiser", "back-organiser") }
    }

    async fn show(&self, app: &App, credentials: &Credentials, form: &pages::Form) -> Result<Response, Problem> {
        let page = match target(app, credentials, self.event).await? {
            Target::Existing { title, count, .. } => {
                let paths = pages::DeletionPaths { own: &self.path, back: (&self.back.0, self.back.1) };
                pages::delete_event(&title, count, self.event, &paths, form)
            }
            Target::InProgress(_) => pages::deletion_in_progress(form.locale, self.event, None, &self.path),
            Target::Complete => return Err(no_such_event()),
        };
        Ok((form.status(), page).into_response())
    }

    async fn delete(
        &self,
        app: &App,
        credentials: &Credentials,
        locale: Locale,
        form: Fields,
    ) -> Result<Response, Problem> {
        let cursor = fields::optional_text(&form.map, "cursor")?;
        let request = Request {
            confirm: fields::optional_text(&form.map, "confirm")?,
            version: None,
            cursor: cursor.map(Cursor::decode).transpose()?,
        };
        let page = match delete_part(app, credentials, self.event, request).await {
            Ok(part) => match part.next {
                Some(next) => pages::deletion_in_progress(locale, self.event, Some(&next), &self.path),
                None => pages::event_deleted(locale, self.home),
            },
            Err(problem) if problem.kind == ProblemKind::ConfirmationNeeded => {
                let problem = Problem { field: Some("confirm"), ..problem.on_page("delete-sure-missing") };
                return self.show(app, credentials, &pages::Form::refused(locale, form.map, problem)).await;
            }
            Err(problem) => return Err(problem),
        };
        Ok(page.into_response())
    }
}
