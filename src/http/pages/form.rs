//! The fields of forms, with what was typed into them and the message about what is wrong.

use axum::http::StatusCode;
use maud::{Markup, html};
use serde_json::{Map, Value};

use crate::http::form_token::TOKEN_FIELD;
use crate::http::locale::Locale;
use crate::http::pages::errors::{field_text, problem_text};
use crate::http::problem::{Cause, Problem};

/// The place in a page at which every response has a token of its own. It is a noncharacter, which nothing on a page contains.
pub const TOKEN_HOLE: &str = "\u{FDEF}";

/// What a form shows: nothing that was typed, or the refused fields and the reason.
pub struct Form {
    pub locale: Locale,
    typed: Option<Map<String, Value>>,
    problem: Option<Problem>,
}

/// An input with its label.
pub struct Input<'a> {
    pub name: &'static str,
    /// The id of the element. It differs from `name` if a page has several forms.
    pub id: &'static str,
    pub label: Markup,
    pub hint: Option<Markup>,
    /// `text`, `email`, `tel`, `number`, `datetime-local` or `search`.
    pub kind: &'static str,
    pub is_required: bool,
    /// The maximum number of characters.
    pub max_length: Option<usize>,
    /// The least and the greatest number.
    pub range: Option<(u64, u64)>,
    pub autocomplete: &'static str,
    /// What is stored, which the input shows until something else was typed.
    pub stored: Option<&'a str>,
}

impl Input<'_> {
    /// An input for a line of text whose id is its name.
    pub fn text(name: &'static str, label: String) -> Self {
        Self {
            name,
            id: name,
            label: html! { (label) },
            hint: None,
            kind: "text",
            is_required: false,
            max_length: None,
            range: None,
            autocomplete: "off",
            stored: None,
        }
    }
}

impl Form {
    pub fn empty(locale: Locale) -> Self {
        Self { locale, typed: None, problem: None }
    }

    /// A form that is shown again with what was typed, and with nothing wrong.
    pub fn typed(locale: Locale, typed: Map<String, Value>) -> Self {
        Self { locale, typed: Some(without_hole(typed)), problem: None }
    }

    /// A form with a value in a field, which nobody has refused.
    pub fn filled(locale: Locale, field: &str, value: String) -> Self {
        Self::typed(locale, Map::from_iter([(field.to_owned(), Value::from(value))]))
    }

    /// A form that is shown again because its fields were refused.
    pub fn refused(locale: Locale, typed: Map<String, Value>, problem: Problem) -> Self {
        Self { locale, typed: Some(without_hole(typed)), problem: Some(problem) }
    }

    /// The status of the page with this form.
    pub fn status(&self) -> StatusCode {
        let status = self.problem.as_ref().map(|problem| StatusCode::from_u16(problem.status));
        status.and_then(Result::ok).unwrap_or(StatusCode::OK)
    }

    /// What was typed into a field, or else what is stored.
    pub fn value<'a>(&'a self, field: &str, stored: Option<&'a str>) -> Option<&'a str> {
        match &self.typed {
            Some(typed) => typed.get(field).and_then(Value::as_str),
            None => stored,
        }
    }

    /// Whether these fields were refused: the form has the action, or none has one.
    pub fn is_of(&self, action: &str) -> bool {
        self.typed
            .as_ref()
            .is_some_and(|typed| typed.get("action").and_then(Value::as_str).unwrap_or_default() == action)
    }

    /// The name of a party that needs more places than there are, and the number of places that would be enough.
    pub fn needs_places(&self) -> Option<(&str, u32)> {
        match self.problem.as_ref()?.cause.as_deref() {
            Some(Cause::NoPlace { needed }) => Some((self.value("name", None)?, *needed)),
            _ => None,
        }
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.problem
            .as_ref()
            .and_then(|problem| problem.field)
            .is_some_and(|wrong| wrong == field || wrong.strip_prefix(field).is_some_and(|rest| rest.starts_with('.')))
    }

    /// The message about what is wrong with a field.
    pub fn error(&self, input: &str, field: &str) -> Markup {
        html! {
            @if self.is_wrong(field) && let Some(problem) = &self.problem {
                p.error id={ (input) "-error" } { (field_text(self.locale, problem)) }
            }
        }
    }

    /// Says at the beginning of the form that it was refused. `fields` are those that show their own message.
    pub fn summary(&self, fields: &[&str]) -> Markup {
        let is_shown_there = fields.iter().any(|field| self.is_wrong(field));
        html! {
            @if let Some(problem) = &self.problem {
                @if is_shown_there {
                    p.notice.bad role="alert" { (self.locale.text("form-check")) }
                } @else {
                    p.notice.bad role="alert" tabindex="-1" autofocus { (problem_text(self.locale, problem)) }
                }
            }
        }
    }

    /// The hidden field that makes a repeat of this form recognisable.
    pub fn token(&self) -> Markup {
        html! { input type="hidden" name=(TOKEN_FIELD) value=(TOKEN_HOLE); }
    }

    /// The attributes that tie an input to its hint and its message.
    pub fn described_by(&self, id: &str, field: &str, has_hint: bool) -> Option<String> {
        let hint = has_hint.then(|| format!("{id}-hint"));
        let error = self.is_wrong(field).then(|| format!("{id}-error"));
        let ids: Vec<String> = error.into_iter().chain(hint).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    /// The label of an input, its hint and its message, above the element itself.
    fn field(&self, Input { name, id, label, hint, is_required, .. }: &Input<'_>, element: &Markup) -> Markup {
        html! {
            div.field {
                label for=(id) { (label) @if !is_required { " " span.optional { (self.locale.text("form-optional")) } } }
                @if let Some(hint) = hint { p.hint id={ (id) "-hint" } { (hint) } }
                (self.error(id, name))
                (element)
            }
        }
    }

    pub fn input(&self, input: &Input<'_>) -> Markup {
        let Input { name, id, hint, kind, is_required, max_length, range, autocomplete, stored, .. } = input;
        let is_wrong = self.is_wrong(name);
        let element = html! {
                input id=(id) name=(name) type=(kind) required[*is_required] maxlength=[max_length] dir="auto"
                    min=[range.map(|(least, _)| least)] max=[range.map(|(_, most)| most)]
                    inputmode=[(*kind == "number").then_some("numeric")] autocomplete=(autocomplete)
                    value=[self.value(name, *stored)] autofocus[is_wrong] aria-invalid=[is_wrong.then_some("true")]
                    aria-describedby=[self.described_by(id, name, hint.is_some())];
        };
        self.field(input, &element)
    }

    pub fn text_area(&self, input: &Input<'_>, rows: u8) -> Markup {
        let Input { name, id, hint, is_required, max_length, stored, .. } = input;
        let is_wrong = self.is_wrong(name);
        let element = html! {
                textarea id=(id) name=(name) rows=(rows) maxlength=[max_length] dir="auto" required[*is_required]
                    autofocus[is_wrong] aria-invalid=[is_wrong.then_some("true")]
                    aria-describedby=[self.described_by(id, name, hint.is_some())] {
                    (self.value(name, *stored).unwrap_or_default())
                }
        };
        self.field(input, &element)
    }

    /// A choice of one of several values, each with its label.
    pub fn choice(&self, name: &'static str, label: &str, choices: &[(&str, String)], stored: &str) -> Markup {
        let chosen = self.value(name, Some(stored)).unwrap_or(stored);
        html! {
            div.field {
                label for=(name) { (label) }
                (self.error(name, name))
                select id=(name) name=(name) aria-invalid=[self.is_wrong(name).then_some("true")] {
                    @for (value, label) in choices {
                        option value=(value) selected[*value == chosen] { (label) }
                    }
                }
            }
        }
    }
}

/// Removes the character that stands for the token from what was typed, or the page would show its token there.
fn without_hole(mut typed: Map<String, Value>) -> Map<String, Value> {
    for value in typed.values_mut() {
        if let Value::String(text) = value {
            *text = text.replace(TOKEN_HOLE, "");
        }
    }
    typed
}
