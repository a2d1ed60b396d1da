//! The form into which the organiser pastes a table, and the result of the import.

use maud::{Markup, html};

use crate::formats::csv::RowProblem;
use crate::formats::csv::repeats::Repeat;
use crate::http::locale::{Locale, Slot};
use crate::http::pages::errors::field_text;
use crate::http::pages::form::{Form, Input};
use crate::http::pages::{Page, layout};
use crate::http::problem::Problem;

/// The result of an import.
pub struct ImportResult<'a> {
    pub accepted: usize,
    /// The numbers of the rows that were not imported, and why.
    pub refused: &'a [(u64, RowProblem)],
    /// The names of the columns that were not imported.
    pub ignored: &'a [String],
    /// The titles of the events that begin with the import.
    pub new_events: &'a [String],
    /// Rows about people whom an earlier row names.
    pub repeats: &'a [Repeat],
}

pub fn import_form(form: &Form) -> Markup {
    let locale = form.locale;
    let table = Input {
        is_required: true,
        hint: Some(html! { (locale.text("organiser-import-hint")) }),
        ..Input::text("table", locale.text("organiser-import-table"))
    };
    html! {
        form.card method="post" action="/organiser/import" {
            (form.summary(&["table"]))
            (form.token())
            (form.text_area(&table, 8))
            button type="submit" { (locale.text("organiser-import-submit")) }
        }
    }
}

/// The form with the rows that were not imported, below the result. `result` is `None` if nothing was imported because
/// the table cannot be read.
pub fn import(form: &Form, result: Option<&ImportResult<'_>>) -> Page {
    let locale = form.locale;
    let title = locale.text("organiser-import");
    let main = html! {
        h1 { (title) }
        @if let Some(result) = result { (summary(locale, result)) }
        @if result.is_none_or(|result| !result.refused.is_empty()) { (import_form(form)) }
        p { a href="/organiser" { (locale.text("back-organiser")) } }
    };
    layout(locale, &title, main)
}

fn summary(locale: Locale, result: &ImportResult<'_>) -> Markup {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    html! {
        p.notice.good[result.accepted > 0] role="status" {
            (locale.count("organiser-import-accepted", number(result.accepted)))
        }
        @if result.accepted > 0 {
            @let attention = html! { a href="/organiser/rejects" { (locale.text("attention-title")) } };
            p.hint { (locale.markup("organiser-import-check", &[("attention", Slot::Markup(attention))])) }
        }
        @if !result.ignored.is_empty() {
            p.hint { (locale.format("organiser-import-ignored", &[("columns", result.ignored.join(", ").into())])) }
        }
        @if !result.new_events.is_empty() {
            p.notice { (locale.format("organiser-import-new-events", &[("events", result.new_events.join(", ").into())])) }
        }
        @for Repeat { row, earlier_row, name } in result.repeats {
            @let variables = [("row", Slot::Number(*row)), ("earlier", Slot::Number(*earlier_row)), ("name", Slot::Text(name))];
            p.notice { (locale.markup("organiser-import-repeat", &variables)) }
        }
        @if !result.refused.is_empty() {
            p.notice.bad { (locale.count("organiser-import-refused", number(result.refused.len()))) }
            dl {
                @for (row, problem) in result.refused {
                    dt { (locale.count("organiser-import-row", *row)) }
                    dd { (row_text(locale, problem)) }
                }
            }
        }
    }
}

fn row_text(locale: Locale, problem: &RowProblem) -> Markup {
    let id = match problem {
        RowProblem::InvalidField(invalid) => {
            let problem = Problem::from(invalid.clone());
            return html! { code { (invalid.field) } ": " (field_text(locale, &problem)) };
        }
        RowProblem::UnnamedColumn { column } => {
            return html! { (locale.format("organiser-import-unnamed-column", &[("column", (*column).into())])) };
        }
        RowProblem::IgnoredContact { column } => {
            return html! { (locale.format("organiser-import-ignored-contact", &[("column", column.as_str().into())])) };
        }
        RowProblem::SeveralEvents => "organiser-event-ambiguous",
        RowProblem::SeveralContacts => "organiser-import-several-contacts",
        RowProblem::ShortenedPhone => "organiser-import-rounded-phone",
        // The reason for a long row is most likely a quote that is never closed, too.
        RowProblem::LineBreak | RowProblem::TooLong => "organiser-import-open-quote",
    };
    html! { (locale.text(id)) }
}
