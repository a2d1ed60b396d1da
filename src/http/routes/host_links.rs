//! The links that give people roles on an event: showing and revoking them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::event_details::EventDetails;
use crate::domain::host_link::{HostRole, LinkGenerations};
use crate::domain::invalid::choice;
use crate::formats::fields;
use crate::http::App;
use crate::http::client::absolute_url;
use crate::http::client::{DefaultForm, wants_page};
use crate::http::event_view::Credentials;
use crate::http::middleware::body::Fields;
use crate::http::paging::parse_event_id;
use crate::http::problem::Problem;
use crate::http::routes::hosting::{change, details_for};
use crate::notify::links::event_path;

/// A link that gives its holder a role on an event.
#[derive(Serialize, ToSchema)]
pub struct LinkBody {
    /// `host`, `co_host` or `check_in`.
    pub role: &'static str,
    pub url: String,
}

/// The role of a link.
#[derive(Serialize, ToSchema)]
pub struct LinkRequest {
    /// `host`, `co_host` or `check_in`.
    #[schema(example = "co_host")]
    pub role: String,
}

/// Shows the current link of a role.
///
/// Only for the host and the organiser. The organiser can give a host's link for any event, also for one that began with
/// a sign-up.
#[utoipa::path(
    post, path = "/events/{event}/links", operation_id = "showLink", tag = "hosts", security(("host" = []), ("organiser" = [])),
    params(("event" = String, Path, description = "The event's id or title")), request_body = LinkRequest,
    responses(
        (status = 200, body = LinkBody),
        (status = 303, description = "Redirect to the page of the link, after a form"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn show_link(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    credentials: Credentials,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    change_link(&app, &event, &credentials, &headers, &fields, |_, _| {}).await
}

/// Makes all links of a role invalid, and shows the new one.
///
/// Only for the host and the organiser.
#[utoipa::path(
    post, path = "/events/{event}/links/revoke", operation_id = "revokeLinks", tag = "hosts", security(("host" = []), ("organiser" = [])),
    params(("event" = String, Path, description = "The event's id or title")), request_body = LinkRequest,
    responses((status = 200, body = LinkBody), (status = "4XX", body = Problem, content_type = "application/problem+json")),
)]
pub async fn revoke_links(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    credentials: Credentials,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    change_link(&app, &event, &credentials, &headers, &fields, LinkGenerations::revoke).await
}

pub fn link(app: &App, headers: &HeaderMap, details: &EventDetails, role: HostRole) -> LinkBody {
    let url = absolute_url(app.public_url.as_ref(), headers, &link_path(app, details, role));
    LinkBody { role: role.as_str(), url }
}

fn link_path(app: &App, details: &EventDetails, role: HostRole) -> String {
    let token = details.links.sign(&details.event, role, &app.token_secret);
    event_path(&details.event, &["host", &token])
}

/// Changes the links of the role that the request names, and answers with the role's link. An event without details gets some,
/// since the links depend on them.
async fn change_link(
    app: &App,
    event: &str,
    credentials: &Credentials,
    headers: &HeaderMap,
    fields: &Fields,
    edit: fn(&mut LinkGenerations, HostRole),
) -> Result<Response, Problem> {
    // Whoever may not do this is refused, whatever else is wrong with the request.
    details_for(app, credentials, &parse_event_id(event)?, HostRole::Host).await?;
    let role = fields::parsed(&fields.map, "role", choice::<HostRole>)?;
    let edit = |details: &mut EventDetails, _| edit(&mut details.links, role);
    let details = change(app, credentials, event, HostRole::Host, edit).await?;
    if fields.is_form && wants_page(headers, DefaultForm::Json) {
        return Ok(Redirect::to(&link_path(app, &details, role)).into_response());
    }
    Ok(Json(link(app, headers, &details, role)).into_response())
}
