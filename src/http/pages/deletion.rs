//! The page on which an event is deleted. It works without scripts.

use maud::html;

use crate::domain::event::EventId;
use crate::http::pages::{Page, layout};

/// Says what is deleted, and asks for a confirmation. `path` is that of this page, and `back` that of the page before.
pub fn delete_event(title: &str, count: u64, event: &EventId, path: &str, back: &str) -> Page {
    let main = html! {
        h1 { "Delete this event" }
        p.notice.bad dir="auto" { (title) " and " (sign_ups(count)) " will be deleted." }
        p {
            "This deletes the details, the list with contacts, answers and notes, the messages on the pages of attendees, "
            "messages that need attention, and the buttons of this event. It cannot be undone."
        }
        p { "Nobody is notified, and personal links stop working. Tell your guests first." }
        form.card method="post" action=(path) {
            label.check { input name="confirm" type="checkbox" value=(event) required; " Delete it for good" }
            button.bad type="submit" { "Delete this event" }
        }
        p { a href=(back) { "Back" } }
    };
    layout("Delete this event", main)
}

/// A deletion that is not complete yet, or was interrupted.
pub fn deletion_in_progress(event: &EventId, cursor: Option<&str>, path: &str) -> Page {
    let main = html! {
        h1 { "Delete this event" }
        p.notice role="status" { "The event can no longer be found. Some of its data is still stored." }
        form.card method="post" action=(path) {
            input name="confirm" type="hidden" value=(event);
            @if let Some(cursor) = cursor { input name="cursor" type="hidden" value=(cursor); }
            button.bad type="submit" { "Continue" }
        }
    };
    layout("Delete this event", main)
}

fn sign_ups(count: u64) -> String {
    match count {
        0 => "its empty list".to_owned(),
        1 => "its 1 sign-up".to_owned(),
        count => format!("its {count} sign-ups"),
    }
}
