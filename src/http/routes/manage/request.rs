//! A request of a registration's owner.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::AttendeeName;
use crate::domain::channel::Channel;
use crate::domain::event::Event;
use crate::domain::invalid::FieldProblem;
use crate::domain::manage_link::ManageToken;
use crate::domain::signup::{Request, Signup, Version};
use crate::formats::registration_details::has_details;
use crate::formats::{fields, http_signup as http, registration_details};
use crate::http::problem::Problem;

/// A change to a registration: `action`, or else one of `contact`, `notify`, and the details.
#[derive(Serialize, ToSchema)]
pub struct ManageRequest {
    /// `cancel`, `contact` (with the field `contact`), `details` (with its fields), `notify` or `quiet`.
    #[schema(value_type = Option<String>, example = "cancel")]
    pub action: Option<String>,
    /// The new contact; null removes it.
    #[schema(value_type = Option<Object>)]
    pub contact: Option<Value>,
    /// Turns notifications on or off.
    pub notify: Option<bool>,
    /// The number of people who come along.
    pub guests: Option<u8>,
    /// The answer to the event's question; null removes it.
    pub answer: Option<String>,
    /// A note for the hosts; null removes it.
    pub note: Option<String>,
    /// The language for messages: `en` or `de`.
    pub language: Option<String>,
}

/// Parses the request of the owner of a personal link.
pub fn parse_request(token: &ManageToken, fields: &Map<String, Value>) -> Result<Request, Problem> {
    let registration = token.signup.clone();
    match fields.get("action").and_then(Value::as_str) {
        Some("cancel") => Ok(Request::CancelRegistration { registration }),
        Some("contact") | None if fields.contains_key("contact") => {
            Ok(Request::SetContact { registration, contact: http::contact(fields)?, confirmed: false })
        }
        Some("details") | None if has_details(fields) => {
            Ok(Request::SetDetails { registration, details: registration_details::parse(fields)? })
        }
        Some("notify") => Ok(Request::SetNotifications { registration, on: true }),
        Some("quiet") => Ok(Request::SetNotifications { registration, on: false }),
        None if fields.contains_key("notify") => {
            let on = fields::optional_bool(fields, "notify")?.ok_or(FieldProblem::Missing.in_field("notify"))?;
            Ok(Request::SetNotifications { registration, on })
        }
        _ => {
            let choices =
                "`cancel`, `contact`, `details`, `notify` and `quiet`, or left out beside the values to change";
            Err(FieldProblem::NotAChoice { choices: choices.to_owned() }.in_field("action").into())
        }
    }
}

/// Creates the message for the owner's request. Its version is newer than those of all earlier requests.
pub fn signup_of(
    token: &ManageToken,
    event: &str,
    attendee: Option<&Attendee>,
    request: Request,
) -> Result<Signup, Problem> {
    let name = match attendee {
        Some(attendee) => attendee.name.clone(),
        None => AttendeeName::parse(token.key.name.as_str()).map_err(|problem| problem.in_field("name"))?,
    };
    // The sign-up of a pending registration is still on the queue. Its id contains its time.
    let pending = token.signup.created_at().map(|requested_at| Version { requested_at, id: token.signup.clone() });
    Ok(Signup {
        version: Version::newer_than(attendee.map_or(pending.as_ref(), |attendee| Some(&attendee.newest))),
        event: Event::parse(event).map_err(|problem| problem.in_field("event"))?,
        name,
        channel: Channel::Http,
        network: None,
        request,
    })
}

/// Takes out a number of guests that is the same as before: a host may have lowered what is allowed since.
pub fn leave_unchanged_guests(request: &mut Request, attendee: Option<&Attendee>) {
    let before = attendee.and_then(Attendee::registration).map(|registration| registration.details.guests);
    if let Request::SetDetails { details, .. } = request
        && details.guests == before
    {
        details.guests = None;
    }
}

/// Whether more people would come than before.
pub fn adds_guests(request: &Request, attendee: Option<&Attendee>) -> bool {
    let Request::SetDetails { details, .. } = request else { return false };
    let before = attendee.and_then(Attendee::registration).map_or(0, |registration| registration.details.guests);
    details.guests.is_some_and(|guests| guests > before)
}
