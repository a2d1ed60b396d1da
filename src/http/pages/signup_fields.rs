//! The fields of a sign-up.

use maud::{Markup, html};

use crate::domain::contact::MAX_EMAIL_BYTES;
use crate::domain::event_details::Content;
use crate::domain::registration_details::Answer;
use crate::http::app::Delivery;
use crate::http::bodies::RegistrationBody;
use crate::http::pages::form::{Form, Input};

/// Whom a form signs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signee {
    /// The person who fills it in.
    Oneself,
    SomebodyElse,
}

/// The fields for what an event asks of people who sign up. `stored` is what a registration contains already.
pub fn details_fields(form: &Form, content: &Content, signee: Signee, stored: Option<&RegistrationBody>) -> Markup {
    let locale = form.locale;
    let (guests_label, guests_hint) = match signee {
        Signee::Oneself => ("signup-guests", "signup-guests-hint"),
        Signee::SomebodyElse => ("host-add-guests", "host-add-guests-hint"),
    };
    let guests = stored.map_or(0, |stored| stored.guests).to_string();
    let most = content.guests_per_signup;
    html! {
        @if most > 0 {
            (form.input(&Input {
                kind: "number",
                range: Some((0, most.into())),
                is_required: true,
                hint: Some(html! { (locale.format(guests_hint, &[("most", most.into())])) }),
                stored: Some(&guests),
                ..Input::text("guests", locale.text(guests_label))
            }))
        }
        @if let Some(question) = &content.question {
            (form.input(&Input {
                label: html! { bdi { (question) } },
                hint: Some(html! { (locale.text("signup-answer-hint")) }),
                max_length: Some(Answer::MAX_CHARS),
                stored: stored.and_then(|stored| stored.answer.as_deref()),
                ..Input::text("answer", String::new())
            }))
        }
    }
}

/// The fields for the addresses to which this server can send messages.
pub fn contact_fields(form: &Form, delivery: Delivery, signee: Signee) -> Markup {
    let locale = form.locale;
    let hint = match signee {
        Signee::Oneself => "signup-email-hint",
        Signee::SomebodyElse => "host-add-email-hint",
    };
    html! {
        @if delivery.email {
            (form.input(&Input {
                kind: "email",
                max_length: Some(MAX_EMAIL_BYTES),
                autocomplete: "email",
                hint: Some(html! { (locale.text(hint)) }),
                ..Input::text("contact", locale.text("signup-email"))
            }))
        }
        @if delivery.sms {
            (form.input(&Input {
                kind: "tel",
                max_length: Some(20),
                autocomplete: "tel",
                hint: Some(html! { (locale.text("signup-phone-hint")) }),
                ..Input::text("phone", locale.text("signup-phone"))
            }))
        }
    }
}

/// The fields of a sign-up that show their own message.
pub fn signup_field_names(content: Option<&Content>) -> Vec<&'static str> {
    let mut names = vec!["name", "contact", "phone"];
    names.extend(content.filter(|content| content.guests_per_signup > 0).map(|_| "guests"));
    names.extend(content.and_then(|content| content.question.as_ref()).map(|_| "answer"));
    names
}
