//! Formats the sentences that the skill speaks.

use fluent_bundle::FluentValue;

use crate::domain::attendee_name::AttendeeName;
use crate::domain::event::Event;
use crate::domain::language::Language;
use crate::domain::place::Place;
use crate::notify::text::join_names;
use crate::texts::Catalog;

/// The skill's messages in one language.
pub struct Speech(&'static Catalog);

impl Speech {
    /// Selects German for German locales, and English for all others.
    pub fn for_locale(locale: &str) -> Self {
        let language = if locale == "de" || locale.starts_with("de-") { Language::German } else { Language::English };
        Self(Catalog::of(language))
    }

    /// Formats a message without arguments. The ids leave out the prefix `alexa-`.
    pub fn message(&self, message: &str) -> String {
        self.0.format(&format!("alexa-{message}"), &[])
    }

    pub fn event_message(&self, message: &str, event: &Event) -> String {
        self.0.format(&format!("alexa-{message}"), &[("event", event.title().into())])
    }

    pub fn attendee_message(&self, message: &str, name: &AttendeeName, event: &Event) -> String {
        let arguments: [(&str, FluentValue<'_>); 2] = [("name", name.as_str().into()), ("event", event.title().into())];
        self.0.format(&format!("alexa-{message}"), &arguments)
    }

    /// Says that somebody was signed up, and whether they have a place. `None` if the places of the event are not limited.
    pub fn signed_up(&self, name: &AttendeeName, event: &Event, place: Option<Place>) -> String {
        let message = match place {
            None | Some(Place::Confirmed { .. }) => "alexa-signed-up",
            Some(Place::Waiting { .. }) => "alexa-on-the-waiting-list",
            Some(Place::Pending) => "alexa-not-decided",
        };
        let position = place.and_then(Place::position).unwrap_or_default();
        let arguments: [(&str, FluentValue<'_>); 3] =
            [("name", name.as_str().into()), ("event", event.title().into()), ("position", position.into())];
        self.0.format(message, &arguments)
    }

    /// Says how many wait for a place.
    pub fn waiting(&self, number: u64) -> String {
        self.0.format("alexa-waiting", &[("number", number.into())])
    }

    /// Formats the roster of an event: the given names and the number of the other attendees.
    pub fn roster(&self, title: &str, names: &[&str], count: u64) -> String {
        let others = count.saturating_sub(names.len() as u64);
        let arguments = [
            ("event", title.into()),
            ("number", count.into()),
            ("who", join_names(self.0, names, others).unwrap_or_default().into()),
        ];
        self.0.format("alexa-who", &arguments)
    }
}

/// Capitalizes each word, since Alexa transcribes speech in lower case.
pub fn capitalize(spoken: &str) -> String {
    let mut at_word_start = true;
    let mut written = String::with_capacity(spoken.len());
    for character in spoken.chars() {
        if at_word_start {
            written.extend(character.to_uppercase());
        } else {
            written.push(character);
        }
        at_word_start = character.is_whitespace() || character == '-';
    }
    written
}
