//! What the organiser says of a button, as fields.

use serde_json::{Map, Value};

use crate::domain::attendee_name::AttendeeName;
use crate::domain::button::{Button, PressActions, Serial};
use crate::domain::event::Event;
use crate::domain::invalid::{InvalidField, choice};
use crate::formats::{fields, http_signup as http};

/// `{"serial", "event", "name", "single"?, "double"?, "triple"?, "long"?, "contact"?}`.
///
/// # Errors
/// The first field that is wrong.
pub fn button(body: &Map<String, Value>) -> Result<Button, InvalidField> {
    let standard = PressActions::default();
    let action =
        |field, otherwise| Ok::<_, InvalidField>(fields::optional_parsed(body, field, choice)?.unwrap_or(otherwise));
    Ok(Button {
        serial: fields::parsed(body, "serial", Serial::parse)?,
        event: fields::parsed(body, "event", Event::parse)?,
        attendee: fields::parsed(body, "name", AttendeeName::parse)?,
        actions: PressActions {
            single: action("single", standard.single)?,
            double: action("double", standard.double)?,
            triple: action("triple", standard.triple)?,
            long: action("long", standard.long)?,
        },
        contact: http::contact(body)?,
    })
}
