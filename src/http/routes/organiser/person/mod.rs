//! Export and removal of everything that is stored about one person, who is identified by a name or by an address.
//!
//! Both are in the body of the request, because URLs are logged. A request works for a few seconds at most; then `next`
//! of the response says where the following request continues.

mod entries;
mod found;
mod position;
mod search;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use self::entries::PersonEntry;
use self::found::{Found, FoundOptIn};
use self::position::Position;
use self::search::{Person, Search};
use crate::domain::attendee_name::NameKey;
use crate::domain::contact::Contact;
use crate::domain::contact_id::ContactId;
use crate::domain::event::EventId;
use crate::domain::invalid::FieldProblem;
use crate::domain::timestamp::Timestamp;
use crate::formats::{fields, http_signup};
use crate::http::App;
use crate::http::middleware::body::Fields;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::organiser::{Organiser, people};
use crate::ports::{AddressEntries, Unavailable};

/// The person, by name or by address.
#[derive(Serialize, ToSchema)]
pub struct PersonRequest {
    /// The person's name. Case and spacing do not matter.
    #[schema(example = "Ana")]
    pub name: Option<String>,
    /// An address, instead of the name: an object with `email`, `sms` or `webhook`.
    #[schema(value_type = Option<Object>, example = json!({"email": "ana@example.org"}))]
    pub contact: Option<Value>,
    /// Only this event. An opt-in and the usual name of a household belong to no event and are then left out.
    pub event: Option<String>,
    /// The value of `next` from the previous response.
    pub cursor: Option<String>,
}

/// A part of what is stored about a person.
#[derive(Serialize, ToSchema)]
pub struct PersonExport {
    entries: Vec<PersonEntry>,
    /// The cursor of the next request; null if there is nothing more.
    next: Option<String>,
}

/// The result of a removal.
#[derive(Serialize, ToSchema)]
pub struct PersonRemoval {
    /// The number of entries that this request deleted.
    removed: u64,
    /// Whether an opt-in of the address may still be stored, because this server runs without `--contact-secret`.
    opt_in_unknown: bool,
    /// The cursor of the next request; null if there is nothing more.
    next: Option<String>,
}

/// Exports everything that is stored about a person.
///
/// Repeat the request with `cursor` until `next` is null. A response may have no entries although more follow.
#[utoipa::path(
    post, path = "/organiser/person/export", operation_id = "exportPersonalData", tag = "organiser", security(("organiser" = [])),
    request_body = PersonRequest,
    responses(
        (status = 200, body = PersonExport),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn export(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    request: Fields,
) -> Result<Json<PersonExport>, Problem> {
    let request = ParsedRequest::parse(&app, &request.map).await?;
    let part = request.search(&app).part(request.cursor.clone()).await?;
    let mut entries = Vec::new();
    for found in part.found {
        entries.push(PersonEntry::of(found, &app).await?);
    }
    Ok(Json(PersonExport { entries, next: part.next.as_ref().map(Position::encode) }))
}

/// Removes everything that [`export`] lists. It is safe to repeat a request.
///
/// Repeat the request with `cursor` until `next` is null. A removal by name is complete after one request.
#[utoipa::path(
    post, path = "/organiser/person/remove", operation_id = "removePersonalData", tag = "organiser", security(("organiser" = [])),
    request_body = PersonRequest,
    responses(
        (status = 200, body = PersonRemoval),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn remove(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    request: Fields,
) -> Result<Json<PersonRemoval>, Problem> {
    let request = ParsedRequest::parse(&app, &request.map).await?;
    let removal = match &request.person {
        Person::Name(name) => {
            let removed = people::remove_name(&app, name, request.event.as_ref()).await?;
            PersonRemoval { removed, opt_in_unknown: false, next: None }
        }
        Person::Address(address) => remove_address(&app, &request, address).await?,
    };
    Ok(Json(removal))
}

/// Removes the next part of what is stored under an address.
async fn remove_address(app: &App, request: &ParsedRequest, address: &Contact) -> Result<PersonRemoval, Unavailable> {
    let part = request.search(app).part(request.cursor.clone()).await?;
    let (mut entries, mut opt_in) = (AddressEntries::default(), None);
    for found in part.found {
        match found {
            Found::Attendee(attendee) => entries.attendees.push(attendee),
            Found::Button(button) => entries.buttons.push(button.serial),
            Found::Reject(reject) => entries.rejects.push(reject.id),
            Found::OptIn(found) => opt_in = Some(found),
            Found::Household(_) => {}
        }
    }
    let mut removed = 0;
    // The first request also deletes the address of earlier registrations from the change feed.
    if request.cursor.is_none() || !entries.is_empty() {
        let event = request.event.as_ref();
        removed += app.backend.people.remove_address(address, event, entries, Timestamp::now()).await?;
    }
    // The opt-in goes last. Until then, the registrations that use the address send no new opt-in request.
    let opt_in_unknown = matches!(opt_in, Some(FoundOptIn::Unknown));
    if let (Some(FoundOptIn::Stored(_)), Some(secret)) = (opt_in, app.secrets.contact_secret().await?) {
        removed += app.backend.contacts.delete_opt_in(&ContactId::of(address, &secret)).await?.count();
        // When the last opt-in request was sent to the mailbox.
        let _ = app.backend.contacts.delete_opt_in(&ContactId::of_mailbox(address, &secret)).await?;
    }
    tracing::info!(removed, "personal data removed");
    Ok(PersonRemoval { removed, opt_in_unknown, next: part.next.as_ref().map(Position::encode) })
}

struct ParsedRequest {
    person: Person,
    event: Option<EventId>,
    cursor: Option<Position>,
}

impl ParsedRequest {
    async fn parse(app: &App, body: &Map<String, Value>) -> Result<Self, Problem> {
        let name = fields::optional_parsed(body, "name", NameKey::of)?;
        let person = match (name, http_signup::contact(body)?) {
            (Some(name), None) => Person::Name(name),
            (None, Some(contact)) => Person::Address(contact),
            (None, None) => return Err(FieldProblem::Missing.in_field("name").into()),
            (Some(_), Some(_)) => {
                let detail = "Send either `name` or `contact`, not both.";
                return Err(Problem::new(ProblemKind::MalformedRequest, detail));
            }
        };
        Ok(Self {
            person,
            event: people::optional_event(app, body).await?,
            cursor: fields::optional_text(body, "cursor")?.map(Position::decode).transpose()?,
        })
    }

    fn search<'a>(&'a self, app: &'a App) -> Search<'a> {
        Search { app, person: &self.person, event: self.event.as_ref() }
    }
}
