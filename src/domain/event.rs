//! Events that people sign up for.

use std::fmt;

use crate::domain::event_link::EventLink;
use crate::domain::invalid::FieldProblem;
use crate::domain::slug::slug;
use crate::domain::text;

/// The maximum length of an event's title, in grapheme clusters.
pub const MAX_TITLE_CHARS: usize = 120;

/// Identifies an event by the [slug](slug()) of its title: 1 to [`MAX_SLUG_CHARS`](crate::domain::slug::MAX_SLUG_CHARS)
/// letters, digits and `-`. `Pizza Night!` and `pizza_night` have the same id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(String);

impl EventId {
    /// Returns the id of a title. An id is a title with the same id.
    pub fn parse(title: &str) -> Result<Self, FieldProblem> {
        Event::parse(title).map(|event| event.id)
    }

    /// Creates an id from a value of [`EventId::as_str`] that was stored or part of a cursor, without validating it.
    pub fn from_stored(id: String) -> Self {
        Self(id)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text that names the event with this id and title for a program: the title if it has this id, or else
    /// the id.
    pub fn spelling<'a>(&'a self, title: &'a str) -> &'a str {
        if Self::parse(title).is_ok_and(|id| id == *self) { title } else { &self.0 }
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An event: its id and its title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    id: EventId,
    title: String,
}

impl Event {
    /// Parses a title: any visible text of 1 to [`MAX_TITLE_CHARS`] characters with at least one letter or digit. The link of an
    /// event names the event.
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        if let Some(EventLink { event, .. }) = EventLink::parse(text) {
            return Ok(Self { title: event.to_string(), id: event });
        }
        let title = text::collapse_white_space(&text::nfc(text));
        text::check_length(&title, MAX_TITLE_CHARS)?;
        text::check_visible(&title)?;
        let slug = slug(&title);
        if slug.is_empty() {
            return Err(FieldProblem::NoLetterOrDigit);
        }
        // Some characters become many when they are folded.
        text::check_length(&slug, usize::MAX)?;
        Ok(Self { id: EventId(slug), title })
    }

    /// An event with details, whose id need not be the slug of its title.
    pub fn titled(id: EventId, title: String) -> Self {
        Self { id, title }
    }

    pub fn id(&self) -> &EventId {
        &self.id
    }

    /// Returns the text that names this event in a message: the title if it has this id, or else the id.
    pub fn spelling(&self) -> &str {
        self.id.spelling(&self.title)
    }

    /// Returns the title as typed, except that it is in NFC, trimmed and with single spaces. It has at most
    /// [`MAX_TITLE_CHARS`] grapheme clusters.
    pub fn title(&self) -> &str {
        &self.title
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn title_stays_as_typed() {
        let event = Event::parse("  Omar’s   dinner, 19:00! 🎉 ").unwrap();
        assert_eq!((event.id().as_str(), event.title()), ("omars-dinner-19-00", "Omar’s dinner, 19:00! 🎉"));
    }

    #[test]
    fn rejects_empty_and_invisible_titles() {
        assert_eq!(EventId::parse(" "), Err(FieldProblem::Empty { limit: 120 }));
        for title in ["🎉", " - _ ", "#", "\u{3164}", "…"] {
            assert_eq!(EventId::parse(title), Err(FieldProblem::NoLetterOrDigit), "{title:?}");
        }
        assert_eq!(EventId::parse("dance\u{202E}"), Err(FieldProblem::Invisible { character: '\u{202E}' }));
    }

    #[test]
    fn length_counts_grapheme_clusters() {
        assert!(EventId::parse(&"é".repeat(120)).is_ok());
        assert!(EventId::parse(&"e\u{301}".repeat(120)).is_ok());
        assert_eq!(EventId::parse(&"a".repeat(121)), Err(FieldProblem::TooLong { found: 121, limit: 120 }));
        let towering = format!("a{}", "\u{301}".repeat(1_000));
        assert!(matches!(EventId::parse(&towering), Err(FieldProblem::TooManyBytes { .. })));
        assert!(EventId::parse(&"\u{FDFA}".repeat(120)).is_ok(), "characters that become many");
    }

    proptest! {
        #![proptest_config(crate::seed::config(2_000))]

        #[test]
        fn id_has_no_reserved_character(text in "[\\PC#/]{0,20}") {
            if let Ok(id) = EventId::parse(&text) {
                prop_assert!(!id.as_str().is_empty() && !id.as_str().contains(['#', '/']), "{}", id);
            }
        }
    }
}
