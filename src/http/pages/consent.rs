//! What the owner of an address sees who was asked whether they want messages.

use maud::{Markup, html};

use crate::http::bodies::ConsentState;
use crate::http::pages::layout;

pub fn consent(state: ConsentState) -> Markup {
    let title = "Messages to your address";
    let main = html! {
        h1 { (title) }
        @match state {
            ConsentState::Asked => p.notice {
                "Somebody, probably you, signed up with this address. Do you want to hear there when others join or leave?"
            },
            ConsentState::Given => p.notice.good { "You hear at this address when others join or leave." },
            ConsentState::Refused => p.notice { "Nothing is sent to this address." },
        }
        @if state != ConsentState::Given {
            form.card method="post" {
                button type="submit" name="action" value="confirm" { "Yes, send me messages" }
            }
        }
        @if state != ConsentState::Refused {
            form.card method="post" {
                button.bad type="submit" name="action" value="stop" {
                    @if state == ConsentState::Asked { "No, never" } @else { "Stop all messages" }
                }
            }
        }
    };
    layout(title, &main)
}
