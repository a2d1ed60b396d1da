//! The page of a personal link: the state of the registration, and forms to change it.

use maud::{Markup, html};

use crate::domain::attendee_name::MAX_NAME_CHARS;
use crate::domain::event_details::{EventDetails, SignupRefusal};
use crate::domain::manage_link::RegistrationState;
use crate::domain::place::Place;
use crate::domain::registration_details::Note;
use crate::domain::schedule::Schedule;
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::Viewer;
use crate::http::address_state::AddressState;
use crate::http::app::Delivery;
use crate::http::bodies::ManageBody;
use crate::http::locale::Slot;
use crate::http::pages::errors::refusal_text;
use crate::http::pages::event::person;
use crate::http::pages::event_details::{description, heading};
use crate::http::pages::form::{Form, Input};
use crate::http::pages::moments::moment;
use crate::http::pages::places::{count_text, lists, place_text, refused_guests_text, signup_hint, signup_label};
use crate::http::pages::signup_fields::{Signee, contact_fields, details_fields};
use crate::http::pages::{Page, layout};
use crate::http::paging::encode_cursor;
use crate::http::place_bodies::PlacesBody;
use crate::http::roster_view::RosterView;

/// The seconds after which a page without scripts looks again at a registration that is not decided, and at one that waits.
const UNDECIDED_REFRESH: &str = "2";
const WAITING_REFRESH: &str = "30";

/// The field of a form that signs up somebody who had a personal link before.
pub const EARLIER_LINK_FIELD: &str = "earlier_link";

/// What the page of a personal link shows.
pub struct ManagePage<'a> {
    pub title: &'a str,
    pub event_path: &'a str,
    pub details: Option<&'a EventDetails>,
    pub body: &'a ManageBody,
    /// The place of the registration. `None` if the places of the event are not limited.
    pub place: Option<Place>,
    /// The beginning of the address, which shows its owner which one it is.
    pub masked_contact: Option<String>,
    pub address: AddressState,
    pub delivery: Delivery,
    /// A page of the roster if it is for attendees only, so that the event's page does not show it.
    pub roster: Option<&'a RosterView>,
    /// The places of the event, for somebody who is not on the list or waits. `None` if they may not know, or if there is no limit.
    pub counts: Option<&'a PlacesBody>,
    /// Whether the same browser had signed up with the same form before.
    pub is_repeat: bool,
    /// Whether this browser had another link for the same name before.
    pub is_new_link: bool,
    /// Why nobody can sign up now.
    pub refusal: Option<SignupRefusal>,
    /// Whether something was just changed.
    pub is_saved: bool,
    /// Whether the sign-up was just cancelled.
    pub is_cancelled: bool,
    pub form: &'a Form,
}

impl ManagePage<'_> {
    pub fn page(&self) -> Page {
        let locale = self.form.locale;
        let main = html! {
            (heading(locale, self.title, self.details.map(|details| &details.content)))
            @if self.is_repeat && self.body.state == RegistrationState::In {
                p.notice role="status" { (locale.text("personal-repeat")) }
            }
            @if self.is_new_link && self.body.state == RegistrationState::In {
                p.notice role="status" { (locale.text("personal-again")) }
            }
            @if self.is_saved && !self.has_refused_guests() { p.notice.good role="status" { (locale.text("saved")) } }
            @if self.is_cancelled && self.body.state == RegistrationState::Out {
                p.notice.good role="status" { (locale.text("personal-cancelled")) }
            }
            div #state data-live { (self.state()) }
            @if let Some(details) = self.details { (description(&details.content)) }
            (self.news())
            @match self.body.state {
                RegistrationState::In | RegistrationState::Pending if self.takes_place() => {
                    p.hint { (locale.text("personal-keep")) }
                    (self.change_form())
                    (self.address_section())
                    (self.cancel_form())
                },
                RegistrationState::Out if self.refusal.is_none() => (self.rejoin_form()),
                _ => {},
            }
            @if let Some(roster) = self.roster { (self.people(roster)) }
            p { a href=(self.event_path) { (locale.text(if self.roster.is_some() || !Viewer::Attendee.view(self.details).roster { "personal-event" } else { "personal-who" })) } }
        };
        let title =
            locale.format("personal-title", &[("name", self.body.name.as_str().into()), ("title", self.title.into())]);
        let page = layout(locale, &title, main).with_head(self.refresh());
        let page = match self.details {
            Some(details) => page.of_event(&details.event),
            None => page,
        };
        page.live(self.details.and_then(|details| details.changes_at(Timestamp::now())))
    }

    /// Whether there was no room for guests.
    fn has_refused_guests(&self) -> bool {
        matches!(self.place, Some(Place::Confirmed { refused_guests: 1.., .. }))
    }

    /// Lets a page without scripts look again while something is going to change.
    fn refresh(&self) -> Markup {
        let seconds = match (self.body.state, self.place) {
            (RegistrationState::Pending, _) | (RegistrationState::In, Some(Place::Pending)) => Some(UNDECIDED_REFRESH),
            (RegistrationState::In, Some(Place::Waiting { .. })) if self.takes_place() => Some(WAITING_REFRESH),
            _ => None,
        };
        html! {
            @if let Some(seconds) = seconds.filter(|_| self.form.status().is_success()) {
                noscript { meta http-equiv="refresh" content=(seconds); }
            }
        }
    }

    /// Whether the event is neither cancelled nor over.
    fn takes_place(&self) -> bool {
        self.refusal.as_ref().is_none_or(SignupRefusal::takes_place)
    }

    /// The details of the earlier sign-up are not stored any more, so the form asks for them again.
    fn rejoin_form(&self) -> Markup {
        let locale = self.form.locale;
        let name = Input {
            is_required: true,
            max_length: Some(MAX_NAME_CHARS),
            stored: Some(&self.body.name),
            ..Input::text("name", locale.text("signup-name"))
        };
        html! {
            form.card method="post" action={ (self.event_path) "/signups" } {
                (self.form.token())
                // The personal link of the new sign-up is another one.
                input type="hidden" name=(EARLIER_LINK_FIELD) value="1";
                (self.form.input(&name))
                @if let Some(details) = self.details { (details_fields(self.form, &details.content, Signee::Oneself, None)) }
                (contact_fields(self.form, self.delivery, Signee::Oneself))
                @if let Some(hint) = self.details.and_then(|details| signup_hint(locale, &details.content, self.counts, Signee::Oneself)) {
                    p.hint { (hint) }
                }
                button type="submit" {
                    @if self.counts.is_some_and(|counts| counts.free() == 0) {
                        (signup_label(locale, self.counts, Signee::Oneself))
                    } @else {
                        (locale.text("personal-rejoin"))
                    }
                }
            }
        }
    }

    fn guests(&self) -> u8 {
        self.body.details.as_ref().map_or(0, |details| details.guests)
    }

    fn state(&self) -> Markup {
        let (locale, name) = (self.form.locale, self.body.name.as_str());
        let named = |id: &str| locale.markup(id, &[("name", Slot::Text(name))]);
        if let Some(refusal) = self.refusal.as_ref().filter(|_| !self.takes_place()) {
            return html! { p.notice.big { (refusal_text(locale, refusal, None)) } };
        }
        html! {
            @match self.body.state {
                RegistrationState::Pending => p.notice { (named("personal-pending")) },
                RegistrationState::In => {
                    @let is_in = matches!(self.place, None | Some(Place::Confirmed { .. }));
                    p.notice.big.good[is_in] { (place_text(locale, name, self.place, self.guests())) }
                    @match self.place {
                        Some(Place::Waiting { .. }) => p.hint {
                            @let has_messages = self.address == AddressState::On;
                            (locale.text("personal-waiting-hint")) " "
                            (locale.text(if has_messages { "personal-waiting-message" } else { "personal-waiting-look" }))
                            @if let Some(free) = self.counts.map(PlacesBody::free).filter(|free| *free > 0 && self.guests() > 0) {
                                " " strong { (locale.count("personal-waiting-fewer", free)) }
                            }
                        },
                        Some(Place::Confirmed { guests, refused_guests: refused @ 1.. }) => {
                            p.notice.bad { (refused_guests_text(locale, refused, guests)) " " (locale.text("personal-refused-hint")) }
                        },
                        _ => {},
                    }
                },
                RegistrationState::Out => {
                    p.notice.big { (named("personal-out")) }
                    @if let Some(refusal) = &self.refusal {
                        p.hint { (refusal_text(locale, refusal, self.details.and_then(|details| details.content.schedule.as_ref()).map(Schedule::zone))) }
                    }
                },
                RegistrationState::NotYours => p.notice.bad { (named("personal-not-yours")) },
            }
        }
    }

    fn news(&self) -> Markup {
        let locale = self.form.locale;
        let zone = self.details.and_then(|details| details.content.schedule.as_ref()).map(Schedule::zone);
        html! {
            div #news data-live {
                @if !self.body.messages.is_empty() {
                    h2 { (locale.text("personal-news")) }
                    ul.people {
                        @for message in &self.body.messages {
                            li { span dir="auto" { (message.text) } span.hint { (moment(locale, message.at, zone)) } }
                        }
                    }
                }
            }
        }
    }

    fn change_form(&self) -> Markup {
        let (locale, form) = (self.form.locale, self.form);
        let Some(stored) = &self.body.details else { return html! {} };
        let shown = if form.is_of("details") { form } else { &Form::empty(locale) };
        html! {
            form.card method="post" {
                h2 { (locale.text("personal-change")) }
                (shown.summary(&["guests", "answer", "note"]))
                @if self.refusal.is_some() && self.details.is_some_and(|details| details.content.guests_per_signup > 0) {
                    p.hint { (locale.text("personal-closed-guests")) }
                }
                @if let Some(details) = self.details { (details_fields(shown, &details.content, Signee::Oneself, Some(stored))) }
                (shown.text_area(&Input {
                    hint: Some(html! { (locale.text("personal-note-hint")) }),
                    max_length: Some(Note::MAX_CHARS),
                    stored: stored.note.as_deref(),
                    ..Input::text("note", locale.text("personal-note"))
                }, 2))
                button.plain type="submit" name="action" value="details" { (locale.text("save")) }
            }
        }
    }

    fn address_section(&self) -> Markup {
        let can_send = self.delivery.reaches_people();
        if !can_send && self.address == AddressState::None {
            return html! {};
        }
        let (locale, form) = (self.form.locale, self.form);
        let address = self.masked_contact.as_deref().unwrap_or_default();
        let told = |id: &str| locale.markup(id, &[("address", Slot::Text(address))]);
        let kind = self.body.contact.unwrap_or("email");
        let by_kind = |email: &'static str, sms: &'static str, webhook: &'static str| match kind {
            "sms" => sms,
            "webhook" => webhook,
            _ => email,
        };
        let shown = if form.is_of("contact") { form } else { &Form::empty(locale) };
        html! {
            section.card {
                h2 { (locale.text("address-heading")) }
                @match self.address {
                    AddressState::None => {},
                    AddressState::NoSender => p { (told(by_kind("address-no-email", "address-no-sms", "address-no-webhook"))) },
                    AddressState::Unconfirmed => p { (told(by_kind("address-unconfirmed-email", "address-unconfirmed-sms", "address-unconfirmed-webhook"))) },
                    AddressState::On => p { (told(by_kind("address-on-email", "address-on-sms", "address-on-webhook"))) },
                    AddressState::Off => p { (told("address-off")) },
                }
                @if self.address == AddressState::On {
                    form method="post" { button.plain type="submit" name="action" value="quiet" { (locale.text(by_kind("address-stop-email", "address-stop-sms", "address-stop-webhook"))) } }
                }
                @if self.address == AddressState::Off {
                    form method="post" { button type="submit" name="action" value="notify" { (locale.text("address-start")) } }
                }
                @if can_send {
                    form method="post" {
                        (shown.summary(&["contact", "phone"]))
                        (contact_fields(shown, self.delivery, Signee::Oneself))
                        button.plain type="submit" name="action" value="contact" {
                            (locale.text(if self.body.contact.is_some() { "address-replace" } else { "address-save" }))
                        }
                    }
                }
                @if self.body.contact.is_some() {
                    form method="post" { button.quiet type="submit" name="action" value="remove_contact" { (locale.text("address-remove")) } }
                }
            }
        }
    }

    /// Asks before it cancels, because the place may be gone afterwards.
    fn cancel_form(&self) -> Markup {
        let locale = self.form.locale;
        let question = match self.place {
            _ if self.refusal.is_some() => "personal-cancel-closed",
            None | Some(Place::Pending) => "personal-cancel-sure",
            Some(Place::Confirmed { .. }) => "personal-cancel-place",
            Some(Place::Waiting { .. }) => "personal-cancel-waiting",
        };
        html! {
            details #cancel {
                summary.button.quiet { (locale.text("personal-cancel")) }
                form.card method="post" {
                    p { (locale.text(question)) }
                    button.bad type="submit" name="action" value="cancel" { (locale.text("personal-cancel-submit")) }
                }
            }
        }
    }

    fn people(&self, roster: &RosterView) -> Markup {
        let locale = self.form.locale;
        html! {
            section #people data-live {
                h2 { (count_text(locale, roster.page.count, roster.counts.as_ref())) }
                (lists(locale, roster, person))
                @if let Some(next) = &roster.page.next {
                    p { a href={ "?cursor=" (encode_cursor(next.as_str())) } { (locale.text("people-next")) } }
                }
                p.hint { (locale.text("people-attendees-only")) }
            }
        }
    }
}
