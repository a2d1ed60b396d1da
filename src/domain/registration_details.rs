//! What people say about their own registration: whom they bring, an answer, a note, and their language.

use crate::domain::free_text::{Line, Paragraphs};
use crate::domain::language::Language;

pub type Answer = Line<200>;
pub type Note = Paragraphs<500>;

/// The details of one registration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistrationDetails {
    /// The number of people who come along: 0 to [`MAX_GUESTS`](crate::domain::event_details::MAX_GUESTS).
    pub guests: u8,
    /// The answer to the event's question. Only hosts and the organiser see it.
    pub answer: Option<Answer>,
    /// A note for the hosts. Only they and the organiser see it.
    pub note: Option<Note>,
    /// The language for messages to this person.
    pub language: Option<Language>,
}

/// A change of the details of a registration. A part that is `None` or [`Edit::Keep`] stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistrationEdit {
    pub guests: Option<u8>,
    pub answer: Edit<Answer>,
    pub note: Edit<Note>,
    pub language: Option<Language>,
}

/// What to do with an optional value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Edit<T> {
    #[default]
    Keep,
    Remove,
    Set(T),
}

impl RegistrationDetails {
    pub fn edited(&self, edit: &RegistrationEdit) -> Self {
        Self {
            guests: edit.guests.unwrap_or(self.guests),
            answer: edit.answer.apply(self.answer.as_ref()),
            note: edit.note.apply(self.note.as_ref()),
            language: edit.language.or(self.language),
        }
    }
}

impl<T: Clone> Edit<T> {
    fn apply(&self, value: Option<&T>) -> Option<T> {
        match self {
            Self::Keep => value.cloned(),
            Self::Remove => None,
            Self::Set(new) => Some(new.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_changes_what_it_mentions() {
        let details = RegistrationDetails {
            guests: 2,
            answer: Some(Answer::parse("No meat").unwrap()),
            note: Some(Note::parse("Late").unwrap()),
            language: Some(Language::German),
        };
        assert_eq!(details.edited(&RegistrationEdit::default()), details);
        let edit = RegistrationEdit {
            guests: Some(0),
            answer: Edit::Set(Answer::parse("No fish").unwrap()),
            note: Edit::Remove,
            language: None,
        };
        let expected = RegistrationDetails {
            guests: 0,
            answer: Some(Answer::parse("No fish").unwrap()),
            note: None,
            language: Some(Language::German),
        };
        assert_eq!(details.edited(&edit), expected);
    }
}
