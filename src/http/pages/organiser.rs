//! The organiser's pages: login, overview and rejected messages.

use maud::{Markup, html};

use crate::http::bodies::{LimitsBody, UsageBody};
use crate::http::event_list::ListedEvent;
use crate::http::pages::{Page, REJECTS_SHOWN, event_list, layout};
use crate::ports::{RejectEntry, RejectedMessage};

pub fn login(error: Option<&str>) -> Page {
    let main = html! {
        h1 { "Organiser" }
        form.card method="post" action="/organiser/login" {
            label for="key" { "The organiser's key" }
            input #key name="key" type="password" required autocomplete="current-password";
            @if let Some(error) = error { p.notice.bad { (error) } }
            button type="submit" { "Log in" }
            p.hint { "The server says at its start where the key is." }
        }
    };
    layout("Organiser", main)
}

pub fn organiser(events: &[ListedEvent], rejects: usize, limits: &LimitsBody) -> Page {
    let main = html! {
        h1 { "Organiser" }
        section {
            h2 { "Rejects" }
            @match rejects {
                0 => p { "Every message could be taken." },
                count => p.notice.bad {
                    a href="/organiser/rejects" {
                        (count) @if count == REJECTS_SHOWN { " or more" }
                        @if count == 1 { " message needs" } @else { " messages need" } " a look"
                    }
                },
            }
        }
        section {
            h2 { "Upcoming events" }
            @if events.is_empty() { p { "No upcoming events." } }
            (event_list::list(events))
            p { a href="/events" { "Search, and further events" } }
        }
        @if let Some(opt_ins) = &limits.opt_ins {
            section {
                h2 { "Messages" }
                (usage_line(opt_ins, "addresses were asked in this hour whether they want messages"))
                @match &limits.texts {
                    None => p { "Nobody is texted: no countries are listed." },
                    Some(texts) => {
                        (usage_line(&texts.usage, "text messages went out today (UTC)"))
                        (usage_line(&texts.answers, "questions and links went out among them"))
                        p.hint { "Only to mobile phones of " (texts.countries.join(", ")) ", " (texts.hours) "." }
                    },
                }
            }
        }
        section {
            h2 { "Buttons" }
            p { a href="/organiser/buttons" { "Register buttons, and see what each does" } }
        }
        section {
            h2 { "Export" }
            form.card method="get" action="/organiser/export" {
                label for="export-event" { "Event (empty for all)" }
                input #export-event name="event" type="text" dir="auto";
                button type="submit" { "Download CSV" }
            }
        }
        section {
            h2 { "Remove a person's data" }
            form.card method="post" action="/organiser/remove" {
                label for="name" { "Name" }
                input #name name="name" type="text" required dir="auto";
                label for="event" { "Event (empty for all)" }
                input #event name="event" type="text" dir="auto";
                p.hint { "Takes the person off the list and deletes contact, rejects and buttons for good." }
                label.check { input name="sure" type="checkbox" required; " I am sure" }
                button.bad type="submit" { "Remove" }
            }
        }
        form method="post" action="/organiser/logout" { button.plain type="submit" { "Log out" } }
    };
    layout("Organiser", main)
}

/// Shows a limit and its usage. The line is highlighted when the limit is reached and messages are suppressed.
fn usage_line(usage: &UsageBody, what: &str) -> Markup {
    let is_used_up = usage.spent >= usage.limit;
    html! {
        p.notice[is_used_up].bad[is_used_up] {
            (usage.spent) " of " (usage.limit) " " (what)
            @if is_used_up { "; no more are sent" }
            "."
        }
    }
}

pub fn rejects(rejects: &[RejectEntry], next: Option<&str>) -> Page {
    let main = html! {
        h1 { "Rejects" }
        @if rejects.is_empty() { p { "Every message could be taken." } }
        @for reject in rejects {
            article.card {
                p { (reject.reason) }
                p.hint { "Arrived " time datetime=(reject.arrived_at) { (reject.arrived_at) } }
                p { a href={ "/organiser/rejects/" (reject.id) } { "Look and correct" } }
            }
        }
        @if let Some(next) = next { p { a href={ "/organiser/rejects?cursor=" (next) } { "Further rejects" } } }
        @if !rejects.is_empty() { (redrive_form()) }
        p { a href="/organiser" { "Back" } }
    };
    layout("Rejects", main)
}

/// The form that sends many rejected messages again.
fn redrive_form() -> Markup {
    html! {
        form.card method="post" action="/organiser/rejects/redrive" {
            h2 { "Send all again" }
            p.hint { "After an outage, for example. Leave a field empty to include all messages." }
            label for="reason" { "Reason contains" }
            input #reason name="reason" type="text";
            label for="event" { "Event" }
            input #event name="event" type="text" dir="auto";
            label for="since" { "Rejected since, such as 2026-11-25T18:00:00Z" }
            input #since name="since" type="text";
            button type="submit" { "Send all again" }
        }
    }
}

/// How many rejected messages were sent again. `kept` is the number that still cannot be processed.
pub fn redrive_result(sent: usize, kept: usize, has_more: bool) -> Page {
    let main = html! {
        h1 { "Sent again" }
        p.notice { (sent) @if sent == 1 { " message was" } @else { " messages were" } " sent again." }
        @if kept > 0 {
            p.notice.bad { (kept) @if kept == 1 { " message" } @else { " messages" } " must be corrected first." }
        }
        @if has_more { p { "There are more messages. Go back and send all again." } }
        p { a href="/organiser/rejects" { "Back" } }
    };
    layout("Sent again", main)
}

/// A rejected message with a form to correct it. `error` is the reason why the last correction was refused.
pub fn reject(reject: &RejectedMessage, error: Option<&str>) -> Page {
    let path = format!("/organiser/rejects/{}", reject.id);
    let main = html! {
        h1 { "Reject" }
        p.notice.bad { (reject.reason) }
        p.hint { "Arrived " time datetime=(reject.arrived_at) { (reject.arrived_at) } ", message " (reject.id) }
        pre dir="auto" { (reject.body) }
        form.card method="post" action={ (path) "/redrive" } {
            h2 { "Correct and send again" }
            p.hint { "What is left empty stays as it is in the message." }
            label for="event" { "Event" }
            input #event name="event" type="text" dir="auto";
            label for="name" { "Name" }
            input #name name="name" type="text" dir="auto";
            label for="contact" { "Contact" }
            input #contact name="contact" type="text";
            label.check { input name="no_contact" type="checkbox" value="1"; " without the contact" }
            @if let Some(error) = error { p.notice.bad { (error) } }
            button type="submit" { "Send again" }
        }
        form.card method="post" action={ (path) "/discard" } {
            button.bad type="submit" { "Discard" }
        }
        p { a href="/organiser/rejects" { "Back" } }
    };
    layout("Reject", main)
}
