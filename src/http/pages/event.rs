//! Where people sign up and see who is coming.

use maud::{Markup, html};

use crate::domain::event::Event;
use crate::domain::text::KEY_BYTES;
use crate::http::pages::{VERSION, contact_field, event_field, event_list, layout, name_field};
use crate::http::paging::to_cursor;
use crate::notify::links::{event_path, signups_path};
use crate::ports::{EventSummary, RosterPage};

/// The first page: sign up to any event; `events` are listed where the operator allows it.
pub fn home(events: &[EventSummary]) -> Markup {
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
                (event_list(events))
            }
        }
        p.hint { a href="/organiser" { "For the organiser" } }
    };
    layout("Who is coming?", &main)
}

/// An event's page. `further` says that it is not the first page of a long roster.
pub fn event(event: &Event, page: &RosterPage, further: bool) -> Markup {
    let title = page.title.as_deref().unwrap_or(event.title());
    let here = event_path(event.id(), &[]);
    let main = html! {
        h1 dir="auto" { (title) }
        form #signup .card method="post" action=(signups_path(title)) {
            (name_field())
            (contact_field("Where to reach you (optional)"))
            button type="submit" { "Count me in" }
            p #said .notice role="status" hidden {}
        }
        section {
            h2 #count { (how_many(page.count)) }
            ul #people .people data-roster=(event_path(event.id(), &["attendees"])) data-further=(further) {
                @for attendee in &page.attendees {
                    @if let Some(registration) = attendee.registration() {
                        li {
                            span dir="auto" { (attendee.name) }
                            time.hint datetime=(registration.since) { (registration.since.date()) }
                        }
                    }
                }
            }
            @if further { p { a href=(here) { "From the beginning" } } }
            @if let Some(next) = &page.next {
                p #more { a href={ (here) "?cursor=" (to_cursor(next.as_str())) } { "Further names" } }
            }
        }
        details {
            summary { "Lost the link to your sign-up?" }
            form.card method="post" action=(event_path(event.id(), &["link"])) {
                label for="whose" { "Your name on the list" }
                input #whose name="name" type="text" required maxlength=(KEY_BYTES) dir="auto";
                p.hint { "It is sent to the address that you gave and confirmed." }
                button.plain type="submit" { "Send me my link again" }
            }
        }
        script src={ "/assets/event.js?v=" (VERSION) } defer {}
    };
    layout(title, &main)
}

/// As the script words it too.
fn how_many(count: u64) -> String {
    match count {
        0 => "Nobody is in yet".to_owned(),
        1 => "1 is in".to_owned(),
        count => format!("{count} are in"),
    }
}
