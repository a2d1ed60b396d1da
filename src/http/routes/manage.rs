//! The page behind a manage link. GET shows; only POST acts.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::AttendeeName;
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::event::Event;
use crate::domain::invalid::FieldProblem;
use crate::domain::manage_link::{ManageToken, RegistrationState};
use crate::domain::registration::RegistrationKey;
use crate::domain::signup::{Request, Signup, Version};
use crate::domain::timestamp::Timestamp;
use crate::formats::{fields, http_signup as http};
use crate::http::bodies::{ManageBody, MessageBody};
use crate::http::client::wants_page;
use crate::http::middleware::body::Fields;
use crate::http::paging::event_id;
use crate::http::problem::{Kind, Problem};
use crate::http::routes::signups;
use crate::http::{App, pages};
use crate::notify::links::event_path;
use crate::ports::InboxMessage;

/// Give `action` `cancel`, or else a `contact`, of which null takes the contact away, or else `notify`.
#[derive(Serialize, ToSchema)]
pub struct ManageAction {
    #[schema(value_type = Option<String>, example = "cancel")]
    pub action: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub contact: Option<Value>,
    /// Whether the contact is told of others.
    pub notify: Option<bool>,
}

/// How things stand with the stay behind the link.
#[utoipa::path(
    get, path = "/events/{event}/manage/{token}", operation_id = "showStay", tag = "signups",
    params(("event" = String, Path), ("token" = String, Path)),
    responses(
        (status = 200, content((ManageBody = "application/json"), (String = "text/html"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn show(
    State(app): State<Arc<App>>,
    Path((event, token)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let token = verify(&app, &event, &token).await?;
    let attendee = app.backend.roster.attendee(&token.key).await?;
    let mut body = body(&token, attendee.as_ref());
    if body.state == RegistrationState::In {
        body.messages = messages(&app, &token).await?;
    }
    if wants_page(&headers) {
        let title = app.backend.roster.roster(&token.key.event, 1, None).await?.title.unwrap_or(event);
        return Ok(pages::manage(&title, &event_path(&token.key.event, &[]), &body).into_response());
    }
    Ok(Json(body).into_response())
}

/// Cancels the stay behind the link, changes its contact, or says whether that is told of others.
#[utoipa::path(
    post, path = "/events/{event}/manage/{token}", operation_id = "changeStay", tag = "signups",
    params(("event" = String, Path), ("token" = String, Path)),
    request_body = ManageAction,
    responses(
        (status = 202, body = ManageBody),
        (status = 303, description = "To the same page, after a form"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn act(
    State(app): State<Arc<App>>,
    Path((event, token_text)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let token = verify(&app, &event, &token_text).await?;
    let request = request(&token, &fields.map)?;
    let attendee = app.backend.roster.attendee(&token.key).await?;
    let body_now = match (token.state(attendee.as_ref(), Timestamp::now()), &request) {
        (RegistrationState::NotYours, _) => {
            let detail =
                "somebody else of this name is on the list; this link is of another sign-up and cannot change that";
            return Err(Problem::new(Kind::Forbidden, detail));
        }
        (RegistrationState::Out, Request::Leave { .. }) => body(&token, attendee.as_ref()),
        (RegistrationState::Out, _) => {
            let detail = "this sign-up is no longer on the list; sign up again to come";
            return Err(Problem::new(Kind::Conflict, detail));
        }
        (RegistrationState::In | RegistrationState::Pending, _) => {
            let signup = signup(&token, &event, attendee.as_ref(), request)?;
            signups::enqueue(&app, &signup).await?;
            let attendee = signups::settled(&app, &signup).await;
            body(&token, attendee.as_ref())
        }
    };
    if fields.by_form {
        return Ok(Redirect::to(&event_path(&token.key.event, &["manage", &token_text])).into_response());
    }
    Ok((StatusCode::ACCEPTED, Json(body_now)).into_response())
}

async fn verify(app: &App, event: &str, token: &str) -> Result<ManageToken, Problem> {
    let event = event_id(event)?;
    if let Some(token) = ManageToken::verify(&event, token, &app.token_secret) {
        return Ok(token);
    }
    let previous = app.secrets.previous_token_secret().await?;
    previous.and_then(|secret| ManageToken::verify(&event, token, &secret)).ok_or_else(|| {
        Problem::new(Kind::NotFound, "this link is not whole, or not of this event; use it just as you were given it")
    })
}

async fn messages(app: &App, token: &ManageToken) -> Result<Vec<MessageBody>, Problem> {
    let Some(inbox) = &app.backend.inbox else { return Ok(Vec::new()) };
    let registration = RegistrationKey { attendee: token.key.clone(), owner: token.signup.clone() };
    let messages = inbox.messages(&registration).await?;
    Ok(messages.into_iter().map(|InboxMessage { at, text, .. }| MessageBody { at, text }).collect())
}

fn body(token: &ManageToken, attendee: Option<&Attendee>) -> ManageBody {
    let state = token.state(attendee, Timestamp::now());
    let own = attendee.filter(|_| state == RegistrationState::In).and_then(Attendee::registration);
    ManageBody {
        event: token.key.event.to_string(),
        name: attendee.map_or_else(|| token.key.name.as_str().to_owned(), |attendee| attendee.name.to_string()),
        state,
        contact: own.and_then(|registration| registration.contact.as_ref()).map(Contact::kind),
        notify: own.map(|registration| registration.notify),
        messages: Vec::new(),
    }
}

fn request(token: &ManageToken, fields: &Map<String, Value>) -> Result<Request, Problem> {
    let registration = token.signup.clone();
    match fields.get("action").and_then(Value::as_str) {
        Some("cancel") => Ok(Request::Leave { registration }),
        Some("contact") | None if fields.contains_key("contact") => {
            Ok(Request::Amend { registration, contact: http::contact(fields)? })
        }
        Some("notify") => Ok(Request::Notify { registration, on: true }),
        Some("quiet") => Ok(Request::Notify { registration, on: false }),
        None if fields.contains_key("notify") => {
            let on = fields::optional_flag(fields, "notify")?.ok_or(FieldProblem::Missing.in_field("notify"))?;
            Ok(Request::Notify { registration, on })
        }
        _ => {
            let choices = "`cancel`, `contact`, `notify` and `quiet`, or left out beside a `contact` or `notify`";
            Err(FieldProblem::NotAChoice { choices: choices.to_owned() }.in_field("action").into())
        }
    }
}

/// The owner's request as a sign-up of its own, newer than any so far.
fn signup(token: &ManageToken, event: &str, attendee: Option<&Attendee>, request: Request) -> Result<Signup, Problem> {
    let name = match attendee {
        Some(attendee) => attendee.name.clone(),
        None => AttendeeName::parse(token.key.name.as_str()).map_err(|problem| problem.in_field("name"))?,
    };
    Ok(Signup {
        version: Version::now(),
        event: Event::parse(event).map_err(|problem| problem.in_field("event"))?,
        name,
        channel: Channel::Http,
        request,
    })
}
