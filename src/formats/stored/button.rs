//! The stored form of a button: the attributes of its item in the DynamoDB table `Events`.

use serde::{Deserialize, Serialize};

use crate::domain::attendee_name::AttendeeName;
use crate::domain::button::{Button, PressAction, PressActions, Serial};
use crate::domain::contact::Contact;
use crate::domain::event::Event;
use crate::formats::stored::attendee::{Damaged, StoredContact};

/// The stored attributes of a button. The serial number is the key of the item and not among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ButtonRecord {
    pub event_id: String,
    /// The event's title as the organiser typed it.
    pub title: String,
    pub attendee: String,
    /// The folded name.
    pub attendee_key: String,
    pub single: String,
    pub double: String,
    pub triple: String,
    pub long: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<StoredContact>,
}

impl From<&Button> for ButtonRecord {
    fn from(button: &Button) -> Self {
        let action = |action: PressAction| action.as_str().to_owned();
        Self {
            event_id: button.event.id().to_string(),
            // It is parsed when it is read, and the id of an unlisted event is not that of its title.
            title: button.event.spelling().to_owned(),
            attendee: button.attendee.to_string(),
            attendee_key: button.attendee.key().as_str().to_owned(),
            single: action(button.actions.single),
            double: action(button.actions.double),
            triple: action(button.actions.triple),
            long: action(button.actions.long),
            contact: button.contact.as_ref().map(StoredContact::from),
        }
    }
}

impl ButtonRecord {
    /// Builds the button that has this serial number.
    pub fn into_button(self, serial: Serial) -> Result<Button, Damaged> {
        let action = |name, text: &str| text.parse::<PressAction>().map_err(|_| Damaged(name));
        Ok(Button {
            serial,
            event: Event::parse(&self.title).map_err(|_| Damaged("title"))?,
            attendee: AttendeeName::parse(&self.attendee).map_err(|_| Damaged("attendee"))?,
            actions: PressActions {
                single: action("single", &self.single)?,
                double: action("double", &self.double)?,
                triple: action("triple", &self.triple)?,
                long: action("long", &self.long)?,
            },
            contact: self.contact.map(Contact::try_from).transpose()?,
        })
    }
}
