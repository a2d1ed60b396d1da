//! The pages of opt-in links: the owner of an address confirms or stops notifications.

use maud::{Markup, html};

use crate::http::locale::{Locale, Slot};
use crate::http::opt_in_bodies::{LinkedRegistration, OptInScope, OptInState, RegistrationOptInBody};
use crate::http::pages::{Page, layout};

/// The page of a link that names only the address.
pub fn opt_in(locale: Locale, state: OptInState, scope: Option<OptInScope>) -> Page {
    let title = locale.text("optin-title");
    let main = html! {
        h1 { (title) }
        @match (state, scope) {
            (OptInState::Pending, _) => p.notice { (locale.text("optin-question-address")) },
            (OptInState::Confirmed, Some(OptInScope::ConfirmedRegistrations)) => p.notice.good {
                (locale.text("optin-on-confirmed"))
            },
            (OptInState::Confirmed, _) => p.notice.good { (locale.text("optin-on-all")) },
            (OptInState::OptedOut, _) => p.notice { (locale.text("optin-off")) },
        }
        @if scope != Some(OptInScope::All) {
            form.card method="post" {
                button type="submit" name="action" value="confirm" { (locale.text("optin-yes-all")) }
                p.hint { (locale.text("optin-yes-all-hint")) }
            }
        }
        (stop(locale, state))
    };
    layout(locale, &title, main)
}

/// The page of a link that names a registration. `event` is the title of the event.
pub fn registration_opt_in(locale: Locale, event: &str, body: &RegistrationOptInBody) -> Page {
    let title = locale.text("optin-title");
    let about = |id: &str| locale.markup(id, &[("name", Slot::Text(&body.name)), ("event", Slot::Text(event))]);
    let is_current = body.registration == LinkedRegistration::Current;
    let is_notified = body.opt_in == OptInState::Confirmed && body.notify == Some(true);
    // The owner's earlier answers count again after a stop.
    let yes = if body.opt_in == OptInState::OptedOut { "optin-yes-again" } else { "optin-yes" };
    let main = html! {
        h1 { (title) }
        @match body.registration {
            LinkedRegistration::Current => (current(locale, body, about)),
            LinkedRegistration::Ended => p.notice { (about("optin-ended")) },
            LinkedRegistration::EventDeleted => {
                p.notice { (locale.markup("optin-event-deleted", &[("name", Slot::Text(&body.name))])) }
            },
            LinkedRegistration::OtherContact => p.notice { (about("optin-other-contact")) },
            LinkedRegistration::Unknown => {},
        }
        @if !is_current { p { (locale.text(address(body))) } }
        @if (is_current && !is_notified) || body.scope != Some(OptInScope::All) {
            form.card method="post" {
                @if is_current && !is_notified {
                    button type="submit" name="action" value="confirm" { (locale.text(yes)) }
                }
                @if body.scope != Some(OptInScope::All) {
                    button.plain type="submit" name="action" value="confirm_all" { (locale.text("optin-yes-all")) }
                    p.hint { (locale.text("optin-yes-all-hint")) }
                }
            }
        }
        (stop(locale, body.opt_in))
    };
    layout(locale, &title, main)
}

/// Says which messages this address gets about a registration that has it.
fn current(locale: Locale, body: &RegistrationOptInBody, about: impl Fn(&str) -> Markup) -> Markup {
    html! {
        @match (body.opt_in, body.notify) {
            (OptInState::Confirmed, Some(true)) => p.notice.good {
                (about("optin-on"))
                @if body.scope == Some(OptInScope::All) { " " (locale.text("optin-on-others")) }
            },
            (OptInState::Confirmed, _) => p.notice { (about("optin-registration-off")) },
            (OptInState::Pending, _) => p.notice { (about("optin-question")) },
            (OptInState::OptedOut, _) => p.notice { (locale.text("optin-off")) },
        }
    }
}

/// The message that says what this address gets, if the registration no longer has it.
fn address(body: &RegistrationOptInBody) -> &'static str {
    match (body.opt_in, body.scope) {
        (OptInState::OptedOut, _) => "optin-off",
        (_, Some(OptInScope::All)) => "optin-on-all",
        (_, Some(OptInScope::ConfirmedRegistrations)) => "optin-on-confirmed",
        (_, None) => "optin-not-confirmed",
    }
}

fn stop(locale: Locale, state: OptInState) -> Markup {
    let label = if state == OptInState::Pending { "optin-never" } else { "optin-stop" };
    html! {
        @if state != OptInState::OptedOut {
            form.card method="post" {
                button.bad type="submit" name="action" value="stop" { (locale.text(label)) }
            }
        }
    }
}
