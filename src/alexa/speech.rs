use fluent_bundle::FluentValue;

use crate::domain::attendee_name::AttendeeName;
use crate::domain::event::Event;
use crate::notify::text::{Catalog, Language, list};

/// What the skill says in one language.
pub struct Speech(Catalog);

impl Speech {
    /// German to those who speak it, English to all others.
    pub fn in_locale(locale: &str) -> Self {
        let language = if locale == "de" || locale.starts_with("de-") { Language::German } else { Language::English };
        Self(Catalog::new(language))
    }

    pub fn say(&self, message: &str) -> String {
        self.0.say(&format!("alexa-{message}"), &[])
    }

    pub fn of_event(&self, message: &str, event: &Event) -> String {
        self.0.say(&format!("alexa-{message}"), &[("event", event.title().into())])
    }

    pub fn of_person(&self, message: &str, name: &AttendeeName, event: &Event) -> String {
        let arguments: [(&str, FluentValue<'_>); 2] = [("name", name.as_str().into()), ("event", event.title().into())];
        self.0.say(&format!("alexa-{message}"), &arguments)
    }

    /// Who is in, by some names, and how many in all.
    pub fn who(&self, title: &str, names: &[&str], count: u64) -> String {
        let others = count.saturating_sub(names.len() as u64);
        let arguments = [
            ("event", title.into()),
            ("number", count.into()),
            ("who", list(&self.0, names, others).unwrap_or_default().into()),
        ];
        self.0.say("alexa-who", &arguments)
    }
}

/// As people write what they say: speech comes in lower case.
pub fn capitalised(said: &str) -> String {
    let mut at_start = true;
    let mut written = String::with_capacity(said.len());
    for character in said.chars() {
        if at_start {
            written.extend(character.to_uppercase());
        } else {
            written.push(character);
        }
        at_start = character.is_whitespace() || character == '-';
    }
    written
}
