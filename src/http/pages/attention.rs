//! The organiser's page of one message that could not be processed, with forms to correct it.

use maud::{Markup, html};

use crate::domain::button::{Button, Press, PressAction, PressKind};
use crate::domain::channel::Channel;
use crate::domain::event_details::MAX_GUESTS;
use crate::domain::registration_details::{Answer, Note};
use crate::domain::signup::Action;
use crate::domain::timestamp::Timestamp;
use crate::formats::rejected_content::{RejectedContent, RejectedSignup};
use crate::http::locale::{Locale, Slot};
use crate::http::pages::ask_first::AskFirst;
use crate::http::pages::attention_list::times_text;
use crate::http::pages::errors::{field_text, problem_text};
use crate::http::pages::form::{Form, Input};
use crate::http::pages::moments::utc_time;
use crate::http::pages::{Page, contact_input, event_input, layout, name_input};
use crate::http::problem::{Problem, sentence};
use crate::ports::RejectedMessage;

const DISCARD: AskFirst =
    AskFirst { button: "attention-discard", consequence: "attention-discard-sure", submit: "attention-discard-submit" };

/// What the page of one message shows.
pub struct AttentionPage<'a> {
    pub reject: &'a RejectedMessage,
    pub content: &'a RejectedContent,
    /// The button of a press, if it is registered.
    pub button: Option<&'a Button>,
    /// What is still wrong with a sign-up. `None` if it can be processed now.
    pub problem: Option<&'a Problem>,
    /// The form that corrects the message.
    pub correction: &'a Form,
    /// The form that registers the button.
    pub registration: &'a Form,
}

impl AttentionPage<'_> {
    pub fn page(&self) -> Page {
        let locale = self.correction.locale;
        let title = locale.text("attention-title");
        let main = html! {
            h1 { (title) }
            (self.what_is_wrong())
            dl {
                @match self.content {
                    RejectedContent::Signup(signup) => (signup_entries(locale, signup)),
                    RejectedContent::Press { press, pressed_at } => (press_entries(locale, press, *pressed_at)),
                    RejectedContent::UnknownAction { serial, pressed_at, .. } => {
                        dt { (locale.text("button-serial")) }
                        dd { code { (serial) } }
                        dt { (locale.text("attention-press-time")) }
                        dd { (utc_time(locale, *pressed_at)) }
                    },
                    RejectedContent::Unreadable => {},
                }
                dt { (locale.text("attention-arrived")) }
                dd { (utc_time(locale, self.reject.arrived_at)) (times_text(locale, self.reject.count)) }
            }
            @match (self.content, self.button) {
                (RejectedContent::Press { press, .. }, None) => {
                    (self.register_form(press))
                    (self.instead())
                },
                (RejectedContent::Press { .. }, Some(_)) => {
                    form.card method="post" action=(self.path("redrive")) {
                        (self.correction.summary(&[]))
                        button type="submit" { (locale.text("attention-send")) }
                    }
                    (self.instead())
                },
                (RejectedContent::Signup(signup), _) => (self.correction_form(Some(signup))),
                (RejectedContent::UnknownAction { .. } | RejectedContent::Unreadable, _) => (self.correction_form(None)),
            }
            (DISCARD.form(locale, &self.path("discard"), &[]))
            details {
                summary { (locale.text("attention-raw")) }
                // The log and the API say the reason in English only.
                p.hint lang="en" { (sentence(&self.reject.reason)) " " code { (self.reject.id) } }
                pre dir="auto" { (self.reject.body) }
            }
            p { a href="/organiser/rejects" { (locale.text("attention-back")) } }
        };
        layout(locale, &title, main)
    }

    fn path(&self, action: &str) -> String {
        format!("/organiser/rejects/{}/{action}", self.reject.id)
    }

    fn what_is_wrong(&self) -> Markup {
        let locale = self.correction.locale;
        html! {
            @match (self.content, self.button) {
                (RejectedContent::Unreadable, _) => p.notice.bad { (locale.text("attention-unreadable")) },
                (RejectedContent::UnknownAction { action, .. }, _) => p.notice.bad {
                    (locale.format("attention-unknown-action", &[("action", action.as_str().into())]))
                },
                (RejectedContent::Press { .. }, None) => p.notice.bad { (locale.text("attention-unregistered")) },
                (RejectedContent::Press { press, .. }, Some(button)) if button.actions.of(press.kind) == PressAction::Nothing => {
                    p.notice.bad { (locale.text("attention-no-action")) }
                },
                (RejectedContent::Press { .. }, Some(button)) => p.notice.good {
                    @let slots = [("name", Slot::Text(button.attendee.as_str())), ("event", Slot::Text(button.event.title()))];
                    (locale.markup("attention-registered", &slots))
                },
                (RejectedContent::Signup(_), _) => p.notice.bad {
                    @match self.problem {
                        Some(problem) => (problem_of_message(locale, problem)),
                        None => { (locale.text("attention-now-fine")) " " span lang="en" { (sentence(&self.reject.reason)) } },
                    }
                },
            }
        }
    }

    /// The event and the name are all that most buttons need. The page of buttons has further fields.
    fn register_form(&self, press: &Press) -> Markup {
        let form = self.registration;
        let locale = form.locale;
        html! {
            form.card method="post" action="/organiser/buttons" {
                h2 { (locale.text("attention-register")) }
                (form.summary(&["event", "name"]))
                input type="hidden" name="serial" value=(press.serial);
                input type="hidden" name="message" value=(self.reject.id);
                (form.input(&Input { is_required: true, ..event_input(locale) }))
                (form.input(&Input {
                    is_required: true,
                    hint: Some(html! { (locale.text("attention-register-hint")) }),
                    ..name_input(locale)
                }))
                button type="submit" { (locale.text("attention-register")) }
            }
        }
    }

    fn instead(&self) -> Markup {
        let locale = self.correction.locale;
        html! {
            details open[!self.correction.status().is_success()] {
                summary { (locale.text("attention-instead")) }
                (self.correction_form(None))
            }
        }
    }

    /// The fields show what the message says, so that only what is wrong has to be typed.
    fn correction_form(&self, signup: Option<&RejectedSignup>) -> Markup {
        let form = self.correction;
        let locale = form.locale;
        let has_contact = signup.is_some_and(|signup| !signup.contacts.is_empty());
        html! {
            form.card method="post" action=(self.path("redrive")) {
                h2 { (locale.text("attention-correct")) }
                (form.summary(&["event", "name", "contact", "guests", "answer", "note"]))
                (form.input(&Input {
                    id: "correct-event",
                    is_required: true,
                    stored: signup.and_then(|signup| signup.event.as_deref()),
                    ..event_input(locale)
                }))
                (form.input(&Input {
                    id: "correct-name",
                    is_required: true,
                    stored: signup.and_then(|signup| signup.name.as_deref()),
                    ..name_input(locale)
                }))
                @let contact = contact_input(locale);
                (form.input(&Input {
                    id: "correct-contact",
                    hint: if has_contact { Some(html! { (locale.text("attention-keep-contact")) }) } else { contact.hint.clone() },
                    ..contact
                }))
                @if signup.is_some() {
                    label.check {
                        input name="no_contact" type="checkbox" value="1" checked[form.value("no_contact", None).is_some()];
                        (locale.text("attention-no-contact"))
                    }
                }
                (form.input(&Input {
                    kind: "number",
                    range: Some((0, MAX_GUESTS.into())),
                    stored: signup.and_then(|signup| signup.guests.as_deref()),
                    ..Input::text("guests", locale.text("attention-guests"))
                }))
                (form.input(&Input {
                    max_length: Some(Answer::MAX_CHARS),
                    stored: signup.and_then(|signup| signup.answer.as_deref()),
                    ..Input::text("answer", locale.text("attention-answer"))
                }))
                (form.input(&Input {
                    max_length: Some(Note::MAX_CHARS),
                    stored: signup.and_then(|signup| signup.note.as_deref()),
                    ..Input::text("note", locale.text("attention-note"))
                }))
                button type="submit" { (locale.text("attention-send")) }
            }
        }
    }
}

/// Names the field in words if the message's forms have it.
fn problem_of_message(locale: Locale, problem: &Problem) -> Markup {
    let label = |field: &str| match field.split('.').next().unwrap_or_default() {
        "event" => html! { (locale.text("organiser-event")) },
        "name" => html! { (locale.text("organiser-name")) },
        "contact" => html! { (locale.text("organiser-contact")) },
        "guests" => html! { (locale.text("attention-guests")) },
        "answer" => html! { (locale.text("attention-answer")) },
        "note" => html! { (locale.text("attention-note")) },
        _ => html! { code { (field) } },
    };
    html! {
        @match problem.field {
            None => (problem_text(locale, problem)),
            Some(field) => {
                @let text = html! { (field_text(locale, problem)) };
                (locale.markup("attention-field", &[("field", Slot::Markup(label(field))), ("problem", Slot::Markup(text))]))
            },
        }
    }
}

fn signup_entries(locale: Locale, signup: &RejectedSignup) -> Markup {
    let text = |text: &Option<String>| match text {
        Some(text) => html! { bdi { (text) } },
        None => html! { em { (locale.text("attention-missing")) } },
    };
    let kinds: Vec<String> = signup.contacts.iter().map(|kind| locale.text(contact_text(kind))).collect();
    html! {
        dt { (locale.text("organiser-event")) }
        dd { (text(&signup.event)) }
        dt { (locale.text("organiser-name")) }
        dd { (text(&signup.name)) }
        dt { (locale.text("attention-action")) }
        dd { (locale.text(signup.action.map_or("attention-unknown", action_text))) }
        @if !kinds.is_empty() {
            dt { (locale.text("organiser-contact")) }
            dd { (kinds.join(", ")) }
        }
        dt { (locale.text("attention-channel")) }
        dd { (locale.text(signup.channel.map_or("attention-unknown", channel_text))) }
        dt { (locale.text("attention-time")) }
        dd { (utc_time(locale, signup.requested_at)) }
    }
}

fn press_entries(locale: Locale, press: &Press, pressed_at: Timestamp) -> Markup {
    let kind = match press.kind {
        PressKind::Single => "attention-press-single",
        PressKind::Double => "attention-press-double",
        PressKind::Triple => "attention-press-triple",
        PressKind::Long => "attention-press-long",
    };
    html! {
        dt { (locale.text("button-serial")) }
        dd { code { (press.serial) } }
        dt { (locale.text("attention-press")) }
        dd { (locale.text(kind)) }
        dt { (locale.text("attention-press-time")) }
        dd { (utc_time(locale, pressed_at)) }
    }
}

fn action_text(action: Action) -> &'static str {
    match action {
        Action::SignUp => "attention-action-sign-up",
        Action::Cancel => "attention-action-cancel",
        Action::SendLink => "attention-action-send-link",
        Action::Change => "attention-action-change",
    }
}

fn contact_text(kind: &str) -> &'static str {
    match kind {
        "sms" => "attention-contact-sms",
        "webhook" => "attention-contact-webhook",
        _ => "attention-contact-email",
    }
}

fn channel_text(channel: Channel) -> &'static str {
    match channel {
        Channel::Http => "attention-channel-http",
        Channel::Cli => "attention-channel-cli",
        Channel::Button => "attention-channel-button",
        Channel::Alexa => "attention-channel-alexa",
        Channel::Queue => "attention-channel-queue",
        Channel::Import => "attention-channel-import",
    }
}
