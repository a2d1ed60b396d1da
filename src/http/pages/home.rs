//! The first page: plan an event, find a sign-up, and see which events come.

use maud::{Markup, html};

use crate::domain::viewer::Viewer;
use crate::http::app::Delivery;
use crate::http::event_list::ListedEvent;
use crate::http::locale::Locale;
use crate::http::pages::event_list::list;
use crate::http::pages::form::{Form, Input};
use crate::http::pages::{Page, layout};

/// A sign-up that was made in the browser that shows the page.
pub struct OwnSignup {
    pub title: String,
    pub name: String,
    /// The path of its personal page.
    pub path: String,
}

/// The first page. `events` are those that this visitor may find.
pub fn home(locale: Locale, may_create: bool, own: &[OwnSignup], events: &[ListedEvent], delivery: Delivery) -> Page {
    let main = html! {
        h1 { (locale.text("home-heading")) }
        p.lead { (locale.text("home-lead")) }
        @if may_create {
            p { a.button href="/new" { (locale.text("home-new")) } }
        } @else {
            p.hint { (locale.text("home-organiser-only")) }
        }
        @if !own.is_empty() {
            section {
                h2 { (locale.text("home-own")) }
                ul.people {
                    @for signup in own {
                        li { a href=(signup.path) dir="auto" { (signup.title) } span.hint dir="auto" { (signup.name) } }
                    }
                }
            }
        }
        @if !events.is_empty() {
            section {
                h2 { (locale.text("home-events")) }
                (list(locale, events, Viewer::Public))
            }
        }
        (find_form(locale, delivery))
        p.hint { a href="/organiser" { (locale.text("home-organiser")) } }
    };
    layout(locale, &locale.text("home-heading"), main)
}

fn find_form(locale: Locale, delivery: Delivery) -> Markup {
    let hint = if delivery.reaches_people() { "home-find-hint" } else { "home-find-hint-no-messages" };
    let event = Input {
        is_required: true,
        max_length: Some(500),
        hint: Some(html! { (locale.text(hint)) }),
        ..Input::text("event", locale.text("home-find"))
    };
    html! {
        details {
            summary { (locale.text("home-lost")) }
            form.card method="get" action="/find" {
                (Form::empty(locale).input(&event))
                button.plain type="submit" { (locale.text("home-find-submit")) }
            }
        }
    }
}
