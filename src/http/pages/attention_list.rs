//! The organiser's page of the messages that could not be processed, and the result of sending many of them again.

use maud::{Markup, html};

use crate::http::locale::Locale;
use crate::http::pages::form::{Form, Input};
use crate::http::pages::moments::utc_time;
use crate::http::pages::{Page, event_input, layout};
use crate::http::problem::sentence;
use crate::ports::RejectEntry;

/// The list, and the form that sends many messages again.
///
/// `done` is the id of the message about what the organiser has just done.
pub fn rejects(rejects: &[RejectEntry], next: Option<&str>, form: &Form, done: Option<&str>) -> Page {
    let locale = form.locale;
    let title = locale.text("attention-title");
    let main = html! {
        h1 { (title) }
        @if let Some(done) = done { p.notice.good role="status" tabindex="-1" autofocus { (locale.text(done)) } }
        @if rejects.is_empty() { p { (locale.text("attention-none")) } }
        @for reject in rejects {
            article.card {
                p lang="en" { (sentence(&reject.reason)) }
                p.hint { (locale.text("attention-arrived")) ": " (utc_time(locale, reject.arrived_at)) (times_text(locale, reject.count)) }
                p { a href={ "/organiser/rejects/" (reject.id) } { (locale.text("attention-show")) } }
            }
        }
        @if let Some(next) = next {
            p { a href={ "/organiser/rejects?cursor=" (next) } { (locale.text("attention-next")) } }
        }
        @if !rejects.is_empty() || !form.status().is_success() { (redrive_form(form)) }
        p { a href="/organiser" { (locale.text("back-organiser")) } }
    };
    layout(locale, &title, main)
}

/// How many messages an entry stands for, if it is more than one.
pub fn times_text(locale: Locale, count: u64) -> String {
    if count > 1 { format!(" · {}", locale.count("attention-times", count)) } else { String::new() }
}

fn redrive_form(form: &Form) -> Markup {
    let locale = form.locale;
    let since = Input {
        kind: "datetime-local",
        hint: Some(html! { (locale.text("attention-all-since-hint")) }),
        ..Input::text("since", locale.text("attention-all-since"))
    };
    html! {
        form.card method="post" action="/organiser/rejects/redrive" {
            h2 { (locale.text("attention-all")) }
            p.hint { (locale.text("attention-all-hint")) }
            (form.summary(&["reason", "event", "since"]))
            (form.input(&Input::text("reason", locale.text("attention-all-reason"))))
            (form.input(&event_input(locale)))
            (form.input(&since))
            button type="submit" { (locale.text("attention-all")) }
        }
    }
}

/// How many messages were sent again. `kept` is the number that still cannot be processed.
pub fn redrive_result(locale: Locale, sent: usize, kept: usize, has_more: bool) -> Page {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let title = locale.text("attention-title");
    let main = html! {
        h1 { (title) }
        p.notice role="status" { (locale.count("attention-sent", number(sent))) }
        @if kept > 0 { p.notice.bad { (locale.count("attention-kept", number(kept))) } }
        @if has_more { p { (locale.text("attention-more")) } }
        p { a href="/organiser/rejects" { (locale.text("attention-back")) } }
    };
    layout(locale, &title, main)
}
