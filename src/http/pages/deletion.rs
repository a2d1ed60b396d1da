//! The page on which an event is deleted. It works without scripts.

use maud::html;

use crate::domain::event::EventId;
use crate::http::locale::{Locale, Slot};
use crate::http::pages::form::Form;
use crate::http::pages::{Page, layout};

/// What the page leads back to.
pub struct DeletionPaths<'a> {
    /// The path of the page itself.
    pub own: &'a str,
    /// The path of the page before, and the id of the label of the link to it.
    pub back: (&'a str, &'static str),
}

/// Says what is deleted, and asks for a confirmation.
pub fn delete_event(title: &str, count: u64, event: &EventId, paths: &DeletionPaths<'_>, form: &Form) -> Page {
    let locale = form.locale;
    let heading = locale.text("delete-title");
    let (back, back_label) = paths.back;
    let main = html! {
        h1 { (heading) }
        p.notice.bad { (locale.markup("delete-what", &[("title", Slot::Text(title)), ("number", Slot::Number(count))])) }
        p { (locale.text("delete-contents")) }
        p { (locale.text("delete-guests")) }
        form.card method="post" action=(paths.own) {
            (form.summary(&["confirm"]))
            (form.error("confirm", "confirm"))
            label.check {
                input #confirm name="confirm" type="checkbox" value=(event) required
                    aria-describedby=[form.described_by("confirm", "confirm", false)];
                (locale.text("delete-sure"))
            }
            button.bad type="submit" { (locale.text("delete-submit")) }
        }
        p { a href=(back) { (locale.text(back_label)) } }
    };
    layout(locale, &heading, main)
}

/// A deletion that is not complete yet, or was interrupted.
pub fn deletion_in_progress(locale: Locale, event: &EventId, cursor: Option<&str>, path: &str) -> Page {
    let heading = locale.text("delete-title");
    let main = html! {
        h1 { (heading) }
        p.notice role="status" { (locale.text("delete-unfinished")) }
        form.card method="post" action=(path) {
            input name="confirm" type="hidden" value=(event);
            @if let Some(cursor) = cursor { input name="cursor" type="hidden" value=(cursor); }
            button.bad type="submit" { (locale.text("delete-continue")) }
        }
    };
    layout(locale, &heading, main)
}

/// The event is deleted. `home` is the path of the page that follows, and the id of the label of the link to it.
pub fn event_deleted(locale: Locale, (path, label): (&str, &str)) -> Page {
    let heading = locale.text("delete-done-title");
    let main = html! {
        h1 { (heading) }
        p.notice role="status" { (locale.text("delete-done")) }
        p { a href=(path) { (locale.text(label)) } }
    };
    layout(locale, &heading, main)
}
