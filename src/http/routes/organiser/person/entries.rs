//! What is stored about a person, as JSON.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::found::{Found, FoundOptIn};
use crate::domain::attendee::{Attendee, Status};
use crate::domain::button::Button;
use crate::domain::channel::Channel;
use crate::domain::opt_in::OptIn;
use crate::domain::timestamp::Timestamp;
use crate::formats;
use crate::http::App;
use crate::http::bodies::{MessageBody, RegistrationBody};
use crate::http::messages::messages_to;
use crate::http::opt_in_bodies::OptInScope;
use crate::http::place_bodies::PlaceBody;
use crate::ports::{Unavailable, place_of};

/// One entry that is stored about a person.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PersonEntry {
    /// The person is on the roster of an event.
    Registration {
        /// The id of the event.
        event: String,
        /// The title of the event in the person's sign-up.
        title: String,
        name: String,
        #[schema(value_type = String, format = DateTime)]
        since: Timestamp,
        #[schema(value_type = String, example = "http")]
        channel: Channel,
        #[schema(value_type = Option<Object>, example = json!({"email": "ana@example.org"}))]
        contact: Option<Value>,
        /// Whether the owner of the contact has confirmed this registration. False without a contact.
        confirmed: bool,
        /// Whether the person wants notifications of this event.
        notify: bool,
        /// The notifications on the page of the personal link, newest first.
        messages: Vec<MessageBody>,
        #[serde(flatten)]
        details: RegistrationBody,
        /// Whether the registration has a place. Absent if the number of places is not limited.
        #[serde(skip_serializing_if = "Option::is_none")]
        place: Option<PlaceBody>,
    },
    /// The person cancelled. The name is stored until `deleted_at`.
    CancelledRegistration {
        event: String,
        title: String,
        name: String,
        #[schema(value_type = String, format = DateTime)]
        deleted_at: Timestamp,
    },
    /// A registered button that signs the person up.
    Button {
        serial: String,
        /// The title of the event.
        event: String,
        name: String,
        #[schema(value_type = Option<Object>)]
        contact: Option<Value>,
    },
    /// A message about the person that could not be processed.
    RejectedMessage {
        id: String,
        reason: String,
        #[schema(value_type = String, format = DateTime)]
        arrived_at: Timestamp,
        #[schema(value_type = String, format = DateTime)]
        rejected_at: Timestamp,
        body: String,
    },
    /// A household with an Echo that usually says this name.
    Household { name: String },
    /// Whether the owner of the address wants notifications.
    OptIn {
        state: PersonOptIn,
        /// Which registrations the opt-in is valid for. Null unless the state is `confirmed`.
        scope: Option<OptInScope>,
        /// When the last opt-in request was sent. Null unless the state is `pending`.
        #[schema(value_type = Option<String>, format = DateTime)]
        requested_at: Option<Timestamp>,
    },
}

/// The opt-in of an address.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonOptIn {
    /// The owner has not answered.
    Pending,
    /// The owner wants notifications.
    Confirmed,
    /// The owner wants no notifications.
    OptedOut,
    /// This server cannot find the opt-in, because it runs without `--contact-secret`.
    Unknown,
}

impl PersonEntry {
    /// Reads what else belongs to the entry.
    pub async fn of(found: Found, app: &App) -> Result<Self, Unavailable> {
        match found {
            Found::Attendee(attendee) => Self::of_attendee(attendee, app).await,
            Found::Button(Button { serial, event, attendee, contact, .. }) => Ok(Self::Button {
                serial: serial.to_string(),
                event: event.title().to_owned(),
                name: attendee.to_string(),
                contact: contact.as_ref().map(formats::contact::to_json),
            }),
            Found::Reject(reject) => Ok(Self::RejectedMessage {
                id: reject.id,
                reason: reject.reason,
                arrived_at: reject.arrived_at,
                rejected_at: reject.rejected_at,
                body: reject.body,
            }),
            Found::Household(name) => Ok(Self::Household { name: name.to_string() }),
            Found::OptIn(opt_in) => {
                let (state, requested_at) = match opt_in {
                    FoundOptIn::Stored(OptIn::Pending { at }) => (PersonOptIn::Pending, Some(at)),
                    FoundOptIn::Stored(OptIn::Confirmed(_)) => (PersonOptIn::Confirmed, None),
                    FoundOptIn::Stored(OptIn::OptedOut) => (PersonOptIn::OptedOut, None),
                    FoundOptIn::Unknown => (PersonOptIn::Unknown, None),
                };
                let scope = match opt_in {
                    FoundOptIn::Stored(opt_in) => OptInScope::of(Some(opt_in)),
                    FoundOptIn::Unknown => None,
                };
                Ok(Self::OptIn { state, scope, requested_at })
            }
        }
    }

    async fn of_attendee(attendee: Attendee, app: &App) -> Result<Self, Unavailable> {
        let (event, name) = (attendee.event.to_string(), attendee.name.to_string());
        let messages = messages_to(app, &attendee, None).await?;
        let stored = app.backend.events.stored(&attendee.event).await?;
        let place = place_of(&*app.backend.seats, stored.details(), &attendee).await?;
        let registration = match attendee.status {
            Status::Out { expires_at } => {
                return Ok(Self::CancelledRegistration { event, title: attendee.title, name, deleted_at: expires_at });
            }
            Status::In(registration) => registration,
        };
        Ok(Self::Registration {
            event,
            title: attendee.title,
            name,
            since: registration.since,
            channel: registration.channel,
            contact: registration.contact.as_ref().map(formats::contact::to_json),
            confirmed: registration.confirmed,
            notify: registration.notify,
            messages,
            details: RegistrationBody {
                guests: place.map_or(registration.details.guests, |place| place.guests(&registration)),
                ..RegistrationBody::of(&registration.details)
            },
            place: place.map(PlaceBody::from),
        })
    }
}
