//! The pages: HTML rendered on the server. They work without scripts; one script makes the event page live.

mod ask_first;
mod assets;
mod attention;
mod attention_list;
mod buttons;
mod deletion;
mod edit;
mod errors;
mod event;
mod event_details;
mod event_list;
mod form;
mod home;
mod host;
mod host_actions;
mod host_people;
mod import;
mod layout;
mod manage;
mod moments;
mod opt_in;
mod organiser;
mod outbox;
mod places;
mod poster;
mod print;
mod signup_fields;

use maud::html;

pub use self::assets::assets;
pub use self::attention::AttentionPage;
pub use self::attention_list::{redrive_result, rejects};
pub use self::buttons::buttons;
pub use self::deletion::{DeletionPaths, delete_event, deletion_in_progress, event_deleted};
pub use self::edit::{EditMode, EditPage};
pub use self::errors::{Back, problem};
pub use self::event::{EventPage, OwnPlace, RosterPart};
pub use self::event_list::events;
use self::form::Input;
pub use self::form::{Form, TOKEN_HOLE};
pub use self::home::{OwnSignup, home};
pub use self::host::{HostPage, PersonalLink};
pub use self::import::{ImportResult, import};
use self::layout::layout;
pub use self::layout::{Page, TAG_HOLE};
pub use self::manage::{EARLIER_LINK_FIELD, ManagePage};
pub use self::opt_in::{opt_in, registration_opt_in};
pub use self::organiser::{OrganiserPage, login};
pub use self::outbox::outbox;
pub use self::poster::poster;
pub use self::print::print_list;
use crate::domain::attendee_name::MAX_NAME_CHARS;
use crate::domain::text::MAX_KEY_BYTES;
use crate::http::locale::Locale;

/// The number of events that a page shows before it links to the list of all events.
pub const EVENTS_SHOWN: usize = 50;
/// The number of rejected messages that the organiser's page counts before it says "or more".
pub const REJECTS_SHOWN: usize = 100;

/// What an input for a link or a title takes.
const MAX_LINK_CHARS: usize = 500;

/// Confirms an action with two messages, and a link back to the event.
pub fn confirmation(locale: Locale, title: &str, message: &str, back: &str) -> Page {
    let title = locale.text(title);
    let main = html! {
        h1 { (title) }
        p.notice role="status" { (locale.text(message)) }
        p { a href=(back) { (locale.text("back-event")) } }
    };
    layout(locale, &title, main)
}

/// An input for the title of an event, on the organiser's pages.
fn event_input(locale: Locale) -> Input<'static> {
    Input {
        max_length: Some(MAX_LINK_CHARS),
        hint: Some(html! { (locale.text("organiser-event-hint")) }),
        ..Input::text("event", locale.text("organiser-event"))
    }
}

/// An input for the name of a person, on the organiser's pages.
fn name_input(locale: Locale) -> Input<'static> {
    Input { max_length: Some(MAX_NAME_CHARS), ..Input::text("name", locale.text("organiser-name")) }
}

/// An input for any kind of contact, on the organiser's pages.
fn contact_input(locale: Locale) -> Input<'static> {
    Input {
        max_length: Some(MAX_KEY_BYTES),
        hint: Some(html! { (locale.text("organiser-contact-hint")) }),
        ..Input::text("contact", locale.text("organiser-contact"))
    }
}
