//! What an event is: its title, date, time, place and description.

use linkify::{LinkFinder, LinkKind};
use maud::{Markup, html};
use url::Url;

use crate::domain::event_details::Content;
use crate::domain::event_details::{Audience, Question};
use crate::domain::schedule::Schedule;
use crate::domain::timestamp::Timestamp;
use crate::http::locale::Locale;
use crate::http::pages::moments::moment;
use crate::http::pages::moments::{date_tile, when};

/// The title of an event as the heading of a page, with its date, its time and its place.
pub fn heading(locale: Locale, title: &str, content: Option<&Content>) -> Markup {
    titled(locale, html! { h1 dir="auto" { (title) } }, content)
}

/// The date, the time and the place of an event, under a heading with its title.
pub fn titled(locale: Locale, heading: Markup, content: Option<&Content>) -> Markup {
    let schedule = content.and_then(|content| content.schedule.as_ref());
    html! {
        div.event {
            @if let Some(schedule) = schedule { (date_tile(locale, schedule.start())) }
            div {
                (heading)
                @if let Some(schedule) = schedule { (when(locale, schedule)) }
                @if let Some(place) = content.and_then(|content| content.place.as_ref()) {
                    p.place {
                        span dir="auto" { (place) } " "
                        a.no-print href=(map_url(place.as_str())) rel="noopener noreferrer" { (locale.text("event-map")) }
                    }
                }
            }
        }
    }
}

fn map_url(place: &str) -> String {
    let search = Url::parse_with_params("https://www.openstreetmap.org/search", [("query", place)]);
    search.expect("the literal is a valid URL").into()
}

/// What the host says about the event. Web addresses are links.
pub fn description(content: &Content) -> Markup {
    html! {
        @if let Some(description) = &content.description {
            div.description dir="auto" {
                @for paragraph in description.as_str().split("\n\n") { p { (linked(paragraph)) } }
            }
        }
    }
}

fn linked(text: &str) -> Markup {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]);
    html! {
        @for part in finder.spans(text) {
            @if part.kind().is_some() && is_web_address(part.as_str()) {
                a href=(part.as_str()) rel="nofollow noopener noreferrer" { (part.as_str()) }
            } @else {
                (part.as_str())
            }
        }
    }
}

fn is_web_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// What guests may do, and who sees and finds what: all that [`titled`] and [`description`] do not show.
pub fn settings(locale: Locale, content: &Content, visibility: &'static str) -> Markup {
    let zone = content.schedule.as_ref().map(Schedule::zone);
    let time = |at: Option<Timestamp>| at.map(|at| moment(locale, at, zone));
    let capacity = content.capacity.map_or_else(|| locale.text("edit-no-limit"), |capacity| capacity.get().to_string());
    let rows = [
        ("edit-capacity", Some(capacity)),
        ("edit-guests", Some(content.guests_per_signup.to_string())),
        ("edit-question", content.question.as_ref().map(Question::to_string)),
        ("edit-opens", time(content.signups.opens_at)),
        ("edit-closes", time(content.signups.closes_at)),
        ("edit-roster", Some(locale.text(audience_label(content.roster)))),
        ("edit-count", Some(locale.text(audience_label(content.count)))),
        ("edit-visibility", Some(locale.text(visibility))),
    ];
    html! {
        dl {
            @for (label, value) in &rows {
                @if let Some(value) = value { dt { (locale.text(label)) } dd dir="auto" { (value) } }
            }
        }
    }
}

/// The id of the message that says who finds an event.
pub fn visibility_label(is_unlisted: bool) -> &'static str {
    if is_unlisted { "edit-unlisted" } else { "edit-listed" }
}

/// The id of the message that says who sees something.
pub fn audience_label(audience: Audience) -> &'static str {
    match audience {
        Audience::Everyone => "edit-everyone",
        Audience::Attendees => "edit-attendees",
        Audience::Hosts => "edit-hosts",
    }
}

/// The beginning of a description.
pub fn shortened(text: &str) -> String {
    const CHARS: usize = 160;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= CHARS { line } else { line.chars().take(CHARS).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_addresses_in_a_description_are_links() {
        let shown = linked("See https://example.org/a?b=1&c=2, or <b>mailto:x@example.org</b> javascript:alert(1)");
        let link = "<a href=\"https://example.org/a?b=1&amp;c=2\" rel=\"nofollow noopener noreferrer\">https://example.org/a?b=1&amp;c=2</a>";
        assert_eq!(
            shown.into_string(),
            format!("See {link}, or &lt;b&gt;mailto:x@example.org&lt;/b&gt; javascript:alert(1)")
        );
    }

    #[test]
    fn place_leads_to_a_map() {
        assert_eq!(map_url("Moorweg 3 & 4"), "https://www.openstreetmap.org/search?query=Moorweg+3+%26+4");
    }
}
