//! Personal data: export and removal.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::event::Event;
use crate::domain::event::EventId;
use crate::domain::invalid::FieldProblem;
use crate::domain::place::Place;
use crate::domain::timestamp::Timestamp;
use crate::formats;
use crate::formats::csv::text;
use crate::formats::fields;
use crate::http::bodies::RegistrationBody;
use crate::http::client::{DefaultForm, wants_page};
use crate::http::locale::Locale;
use crate::http::middleware::body::Fields;
use crate::http::named_event::named_event;
use crate::http::pages::Form;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::all_attendees;
use crate::http::routes::organiser::{Organiser, start_page};
use crate::http::{App, downloads};
use crate::ports::Unavailable;

const CSV_HEADER: &str =
    "\u{feff}event,name,email,phone,webhook,since,channel,guests,answer,note,language,state,position\r\n";

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// Export only this event.
    event: Option<String>,
    /// `csv` (default) or `json`.
    format: Option<String>,
}

/// The person whose data to remove.
#[derive(Serialize, ToSchema)]
pub struct RemoveRequest {
    /// The person's name. Case and spacing do not matter.
    pub name: String,
    /// Remove the data only from this event.
    pub event: Option<String>,
}

/// The result of a removal.
#[derive(Serialize, ToSchema)]
pub struct RemoveResponse {
    /// The number of attendees and rejected messages that were deleted.
    removed: u64,
}

/// Exports all attendees with their contacts, as CSV (RFC 4180, UTF-8) or JSON.
///
/// The CSV starts with a byte order mark, and a text that a spreadsheet would change starts with an added `'`, so that it can be
/// opened, saved and imported again.
#[utoipa::path(
    get, path = "/organiser/export", operation_id = "export", tag = "organiser", params(ExportQuery), security(("organiser" = [])),
    responses(
        (status = 200, content((String = "text/csv"), (Vec<ExportEntry> = "application/json"))),
        (status = 303, description = "Redirect to a large export, which can be downloaded for ten minutes without the key"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn export(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let only_event = optional_named(&app, query.event.as_deref()).await?;
    let (content_type, file, body) = match query.format.as_deref() {
        None | Some("csv") => {
            let body = all_attendees::body_with_places(&app.backend, only_event, CSV_HEADER, "", write_rows);
            ("text/csv; charset=utf-8", "attendees.csv", body)
        }
        Some("json") => {
            let mut is_first = true;
            let body = all_attendees::body_with_places(&app.backend, only_event, "[", "]\n", move |page| {
                write_entries(page, &mut is_first)
            });
            ("application/json", "attendees.json", body)
        }
        Some(_) => {
            return Err(FieldProblem::NotAChoice { choices: "`csv` and `json`".to_owned() }.in_field("format").into());
        }
    };
    downloads::respond(&app, file, content_type, body).await
}

/// An attendee with their contact.
#[derive(Serialize, ToSchema)]
pub struct ExportEntry {
    event: String,
    name: String,
    #[schema(value_type = Option<Object>, example = json!({"email": "ana@example.org"}))]
    contact: Option<Value>,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    #[schema(value_type = String, example = "http")]
    channel: Channel,
    #[serde(flatten)]
    details: RegistrationBody,
    /// `confirmed` if the attendee has a place, `waiting` if they are on the waiting list, or `pending` if this is not decided
    /// yet. Absent if the places are not limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "waiting")]
    state: Option<&'static str>,
    /// The position on the waiting list, from 1. Absent if the attendee does not wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 3)]
    position: Option<u64>,
}

/// Formats attendees as entries of a JSON list, one per line.
fn write_entries(attendees: &[(Attendee, Option<Place>)], is_first: &mut bool) -> Vec<u8> {
    let mut json = Vec::new();
    for (attendee, place) in attendees {
        let Some(registration) = attendee.registration() else { continue };
        json.extend_from_slice(if std::mem::take(is_first) { b"\n" } else { b",\n" });
        let entry = ExportEntry {
            event: attendee.event_spelling().to_owned(),
            name: attendee.name.to_string(),
            contact: registration.contact.as_ref().map(formats::contact::to_json),
            since: registration.since,
            channel: registration.channel,
            details: RegistrationBody {
                guests: place.map_or(registration.details.guests, |place| place.guests(registration)),
                ..RegistrationBody::of(&registration.details)
            },
            state: place.map(Place::as_str),
            position: place.and_then(Place::position),
        };
        serde_json::to_writer(&mut json, &entry).expect("an entry is plain data");
    }
    json
}

/// Formats attendees as CSV rows.
fn write_rows(attendees: &[(Attendee, Option<Place>)]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for (attendee, place) in attendees {
        let Some(registration) = attendee.registration() else { continue };
        let contact = |kind| match &registration.contact {
            Some(contact) if contact.kind() == kind => Contact::address(contact),
            _ => "",
        };
        let RegistrationBody { guests, answer, note, language } = RegistrationBody::of(&registration.details);
        let (answer, note) = (answer.unwrap_or_default(), note.unwrap_or_default());
        let typed = [attendee.event_spelling(), attendee.name.as_str(), contact("email"), &answer, &note];
        let [title, name, email, answer, note] = typed.map(text::escape);
        let guests = place.map_or(guests, |place| place.guests(registration));
        let (since, guests) = (registration.since.to_string(), guests.to_string());
        let (channel, language) = (registration.channel.as_str(), language.unwrap_or_default());
        let position = place.and_then(Place::position).map(|position| position.to_string()).unwrap_or_default();
        let row = [
            &*title,
            &*name,
            &*email,
            &*text::escape(contact("sms")),
            contact("webhook"),
            &since,
            channel,
            &guests,
            &*answer,
            &*note,
            language,
            place.map(Place::as_str).unwrap_or_default(),
            &position,
        ];
        writer.write_record(row).expect("writing to a vector does not fail");
    }
    writer.into_inner().expect("writing to a vector does not fail")
}

/// Deletes the data of a person: attendees, their contacts in the change feed, and rejected messages about them.
#[utoipa::path(
    post, path = "/organiser/remove", operation_id = "removePerson", tag = "organiser", security(("organiser" = [])), request_body = RemoveRequest,
    responses(
        (status = 200, body = RemoveResponse),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn remove(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    headers: HeaderMap,
    locale: Locale,
    request: Fields,
) -> Result<Response, Problem> {
    if !request.is_form {
        let removed = remove_requested(&app, &request.map).await?;
        return Ok(Json(RemoveResponse { removed }).into_response());
    }
    match remove_by_form(&app, &request.map).await {
        Ok(()) => Ok(Redirect::to("/organiser?done=removed").into_response()),
        Err(problem) if wants_page(&headers, DefaultForm::Json) => {
            let form = Form::refused(locale, request.map, problem.clone());
            let page = start_page(&app, &form, false).await.map_err(|_| problem)?;
            Ok((form.status(), page).into_response())
        }
        Err(problem) => Err(problem),
    }
}

async fn remove_requested(app: &App, request: &Map<String, Value>) -> Result<u64, Problem> {
    let name = fields::parsed(request, "name", NameKey::of)?;
    Ok(remove_name(app, &name, optional_event(app, request).await?.as_ref()).await?)
}

/// Removes nothing unless the box is ticked, because a form is sent more easily than a request of a program.
async fn remove_by_form(app: &App, form: &Map<String, Value>) -> Result<(), Problem> {
    let invalid = |field, detail, message| {
        let problem = Problem::new(ProblemKind::InvalidField, detail).on_page(message);
        Err(Problem { field: Some(field), ..problem })
    };
    if !form.contains_key("sure") {
        return invalid("sure", "Send `sure` to remove the data for good.", "organiser-remove-unsure");
    }
    if remove_requested(app, form).await? == 0 {
        let detail = "There is no data about this name. Please look at the spelling of the name and of the event.";
        let has_event = form.get("event").and_then(Value::as_str).is_some_and(|event| !event.trim().is_empty());
        return invalid("name", detail, if has_event { "error-no-person-there" } else { "error-no-person" });
    }
    Ok(())
}

/// Removes what is stored under a name. Returns the number of deleted entries.
pub async fn remove_name(app: &App, name: &NameKey, event: Option<&EventId>) -> Result<u64, Unavailable> {
    let removed = app.backend.roster.remove(name, event, Timestamp::now()).await?;
    tracing::info!(removed, "personal data removed");
    Ok(removed)
}

/// Reads the field `event`, to which a request may be limited. Forms send an empty text for no event.
pub async fn optional_event(app: &App, body: &Map<String, Value>) -> Result<Option<EventId>, Problem> {
    optional_named(app, fields::optional_text(body, "event")?).await
}

async fn optional_named(app: &App, event: Option<&str>) -> Result<Option<EventId>, Problem> {
    match event.filter(|event| !event.trim().is_empty()) {
        Some(event) => {
            let event = Event::parse(event).map_err(|problem| problem.in_field("event"))?;
            Ok(Some(named_event(app, event).await?.id().clone()))
        }
        None => Ok(None),
    }
}
