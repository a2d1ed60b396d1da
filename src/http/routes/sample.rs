//! The API of the 2016 sample, as its client scripts use it: `POST /` and `GET /`. To a browser, the first page.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::attendee::Attendee;
use crate::domain::manage_link::ManageToken;
use crate::formats::http_signup as http;
use crate::http::client::{ClientAddress, wants_page};
use crate::http::middleware::body::Fields;
use crate::http::problem::{Kind, Problem};
use crate::http::routes::everybody;
use crate::http::routes::signups::{accept, settled};
use crate::http::{App, pages};
use crate::notify::links::event_path;

#[derive(Serialize, ToSchema)]
pub struct SampleEntry {
    #[schema(example = "Dance")]
    pub event: String,
    #[schema(example = "Melvin")]
    pub name: String,
}

/// Everybody who is in. Given to clients on this machine, or where the operator says so.
#[utoipa::path(
    get, path = "/", operation_id = "listEverybody", tag = "sample",
    responses(
        (status = 200, content((Vec<SampleEntry> = "application/json"), (String = "text/html"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let allowed = may_list(&app, address, &headers);
    if wants_page(&headers) {
        let events = if allowed { app.backend.roster.events(pages::EVENTS_SHOWN, None).await? } else { Vec::new() };
        return Ok(pages::home(&events).into_response());
    }
    if !allowed {
        let detail = "everybody's names are given on the server's own machine only, unless it is started with --list-everyone anyone; \
                      ask for one event at /events/{event}/attendees";
        return Err(Problem::new(Kind::Forbidden, detail));
    }
    Ok(everybody_json(&app))
}

/// Signs somebody up, and answers with everybody who is in once the sign-up is on the roster, or after 2 seconds;
/// who may not see the list gets this sign-up alone.
#[utoipa::path(
    post, path = "/", operation_id = "signUpAsIn2016", tag = "sample",
    request_body = SampleEntry,
    responses(
        (status = 200, body = Vec<SampleEntry>),
        (status = 303, description = "To the manage page, after a form"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn sign_up(
    State(app): State<Arc<App>>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let signup = accept(&app, &headers, |version| http::sample_signup(&fields.map, version)).await?;
    let attendee = settled(&app, &signup).await;
    if fields.by_form {
        let token = ManageToken::of(&signup).sign(&app.token_secret);
        return Ok(Redirect::to(&event_path(signup.event.id(), &["manage", &token])).into_response());
    }
    if may_list(&app, address, &headers) {
        return Ok(everybody_json(&app));
    }
    let own: Vec<_> =
        attendee.iter().filter(|attendee| attendee.registration().is_some()).map(SampleEntry::of).collect();
    Ok(axum::Json(own).into_response())
}

fn may_list(app: &App, address: Option<Extension<ClientAddress>>, headers: &HeaderMap) -> bool {
    app.list_everyone.allows(address.map(|Extension(address)| address), headers)
}

fn everybody_json(app: &App) -> Response {
    let mut separator = "";
    let body = everybody::body(Arc::clone(&app.backend.roster), "[", "]", move |page| {
        let mut json = Vec::new();
        for attendee in page {
            json.extend_from_slice(separator.as_bytes());
            serde_json::to_writer(&mut json, &SampleEntry::of(attendee)).expect("a vector takes every write");
            separator = ",";
        }
        json
    });
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

impl SampleEntry {
    fn of(attendee: &Attendee) -> Self {
        Self { event: attendee.title.clone(), name: attendee.name.to_string() }
    }
}
