//! The organiser's page with the list of events.

use maud::{Markup, html};
use strum::VariantArray as _;

use crate::domain::schedule::LocalTime;
use crate::domain::viewer::Viewer;
use crate::http::event_list::{Listed, ListedEvent};
use crate::http::locale::Locale;
use crate::http::pages::form::{Form, Input};
use crate::http::pages::places::count_text;
use crate::http::pages::{Page, layout};
use crate::notify::links::event_path;
use crate::texts::dates;

pub fn events(locale: Locale, events: &[ListedEvent], listed: Listed, search: &str, next: Option<&str>) -> Page {
    let title_input = Input {
        kind: "search",
        max_length: Some(120),
        stored: Some(search),
        ..Input::text("search", locale.text("events-search"))
    };
    let heading = locale.text("events-heading");
    let main = html! {
        h1 { (heading) }
        nav aria-label=(locale.text("events-which")) {
            p.tabs {
                @for other in Listed::VARIANTS {
                    @if *other == listed { strong aria-current="page" { (label(locale, *other)) } } @else {
                        a href={ "/events?show=" (other.as_str()) } { (label(locale, *other)) }
                    }
                    " "
                }
            }
        }
        form.card method="get" action="/events" role="search" {
            input name="show" type="hidden" value=(listed.as_str());
            (Form::empty(locale).input(&title_input))
            button type="submit" { (locale.text("events-search-submit")) }
        }
        @if events.is_empty() { p { (locale.text(nothing(listed, search, next.is_some()))) } }
        (list(locale, events, Viewer::Organiser))
        @if let Some(next) = next {
            @let more = next_page(listed, search, next);
            p { a href=(more) { (locale.text("events-next")) } }
        }
        p { a href="/organiser" { (locale.text("back-organiser")) } }
    };
    layout(locale, &heading, main)
}

/// A list of links to events, with their times and the numbers of attendees that the viewer may know.
pub fn list(locale: Locale, events: &[ListedEvent], viewer: Viewer) -> Markup {
    html! {
        ul.people {
            @for event in events {
                li {
                    a href=(event_path(&event.id, &[])) dir="auto" { (event.title) }
                    span.hint {
                        @if let Some(start) = event.start { (start_text(locale, event, start)) }
                        @if event.cancelled_at.is_some() { @if event.start.is_some() { " · " } (locale.text("events-cancelled")) }
                        @if event.shows_count_to(viewer) { @if event.start.is_some() || event.cancelled_at.is_some() { " · " } (count_text(locale, event.count, event.places.as_ref())) }
                    }
                }
            }
        }
    }
}

fn start_text(locale: Locale, event: &ListedEvent, start: LocalTime) -> Markup {
    let language = locale.language();
    let (date, time) = (dates::date(language, start), dates::time(language, start));
    html! {
        time datetime=(start) title=[event.zone.as_deref()] {
            (locale.format("date-time", &[("date", date.into()), ("time", time.into())]))
        }
    }
}

fn label(locale: Locale, listed: Listed) -> String {
    locale.text(match listed {
        Listed::Upcoming => "events-upcoming",
        Listed::Past => "events-past",
        Listed::Archived => "events-archived",
        Listed::All => "events-all",
    })
}

fn nothing(listed: Listed, search: &str, has_more: bool) -> &'static str {
    match (listed, search.is_empty(), has_more) {
        (_, _, true) => "events-none-here",
        (_, false, false) => "events-none-found",
        (Listed::Upcoming, true, false) => "events-none-upcoming",
        (Listed::Past, true, false) => "events-none-past",
        (Listed::Archived, true, false) => "events-none-archived",
        (Listed::All, true, false) => "events-none",
    }
}

fn next_page(listed: Listed, search: &str, next: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("show", listed.as_str()).append_pair("search", search).append_pair("cursor", next);
    format!("/events?{}", query.finish())
}
