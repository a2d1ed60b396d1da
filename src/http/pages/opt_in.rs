//! The pages of opt-in links: the owner of an address confirms or stops notifications.

use maud::{Markup, html};

use crate::http::opt_in_bodies::{LinkedRegistration, OptInScope, OptInState, RegistrationOptInBody};
use crate::http::pages::{Page, layout};

const TITLE: &str = "Messages to your address";
const NOTHING: &str = "Nothing is sent to this address.";

/// The page of a link that names only the address.
pub fn opt_in(state: OptInState, scope: Option<OptInScope>) -> Page {
    let main = html! {
        h1 { (TITLE) }
        @match (state, scope) {
            (OptInState::Pending, _) => p.notice {
                "Somebody, probably you, signed up with this address. Do you want to hear there when others join or leave?"
            },
            (OptInState::Confirmed, Some(OptInScope::ConfirmedRegistrations)) => p.notice.good {
                "You hear at this address when others join or leave, for the sign-ups that you confirmed."
            },
            (OptInState::Confirmed, _) => p.notice.good { "You hear at this address when others join or leave." },
            (OptInState::OptedOut, _) => p.notice { (NOTHING) },
        }
        @if scope != Some(OptInScope::All) {
            form.card method="post" {
                button type="submit" name="action" value="confirm" { (yes_for_all(scope)) }
            }
        }
        (stop(state))
    };
    layout(TITLE, main)
}

fn yes_for_all(scope: Option<OptInScope>) -> &'static str {
    match scope {
        Some(_) => "Yes to everything sent to this address",
        None => "Yes, send me messages",
    }
}

/// The owner's earlier answers count again after a stop.
fn yes_for_registration(opt_in: OptInState) -> &'static str {
    match opt_in {
        OptInState::OptedOut => "Yes, for this sign-up and those that you confirmed before",
        OptInState::Pending | OptInState::Confirmed => "Yes, for this sign-up",
    }
}

/// The page of a link that names a registration. `title` is that of the event.
pub fn registration_opt_in(title: &str, body: &RegistrationOptInBody) -> Page {
    let is_current = body.registration == LinkedRegistration::Current;
    let is_notified = body.opt_in == OptInState::Confirmed && body.notify == Some(true);
    let main = html! {
        h1 { (TITLE) }
        @match body.registration {
            LinkedRegistration::Current => (current(title, body)),
            LinkedRegistration::Ended => p.notice { (whose(&body.name)) " is no longer on the list for " (event(title)) "." },
            LinkedRegistration::EventDeleted => p.notice {
                "The event for which " (whose(&body.name)) " signed up has been deleted."
            },
            LinkedRegistration::OtherContact => p.notice {
                "The sign-up of " (whose(&body.name)) " for " (event(title)) " no longer has this address."
            },
            LinkedRegistration::Unknown => {},
        }
        @if !is_current { (address(body)) }
        @if (is_current && !is_notified) || body.scope != Some(OptInScope::All) {
            form.card method="post" {
                @if is_current && !is_notified {
                    button type="submit" name="action" value="confirm" { (yes_for_registration(body.opt_in)) }
                }
                @if body.scope != Some(OptInScope::All) {
                    button.plain type="submit" name="action" value="confirm_all" { "Yes, for everything sent to this address" }
                    p.hint { "Also for sign-ups that other people make with it." }
                }
            }
        }
        (stop(body.opt_in))
    };
    layout(TITLE, main)
}

fn whose(name: &str) -> Markup {
    html! { bdi { (name) } }
}

fn event(title: &str) -> Markup {
    html! { bdi { (title) } }
}

/// Says which messages this address gets about a registration that has it.
fn current(title: &str, body: &RegistrationOptInBody) -> Markup {
    let (name, event) = (whose(&body.name), event(title));
    html! {
        @match (body.opt_in, body.notify) {
            (OptInState::Confirmed, Some(true)) => p.notice.good {
                "You hear at this address when others join or leave " (event) ", because " (name) " is signed up."
                @if body.scope == Some(OptInScope::All) { " The same goes for every other sign-up with this address." }
            },
            (OptInState::Confirmed, _) => p.notice {
                "Messages about " (event) " for " (name) " are turned off."
            },
            (OptInState::Pending, _) => p.notice {
                "Somebody, probably you, signed up " (name) " for " (event) " with this address. "
                "Do you want to hear there when others join or leave?"
            },
            (OptInState::OptedOut, _) => p.notice { (NOTHING) },
        }
    }
}

/// Says which messages this address gets, if the registration no longer has it.
fn address(body: &RegistrationOptInBody) -> Markup {
    html! {
        @match (body.opt_in, body.scope) {
            (OptInState::OptedOut, _) => p { (NOTHING) },
            (_, Some(OptInScope::All)) => p { "For every sign-up with this address, you hear there when others join or leave." },
            (_, Some(OptInScope::ConfirmedRegistrations)) => p {
                "For the sign-ups that you confirmed, you hear at this address when others join or leave."
            },
            (_, None) => p { "You have not agreed to messages to this address." },
        }
    }
}

fn stop(state: OptInState) -> Markup {
    html! {
        @if state != OptInState::OptedOut {
            form.card method="post" {
                button.bad type="submit" name="action" value="stop" {
                    @if state == OptInState::Pending { "No, never" } @else { "Stop all messages" }
                }
            }
        }
    }
}
