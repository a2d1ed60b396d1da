//! The page behind a host's link.

use maud::html;

use crate::domain::event_details::EventDetails;
use crate::domain::host_link::HostRole;
use crate::http::pages::event::{count_text, description, guests_text};
use crate::http::pages::{Page, layout};
use crate::http::paging::encode_cursor;
use crate::ports::RosterPage;

/// Shows an event to the holder of a host's link. `url` is the link for guests, and `path` that of this page.
pub fn host(details: &EventDetails, role: HostRole, url: &str, path: &str, page: &RosterPage) -> Page {
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
            h2 { (count_text(page.count)) }
            @if let Some(question) = &details.content.question { p.hint dir="auto" { (question) } }
            ul.people {
                @for attendee in &page.attendees {
                    @if let Some(registration) = attendee.registration() {
                        li {
                            div {
                                span dir="auto" { (attendee.name) (guests_text(registration.details.guests)) }
                                @if let Some(answer) = &registration.details.answer { p.hint dir="auto" { (answer) } }
                                @if let Some(note) = &registration.details.note {
                                    p.hint.description dir="auto" { (note.as_str()) }
                                }
                            }
                            time.hint datetime=(registration.since) { (registration.since.date()) }
                        }
                    }
                }
            }
            @if let Some(next) = &page.next {
                p { a href={ (path) "?cursor=" (encode_cursor(next.as_str())) } { "Further names" } }
            }
        }
        @if role == HostRole::Host { p { a href={ (path) "/delete" } { "Delete this event…" } } }
    };
    layout(title, main)
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
