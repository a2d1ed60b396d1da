//! The page of a manage link: the state of the registration, and forms to change it.

use maud::html;

use crate::domain::event_details::Content;
use crate::domain::manage_link::RegistrationState;
use crate::domain::place::Place;
use crate::domain::timestamp::Timestamp;
use crate::http::bodies::ManageBody;
use crate::http::opt_in_bodies::ContactAgreement;
use crate::http::pages::event::{details_fields, person};
use crate::http::pages::places::{count_text, lists, place_text, refused_guests_text};
use crate::http::pages::{Page, contact_field, layout};
use crate::http::paging::encode_cursor;
use crate::http::roster_view::RosterView;

/// Formats a time to the minute, such as `2026-11-23 12:00 UTC`.
fn format_to_minute(at: Timestamp) -> String {
    at.to_string().replace('T', " ")[..16].to_owned() + " UTC"
}

/// The page of a manage link. `content` is what the event asks of people who sign up, if it has details. `roster` is a page
/// of the roster if it is for attendees only, so that the event's page does not show it.
pub fn manage(
    title: &str,
    event_path: &str,
    content: Option<&Content>,
    body: &ManageBody,
    roster: Option<&RosterView>,
) -> Page {
    let guests = body.details.as_ref().map_or(0, |details| details.guests);
    let is_undecided = body.place.as_ref().is_some_and(|place| place.state == Place::Pending.as_str());
    let main = html! {
        @if body.state == RegistrationState::Pending || is_undecided { meta http-equiv="refresh" content="2"; }
        h1 dir="auto" { (title) }
        @match body.state {
            RegistrationState::Pending => p.notice { bdi { (body.name) } ", your sign-up is on its way. This page looks again by itself." },
            RegistrationState::In => @match &body.place {
                None => p.notice.good { bdi { (body.name) } ", you are in." },
                Some(place) => {
                    p.notice.good[place.state == "confirmed"] { bdi { (body.name) } ", " (place_text(place, guests)) }
                    @if place.state == "waiting" {
                        p.hint { "Places that become free go to the people on the waiting list, in their order." }
                    }
                    @if place.refused_guests > 0 {
                        p.notice.bad {
                            (refused_guests_text(place.refused_guests, guests))
                            " If places become free, change the number again."
                        }
                    }
                },
            },
            RegistrationState::Out => p.notice { bdi { (body.name) } ", you are not on the list." },
            RegistrationState::NotYours => p.notice.bad {
                "Somebody signed up as " bdi { (body.name) } " before, so this sign-up changed nothing. "
                "If that was not you, sign up again with a name that tells you apart."
            },
        }
        @if !body.messages.is_empty() {
            h2 { "What is new" }
            ul.people {
                @for message in &body.messages {
                    li { span dir="auto" { (message.text) } span.hint { (format_to_minute(message.at)) } }
                }
            }
        }
        @if matches!(body.state, RegistrationState::In | RegistrationState::Pending) {
            p.hint { "Keep the address of this page: it alone lets you cancel or change your sign-up." }
            @if let Some(details) = &body.details {
                form.card method="post" {
                    @if let Some(content) = content { (details_fields(content, Some(details))) }
                    label for="note" { "A note for the host (optional)" }
                    textarea #note name="note" rows="2" maxlength="2000" dir="auto" { (details.note.as_deref().unwrap_or_default()) }
                    button.plain type="submit" name="action" value="details" { "Save" }
                }
            }
            form.card method="post" {
                (contact_field(match body.contact {
                    Some("email") => "Instead of your email address",
                    Some("sms") => "Instead of your phone number",
                    Some(_) => "Instead of your webhook",
                    None => "Where to reach you",
                }))
                @if body.contact.is_some() { p.hint { "Leave it empty to take it off." } }
                button type="submit" name="action" value="contact" { "Save" }
            }
            @match (body.notify.filter(|_| body.contact.is_some()), body.agreement) {
                (Some(true), Some(ContactAgreement::Missing)) => div.card {
                    p { "The owner of this address has not agreed to messages about this sign-up, so none are sent there." }
                },
                (Some(true), _) => form.card method="post" {
                    p { "You hear there when others join or leave." }
                    button.plain type="submit" name="action" value="quiet" { "Stop telling me" }
                },
                (Some(false), _) => form.card method="post" {
                    p { "You are not told when others join or leave." }
                    button type="submit" name="action" value="notify" { "Tell me of others" }
                },
                (None, _) => {},
            }
            form.card method="post" {
                button.bad type="submit" name="action" value="cancel" { "I am not coming" }
            }
        }
        @if let Some(roster) = roster {
            section {
                h2 { (count_text(roster.page.count, roster.counts.as_ref())) }
                (lists(roster, person))
                @if let Some(next) = &roster.page.next {
                    p { a href={ "?cursor=" (encode_cursor(next.as_str())) } { "Further names" } }
                }
                p.hint { "Only people on the list see it." }
            }
            p { a href=(event_path) { "The event" } }
        } @else {
            p { a href=(event_path) { "Who else is coming" } }
        }
    };
    layout(title, main)
}
