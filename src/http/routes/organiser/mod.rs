//! What the organiser's key opens: as `Authorization: Bearer` for programs, as a login for a browser.

pub mod buttons;
pub mod import;
pub mod limits;
pub mod people;
pub mod rejects;
pub mod session;

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::channel::Channel;
use crate::domain::signup::{Signup, Version};
use crate::formats::message;
use crate::http::client::{is_cross_site, wants_page};
use crate::http::middleware::body::Fields;
use crate::http::problem::{Kind, Problem};
use crate::http::routes::signups;
use crate::http::{App, pages};
use crate::ports::Unavailable;

/// Proof that the request comes from the organiser.
pub struct Organiser;

/// Why it does not count as the organiser's.
pub enum NotOrganiser {
    /// A browser, which is led to the login.
    Login,
    Refused(Problem),
    /// Nobody can tell just now.
    Unavailable(Unavailable),
}

impl FromRequestParts<Arc<App>> for Organiser {
    type Rejection = NotOrganiser;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, NotOrganiser> {
        let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
        if let Some(key) = bearer {
            let is_right = app.secrets.organiser_key().await?.is(key);
            return if is_right { Ok(Self) } else { Err(refused("this is not the organiser's key")) };
        }
        if !session::is_open(app, &parts.headers).await? {
            let page = parts.method == Method::GET && wants_page(&parts.headers);
            let detail = "send the organiser's key as `Authorization: Bearer …`; `countmein serve` says at its start where it is";
            return Err(if page { NotOrganiser::Login } else { refused(detail) });
        }
        if parts.method != Method::GET && is_cross_site(&parts.headers) {
            let detail = "this request was made by another site; use the organiser's own pages";
            return Err(NotOrganiser::Refused(Problem::new(Kind::Forbidden, detail)));
        }
        Ok(Self)
    }
}

/// RFC 9110, section 11.1: the scheme's case does not matter.
pub fn bearer(credentials: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = credentials.split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(key)
}

fn refused(detail: &str) -> NotOrganiser {
    NotOrganiser::Refused(Problem::new(Kind::LoginNeeded, detail))
}

impl IntoResponse for NotOrganiser {
    fn into_response(self) -> Response {
        match self {
            Self::Login => Redirect::to("/organiser").into_response(),
            Self::Refused(problem) => problem.into_response(),
            Self::Unavailable(unavailable) => Problem::from(unavailable).into_response(),
        }
    }
}

impl From<Unavailable> for NotOrganiser {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

/// The organiser's page, or the login to it.
pub async fn page(
    State(app): State<Arc<App>>,
    organiser: Result<Organiser, NotOrganiser>,
) -> Result<Response, Problem> {
    match organiser {
        Ok(Organiser) => {}
        Err(NotOrganiser::Unavailable(unavailable)) => return Err(unavailable.into()),
        Err(NotOrganiser::Login | NotOrganiser::Refused(_)) => return Ok(pages::login(None).into_response()),
    }
    let events = app.backend.roster.events(pages::EVENTS_SHOWN, None).await?;
    let rejects = app.backend.rejects.list(pages::REJECTS_SHOWN, None).await?;
    let limits = limits::limits(&app).await?;
    Ok(pages::organiser(&events, rejects.len(), &limits).into_response())
}

#[derive(Serialize, ToSchema)]
pub struct Sent {
    pub id: String,
    pub event: String,
    pub name: String,
}

/// Signs somebody up or off with the organiser's authority.
#[utoipa::path(
    post, path = "/organiser/signups", operation_id = "signUpAsOrganiser", tag = "organiser", security(("organiser" = [])),
    request_body(content = Object, description = "A sign-up message; `id`, `requested_at` and `channel` are ignored",
        example = json!({"event": "Dance", "name": "Melvin", "action": "cancel"})),
    responses(
        (status = 202, body = Sent),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn sign_up(State(app): State<Arc<App>>, _organiser: Organiser, fields: Fields) -> Result<Response, Problem> {
    let mut message = fields.map;
    message.remove("channel");
    let signup = message::from_fields(&message, Version::now(), Channel::Cli)?;
    signups::enqueue(&app, &signup).await?;
    signups::settled(&app, &signup).await;
    Ok((StatusCode::ACCEPTED, Json(Sent::of(&signup))).into_response())
}

impl Sent {
    pub fn of(signup: &Signup) -> Self {
        Self { id: signup.version.id.to_string(), event: signup.event.id().to_string(), name: signup.name.to_string() }
    }
}
