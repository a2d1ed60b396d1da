//! The pages: HTML rendered on the server. They work without scripts; one script makes the event page live.

mod buttons;
mod deletion;
mod event;
mod event_list;
mod host;
mod layout;
mod manage;
mod opt_in;
mod organiser;
mod places;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use maud::{Markup, html};

pub use self::buttons::buttons;
pub use self::deletion::{delete_event, deletion_in_progress};
pub use self::event::{RosterPart, event, home};
pub use self::event_list::events;
pub use self::host::host;
use self::layout::layout;
pub use self::layout::{Page, render};
pub use self::manage::manage;
pub use self::opt_in::{opt_in, registration_opt_in};
pub use self::organiser::{login, organiser, redrive_result, reject, rejects};
use self::places::short_count_text;
use crate::domain::event::EventId;
use crate::domain::text::MAX_KEY_BYTES;
use crate::http::place_bodies::PlacesBody;
use crate::http::problem::Problem;
use crate::notify::links::event_path;
use crate::ports::EventSummary;

/// The number of events that a page shows before it links to the list of all events.
pub const EVENTS_SHOWN: usize = 50;
/// The number of rejected messages that the organiser's page counts before it says "or more".
pub const REJECTS_SHOWN: usize = 100;

const STYLE: &str = include_str!("../assets/style.css");
const SCRIPT: &str = include_str!("../assets/event.js");
const ICON: &str = include_str!("../assets/icon.svg");
/// Part of the URLs of style sheet and script, so that no browser uses a cached file of an older release.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The routes of the style sheet, the script and the icon.
pub fn assets<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let file = |content_type: &'static str, content: &'static str| {
        get(async move || ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "max-age=86400")], content))
    };
    Router::new()
        .route("/assets/style.css", file("text/css; charset=utf-8", STYLE))
        .route("/assets/event.js", file("text/javascript; charset=utf-8", SCRIPT))
        .route("/assets/icon.svg", file("image/svg+xml", ICON))
}

/// A problem document as a page, with a link to the first page.
pub fn problem(problem: &Problem) -> Page {
    let main = html! {
        h1 { (problem.title) }
        p.notice.bad { (problem.detail) }
        @if problem.field.is_some() { p { "Go back with your browser to correct it." } }
        p { a href="/" { "To the first page" } }
    };
    layout(problem.title, main)
}

/// Confirms an action, with a link back.
pub fn confirmation(title: &str, message: &str, back: &str) -> Page {
    let main = html! {
        h1 { (title) }
        p.notice role="status" { (message) }
        p { a href=(back) { "Back" } }
    };
    layout(title, main)
}

fn name_field() -> Markup {
    html! {
        label for="name" { "Your name" }
        input #name name="name" type="text" required maxlength=(MAX_KEY_BYTES) autocomplete="name" dir="auto";
    }
}

fn event_field() -> Markup {
    html! {
        label for="event" { "Event" }
        input #event name="event" type="text" required maxlength=(MAX_KEY_BYTES) autocomplete="off" dir="auto"
            placeholder="Dance";
    }
}

fn contact_field(label: &str) -> Markup {
    html! {
        label for="contact" { (label) }
        input #contact name="contact" type="text" maxlength="1024" autocomplete="email" aria-describedby="contact-hint";
        p #contact-hint .hint {
            "An email address, a phone number like +14155552671, or an https webhook. "
            "Never shown on the list; the organiser can see it."
        }
    }
}

/// A list of links to events. The number of attendees is not shown for the events `without_count`.
fn event_list(events: &[EventSummary], without_count: &[EventId]) -> Markup {
    html! {
        ul.people {
            @for event in events {
                li {
                    a href=(event_path(&event.id, &[])) dir="auto" { (event.title) }
                    @if !without_count.contains(&event.id) {
                        span.hint { (short_count_text(event.count, PlacesBody::in_list(event.seats).as_ref())) }
                    }
                }
            }
        }
    }
}
