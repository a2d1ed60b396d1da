//! The page behind a host's link: who is coming, and what a host can do.

use maud::{Markup, html};

use crate::domain::attendee_name::MAX_NAME_CHARS;
use crate::domain::event_details::{EventDetails, SignupRefusal};
use crate::domain::host_link::HostRole;
use crate::domain::new_event_id::is_unlisted;
use crate::domain::schedule::Schedule;
use crate::domain::timestamp::Timestamp;
use crate::http::address_state::AddressState;
use crate::http::app::Delivery;
use crate::http::headcount::Headcount;
use crate::http::locale::{Locale, Slot};
use crate::http::pages::errors::refusal_text;
use crate::http::pages::event_details::{description, heading, settings, visibility_label};
use crate::http::pages::form::{Form, Input};
use crate::http::pages::host_actions::{action_form, confirmed_action};
use crate::http::pages::moments::moment;
use crate::http::pages::places::places_bar;
use crate::http::pages::signup_fields::{Signee, contact_fields, details_fields, signup_field_names};
use crate::http::pages::{Page, layout};
use crate::http::place_bodies::PlacesBody;
use crate::http::roster_view::RosterView;
use crate::notify::links::event_path;

/// The personal link of an attendee.
pub struct PersonalLink {
    pub name: String,
    pub url: String,
}

/// What the page of a host shows.
pub struct HostPage<'a> {
    pub details: &'a EventDetails,
    pub role: HostRole,
    /// The link for guests.
    pub url: &'a str,
    /// The path of this page.
    pub path: &'a str,
    /// The links that the holder of this one may give to others, each with its role.
    pub links: &'a [(HostRole, String)],
    pub roster: &'a RosterView,
    /// What is known of the address of each person on the page.
    pub addresses: &'a [AddressState],
    /// `None` if too many people signed up to count them for a page.
    pub headcount: Option<&'a Headcount>,
    /// Why nobody can sign up now.
    pub refusal: Option<SignupRefusal>,
    pub delivery: Delivery,
    /// The id of the message about what the host has just done.
    pub done: Option<&'static str>,
    /// The names of those who have moved up from the waiting list.
    pub moved_up: Option<String>,
    /// The link for which the host has asked.
    pub personal_link: Option<&'a PersonalLink>,
    pub form: &'a Form,
}

impl HostPage<'_> {
    pub fn page(&self) -> Page {
        let locale = self.form.locale;
        let content = &self.details.content;
        let is_editor = self.role >= HostRole::CoHost;
        let main = html! {
            @if let Some(done) = self.done {
                p.notice.good role="status" tabindex="-1" autofocus {
                    (locale.text(done))
                    @if let Some(names) = &self.moved_up { " " (locale.markup("host-moved-up", &[("names", Slot::Text(names))])) }
                }
            }
            @if self.done == Some("host-done-created") { (self.share()) }
            @if let Some(PersonalLink { name, url }) = self.personal_link {
                section.card role="status" tabindex="-1" autofocus {
                    p { (locale.markup("host-personal-link-of", &[("name", Slot::Text(name))])) }
                    p { a href=(url) { (url) } }
                    button.plain type="button" data-copy=(url) data-done=(locale.text("copied")) hidden { (locale.text("copy-link")) }
                }
            }
            (self.question_about_places())
            @if !self.form.is_of("add") && self.form.needs_places().is_none() { (self.form.summary(&[])) }
            (heading(locale, content.title.as_str(), Some(content)))
            @if let Some(refusal) = &self.refusal {
                p.notice { (self.refusal_text(refusal)) }
            }
            div #counts data-live { (self.counts()) }
            (description(content))
            @if self.done != Some("host-done-created") { (self.share()) }
            div #people data-live { (self.people()) }
            @if is_editor && self.refusal.is_none() { (self.add_form()) }
            div.row.no-print {
                a.button.plain href={ (self.path) "/print" } { (locale.text("host-print")) }
                a.button.plain href={ (self.path) "/list.csv" } { (locale.text("host-csv")) }
            }
            @if is_editor { (self.event_actions()) }
            @if self.role == HostRole::Host { (self.other_links()) }
        };
        let title = locale.format("host-title", &[("title", content.title.as_str().into())]);
        layout(locale, &title, main)
            .of_event(&self.details.event)
            .at(self.path.to_owned())
            .live(self.details.changes_at(Timestamp::now()))
    }

    /// Why nobody can sign up, and what the host can do about it.
    fn refusal_text(&self, refusal: &SignupRefusal) -> String {
        let locale = self.form.locale;
        let zone = self.details.content.schedule.as_ref().map(Schedule::zone);
        let at = |id: &str, at| locale.format(id, &[("when", moment(locale, at, zone).into())]);
        match refusal {
            SignupRefusal::Closed(closed_at) => at("refused-closed-host", *closed_at),
            SignupRefusal::NotOpenYet(opens_at) => at("refused-not-open-yet-host", *opens_at),
            _ => refusal_text(locale, refusal, zone),
        }
    }

    /// Asks whether the host wants more places, so that a party that waits fits.
    fn question_about_places(&self) -> Markup {
        let locale = self.form.locale;
        html! {
            @if let Some((name, capacity)) = self.form.needs_places() {
                form.card method="post" action=(self.path) {
                    p role="alert" { (locale.markup("host-raise", &[("name", Slot::Text(name)), ("capacity", Slot::Number(capacity.into()))])) }
                    input type="hidden" name="name" value=(name);
                    input type="hidden" name="raise_capacity" value="yes";
                    button type="submit" name="action" value="promote" { (locale.text("host-raise-submit")) }
                    a.button.quiet href=(self.path) { (locale.text("host-raise-cancel")) }
                }
            }
        }
    }

    fn counts(&self) -> Markup {
        let locale = self.form.locale;
        html! {
            @match self.headcount {
                Some(headcount) => p.lead { strong { (headcount_text(locale, headcount)) } },
                None => p.lead { strong { (locale.count("count-signups", self.roster.page.count)) } },
            }
            // Who waits is in the line above.
            @if let Some(places) = self.roster.counts { (places_bar(locale, &PlacesBody { waiting: 0, ..places })) }
            @if let Some(PlacesBody { capacity, taken, .. }) = self.roster.counts.filter(|places| places.taken > places.capacity.into()) {
                p { (locale.count("host-too-few-places", taken - u64::from(capacity))) }
            }
            @if let Some(headcount) = self.headcount.filter(|headcount| !headcount.answers.is_empty()) {
                p {
                    @if let Some(question) = &self.details.content.question { bdi { (question) } " " }
                    @for (position, (answer, number)) in headcount.answers.iter().enumerate() {
                        @if position > 0 { " · " }
                        (number) " × " bdi { (answer) }
                    }
                    @if headcount.unanswered > 0 { " · " (locale.count("host-unanswered", headcount.unanswered)) }
                    @if headcount.guests > 0 { " " span.hint { (locale.text("host-answers-once")) } }
                }
            }
        }
    }

    fn share(&self) -> Markup {
        let locale = self.form.locale;
        html! {
            section.card.no-print {
                h2 { (locale.text("host-share")) }
                p { a href=(self.url) { (self.url) } }
                div.row {
                    button.plain type="button" data-copy=(self.url) data-done=(locale.text("copied")) hidden { (locale.text("copy-link")) }
                    button.plain type="button" data-share=(self.url) hidden { (locale.text("share-link")) }
                    a.button.plain href={ (event_path(&self.details.event, &["poster"])) } { (locale.text("host-poster")) }
                }
                p.hint {
                    (locale.text(match self.role {
                        HostRole::Host => "host-keep",
                        HostRole::CoHost => "host-co-host",
                        HostRole::CheckIn => "host-check-in",
                    }))
                }
            }
        }
    }

    fn event_actions(&self) -> Markup {
        let (locale, path) = (self.form.locale, self.path);
        let is_closed = matches!(self.refusal, Some(SignupRefusal::Closed(_)));
        let is_cancelled = self.details.cancelled_at.is_some();
        let is_archived = self.details.archived_at.is_some();
        html! {
            section.no-print {
                h2 { (locale.text("host-event")) }
                (settings(locale, &self.details.content, visibility_label(is_unlisted(&self.details.event))))
                div.row {
                    a.button.plain href={ (path) "/edit" } { (locale.text("host-edit")) }
                    @if is_closed {
                        (action_form(locale, path, "open", "host-open"))
                    } @else if self.refusal.is_none() {
                        (action_form(locale, path, "close", "host-close"))
                    }
                    @if self.role == HostRole::Host && (is_cancelled || is_archived) {
                        (action_form(locale, path, "reopen", if is_cancelled { "host-reopen" } else { "host-unarchive" }))
                    }
                }
                @if !is_cancelled {
                    (confirmed_action(locale, path, "cancel", "host-cancel", "host-cancel-sure", &[]))
                }
                @if self.role == HostRole::Host {
                    @if !is_archived { (confirmed_action(locale, path, "archive", "host-archive", "host-archive-sure", &[])) }
                    p { a href={ (path) "/delete" } { (locale.text("event-delete")) } }
                }
            }
        }
    }

    fn add_form(&self) -> Markup {
        let locale = self.form.locale;
        let is_refused = self.form.is_of("add");
        let empty = Form::empty(locale);
        let form = if is_refused { self.form } else { &empty };
        html! {
            details.no-print open[is_refused] {
                summary { (locale.text("host-add")) }
                form.card method="post" action=(self.path) {
                    (form.summary(&signup_field_names(Some(&self.details.content))))
                    (form.token())
                    (form.input(&Input {
                        is_required: true,
                        max_length: Some(MAX_NAME_CHARS),
                        ..Input::text("name", locale.text("host-add-name"))
                    }))
                    (details_fields(form, &self.details.content, Signee::SomebodyElse, None))
                    (contact_fields(form, self.delivery, Signee::SomebodyElse))
                    button type="submit" name="action" value="add" { (locale.text("host-add-submit")) }
                }
            }
        }
    }

    fn other_links(&self) -> Markup {
        let locale = self.form.locale;
        html! {
            details.no-print open[self.done == Some("host-done-revoked")] {
                summary { (locale.text("host-links")) }
                @for (role, url) in self.links {
                    @let (label, hint) = match role {
                        HostRole::Host => ("host-link-host", "host-link-host-hint"),
                        HostRole::CoHost => ("host-link-co-host", "host-link-co-host-hint"),
                        HostRole::CheckIn => ("host-link-check-in", "host-link-check-in-hint"),
                    };
                    div.card {
                        h2 { (locale.text(label)) }
                        p.hint { (locale.text(hint)) }
                        p { a href=(url) { (url) } }
                        button.plain type="button" data-copy=(url) data-done=(locale.text("copied")) hidden { (locale.text("copy-link")) }
                        (confirmed_action(locale, self.path, "revoke", "host-revoke", "host-revoke-sure", &[("role", role.as_str())]))
                    }
                }
            }
        }
    }
}

/// How many people are coming and wait.
pub fn headcount_text(locale: Locale, headcount: &Headcount) -> String {
    let Headcount { names, guests, waiting, waiting_guests, pending, .. } = headcount;
    let coming = people_text(locale, ("host-coming", "host-coming-guests"), *names, *guests);
    let waiting =
        (*waiting > 0).then(|| people_text(locale, ("host-waiting", "host-waiting-guests"), *waiting, *waiting_guests));
    let pending = (*pending > 0).then(|| locale.count("host-pending", *pending));
    [Some(coming), waiting, pending].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The number of people, and how many of them are guests.
fn people_text(locale: Locale, (alone, with_guests): (&str, &str), names: u64, guests: u64) -> String {
    let number = names + guests;
    if guests == 0 {
        return locale.count(alone, number);
    }
    locale.format(with_guests, &[("number", number.into()), ("names", names.into()), ("guests", guests.into())])
}
