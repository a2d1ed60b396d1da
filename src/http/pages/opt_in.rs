//! The page of an opt-in link: the owner of an address confirms or stops notifications.

use maud::html;

use crate::http::bodies::OptInState;
use crate::http::pages::{Page, layout};

pub fn opt_in(state: OptInState) -> Page {
    let title = "Messages to your address";
    let main = html! {
        h1 { (title) }
        @match state {
            OptInState::Pending => p.notice {
                "Somebody, probably you, signed up with this address. Do you want to hear there when others join or leave?"
            },
            OptInState::Confirmed => p.notice.good { "You hear at this address when others join or leave." },
            OptInState::OptedOut => p.notice { "Nothing is sent to this address." },
        }
        @if state != OptInState::Confirmed {
            form.card method="post" {
                button type="submit" name="action" value="confirm" { "Yes, send me messages" }
            }
        }
        @if state != OptInState::OptedOut {
            form.card method="post" {
                button.bad type="submit" name="action" value="stop" {
                    @if state == OptInState::Pending { "No, never" } @else { "Stop all messages" }
                }
            }
        }
    };
    layout(title, main)
}
