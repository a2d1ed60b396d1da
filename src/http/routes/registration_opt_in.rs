//! The page of the link in an opt-in request: the owner of an address confirms notifications about one registration or
//! about all, or stops them. A GET request changes nothing.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use crate::domain::attendee::{Attendee, Verdict, apply};
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::contact_id::ContactId;
use crate::domain::event::Event;
use crate::domain::opt_in::{OptIn, Scope};
use crate::domain::opt_in_link::OptInToken;
use crate::domain::registration::Registration;
use crate::domain::secret::Secret;
use crate::domain::signup::{Request, Signup, Version};
use crate::http::client::{DefaultForm, wants_page};
use crate::http::event_view::read_details;
use crate::http::locale::Locale;
use crate::http::opt_in_bodies::{LinkedRegistration, OptInScope, OptInState, RegistrationOptInBody};
use crate::http::paging::parse_event_id;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::contacts::{
    OptInAction, OptInAnswer, OptInRequest, incomplete_link, redirect_form, store_opt_in,
};
use crate::http::routes::signups;
use crate::http::wait::wait_for_roster;
use crate::http::{App, pages};
use crate::notify::links::event_path;

/// A valid link, and what is stored about its registration.
struct Linked {
    token: OptInToken,
    /// `None` also if the event was deleted, although the attendee may still be stored while that is in progress.
    attendee: Option<Attendee>,
    is_event_deleted: bool,
    contact_secret: Option<Secret>,
}

/// Shows whether notifications about a registration are sent to its address.
#[utoipa::path(
    get, path = "/events/{event}/contact/{token}", operation_id = "showRegistrationConsent", tag = "contacts",
    params(("event" = String, Path, description = "The event's id or title"), ("token" = String, Path, description = "The token at the end of the opt-in link")),
    responses(
        (status = 200, content((RegistrationOptInBody = "application/json"), (String = "text/html"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn show(
    State(app): State<Arc<App>>,
    Path((event, token)): Path<(String, String)>,
    headers: HeaderMap,
    locale: Locale,
) -> Result<Response, Problem> {
    let linked = Linked::read(&app, &event, &token).await?;
    let body = linked.body(app.backend.contacts.opt_in(&linked.token.contact).await?);
    if wants_page(&headers, DefaultForm::Page) {
        let details = read_details(&app, &linked.token.registration.attendee.event).await?;
        let title = match (&details, &linked.attendee) {
            (Some(details), _) => details.content.title.as_str(),
            (None, Some(attendee)) => attendee.title.as_str(),
            (None, None) => &event,
        };
        return Ok(pages::registration_opt_in(locale, title, &body).into_response());
    }
    Ok(Json(body).into_response())
}

/// Confirms notifications about a registration or about all registrations with its address, or stops them.
#[utoipa::path(
    post, path = "/events/{event}/contact/{token}", operation_id = "setRegistrationConsent", tag = "contacts",
    params(("event" = String, Path, description = "The event's id or title"), ("token" = String, Path, description = "The token at the end of the opt-in link")),
    request_body = OptInRequest,
    responses(
        (status = 200, body = RegistrationOptInBody),
        (status = 303, description = "Redirect to the same page, after a form"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn change(
    State(app): State<Arc<App>>,
    Path((event, token)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let mut linked = Linked::read(&app, &event, &token).await?;
    let answer = OptInAnswer::parse(&headers, body).await?;
    let (contacts, contact) = (&*app.backend.contacts, linked.token.contact.clone());
    let opt_in = match answer.action {
        OptInAction::Confirm => {
            linked.confirm(&app, &event).await?;
            store_opt_in(contacts, &contact, OptIn::after_confirming_registration).await?
        }
        OptInAction::ConfirmAll => store_opt_in(contacts, &contact, |_| OptIn::Confirmed(Scope::All)).await?,
        OptInAction::Stop => store_opt_in(contacts, &contact, |_| OptIn::OptedOut).await?,
    };
    if answer.is_form {
        let path = event_path(&linked.token.registration.attendee.event, &["contact", &token]);
        return redirect_form(&app, &headers, &contact, answer.action, &path).await;
    }
    Ok(Json(linked.body(Some(opt_in))).into_response())
}

impl Linked {
    async fn read(app: &App, event: &str, token: &str) -> Result<Self, Problem> {
        let event = parse_event_id(event)?;
        let verified = app.verify(|secret| OptInToken::verify(&event, token, secret)).await?;
        let token = verified.ok_or_else(incomplete_link)?;
        let stored = app.backend.events.stored(&event).await?;
        let attendee = app.backend.roster.attendee(&token.registration.attendee).await?;
        let is_event_deleted = stored.is_void_registration(&token.registration.owner, attendee.as_ref());
        let attendee = attendee.filter(|_| !is_event_deleted);
        Ok(Self { token, attendee, is_event_deleted, contact_secret: app.secrets.contact_secret().await? })
    }

    /// Returns the registration with its contact, or what became of it.
    fn registration(&self) -> Result<(&Registration, &Contact), LinkedRegistration> {
        if self.is_event_deleted {
            return Err(LinkedRegistration::EventDeleted);
        }
        let registration = self.attendee.as_ref().and_then(Attendee::registration);
        let registration = registration.filter(|registration| registration.owner == self.token.registration.owner);
        let registration = registration.ok_or(LinkedRegistration::Ended)?;
        let contact = registration.contact.as_ref().ok_or(LinkedRegistration::OtherContact)?;
        match &self.contact_secret {
            None => Err(LinkedRegistration::Unknown),
            Some(secret) if ContactId::of(contact, secret) == self.token.contact => Ok((registration, contact)),
            Some(_) => Err(LinkedRegistration::OtherContact),
        }
    }

    fn body(&self, opt_in: Option<OptIn>) -> RegistrationOptInBody {
        let key = &self.token.registration.attendee;
        let (state, registration, notify) = match self.registration() {
            Ok((registration, _)) => (
                OptInState::of_registration(opt_in, registration),
                LinkedRegistration::Current,
                Some(registration.notify),
            ),
            Err(state) => (OptInState::of(opt_in), state, None),
        };
        RegistrationOptInBody {
            event: key.event.to_string(),
            name: self.attendee.as_ref().map_or(key.name.as_str(), |attendee| attendee.name.as_str()).to_owned(),
            registration,
            opt_in: state,
            scope: OptInScope::of(opt_in),
            notify,
        }
    }

    /// Puts the confirmation on the queue, and waits a moment for it to be applied.
    async fn confirm(&mut self, app: &App, event: &str) -> Result<(), Problem> {
        let contact = match self.registration() {
            Ok((_, contact)) => contact.clone(),
            Err(state) => return Err(Problem::new(ProblemKind::Conflict, why_not(state))),
        };
        let attendee = self.attendee.as_mut().expect("there is a registration");
        let registration = self.token.registration.owner.clone();
        let signup = Signup {
            version: Version::newer_than(Some(&attendee.newest)),
            event: Event::parse(event).map_err(|problem| problem.in_field("event"))?,
            name: attendee.name.clone(),
            channel: Channel::Http,
            network: None,
            request: Request::ConfirmContact { registration, contact },
        };
        signups::enqueue(app, &signup).await?;
        wait_for_roster(app, &signup).await;
        // The confirmation is durable, although it may not be applied yet.
        if let Verdict::Store(confirmed) = apply(Some(attendee), &signup, signup.version.requested_at) {
            *attendee = confirmed;
        }
        Ok(())
    }
}

fn why_not(state: LinkedRegistration) -> &'static str {
    match state {
        LinkedRegistration::Current | LinkedRegistration::Unknown => {
            "This server cannot confirm single sign-ups. Confirm everything sent to your address instead."
        }
        LinkedRegistration::Ended => "This sign-up is no longer on the list, so there is nothing to confirm.",
        LinkedRegistration::EventDeleted => {
            "The event of this sign-up has been deleted, so there is nothing to confirm."
        }
        LinkedRegistration::OtherContact => "This sign-up no longer has your address, so there is nothing to confirm.",
    }
}
