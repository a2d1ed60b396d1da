//! The first page, and the page of an event with its sign-up form and roster.

use maud::{Markup, html};

use crate::domain::event::{Event, EventId};
use crate::domain::event_details::{Content, EventDetails, SignupRefusal};
use crate::domain::schedule::LocalTime;
use crate::domain::text::MAX_KEY_BYTES;
use crate::domain::viewer::Viewer;
use crate::http::bodies::RegistrationBody;
use crate::http::pages::places::{Part, count_text, items, other_lists, signup_hint, signup_label};
use crate::http::pages::{Page, VERSION, contact_field, event_field, event_list, layout, name_field};
use crate::http::paging::encode_cursor;
use crate::http::problem::sentence;
use crate::http::roster_view::{RosterPerson, RosterView};
use crate::notify::links::{event_path, organiser_deletion_path, signups_path};
use crate::ports::EventSummary;

/// The first page, with a form to sign up for any event. `events` is empty if the client may not list them.
/// `without_count` are the events whose number of attendees is not public.
pub fn home(events: &[EventSummary], without_count: &[EventId]) -> Page {
    let main = html! {
        h1 { "Who is coming?" }
        form.card method="post" action="/" {
            (event_field())
            (name_field())
            button type="submit" { "Count me in" }
        }
        @if !events.is_empty() {
            section {
                h2 { "Events" }
                (event_list(events, without_count))
            }
        }
        p.hint { a href="/organiser" { "For the organiser" } }
    };
    layout("Who is coming?", main)
}

/// A part of a long roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RosterPart {
    First,
    Later,
}

/// The page of an event. A long roster is split; `part` is the part of it that the page shows.
///
/// `refusal` says why nobody can sign up now.
pub fn event(
    event: &Event,
    details: Option<&EventDetails>,
    refusal: Option<&SignupRefusal>,
    roster: &RosterView,
    part: RosterPart,
    viewer: Viewer,
) -> Page {
    let view = viewer.view(details);
    let title = event.title();
    let places = roster.counts.as_ref().filter(|_| view.count);
    let count = count_text(roster.page.count, places);
    let people = roster.people();
    let path = event_path(event.id(), &[]);
    let is_first = part == RosterPart::First;
    let main = html! {
        h1 dir="auto" { (title) }
        @if let Some(details) = details { (description(details)) }
        @if let Some(refusal) = refusal {
            p.notice { (sentence(&refusal.to_string())) }
        } @else {
            form #signup .card method="post" action=(signups_path(event.spelling())) {
                (name_field())
                @if let Some(details) = details { (details_fields(&details.content, None)) }
                (contact_field("Where to reach you (optional)"))
                @if let Some(details) = details {
                    @let hint = signup_hint(&details.content, places);
                    p #line .hint data-guests=(details.content.guests_per_signup) hidden[hint.is_none()] { (hint.unwrap_or_default()) }
                }
                button type="submit" { (signup_label(places)) }
                p #notice .notice role="status" hidden {}
            }
        }
        @if view.count && !view.roster { p { (count) } }
        @if view.roster { section {
            @if view.count { h2 #count { (count) } } @else { h2 { "Who is coming" } }
            ul #people .people data-roster=(event_path(event.id(), &["attendees"])) data-is-first=(is_first) {
                (items(&people, Part::Coming, person))
            }
            @if details.is_some() { (other_lists(&people, person)) }
            @if !is_first { p { a href=(path) { "From the beginning" } } }
            @if let Some(next) = &roster.page.next {
                p #more { a href={ (path) "?cursor=" (encode_cursor(next.as_str())) } { "Further names" } }
            }
        } }
        details {
            summary { "Lost the link to your sign-up?" }
            form.card method="post" action=(event_path(event.id(), &["link"])) {
                label for="link-name" { "Your name on the list" }
                input #link-name name="name" type="text" required maxlength=(MAX_KEY_BYTES) dir="auto";
                p.hint { "It is sent to the address that you gave and confirmed." }
                button.plain type="submit" { "Send me my link again" }
            }
        }
        @if viewer == Viewer::Organiser {
            p { a href=(organiser_deletion_path(event.id())) { "Delete this event…" } }
        }
        script src={ "/assets/event.js?v=" (VERSION) } defer {}
    };
    layout(title, main)
}

/// What everybody who may see the roster sees of an attendee.
pub fn person(person: &RosterPerson<'_>) -> Markup {
    html! { span dir="auto" { (person.attendee.name) (guests_text(person.guests())) } }
}

/// The fields for what an event asks of people who sign up. `stored` is what a registration contains already.
pub fn details_fields(content: &Content, stored: Option<&RegistrationBody>) -> Markup {
    html! {
        @if content.guests_per_signup > 0 {
            label for="guests" { "How many people do you bring?" }
            input #guests name="guests" type="number" min="0" max=(content.guests_per_signup)
                value=(stored.map_or(0, |stored| stored.guests));
        }
        @if let Some(question) = &content.question {
            label for="answer" dir="auto" { (question) }
            input #answer name="answer" type="text" maxlength="1024" dir="auto" aria-describedby="answer-hint"
                value=[stored.and_then(|stored| stored.answer.as_deref())];
            p #answer-hint .hint { "Only the host and the organiser see your answer." }
        }
    }
}

/// The guests of an attendee, after their name. The script `event.js` uses the same form.
pub fn guests_text(guests: u8) -> String {
    if guests == 0 { String::new() } else { format!(" +{guests}") }
}

/// When and where an event takes place, and what its host says about it.
pub fn description(details: &EventDetails) -> Markup {
    let content = &details.content;
    html! {
        @if let Some(schedule) = &content.schedule {
            p {
                time datetime=(schedule.starts_at()) { (readable(schedule.start())) }
                @if let Some(end) = schedule.end() { " to " (readable(end)) }
                " (" (schedule.zone().name()) ")"
            }
        }
        @if let Some(place) = &content.place { p dir="auto" { (place) } }
        @if let Some(description) = &content.description {
            @for paragraph in description.as_str().split("\n\n") {
                p.description dir="auto" { (paragraph) }
            }
        }
    }
}

/// A local time as `2026-12-03 19:00`.
fn readable(local: LocalTime) -> String {
    local.to_string().replace('T', " ")
}
