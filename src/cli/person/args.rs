//! The arguments that say which person a command is about.

use std::fmt;

use serde_json::{Value, json};

use crate::cli::address;
use crate::cli::error::CliError;
use crate::domain::attendee_name::AttendeeName;
use crate::domain::contact::Contact;
use crate::domain::event::Event;
use crate::formats;

#[derive(Debug, clap::Args)]
pub struct PersonArgs {
    /// Name or address of the person
    #[arg(value_name = "NAME|ADDRESS")]
    person: String,

    /// Read NAME|ADDRESS as a name, even if it looks like an address
    #[arg(long)]
    name: bool,

    /// Read NAME|ADDRESS as an address: an email address, a phone number or a webhook
    #[arg(long, conflicts_with = "name")]
    contact: bool,

    /// Only what is stored for this event
    #[arg(long, value_parser = address::parse_event)]
    pub event: Option<Event>,
}

/// The person of the arguments.
pub enum Person {
    Name(AttendeeName),
    Address(Contact),
}

impl PersonArgs {
    pub fn person(&self) -> Result<Person, CliError> {
        let contact = Contact::from_line(&self.person);
        if self.contact || (!self.name && contact.is_ok()) {
            return contact
                .map(Person::Address)
                .map_err(|problem| CliError::Usage(format!("the argument of --contact {problem}")));
        }
        AttendeeName::parse(&self.person)
            .map(Person::Name)
            .map_err(|problem| CliError::Usage(format!("the name {problem}")))
    }

    /// The body of a request, without a cursor.
    pub fn body(&self, person: &Person) -> Value {
        let mut body = match person {
            Person::Name(name) => json!({"name": name.as_str()}),
            Person::Address(contact) => json!({"contact": formats::contact::to_json(contact)}),
        };
        if let Some(event) = &self.event {
            body["event"] = event.title().into();
        }
        body
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "the name {name}"),
            Self::Address(contact) => write!(f, "the address {}", contact.address()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_distinguishes_names_and_addresses() {
        let person = |text: &str, name, contact| {
            PersonArgs { person: text.to_owned(), name, contact, event: None }.person().map(|person| person.to_string())
        };
        for text in ["ana@example.org", "+14155552671", "https://example.org/hook"] {
            assert_eq!(person(text, false, false).unwrap(), format!("the address {text}"));
            assert_eq!(person(text, true, false).unwrap(), format!("the name {text}"));
        }
        for text in ["Ana", "ana@", "0170 1234567", "http://example.org", "@ana"] {
            assert_eq!(person(text, false, false).unwrap(), format!("the name {text}"));
            assert!(person(text, false, true).is_err(), "{text}");
        }
        assert!(person("#ana", false, false).is_err());
    }
}
