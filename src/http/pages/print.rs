//! The list of people on paper, with boxes to tick.

use maud::{Markup, html};

use crate::domain::event_details::EventDetails;
use crate::domain::place::Place;
use crate::http::headcount::Headcount;
use crate::http::locale::Locale;
use crate::http::pages::event::guests_text;
use crate::http::pages::event_details::heading;
use crate::http::pages::host::headcount_text;
use crate::http::pages::places::{Part, ordinal};
use crate::http::pages::{Page, layout};
use crate::http::roster_view::{RosterPerson, RosterView};

/// `parts` are the parts of the roster, and `path` is that of the host's page.
pub fn print_list(locale: Locale, details: &EventDetails, parts: &[RosterView], path: &str) -> Page {
    let content = &details.content;
    let mut people: Vec<_> = parts.iter().flat_map(RosterView::people).collect();
    people.sort_by_key(|person| person.place.and_then(Place::position).filter(|_| Part::Waiting.contains(person)));
    let columns = if content.question.is_some() { 5 } else { 4 };
    let main = html! {
        (heading(locale, content.title.as_str(), Some(content)))
        p.no-print {
            button type="button" data-print hidden { (locale.text("print")) } " "
            a href=(path) { (locale.text("back-host")) }
        }
        p { strong { (headcount_text(locale, &Headcount::of(parts.iter().flat_map(RosterView::people)))) } }
        div.scroll tabindex="0" role="region" aria-label=(locale.text("people-heading")) { table {
            thead {
                tr {
                    th scope="col" { (locale.text("print-here")) }
                    th scope="col" { (locale.text("print-name")) }
                    th scope="col" { (locale.text("print-guests")) }
                    @if let Some(question) = &content.question { th scope="col" dir="auto" { (question) } }
                    th scope="col" { (locale.text("print-note")) }
                }
            }
            tbody {
                @for person in &people { @if !Part::Waiting.contains(person) { (row(locale, person, content.question.is_some())) } }
            }
            @if people.iter().any(|person| Part::Waiting.contains(person)) {
                tbody {
                    tr { th colspan=(columns) scope="rowgroup" { (locale.text("people-waiting")) } }
                    @for person in &people { @if Part::Waiting.contains(person) { (row(locale, person, content.question.is_some())) } }
                }
            }
        } }
    };
    layout(locale, content.title.as_str(), main).of_event(&details.event)
}

fn row(locale: Locale, person: &RosterPerson<'_>, has_question: bool) -> Markup {
    let waiting = person.place.and_then(Place::position);
    html! {
        tr {
            td { "☐" }
            td dir="auto" {
                (person.attendee.name)
                @if let Some(position) = waiting { " (" (ordinal(locale, position)) ")" }
            }
            td { (guests_text(person.guests())) }
            @if has_question { td dir="auto" { @if let Some(answer) = &person.registration.details.answer { (answer) } } }
        td dir="auto" { @if let Some(note) = &person.registration.details.note { (note.as_str()) } }
        }
    }
}
