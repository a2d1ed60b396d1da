//! The page of an event: what it is, the sign-up form and who is coming.

use maud::{Markup, html};

use crate::domain::attendee_name::MAX_NAME_CHARS;
use crate::domain::event::Event;
use crate::domain::event_details::{EventDetails, SignupRefusal};
use crate::domain::host_link::HostRole;
use crate::domain::manage_link::RegistrationState;
use crate::domain::place::Place;
use crate::domain::schedule::Schedule;
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::Viewer;
use crate::http::app::Delivery;
use crate::http::locale::Slot;
use crate::http::pages::errors::refusal_text;
use crate::http::pages::event_details::{description, heading, shortened};
use crate::http::pages::form::{Form, Input};
use crate::http::pages::moments::moment;
use crate::http::pages::places::{
    Part, count_text, items, ordinal, other_lists, places_bar, signup_hint, signup_label,
};
use crate::http::pages::signup_fields::{Signee, contact_fields, details_fields, signup_field_names};
use crate::http::pages::{Page, layout};
use crate::http::paging::encode_cursor;
use crate::http::roster_view::{RosterPerson, RosterView};
use crate::notify::links::{event_path, organiser_deletion_path, signups_path};

/// A part of a long roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RosterPart {
    First,
    Later,
}

/// A registration that was made in the browser that shows the page.
pub struct OwnPlace {
    pub name: String,
    /// The token at the end of its personal link.
    pub token: String,
    /// The path of its personal page.
    pub path: String,
    pub state: RegistrationState,
    /// `None` if the places of the event are not limited.
    pub place: Option<Place>,
}

/// What the page of an event shows.
pub struct EventPage<'a> {
    pub event: &'a Event,
    pub details: Option<&'a EventDetails>,
    /// Why nobody can sign up now.
    pub refusal: Option<SignupRefusal>,
    pub roster: &'a RosterView,
    /// The part of a long roster that the page shows.
    pub part: RosterPart,
    pub viewer: Viewer,
    pub own: &'a [OwnPlace],
    pub delivery: Delivery,
    /// The link for guests.
    pub url: &'a str,
    pub form: &'a Form,
}

impl EventPage<'_> {
    pub fn page(&self) -> Page {
        let locale = self.form.locale;
        let main = html! {
            (heading(locale, self.event.title(), self.details.map(|details| &details.content)))
            @if !self.takes_place() { (self.sign_up()) }
            (self.own_registrations())
            @if let Some(details) = self.details { (description(&details.content)) }
            @if self.takes_place() {
                div #places data-live { (self.places()) }
                (self.sign_up())
            }
            div #people data-live { (self.people()) }
            @if self.takes_place() { (self.lost_link()) }
            @if self.viewer == Viewer::Organiser {
                form method="post" action=(event_path(self.event.id(), &["links"])) {
                    input type="hidden" name="role" value=(HostRole::Host.as_str());
                    button.plain type="submit" { (locale.text("event-host-page")) }
                }
                p.no-print { a href=(organiser_deletion_path(self.event.id())) { (locale.text("event-delete")) } }
            }
        };
        layout(locale, self.event.title(), main)
            .with_head(self.head())
            .of_event(self.event.id())
            .at(event_path(self.event.id(), &[]))
            .live(self.details.and_then(|details| details.changes_at(Timestamp::now())))
    }

    /// What messengers show of a link to this page.
    fn head(&self) -> Markup {
        let locale = self.form.locale;
        let content = self.details.map(|details| &details.content);
        let schedule = content.and_then(|content| content.schedule.as_ref());
        let parts = [
            schedule.map(|schedule| moment(locale, schedule.starts_at(), Some(schedule.zone()))),
            content.and_then(|content| content.place.as_ref()).map(ToString::to_string),
            content.and_then(|content| content.description.as_ref()).map(|text| shortened(text.as_str())),
        ];
        let summary = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let summary = if summary.is_empty() { locale.text("event-summary") } else { summary };
        html! {
            meta name="description" content=(summary);
            meta property="og:type" content="website";
            meta property="og:site_name" content="Count Me In";
            meta property="og:title" content=(self.event.title());
            meta property="og:description" content=(summary);
            meta property="og:url" content=(self.url);
            meta property="og:locale" content=(locale.text("og-locale"));
        }
    }

    fn own_registrations(&self) -> Markup {
        let locale = self.form.locale;
        let shown = |own: &&OwnPlace| matches!(own.state, RegistrationState::In | RegistrationState::Pending);
        // The page of an event that does not take place says so, and nothing else.
        if !self.takes_place() {
            return html! {};
        }
        html! {
            div #own data-live {
                @for own in self.own.iter().filter(shown) {
                    @let change = html! { a href=(own.path) { (locale.text("own-change")) } };
                    @let slots = |position| [("name", Slot::Text(&own.name)), ("position", Slot::Text(position)), ("change", Slot::Markup(change.clone()))];
                    @match (own.state, own.place) {
                        (RegistrationState::In, Some(Place::Waiting { position: Some(position) })) => {
                            p.notice { (locale.markup("own-waiting", &slots(&ordinal(locale, position)))) }
                        },
                        (RegistrationState::In, Some(Place::Waiting { position: None })) => {
                            p.notice { (locale.markup("own-waiting-somewhere", &slots(""))) }
                        },
                        (RegistrationState::In, None | Some(Place::Confirmed { .. })) => {
                            p.notice.good { (locale.markup("own-in", &slots(""))) }
                        },
                        _ => p.notice { (locale.markup("own-pending", &slots(""))) },
                    }
                }
            }
            // Each can be forgotten alone: several people may share a device.
            @for own in self.own.iter().filter(shown) {
                details.forget {
                    summary.button.quiet { (locale.markup("own-forget", &[("name", Slot::Text(&own.name))])) }
                    form.card method="post" action=(event_path(self.event.id(), &["forget"])) {
                        p { (locale.text("own-forget-sure")) }
                        input type="hidden" name="token" value=(own.token);
                        button.plain type="submit" { (locale.text("own-forget-submit")) }
                    }
                }
            }
        }
    }

    /// Whether the event is neither cancelled, nor over, nor archived.
    fn takes_place(&self) -> bool {
        self.refusal.as_ref().is_none_or(SignupRefusal::takes_place)
    }

    /// How many places are taken, if this viewer may know.
    fn places(&self) -> Markup {
        let view = self.viewer.view(self.details);
        let counts = self.roster.counts.as_ref().filter(|_| view.count);
        html! { @if let Some(places) = counts { (places_bar(self.form.locale, places)) } }
    }

    fn sign_up(&self) -> Markup {
        let (locale, form) = (self.form.locale, self.form);
        if let Some(refusal) = &self.refusal {
            let zone = self.details.and_then(|details| details.content.schedule.as_ref()).map(Schedule::zone);
            return html! { p.notice { (refusal_text(locale, refusal, zone)) } };
        }
        let signee = self.signee();
        let is_for_others = signee == Signee::SomebodyElse;
        let fields = html! {
            form #signup .card method="post" action=(signups_path(self.event.spelling())) {
                (form.summary(&signup_field_names(self.details.map(|details| &details.content))))
                (form.token())
                (form.input(&Input {
                    is_required: true,
                    max_length: Some(MAX_NAME_CHARS),
                    autocomplete: if is_for_others { "off" } else { "name" },
                    ..Input::text("name", locale.text(if is_for_others { "signup-other-name" } else { "signup-name" }))
                }))
                @if let Some(details) = self.details { (details_fields(form, &details.content, signee, None)) }
                (contact_fields(form, self.delivery, signee))
                (self.deadline())
                div #line data-live { (self.signup_hint()) }
            }
        };
        html! {
            @if is_for_others {
                details { summary { (locale.text("signup-other")) } (fields) }
            } @else {
                (fields)
            }
        }
    }

    /// Whom the form signs up, most likely.
    fn signee(&self) -> Signee {
        let has_own = self.own.iter().any(|own| own.state == RegistrationState::In);
        if has_own && self.form.status().is_success() { Signee::SomebodyElse } else { Signee::Oneself }
    }

    fn deadline(&self) -> Markup {
        let locale = self.form.locale;
        let content = self.details.map(|details| &details.content);
        let closes_at = content.and_then(|content| content.signups.closes_at);
        let zone = content.and_then(|content| content.schedule.as_ref()).map(Schedule::zone);
        html! {
            @if let Some(closes_at) = closes_at {
                p.hint { (locale.format("signup-until", &[("when", moment(locale, closes_at, zone).into())])) }
            }
        }
    }

    fn signup_hint(&self) -> Markup {
        let locale = self.form.locale;
        let view = self.viewer.view(self.details);
        let counts = self.roster.counts.as_ref().filter(|_| view.count);
        let signee = self.signee();
        let hint = self.details.and_then(|details| signup_hint(locale, &details.content, counts, signee));
        html! {
            @if let Some(hint) = hint { p.hint { (hint) } }
            button type="submit" { (signup_label(locale, counts, signee)) }
        }
    }

    fn people(&self) -> Markup {
        let locale = self.form.locale;
        let view = self.viewer.view(self.details);
        let counts = self.roster.counts.as_ref().filter(|_| view.count);
        let path = event_path(self.event.id(), &[]);
        let people = self.roster.people();
        html! {
            // The bar says how many there are if the places are limited.
            @if view.count && counts.is_none() {
                h2 { (count_text(locale, self.roster.page.count, counts)) }
            } @else if view.roster {
                h2 { (locale.text("people-heading")) }
            }
            @if !view.roster && Viewer::Attendee.view(self.details).roster {
                p.hint { (locale.text("people-on-personal-page")) }
            }
            @if view.roster {
                @if people.is_empty() && counts.is_some() { p { (count_text(locale, 0, None)) } }
                ul.people { (items(locale, &people, Part::Coming, person)) }
                @if self.details.is_some() { (other_lists(locale, &people, person)) }
                @if self.part == RosterPart::Later { p { a href=(path) { (locale.text("people-first")) } } }
                @if let Some(next) = &self.roster.page.next {
                    p { a href={ (path) "?cursor=" (encode_cursor(next.as_str())) } { (locale.text("people-next")) } }
                }
            }
        }
    }

    fn lost_link(&self) -> Markup {
        let locale = self.form.locale;
        let name = Input {
            id: "link-name",
            is_required: true,
            max_length: Some(MAX_NAME_CHARS),
            hint: Some(html! { (locale.text("lost-hint")) }),
            ..Input::text("name", locale.text("lost-name"))
        };
        html! {
            details #lost {
                summary { (locale.text("lost-link")) }
                @if self.delivery.reaches_people() {
                    form.card method="post" action=(event_path(self.event.id(), &["link"])) {
                        (Form::empty(locale).input(&name))
                        button.plain type="submit" { (locale.text("lost-send")) }
                    }
                } @else {
                    p.card { (locale.text("lost-no-messages")) }
                }
            }
        }
    }
}

/// What everybody who may see the roster sees of an attendee.
pub fn person(person: &RosterPerson<'_>) -> Markup {
    html! { span dir="auto" { (person.attendee.name) (guests_text(person.guests())) } }
}

/// The guests of an attendee, after their name.
pub fn guests_text(guests: u8) -> String {
    if guests == 0 { String::new() } else { format!(" +{guests}") }
}
