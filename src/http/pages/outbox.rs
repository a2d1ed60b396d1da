//! The organiser's page of the messages in the outbox.

use maud::{Markup, html};

use crate::domain::outbox_message::MessageKind;
use crate::http::locale::Locale;
use crate::http::pages::ask_first::AskFirst;
use crate::http::pages::moments::utc_time;
use crate::http::pages::{Page, layout};
use crate::ports::WaitingMessage;

const DROP: AskFirst = AskFirst {
    button: "organiser-outbox-drop",
    consequence: "organiser-outbox-drop-sure",
    submit: "organiser-outbox-drop-submit",
};

pub fn outbox(locale: Locale, messages: &[WaitingMessage], next: Option<&str>) -> Page {
    let title = locale.text("organiser-outbox");
    let main = html! {
        h1 { (title) }
        @if messages.is_empty() { p { (locale.text("organiser-outbox-none")) } }
        @for message in messages { (card(locale, message)) }
        @if let Some(next) = next {
            p { a href={ "/organiser/outbox?cursor=" (next) } { (locale.text("organiser-outbox-next")) } }
        }
        p { a href="/organiser" { (locale.text("back-organiser")) } }
    };
    layout(locale, &title, main)
}

fn card(locale: Locale, waiting: &WaitingMessage) -> Markup {
    let path = format!("/organiser/outbox/{}", waiting.id);
    html! {
        article.card {
            h2 { (locale.text(kind_text(waiting.message.kind()))) }
            dl {
                dt { (locale.text("organiser-event")) }
                dd { bdi { (waiting.message.event()) } }
                dt { (locale.text("organiser-outbox-to")) }
                dd {
                    @match waiting.message.attendee() {
                        Some(name) => bdi { (name.as_str()) },
                        None => (locale.text("organiser-outbox-everybody")),
                    }
                }
                dt { (locale.text("organiser-outbox-since")) }
                dd { (utc_time(locale, waiting.first_at)) }
                dt { (locale.text("organiser-outbox-due")) }
                dd { (utc_time(locale, waiting.due_at)) }
                dt { (locale.text("organiser-outbox-attempts")) }
                dd { (waiting.attempts) }
                @if let Some(failure) = &waiting.last_failure {
                    dt { (locale.text("organiser-outbox-failure")) }
                    // The log and the API say it in English only.
                    dd lang="en" { (failure) }
                }
            }
            form method="post" action={ (path) "/retry" } {
                button.plain type="submit" { (locale.text("organiser-outbox-retry")) }
            }
            (DROP.form(locale, &format!("{path}/drop"), &[]))
        }
    }
}

fn kind_text(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::OptInRequest => "organiser-outbox-opt-in",
        MessageKind::ManageLink => "organiser-outbox-link",
        MessageKind::SeatNews => "organiser-outbox-seat",
        MessageKind::Digest => "organiser-outbox-digest",
    }
}
