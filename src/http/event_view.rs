//! An event as a request sees it: its details, who asks, and what they may see.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;

use crate::domain::channel::Channel;
use crate::domain::event::EventId;
use crate::domain::event_details::EventDetails;
use crate::domain::host_link::HostRole;
use crate::domain::manage_link::{ManageToken, RegistrationState};
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::{View, Viewer};
use crate::http::App;
use crate::http::client::{bearer_token, is_cross_site};
use crate::http::organiser_session::has_valid_session;
use crate::http::problem::{Problem, ProblemKind};
use crate::ingest::admission::may_exist;
use crate::ports::ReadError;

/// What a client sent to show who it is.
pub enum Credentials {
    None,
    /// The value of `Authorization: Bearer`: the organiser's key, or the token of a host's or of a personal link.
    Bearer(String),
    /// A browser in which the organiser is logged in.
    OrganiserSession,
}

impl FromRequestParts<Arc<App>> for Credentials {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        if let Some(token) = bearer_token(&parts.headers) {
            return Ok(Self::Bearer(String::from_utf8_lossy(token).into_owned()));
        }
        // Another site could make the organiser's browser send a change with its cookie.
        let is_foreign_change = parts.method != Method::GET && is_cross_site(app.public_url.as_ref(), &parts.headers);
        if !is_foreign_change && has_valid_session(app, &parts.headers).await? {
            return Ok(Self::OrganiserSession);
        }
        Ok(Self::None)
    }
}

impl Credentials {
    /// Returns who looks at an event.
    ///
    /// # Errors
    /// Credentials that are valid for nothing are refused, so that a mistyped token is noticed.
    pub async fn viewer(&self, app: &App, event: &EventId, details: Option<&EventDetails>) -> Result<Viewer, Problem> {
        let token = match self {
            Self::None => return Ok(Viewer::Public),
            Self::OrganiserSession => return Ok(Viewer::Organiser),
            Self::Bearer(token) => token,
        };
        if let Some(role) = host_role(app, event, details, token).await? {
            return Ok(Viewer::Host(role));
        }
        if app.secrets.organiser_key().await?.is(token.as_bytes()) {
            return Ok(Viewer::Organiser);
        }
        if let Some(token) = app.verify(|secret| ManageToken::verify(event, token, secret)).await? {
            let attendee = app.backend.roster.attendee(&token.key).await?;
            let is_in = token.state(attendee.as_ref(), Timestamp::now()) == RegistrationState::In;
            return Ok(if is_in { Viewer::Attendee } else { Viewer::Public });
        }
        let detail =
            "This key or token is not valid for this event. Copy the whole link, or ask the host for a new one.";
        Err(Problem::new(ProblemKind::HostLinkNeeded, detail))
    }

    /// Returns who looks at an event if they have the role.
    pub async fn require(
        &self,
        role: HostRole,
        app: &App,
        event: &EventId,
        details: Option<&EventDetails>,
    ) -> Result<Viewer, Problem> {
        let viewer = self.viewer(app, event, details).await?;
        if viewer.has_role(role) {
            return Ok(viewer);
        }
        Err(match viewer {
            Viewer::Public | Viewer::Attendee => Problem::new(
                ProblemKind::HostLinkNeeded,
                "Only a host of this event may do this. Send the token of the host's link as `Authorization: Bearer …`.",
            ),
            Viewer::Host(_) | Viewer::Organiser => {
                Problem::new(ProblemKind::Forbidden, "Your link does not allow this. Ask the host of this event.")
            }
        })
    }
}

/// Returns the role of a host's token.
pub async fn host_role(
    app: &App,
    event: &EventId,
    details: Option<&EventDetails>,
    token: &str,
) -> Result<Option<HostRole>, Problem> {
    let Some(links) = details.map(|details| details.links) else { return Ok(None) };
    Ok(app.verify(|secret| links.verify(event, token, secret)).await?)
}

/// Reads the details of an event. Returns `None` if it has none.
///
/// # Errors
/// Returns "not found" for an event that neither exists nor begins with a sign-up over HTTP.
pub async fn find_event(app: &App, event: &EventId) -> Result<Option<Arc<EventDetails>>, Problem> {
    if let Some(details) = read_details(app, event).await? {
        return Ok(Some(details));
    }
    if may_exist(event, Channel::Http, app.event_creators, &app.backend).await? {
        return Ok(None);
    }
    Err(no_such_event())
}

/// Reads the details of an event. Returns `None` if it has none.
pub async fn read_details(app: &App, event: &EventId) -> Result<Option<Arc<EventDetails>>, Problem> {
    app.backend.events.details_of(event).await.map_err(|error| match error {
        ReadError::Damaged(cause) => damaged_details(&cause),
        ReadError::Unavailable(unavailable) => unavailable.into(),
    })
}

/// What the sender of a request may see of an event.
pub async fn view(app: &App, credentials: &Credentials, event: &EventId) -> Result<View, Problem> {
    let details = find_event(app, event).await?;
    Ok(credentials.viewer(app, event, details.as_deref()).await?.view(details.as_deref()))
}

/// The problem for an event that does not exist. It is the same for every id, so that it reveals nothing.
pub fn no_such_event() -> Problem {
    Problem::new(ProblemKind::NotFound, "There is no such event. Check the link, or ask whoever sent it.")
}

pub fn damaged_details(cause: &str) -> Problem {
    tracing::error!(cause, "the stored details of an event are damaged");
    let detail = "The details of this event cannot be read. Please tell the operator of this server.";
    Problem::new(ProblemKind::Internal, detail)
}
