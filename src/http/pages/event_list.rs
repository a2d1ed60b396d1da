//! The organiser's page with the list of events.

use maud::{Markup, html};
use strum::VariantArray as _;

use crate::http::event_list::{Listed, ListedEvent};
use crate::http::pages::places::short_count_text;
use crate::http::pages::{Page, layout};
use crate::notify::links::event_path;

pub fn events(events: &[ListedEvent], listed: Listed, search: &str, next: Option<&str>) -> Page {
    let main = html! {
        h1 { "Events" }
        nav aria-label="Which events" {
            p {
                @for other in Listed::VARIANTS {
                    @if *other == listed { strong aria-current="page" { (label(*other)) } } @else {
                        a href={ "/events?show=" (other.as_str()) } { (label(*other)) }
                    }
                    " "
                }
            }
        }
        form.card method="get" action="/events" role="search" {
            input name="show" type="hidden" value=(listed.as_str());
            label for="search" { "Title contains" }
            input #search name="search" type="search" value=(search) maxlength="120" dir="auto";
            button type="submit" { "Search" }
        }
        @if events.is_empty() { p { (nothing(listed, search, next.is_some())) } }
        (list(events))
        @if let Some(next) = next {
            @let more = next_page(listed, search, next);
            p { a href=(more) { "Further events" } }
        }
        p { a href="/organiser" { "Back" } }
    };
    layout("Events", main)
}

/// A list of links to events, with their times and numbers of attendees.
pub fn list(events: &[ListedEvent]) -> Markup {
    html! {
        ul.people {
            @for event in events {
                li {
                    a href=(event_path(&event.id, &[])) dir="auto" { (event.title) }
                    span.hint {
                        @if let Some(starts_at) = &event.starts_at {
                            time datetime=(starts_at) title=[event.zone.as_deref()] { (starts_at.replace('T', " ")) } ", "
                        }
                        @if event.cancelled_at.is_some() { "cancelled, " }
                        (short_count_text(event.count, event.places.as_ref()))
                    }
                }
            }
        }
    }
}

fn label(listed: Listed) -> &'static str {
    match listed {
        Listed::Upcoming => "Upcoming",
        Listed::Past => "Past",
        Listed::Archived => "Archived",
        Listed::All => "All, by name",
    }
}

fn nothing(listed: Listed, search: &str, has_more: bool) -> &'static str {
    match (listed, search.is_empty(), has_more) {
        (_, _, true) => "None of the events on this page. Look at the further ones.",
        (_, false, false) => "No event has this in its title.",
        (Listed::Upcoming, true, false) => "No upcoming events.",
        (Listed::Past, true, false) => "No past events.",
        (Listed::Archived, true, false) => "No archived events.",
        (Listed::All, true, false) => "Nobody has signed up yet.",
    }
}

fn next_page(listed: Listed, search: &str, next: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("show", listed.as_str()).append_pair("search", search).append_pair("cursor", next);
    format!("/events?{}", query.finish())
}
