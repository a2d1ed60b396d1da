//! The organiser's page of registered buttons.

use maud::{Markup, html};
use strum::VariantArray as _;

use crate::domain::button::{MAX_SERIAL_BYTES, PressAction};
use crate::http::bodies::ButtonBody;
use crate::http::locale::{Locale, Slot};
use crate::http::pages::ask_first::AskFirst;
use crate::http::pages::form::{Form, Input};
use crate::http::pages::{Page, contact_input, event_input, layout, name_input};

const REMOVE: AskFirst =
    AskFirst { button: "button-remove", consequence: "button-remove-sure", submit: "button-remove-submit" };

/// The kinds of presses, with their messages and what they do unless the organiser chooses something else.
const PRESSES: [(&str, &str, PressAction); 4] = [
    ("single", "button-single", PressAction::SignUp),
    ("double", "button-double", PressAction::Nothing),
    ("triple", "button-triple", PressAction::Nothing),
    ("long", "button-long", PressAction::Cancel),
];

/// Lists buttons, each with whether its event does not exist yet, above the form that registers one.
pub fn buttons(buttons: &[(ButtonBody, bool)], next: Option<&str>, form: &Form) -> Page {
    let locale = form.locale;
    let title = locale.text("button-title");
    let main = html! {
        h1 { (title) }
        p.hint { (locale.text("button-what")) }
        @if buttons.is_empty() { p { (locale.text("button-none")) } }
        @for (button, is_new_event) in buttons { (card(locale, button, *is_new_event)) }
        @if let Some(next) = next {
            p { a href={ "/organiser/buttons?cursor=" (next) } { (locale.text("button-next")) } }
        }
        (register_form(form))
        p { a href="/organiser/rejects" { (locale.text("button-attention")) } }
        p { a href="/organiser" { (locale.text("back-organiser")) } }
    };
    layout(locale, &title, main)
}

fn card(locale: Locale, button: &ButtonBody, is_new_event: bool) -> Markup {
    let actions = [button.single, button.double, button.triple, button.long];
    html! {
        article.card {
            h2 { (locale.markup("button-for", &[("name", Slot::Text(&button.name)), ("event", Slot::Text(&button.event))])) }
            @if is_new_event { p.notice { (locale.text("button-new-event")) } }
            dl {
                dt { (locale.text("button-serial")) }
                dd { code { (button.serial) } }
                @for ((_, press, _), action) in PRESSES.iter().zip(actions) {
                    dt { (locale.text(press)) }
                    dd { (locale.text(action_text(action))) }
                }
            }
            details {
                summary { (locale.text("button-http")) }
                p { (locale.text("button-secret")) ": " code { (button.secret) } }
            }
            (REMOVE.form(locale, "/organiser/buttons/remove", &[("serial", &button.serial)]))
        }
    }
}

fn register_form(form: &Form) -> Markup {
    let locale = form.locale;
    let actions: Vec<(&str, String)> = PressAction::VARIANTS
        .iter()
        .map(|action| (action.as_str(), locale.text(action_text(action.as_str()))))
        .collect();
    html! {
        form.card method="post" action="/organiser/buttons" {
            h2 { (locale.text("button-register")) }
            (form.summary(&["serial", "event", "name", "single", "double", "triple", "long", "contact"]))
            (form.input(&Input {
                is_required: true,
                max_length: Some(MAX_SERIAL_BYTES),
                ..Input::text("serial", locale.text("button-serial"))
            }))
            (form.input(&Input { is_required: true, ..event_input(locale) }))
            (form.input(&Input {
                is_required: true,
                hint: Some(html! { (locale.text("button-name-hint")) }),
                ..name_input(locale)
            }))
            @for (field, label, default) in PRESSES {
                (form.choice(field, &locale.text(label), &actions, default.as_str()))
            }
            (form.input(&contact_input(locale)))
            button type="submit" { (locale.text("button-submit")) }
        }
    }
}

fn action_text(action: &str) -> &'static str {
    match action {
        "sign_up" => "button-sign-up",
        "cancel" => "button-cancel",
        _ => "button-nothing",
    }
}
