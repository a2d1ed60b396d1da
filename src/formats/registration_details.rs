//! The details of a registration as JSON: in messages, in the API, and in forms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::event_details::MAX_GUESTS;
use crate::domain::free_text::{Line, Paragraphs};
use crate::domain::invalid::{FieldProblem, InvalidField};
use crate::domain::language::Language;
use crate::domain::registration_details::{Answer, Edit, Note, RegistrationEdit};
use crate::formats::event_details::guest_count;
use crate::formats::fields;

/// The details that a message mentions. [`parse`] reads them.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct RegistrationFields {
    /// The number of people who come along. An event allows guests only if its host does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(range(min = 0, max = 50))]
    pub guests: Option<u8>,
    /// The answer to the event's question: at most 200 characters. An empty text removes it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answer: Option<String>,
    /// A note for the hosts: at most 500 characters. An empty text removes it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
    /// The language for messages to this person, such as `de`. Languages other than `en` and `de` are ignored.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub language: Option<String>,
}

impl RegistrationFields {
    pub fn of(edit: &RegistrationEdit) -> Self {
        Self {
            guests: edit.guests,
            answer: text_of(&edit.answer, Line::as_str),
            note: text_of(&edit.note, Paragraphs::as_str),
            language: edit.language.map(|language| language.as_str().to_owned()),
        }
    }
}

/// Returns the text that sets or removes a value, or `None` if it stays.
fn text_of<T>(edit: &Edit<T>, text: impl Fn(&T) -> &str) -> Option<String> {
    match edit {
        Edit::Keep => None,
        Edit::Remove => Some(String::new()),
        Edit::Set(value) => Some(text(value).to_owned()),
    }
}

/// Whether the object contains details of a registration.
pub fn has_details(object: &Map<String, Value>) -> bool {
    ["guests", "answer", "note", "language"].iter().any(|field| object.contains_key(*field))
}

/// Parses the details that an object mentions. A blank or `null` answer or note removes the stored one. A language in
/// which there are no messages is ignored.
pub fn parse(object: &Map<String, Value>) -> Result<RegistrationEdit, InvalidField> {
    let guests = fields::optional(object, "guests").map(|_| guest_count(object, "guests", MAX_GUESTS)).transpose()?;
    Ok(RegistrationEdit {
        guests,
        answer: edit(object, "answer", Answer::parse)?,
        note: edit(object, "note", Note::parse)?,
        language: fields::optional_text(object, "language")?.and_then(Language::of_tag),
    })
}

fn edit<T>(
    object: &Map<String, Value>,
    field: &'static str,
    parse: impl Fn(&str) -> Result<T, FieldProblem>,
) -> Result<Edit<T>, InvalidField> {
    if !object.contains_key(field) {
        return Ok(Edit::Keep);
    }
    let text = fields::optional_text(object, field)?.unwrap_or_default();
    if text.trim().is_empty() {
        return Ok(Edit::Remove);
    }
    parse(text).map(Edit::Set).map_err(|problem| problem.in_field(field))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(edit: &RegistrationEdit) -> Value {
        serde_json::to_value(RegistrationFields::of(edit)).unwrap()
    }

    fn parsed(value: &Value) -> Result<RegistrationEdit, String> {
        parse(value.as_object().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn absent_details_stay_and_blank_ones_are_removed() {
        assert_eq!(parsed(&json!({})), Ok(RegistrationEdit::default()));
        let removed = RegistrationEdit { answer: Edit::Remove, note: Edit::Remove, ..RegistrationEdit::default() };
        for blank in [json!(null), json!(""), json!("  ")] {
            assert_eq!(parsed(&json!({ "answer": blank, "note": blank, "guests": null })), Ok(removed.clone()));
        }
        let edit = RegistrationEdit {
            guests: Some(2),
            answer: Edit::Set(Answer::parse("No meat").unwrap()),
            note: Edit::Set(Note::parse("Late.\n\nVery late.").unwrap()),
            language: Some(Language::German),
        };
        let fields =
            json!({ "guests": "2", "answer": " No  meat ", "note": "Late.\n\nVery late.", "language": "de-AT" });
        assert_eq!(parsed(&fields), Ok(edit.clone()));
        assert_eq!(parsed(&written(&edit)), Ok(edit));
        assert_eq!(parsed(&written(&removed)), Ok(removed));
    }

    #[test]
    fn invalid_details_are_named() {
        assert!(parsed(&json!({ "guests": 51 })).unwrap_err().starts_with("`guests` "));
        assert!(parsed(&json!({ "guests": [] })).unwrap_err().starts_with("`guests` "));
        assert!(parsed(&json!({ "answer": "x".repeat(201) })).unwrap_err().starts_with("`answer` "));
        assert!(parsed(&json!({ "note": 7 })).unwrap_err().starts_with("`note` "));
        assert_eq!(parsed(&json!({ "language": "fr" })), Ok(RegistrationEdit::default()));
    }
}
