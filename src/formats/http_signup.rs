//! Parses a sign-up over the public HTTP API: a name, an optional contact and details.
//!
//! The fields `id`, `action`, `channel` and `requested_at` are not read from the body. The server sets their values.

use serde_json::{Map, Value};

use crate::domain::attendee_name::AttendeeName;
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::event::Event;
use crate::domain::invalid::InvalidField;
use crate::domain::public_text::check_no_link;
use crate::domain::signup::{Request, Signup, Version};
use crate::formats::{contact, fields, registration_details};

/// Parses `{"name", "contact"?, "guests"?, "answer"?, "note"?, "language"?}` as a sign-up. The event comes from the URL.
pub fn signup(event: Event, body: &Map<String, Value>, version: Version) -> Result<Signup, InvalidField> {
    let name = fields::parsed(body, "name", AttendeeName::parse)?;
    check_no_link(name.as_str()).map_err(|problem| problem.in_field("name"))?;
    let details = registration_details::parse(body)?;
    let request = Request::SignUp { contact: contact(body)?, confirmed: false, details };
    Ok(Signup { version, event, name, channel: Channel::Http, network: None, request })
}

/// Parses `{"event", "name"}` as a sign-up: the body that the clients of the sample from 2016 send.
pub fn sample_signup(body: &Map<String, Value>, version: Version) -> Result<Signup, InvalidField> {
    signup(fields::parsed(body, "event", Event::parse)?, body, version)
}

/// Parses the field `contact`: an object as in a queue message, or text as in an
/// HTML form. Returns `None` if the field is absent or blank.
pub fn contact(body: &Map<String, Value>) -> Result<Option<Contact>, InvalidField> {
    match fields::optional(body, "contact") {
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => Contact::from_line(text).map(Some).map_err(|problem| problem.in_field("contact")),
        Some(_) | None => contact::of_message(body),
    }
}
