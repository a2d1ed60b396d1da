//! An event as a request sees it: its details, who asks, and what they may see.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;

use crate::domain::channel::Channel;
use crate::domain::deleted_event::{DeletedEvent, DeletionState};
use crate::domain::event::EventId;
use crate::domain::event_details::EventDetails;
use crate::domain::host_link::{HostRole, LinkGenerations};
use crate::domain::manage_link::{ManageToken, RegistrationState};
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::{View, Viewer};
use crate::http::App;
use crate::http::client::{bearer_token, is_cross_site};
use crate::http::organiser_session::has_valid_session;
use crate::http::problem::{Problem, ProblemKind};
use crate::ingest::admission::may_exist;
use crate::ports::{ReadError, StoredDetails};

/// An event that exists.
pub enum FoundEvent {
    WithDetails(Arc<EventDetails>),
    /// The event began with a sign-up, or may begin with one.
    WithoutDetails,
    /// The event began with a sign-up after an earlier event with the same id had been deleted.
    BegunAnew(Arc<DeletedEvent>),
}

impl FoundEvent {
    pub fn details(&self) -> Option<&EventDetails> {
        match self {
            Self::WithDetails(details) => Some(details),
            Self::WithoutDetails | Self::BegunAnew(_) => None,
        }
    }

    /// The version that an edit must name.
    pub fn version(&self) -> u64 {
        match self {
            Self::WithDetails(details) => details.version,
            Self::WithoutDetails => 0,
            Self::BegunAnew(earlier) => earlier.version,
        }
    }

    /// The `ETag` of the event. It changes with every edit.
    pub fn entity_tag(&self) -> String {
        entity_tag(self.version())
    }
}

/// The `ETag` of an event whose details have this version.
pub fn entity_tag(version: u64) -> String {
    format!("\"{version}\"")
}

/// What a client sent to show who it is.
pub enum Credentials {
    None,
    /// The value of `Authorization: Bearer`: the organiser's key, or the token of a host's or of a personal link.
    Bearer(String),
    /// A browser in which the organiser is logged in.
    OrganiserSession,
    /// The token in the address of a host's page. No other token is valid there.
    HostLink(String),
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
        self.viewer_with_links(app, event, details.map(|details| details.links)).await
    }

    async fn viewer_with_links(
        &self,
        app: &App,
        event: &EventId,
        links: Option<LinkGenerations>,
    ) -> Result<Viewer, Problem> {
        let token = match self {
            Self::None => return Ok(Viewer::Public),
            Self::OrganiserSession => return Ok(Viewer::Organiser),
            Self::HostLink(token) => {
                let role = host_role(app, event, links, token).await?;
                return role.map(Viewer::Host).ok_or_else(invalid_host_link);
            }
            Self::Bearer(token) => token,
        };
        if let Some(role) = host_role(app, event, links, token).await? {
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
        links: Option<LinkGenerations>,
    ) -> Result<Viewer, Problem> {
        let viewer = self.viewer_with_links(app, event, links).await?;
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
    links: Option<LinkGenerations>,
    token: &str,
) -> Result<Option<HostRole>, Problem> {
    let Some(links) = links else { return Ok(None) };
    Ok(app.verify(|secret| links.verify(event, token, secret)).await?)
}

/// Finds an event.
///
/// # Errors
/// Returns "not found" for an event that neither exists nor begins with a sign-up over HTTP, and for a deleted event unless
/// it has begun anew.
pub async fn find_event(app: &App, event: &EventId) -> Result<FoundEvent, Problem> {
    let exists = match app.backend.events.stored(event).await? {
        StoredDetails::Some(details) => Some(FoundEvent::WithDetails(details)),
        StoredDetails::None => {
            let may_exist = may_exist(event, Channel::Http, app.event_creators, &app.backend).await?;
            may_exist.then_some(FoundEvent::WithoutDetails)
        }
        StoredDetails::Deleted(deleted) => match deleted.state {
            DeletionState::InProgress => None,
            DeletionState::Complete => {
                let has_begun = app.backend.roster.roster(event, 1, None).await?.title.is_some();
                has_begun.then_some(FoundEvent::BegunAnew(deleted))
            }
        },
        StoredDetails::Damaged(cause) => return Err(damaged_details(&cause)),
    };
    exists.ok_or_else(no_such_event)
}

/// Finds an event that has begun: it has details, or somebody signed up.
///
/// Programs may begin an event with a sign-up. Pages may not, because people make mistakes in links, and would begin an event
/// that nobody else knows.
///
/// # Errors
/// Returns "not found" for every other event.
pub async fn find_begun_event(app: &App, event: &EventId) -> Result<FoundEvent, Problem> {
    let found = find_event(app, event).await?;
    let has_begun = match found {
        FoundEvent::WithDetails(_) | FoundEvent::BegunAnew(_) => true,
        FoundEvent::WithoutDetails => app.backend.roster.roster(event, 1, None).await?.title.is_some(),
    };
    if has_begun { Ok(found) } else { Err(no_such_event()) }
}

/// Reads the details of an event. Returns `None` if it has none.
pub async fn read_details(app: &App, event: &EventId) -> Result<Option<Arc<EventDetails>>, Problem> {
    app.backend.events.details_of(event).await.map_err(|error| match error {
        ReadError::Damaged(cause) => damaged_details(&cause),
        ReadError::Unavailable(unavailable) => unavailable.into(),
    })
}

/// Finds an event, and says what the sender of a request may see of it.
pub async fn view(app: &App, credentials: &Credentials, event: &EventId) -> Result<(FoundEvent, View), Problem> {
    let found = find_event(app, event).await?;
    let view = credentials.viewer(app, event, found.details()).await?.view(found.details());
    Ok((found, view))
}

/// The problem for an event that does not exist. It is the same for every id, so that it reveals nothing.
pub fn no_such_event() -> Problem {
    Problem::new(ProblemKind::NotFound, "There is no such event. Check the link, or ask whoever sent it.")
        .on_page("error-no-event")
}

/// The problem for the address of a host's page with an invalid token.
pub fn invalid_host_link() -> Problem {
    let detail = "This link is incomplete or no longer valid. Copy the whole link, or ask the host for a new one.";
    Problem::new(ProblemKind::NotFound, detail).on_page("error-host-link")
}

pub fn damaged_details(cause: &str) -> Problem {
    tracing::error!(cause, "the stored details of an event are damaged");
    let detail = "The details of this event cannot be read. Please tell the operator of this server.";
    Problem::new(ProblemKind::Internal, detail)
}
