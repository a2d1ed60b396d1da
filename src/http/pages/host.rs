//! The page behind a host's link.

use maud::{Markup, html};

use crate::domain::event_details::EventDetails;
use crate::domain::host_link::HostRole;
use crate::domain::place::Place;
use crate::http::pages::event::{description, guests_text};
use crate::http::pages::places::{count_text, lists};
use crate::http::pages::{Page, layout};
use crate::http::paging::encode_cursor;
use crate::http::roster_view::{RosterPerson, RosterView};

/// Shows an event to the holder of a host's link. `url` is the link for guests, and `path` that of this page.
pub fn host(details: &EventDetails, role: HostRole, url: &str, path: &str, roster: &RosterView) -> Page {
    let title = details.content.title.as_str();
    let state = match (details.cancelled_at, details.archived_at) {
        (Some(_), _) => Some("This event was cancelled."),
        (None, Some(_)) => Some("This event is archived."),
        (None, None) => None,
    };
    let main = html! {
        h1 dir="auto" { (title) }
        @if let Some(state) = state { p.notice { (state) } }
        (description(details))
        p { "Link for guests: " a href=(url) { (url) } }
        p.hint { (explain(role)) }
        section {
            h2 { (count_text(roster.page.count, roster.counts.as_ref())) }
            @if let Some(question) = &details.content.question { p.hint dir="auto" { (question) } }
            (lists(roster, person))
            @if let Some(next) = &roster.page.next {
                p { a href={ (path) "?cursor=" (encode_cursor(next.as_str())) } { "Further names" } }
            }
        }
        @if role == HostRole::Host { p { a href={ (path) "/delete" } { "Delete this event…" } } }
    };
    layout(title, main)
}

/// What a host sees of an attendee.
fn person(person: &RosterPerson<'_>) -> Markup {
    let details = &person.registration.details;
    html! {
        div {
            span dir="auto" { (person.attendee.name) (guests_text(person.guests())) }
            @if let Some(Place::Confirmed { guests, refused_guests: refused @ 1.. }) = person.place {
                p.hint { (refused_guests_line(guests, refused)) }
            }
            @if let Some(answer) = &details.answer { p.hint dir="auto" { (answer) } }
            @if let Some(note) = &details.note { p.hint.description dir="auto" { (note.as_str()) } }
        }
    }
}

fn refused_guests_line(guests: u8, refused: u8) -> String {
    format!("wants to bring {}, but there was no place for {refused}", guests.saturating_add(refused))
}

fn explain(role: HostRole) -> &'static str {
    match role {
        HostRole::Host => {
            "You are the host. Whoever has the address of this page can change the event, so keep it to yourself."
        }
        HostRole::CoHost => "You are a co-host. Whoever has the address of this page can edit and cancel the event.",
        HostRole::CheckIn => "With this link you see who is coming.",
    }
}
