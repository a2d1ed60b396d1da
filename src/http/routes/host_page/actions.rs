//! What a host does with the buttons of their page.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{HostQuery, host_page};
use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::event::Event;
use crate::domain::event_details::EventDetails;
use crate::domain::host_link::{HostRole, LinkGenerations};
use crate::domain::invalid::{FieldProblem, choice};
use crate::domain::manage_link::ManageToken;
use crate::domain::place::Place;
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;
use crate::formats::fields as read;
use crate::formats::http_signup as http;
use crate::http::client::absolute_url;
use crate::http::client_network::Network;
use crate::http::event_view::{Credentials, host_role, invalid_host_link, read_details};
use crate::http::locale::Locale;
use crate::http::middleware::body::Fields;
use crate::http::pages::Form;
use crate::http::pages::PersonalLink;
use crate::http::paging::parse_event_id;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::hosted_attendees::host_attendee;
use crate::http::routes::hosted_attendees::{promote_attendee, remove_attendee};
use crate::http::routes::hosting;
use crate::http::routes::public_signup::{RequestKey, Sender, enqueue_public};
use crate::http::routes::signup_form::with_phone_as_contact;
use crate::http::wait::{wait_for_place, wait_for_roster};
use crate::http::{App, form_token, moved_up};
use crate::notify::links::event_path;
use crate::ports::place_of;

/// The fields of the forms on a host's page.
#[derive(Serialize, ToSchema)]
pub struct HostForm {
    /// `add`, `promote`, `remove`, `link`, `close`, `open`, `cancel`, `archive`, `reopen` or `revoke`.
    #[schema(example = "close")]
    pub action: String,
    /// The name of an attendee: to `add`, `promote` or `remove`, or whose personal link to show.
    pub name: Option<String>,
    /// `yes` raises the number of places if a promoted party does not fit.
    pub raise_capacity: Option<String>,
    /// The role whose links to `revoke`.
    pub role: Option<String>,
}

/// What was done.
#[derive(Serialize, ToSchema)]
pub struct HostAction {
    #[schema(example = "closed")]
    pub done: &'static str,
    /// The personal link, after `link`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// Does what a button of the host's page says.
#[utoipa::path(
    post, path = "/events/{event}/host/{token}", operation_id = "actAsHost", tag = "hosts",
    params(("event" = String, Path, description = "The event's id or title"), ("token" = String, Path, description = "The token at the end of the host's link")),
    request_body = HostForm,
    responses(
        (status = 200, body = HostAction),
        (status = 303, description = "Redirect to the host's page, after a form"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn act(
    State(app): State<Arc<App>>,
    Path((event, token)): Path<(String, String)>,
    headers: HeaderMap,
    Network(network): Network,
    locale: Locale,
    fields: Fields,
) -> Result<Response, Problem> {
    let id = parse_event_id(&event)?;
    let path = event_path(&id, &["host", &token]);
    let sender = Sender { headers: &headers, network, language: locale.chosen() };
    let typed = &fields.map;
    let host = Host { app: &app, event: &event, credentials: Credentials::HostLink(token.clone()) };
    let problem = match host.act(&sender, typed).await {
        Ok(done) if !fields.is_form => {
            let link = done.link.map(|link| link.url);
            return Ok(Json(HostAction { done: done.what, link }).into_response());
        }
        Err(problem) if !fields.is_form => return Err(problem),
        Ok(Done { link: Some(link), .. }) => {
            let query = HostQuery { personal_link: Some(link), ..HostQuery::default() };
            let page = host_page(&app, &id, &token, &headers, &query, &Form::empty(locale)).await?;
            return Ok(page.into_response());
        }
        Ok(done) => {
            let details = read_details(&app, &id).await?.ok_or_else(invalid_host_link)?;
            // The host may have replaced their own link.
            let is_valid = host_role(&app, &id, Some(details.links), &token).await?.is_some();
            let own = details.links.sign(&id, HostRole::Host, &app.token_secret);
            let path = if is_valid { path } else { event_path(&id, &["host", &own]) };
            return Ok(Redirect::to(&format!("{path}?{}", done.query())).into_response());
        }
        Err(problem) => problem,
    };
    let form = Form::refused(locale, fields.map, problem.clone());
    // The link may not be valid. Then the problem says so.
    let page = host_page(&app, &id, &token, &headers, &HostQuery::default(), &form).await.map_err(|_| problem)?;
    Ok((form.status(), page).into_response())
}

/// What a host has done.
struct Done {
    what: &'static str,
    /// Those who moved up from the waiting list.
    moved_up: Vec<AttendeeKey>,
    link: Option<PersonalLink>,
}

impl Done {
    fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("done", self.what);
        if !self.moved_up.is_empty() {
            query.append_pair("up", &moved_up::to_query(&self.moved_up));
        }
        query.finish()
    }
}

impl From<&'static str> for Done {
    fn from(what: &'static str) -> Self {
        Self { what, moved_up: Vec::new(), link: None }
    }
}

/// The holder of a host's link.
struct Host<'a> {
    app: &'a App,
    event: &'a str,
    credentials: Credentials,
}

impl Host<'_> {
    async fn act(&self, sender: &Sender<'_>, fields: &Map<String, Value>) -> Result<Done, Problem> {
        match read::text(fields, "action")? {
            "remove" => {
                let moved_up = self.remove(read::text(fields, "name")?).await?;
                Ok(Done { moved_up, ..Done::from("removed") })
            }
            "link" => {
                let link = self.personal_link(read::text(fields, "name")?, sender.headers).await?;
                Ok(Done { link: Some(link), ..Done::from("link") })
            }
            _ => self.act_on_event(sender, fields).await.map(Done::from),
        }
    }

    /// Returns the link of an attendee who has lost it, or never got it. A host could remove the attendee anyway.
    async fn personal_link(&self, name: &str, headers: &HeaderMap) -> Result<PersonalLink, Problem> {
        let attendee = host_attendee(self.app, &self.credentials, self.event, name).await?;
        let owner = attendee.registration().expect("only attendees on the roster are returned").owner.clone();
        let token = ManageToken { key: attendee.key(), signup: owner }.sign(&self.app.token_secret);
        let path = event_path(&attendee.event, &["manage", &token]);
        let url = absolute_url(self.app.public_url.as_ref(), headers, &path);
        Ok(PersonalLink { name: attendee.name.to_string(), url })
    }

    /// Removes somebody. Returns those who got their places.
    async fn remove(&self, name: &str) -> Result<Vec<AttendeeKey>, Problem> {
        let event = parse_event_id(self.event)?;
        let name_key = NameKey::of(name).map_err(|problem| problem.in_field("name"))?;
        let next = moved_up::next_in_line(self.app, &AttendeeKey { event, name: name_key }).await?;
        remove_attendee(self.app, &self.credentials, self.event, name).await?;
        Ok(moved_up::with_a_place(self.app, next).await?)
    }

    /// Returns the name of what was done.
    async fn act_on_event(&self, sender: &Sender<'_>, fields: &Map<String, Value>) -> Result<&'static str, Problem> {
        let name = || read::text(fields, "name");
        let (app, event, credentials) = (self.app, self.event, &self.credentials);
        match read::text(fields, "action")? {
            "add" => self.add(sender, fields).await,
            "promote" => {
                let may_raise = fields.get("raise_capacity").is_some_and(|answer| answer == "yes");
                promote_attendee(app, credentials, event, name()?, may_raise).await.map(|_| "promoted")
            }
            "close" => self
                .change(HostRole::CoHost, |details, now| details.content.signups.close(now))
                .await
                .map(|()| "closed"),
            "open" => self
                .change(HostRole::CoHost, |details, _| details.content.signups.closes_at = None)
                .await
                .map(|()| "opened"),
            "cancel" => {
                let cancel = |details: &mut EventDetails, now| {
                    details.cancelled_at.get_or_insert(now);
                };
                self.change(HostRole::CoHost, cancel).await.map(|()| "cancelled")
            }
            "archive" => {
                let archive = |details: &mut EventDetails, now| {
                    details.archived_at.get_or_insert(now);
                };
                self.change(HostRole::Host, archive).await.map(|()| "archived")
            }
            "reopen" => {
                let reopen = |details: &mut EventDetails, _| (details.cancelled_at, details.archived_at) = (None, None);
                self.change(HostRole::Host, reopen).await.map(|()| "reopened")
            }
            "revoke" => {
                let role = read::parsed(fields, "role", choice::<HostRole>)?;
                let revoke = move |details: &mut EventDetails, _| LinkGenerations::revoke(&mut details.links, role);
                self.change(HostRole::Host, revoke).await.map(|()| "revoked")
            }
            _ => Err(FieldProblem::NotAChoice { choices: "the actions of the page".to_owned() }
                .in_field("action")
                .into()),
        }
    }

    async fn change(&self, role: HostRole, edit: impl Fn(&mut EventDetails, Timestamp) + Send) -> Result<(), Problem> {
        hosting::change(self.app, &self.credentials, self.event, role, edit).await.map(|_| ())
    }

    /// Signs up somebody who told the host that they come.
    async fn add(&self, sender: &Sender<'_>, fields: &Map<String, Value>) -> Result<&'static str, Problem> {
        let id = parse_event_id(self.event)?;
        let details = hosting::details_for(self.app, &self.credentials, &id, HostRole::CoHost).await?;
        let event = Event::parse(self.event).map_err(|problem| problem.in_field("event"))?;
        let fields = with_phone_as_contact(fields)?;
        let name = http::signup(event.clone(), &fields, crate::domain::signup::Version::now())?.key().name;
        let key = form_token::of_form(self.app, sender.headers, &fields).map(|token| RequestKey::Form { token, name });
        let parse = |version| http::signup(event.clone(), &fields, version);
        let signup = enqueue_public(self.app, sender, key, parse).await?.signup;
        let attendee = wait_for_roster(self.app, &signup).await;
        wait_for_place(self.app, Some(details.get()), attendee.as_ref()).await;
        let is_other = |attendee: &Attendee| {
            attendee.registration().is_none_or(|registration| registration.owner != signup.version.id)
        };
        let place = match &attendee {
            Some(attendee) => place_of(&*self.app.backend.seats, Some(details.get()), attendee).await?,
            None => None,
        };
        if attendee.as_ref().is_some_and(is_other) {
            let detail = "There is already somebody with this name on the list.";
            return Err(Problem::new(ProblemKind::Conflict, detail).on_page("host-name-taken"));
        }
        Ok(if matches!(place, Some(Place::Waiting { .. })) { "added_waiting" } else { "added" })
    }
}
