//! The organiser's page of registered buttons.

use maud::{Markup, html};
use strum::VariantArray as _;

use crate::domain::button::{MAX_SERIAL_BYTES, PressAction};
use crate::domain::text::MAX_KEY_BYTES;
use crate::http::bodies::ButtonBody;
use crate::http::pages::{Page, contact_field, event_field, layout};

pub fn buttons(buttons: &[ButtonBody], next: Option<&str>) -> Page {
    let main = html! {
        h1 { "Buttons" }
        @if buttons.is_empty() { p { "No button is registered yet." } }
        @for button in buttons {
            article.card {
                p { strong dir="auto" { (button.name) } " for " bdi { (button.event) } }
                p.hint { "Serial number " code { (button.serial) } }
                p.hint {
                    "Single: " (action_label(button.single)) ", double: " (action_label(button.double))
                    ", triple: " (action_label(button.triple)) ", long: " (action_label(button.long))
                }
                details {
                    summary { "For a device that posts over HTTP" }
                    p.hint { "Its secret: " code { (button.secret) } }
                }
                form method="post" action="/organiser/buttons/remove" {
                    input type="hidden" name="serial" value=(button.serial);
                    button.plain type="submit" { "Remove" }
                }
            }
        }
        @if let Some(next) = next { p { a href={ "/organiser/buttons?cursor=" (next) } { "Further buttons" } } }
        form.card method="post" action="/organiser/buttons" {
            h2 { "Register a button" }
            label for="serial" { "Serial number" }
            input #serial name="serial" type="text" required maxlength=(MAX_SERIAL_BYTES) autocomplete="off";
            (event_field())
            label for="name" { "Who signs up by it" }
            input #name name="name" type="text" required maxlength=(MAX_KEY_BYTES) autocomplete="off" dir="auto";
            (action_field("single", "A single press", PressAction::SignUp))
            (action_field("double", "A double press", PressAction::Nothing))
            (action_field("triple", "A triple press", PressAction::Nothing))
            (action_field("long", "A long press", PressAction::Cancel))
            (contact_field("Where to reach them (optional)"))
            button type="submit" { "Register" }
        }
        p { a href="/organiser/rejects" { "Presses of unknown buttons are among the rejects" } }
        p { a href="/organiser" { "Back" } }
    };
    layout("Buttons", main)
}

fn action_field(field: &str, label: &str, default: PressAction) -> Markup {
    html! {
        label for=(field) { (label) }
        select id=(field) name=(field) {
            @for action in PressAction::VARIANTS {
                option value=(action.as_str()) selected[*action == default] { (action_label(action.as_str())) }
            }
        }
    }
}

fn action_label(action: &str) -> &str {
    match action {
        "sign_up" => "signs up",
        "cancel" => "cancels",
        _ => "nothing",
    }
}
