//! A sign-up over the public HTTP API: a name and an optional contact. The server ignores `id`, `action`, `channel` and
//! `requested_at` in the body, and sets them itself.

use serde_json::{Map, Value};

use crate::domain::attendee_name::AttendeeName;
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::event::Event;
use crate::domain::invalid::InvalidField;
use crate::domain::signup::{Request, Signup, Version};
use crate::formats::{contact, fields};

/// A sign-up from `{"name", "contact"?}`, for an event from the URL.
pub fn signup(event: Event, body: &Map<String, Value>, version: Version) -> Result<Signup, InvalidField> {
    let name = fields::parsed(body, "name", AttendeeName::parse)?;
    let contact = contact(body)?;
    Ok(Signup { version, event, name, channel: Channel::Http, request: Request::SignUp { contact } })
}

/// A sign-up from `{"event", "name"}`, as in the 2016 sample.
pub fn sample_signup(body: &Map<String, Value>, version: Version) -> Result<Signup, InvalidField> {
    signup(fields::parsed(body, "event", Event::parse)?, body, version)
}

/// The field `contact`: an object as in a message, or the text of a form field. An empty text is no contact.
pub fn contact(body: &Map<String, Value>) -> Result<Option<Contact>, InvalidField> {
    match fields::optional(body, "contact") {
        None => Ok(None),
        Some(Value::String(line)) if line.trim().is_empty() => Ok(None),
        Some(Value::String(line)) => Contact::from_line(line).map(Some).map_err(|problem| problem.in_field("contact")),
        Some(value) => contact::from_json(value).map(Some),
    }
}
