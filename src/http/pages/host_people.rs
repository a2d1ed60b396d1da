//! The list of people on a host's page.

use maud::{Markup, html};

use crate::domain::contact::Contact;
use crate::domain::host_link::HostRole;
use crate::domain::place::Place;
use crate::domain::timestamp::Timestamp;
use crate::http::address_state::AddressState;
use crate::http::locale::Locale;
use crate::http::pages::event::guests_text;
use crate::http::pages::host::HostPage;
use crate::http::pages::host_actions::confirmed_action;
use crate::http::pages::places::ordinal;
use crate::http::paging::encode_cursor;
use crate::http::roster_view::RosterPerson;

impl HostPage<'_> {
    pub(super) fn people(&self) -> Markup {
        let locale = self.form.locale;
        let people = self.roster.people();
        let mut shown: Vec<_> = people.iter().zip(self.addresses).collect();
        // Those who wait are in the order of their positions, after all others.
        shown.sort_by_key(|(person, _)| match person.place {
            Some(Place::Waiting { position }) => position.unwrap_or(u64::MAX),
            _ => 0,
        });
        html! {
            h2 { (locale.text("people-heading")) }
            @if people.is_empty() { p { (locale.count("count-signups", 0)) } }
            ul.people {
                @for (person, address) in shown { li { (self.person(person, *address)) } }
            }
            @if let Some(next) = &self.roster.page.next {
                p { a href={ (self.path) "?cursor=" (encode_cursor(next.as_str())) } { (locale.text("people-next")) } }
            }
        }
    }

    /// What a host sees of an attendee.
    fn person(&self, person: &RosterPerson<'_>, address: AddressState) -> Markup {
        let locale = self.form.locale;
        let name = person.attendee.name.to_string();
        let details = &person.registration.details;
        let is_editor = self.role >= HostRole::CoHost;
        let kind = person.registration.contact.as_ref().map(Contact::kind);
        html! {
            div.person {
                p {
                    strong dir="auto" { (name) (guests_text(person.guests())) }
                    @match person.place {
                        Some(Place::Waiting { position: Some(position) }) => {
                            " · " (locale.format("host-waits", &[("position", ordinal(locale, position).into())]))
                        },
                        Some(Place::Waiting { position: None }) => { " · " (locale.text("host-waits-somewhere")) },
                        Some(Place::Pending) => { " · " (locale.text("people-pending")) },
                        _ => {},
                    }
                }
                @if let Some(Place::Confirmed { guests, refused_guests: refused @ 1.. }) = person.place {
                    p.hint { (locale.format("host-refused-guests", &[("wanted", guests.saturating_add(refused).into()), ("refused", refused.into())])) }
                }
                @if let Some(answer) = &details.answer { p dir="auto" { (answer) } }
                @if let Some(note) = &details.note { p.hint.description dir="auto" { (note.as_str()) } }
                @if let Some(kind) = kind { p.hint { (address_text(locale, kind, address)) } }
            }
            @if is_editor {
                div.row.actions {
                    @if matches!(person.place, Some(Place::Waiting { .. })) && self.details.takes_place(Timestamp::now()) {
                        form method="post" action=(self.path) {
                            input type="hidden" name="name" value=(name);
                            button.plain type="submit" name="action" value="promote" aria-label=(locale.format("host-promote-name", &[("name", name.as_str().into())])) { (locale.text("host-promote")) }
                        }
                    }
                    form method="post" action=(self.path) {
                        input type="hidden" name="name" value=(name);
                        button.quiet type="submit" name="action" value="link" aria-label=(locale.format("host-personal-link-name", &[("name", name.as_str().into())])) { (locale.text("host-personal-link")) }
                    }
                    (confirmed_action(locale, self.path, "remove", "host-remove", "host-remove-sure", &[("name", &name)]))
                }
            }
        }
    }
}

fn address_text(locale: Locale, kind: &str, address: AddressState) -> String {
    let kind = locale.text(match kind {
        "sms" => "host-address-sms",
        "webhook" => "host-address-webhook",
        _ => "host-address-email",
    });
    let state = locale.text(match address {
        AddressState::None | AddressState::NoSender => "host-address-no-sender",
        AddressState::Unconfirmed => "host-address-unconfirmed",
        AddressState::On => "host-address-on",
        AddressState::Off => "host-address-off",
    });
    format!("{kind}: {state}")
}
