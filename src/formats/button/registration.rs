//! Parses the registration of a button from the fields of an HTML form or of a JSON object.

use serde_json::{Map, Value};

use crate::domain::attendee_name::AttendeeName;
use crate::domain::button::{Button, PressActions, Serial};
use crate::domain::event::Event;
use crate::domain::invalid::{InvalidField, choice};
use crate::formats::{fields, http_signup};

/// Parses `{"serial", "event", "name", "single"?, "double"?, "triple"?, "long"?, "contact"?}`.
///
/// # Errors
/// Returns the first invalid field.
pub fn button(body: &Map<String, Value>) -> Result<Button, InvalidField> {
    let defaults = PressActions::default();
    let action =
        |field, default| Ok::<_, InvalidField>(fields::optional_parsed(body, field, choice)?.unwrap_or(default));
    Ok(Button {
        serial: fields::parsed(body, "serial", Serial::parse)?,
        event: fields::parsed(body, "event", Event::parse)?,
        attendee: fields::parsed(body, "name", AttendeeName::parse)?,
        actions: PressActions {
            single: action("single", defaults.single)?,
            double: action("double", defaults.double)?,
            triple: action("triple", defaults.triple)?,
            long: action("long", defaults.long)?,
        },
        contact: http_signup::contact(body)?,
    })
}
