//! Sends attendees their personal link again. The link is sent to the attendee's confirmed contact and is never part of
//! the response.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::attendee_name::AttendeeName;
use crate::domain::channel::Channel;
use crate::domain::event::Event;
use crate::domain::signup::{Request, Signup, Version};
use crate::formats::fields;
use crate::http::event_view::no_such_event;
use crate::http::locale::Locale;
use crate::http::middleware::body::Fields;
use crate::http::problem::Problem;
use crate::http::routes::signups;
use crate::http::{App, pages};
use crate::notify::links::event_path;

/// The same message for every name, so that it does not reveal who is on the list or has a contact.
const MESSAGE: &str = "If this name is on the list with a confirmed contact, its link is on its way there; it is sent once an hour at most.";

/// The attendee whose personal link to send.
#[derive(Serialize, ToSchema)]
pub struct LinkRequest {
    /// The attendee's name. Case and spacing do not matter.
    #[schema(example = "Melvin")]
    pub name: String,
}

/// The response. It is the same whether or not the name is on the list.
#[derive(Serialize, ToSchema)]
pub struct LinkResponse {
    pub message: &'static str,
}

/// Sends an attendee their personal link again.
///
/// The link is sent only to the attendee's own confirmed contact.
#[utoipa::path(
    post, path = "/events/{event}/link", operation_id = "sendLink", tag = "signups", params(("event" = String, Path, description = "The event's id or title")),
    request_body = LinkRequest,
    responses(
        (status = 202, content((LinkResponse = "application/json"), (String = "text/html"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn resend(
    State(app): State<Arc<App>>,
    Path(event): Path<String>,
    locale: Locale,
    fields: Fields,
) -> Result<Response, Problem> {
    let signup = Signup {
        version: Version::now(),
        event: Event::parse(&event).map_err(|problem| problem.in_field("event"))?,
        name: fields::parsed(&fields.map, "name", AttendeeName::parse)?,
        channel: Channel::Http,
        network: None,
        request: Request::SendLink,
    };
    let stored = app.backend.events.stored(signup.event.id()).await?;
    if stored.is_void(signup.version.requested_at) {
        return Err(no_such_event());
    }
    signups::enqueue(&app, &signup).await?;
    if fields.is_form {
        let back = event_path(signup.event.id(), &[]);
        let page = pages::confirmation(locale, "lost-sent-title", "lost-sent", &back);
        return Ok((StatusCode::ACCEPTED, page).into_response());
    }
    Ok((StatusCode::ACCEPTED, Json(LinkResponse { message: MESSAGE })).into_response())
}
