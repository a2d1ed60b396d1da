//! For whoever lost the link to their sign-up: it is sent again to where they hear of others, and shown to nobody.

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
use crate::http::middleware::body::Fields;
use crate::http::problem::Problem;
use crate::http::routes::signups;
use crate::http::{App, pages};
use crate::notify::links::event_path;

/// The same for everybody, so that it tells nobody who is in and who has left a contact.
const ANSWER: &str = "If this name is on the list with a confirmed contact, its link is on its way there; it is sent once an hour at most.";

#[derive(Serialize, ToSchema)]
pub struct LinkRequest {
    /// Whose link, in any spelling.
    #[schema(example = "Melvin")]
    pub name: String,
}

#[derive(Serialize, ToSchema)]
pub struct LinkAnswer {
    pub message: &'static str,
}

/// Sends somebody their manage link again: to the contact that they gave and confirmed, and to nobody else.
#[utoipa::path(
    post, path = "/events/{event}/link", operation_id = "sendLink", tag = "signups", params(("event" = String, Path)),
    request_body = LinkRequest,
    responses(
        (status = 202, content((LinkAnswer = "application/json"), (String = "text/html"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn ask(State(app): State<Arc<App>>, Path(event): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let signup = Signup {
        version: Version::now(),
        event: Event::parse(&event).map_err(|problem| problem.in_field("event"))?,
        name: fields::parsed(&fields.map, "name", AttendeeName::parse)?,
        channel: Channel::Http,
        request: Request::SendLink,
    };
    signups::enqueue(&app, &signup).await?;
    if fields.by_form {
        let page = pages::said("Your link", ANSWER, &event_path(signup.event.id(), &[]));
        return Ok((StatusCode::ACCEPTED, page).into_response());
    }
    Ok((StatusCode::ACCEPTED, Json(LinkAnswer { message: ANSWER })).into_response())
}
