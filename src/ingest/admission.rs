//! Decides whether a request is applied. It must not be about an event that was deleted since. A sign-up may begin a
//! registration if its event is open, or is one that the sign-up may begin, and allows its guests.

use std::sync::Arc;

use crate::domain::channel::Channel;
use crate::domain::event::{Event, EventId};
use crate::domain::event_creators::EventCreators;
use crate::domain::event_details::{EventDetails, SignupRefusal, check_guests};
use crate::domain::new_event_id::is_unlisted;
use crate::domain::public_text::check_no_link;
use crate::domain::signup::{Request, Signup, SignupId};
use crate::ports::{Backend, StoredDetails, Unavailable};

/// Why a sign-up is not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    #[error(transparent)]
    Refused(#[from] SignupRefusal),
    #[error(
        "the stored details of this event are damaged ({0}); ask the operator to repair or delete them, then send this \
         message again"
    )]
    Damaged(String),
}

/// Returns whether the details of the event can refuse a request although the event exists: it may begin a registration, or
/// brings guests.
pub fn needs_admission(request: &Request) -> bool {
    may_begin_registration(request) || guests(request) > 0
}

fn may_begin_registration(request: &Request) -> bool {
    matches!(request, Request::SignUp { .. } | Request::TrustedSignUp { .. })
}

fn guests(request: &Request) -> u8 {
    match request {
        Request::SignUp { details, .. }
        | Request::TrustedSignUp { details, .. }
        | Request::SetDetails { details, .. } => details.guests.unwrap_or(0),
        _ => 0,
    }
}

/// Admits or refuses each request. An admitted sign-up gets the title in the details of its event. The details of all events
/// are read in one call.
pub async fn admit(
    signups: Vec<Signup>,
    backend: &Backend,
    creators: EventCreators,
) -> Result<Vec<Result<Signup, NotAdmitted>>, Unavailable> {
    let mut events: Vec<EventId> = signups.iter().map(|signup| signup.event.id().clone()).collect();
    events.sort();
    events.dedup();
    let details = backend.events.details(&events).await?;
    let mut admitted = Vec::with_capacity(signups.len());
    for signup in signups {
        let index = events.binary_search(signup.event.id()).expect("the list contains the event of each sign-up");
        let stored = &details[index];
        if is_about_deleted_event(&signup, stored) {
            admitted.push(Err(SignupRefusal::Deleted.into()));
            continue;
        }
        if !needs_admission(&signup.request) {
            admitted.push(Ok(signup));
            continue;
        }
        admitted.push(match stored {
            StoredDetails::Some(details) => check_details(signup, details).map_err(NotAdmitted::from),
            StoredDetails::Damaged(cause) => Err(NotAdmitted::Damaged(cause.clone())),
            // The id of a deleted event is free again.
            StoredDetails::None | StoredDetails::Deleted(_)
                if may_exist(signup.event.id(), signup.channel, creators, backend).await? =>
            {
                match title_refusal(&signup, backend).await? {
                    None => check_guests(None, guests(&signup.request)).map(|()| signup).map_err(NotAdmitted::from),
                    Some(refusal) => Err(refusal.into()),
                }
            }
            StoredDetails::None | StoredDetails::Deleted(_) => Err(SignupRefusal::NoSuchEvent.into()),
        });
    }
    Ok(admitted)
}

/// Whether a request was made before its event was deleted, or is about a registration that began before.
fn is_about_deleted_event(signup: &Signup, stored: &StoredDetails) -> bool {
    let registration = signup.request.registration().and_then(SignupId::created_at);
    stored.is_void(signup.version.requested_at) || registration.is_some_and(|began_at| stored.is_void(began_at))
}

fn check_details(signup: Signup, details: &Arc<EventDetails>) -> Result<Signup, SignupRefusal> {
    if may_begin_registration(&signup.request) {
        details.check_open(signup.version.requested_at)?;
    }
    check_guests(Some(details), guests(&signup.request))?;
    let event = Event::titled(details.event.clone(), details.content.title.to_string());
    Ok(Signup { event, ..signup })
}

/// Returns why an event cannot begin with a sign-up over HTTP: its title would contain a link.
async fn title_refusal(signup: &Signup, backend: &Backend) -> Result<Option<SignupRefusal>, Unavailable> {
    let problem = check_no_link(signup.event.title()).err().filter(|_| signup.channel == Channel::Http);
    let Some(problem) = problem else { return Ok(None) };
    let exists = backend.roster.roster(signup.event.id(), 1, None).await?.title.is_some();
    Ok((!exists).then_some(SignupRefusal::Title(problem)))
}

/// Whether an event without details has begun, or may begin with a sign-up over this channel. Nothing begins an unlisted
/// event except creating it.
pub async fn may_exist(
    event: &EventId,
    channel: Channel,
    creators: EventCreators,
    backend: &Backend,
) -> Result<bool, Unavailable> {
    let is_allowed = channel != Channel::Http || creators == EventCreators::Anyone;
    Ok(is_allowed && !is_unlisted(event) || backend.roster.roster(event, 1, None).await?.title.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attendee_name::AttendeeName;
    use crate::domain::event_details::{Content, Title};
    use crate::domain::registration_details::RegistrationEdit;
    use crate::domain::signup::{SignupId, Version};
    use crate::domain::timestamp::Timestamp;

    fn edit(guests: Option<u8>) -> RegistrationEdit {
        RegistrationEdit { guests, ..RegistrationEdit::default() }
    }

    fn set_details(guests: Option<u8>) -> Request {
        Request::SetDetails { registration: SignupId::parse("a").unwrap(), details: edit(guests) }
    }

    fn sign_up(guests: Option<u8>) -> Request {
        Request::SignUp { contact: None, confirmed: false, details: edit(guests) }
    }

    fn trusted_sign_up(guests: Option<u8>) -> Request {
        Request::TrustedSignUp { contact: None, details: edit(guests) }
    }

    #[test]
    fn details_matter_to_signups_and_guests() {
        assert!([sign_up(None), trusted_sign_up(None), set_details(Some(1))].iter().all(needs_admission));
        let registration = SignupId::parse("a").unwrap();
        let others = [
            set_details(None),
            set_details(Some(0)),
            Request::Cancel,
            Request::SendLink,
            Request::CancelRegistration { registration },
        ];
        assert!(!others.iter().any(needs_admission));
    }

    fn check(request: Request, details: EventDetails) -> Result<String, SignupRefusal> {
        let signup = Signup {
            version: Version { requested_at: Timestamp::EARLIEST, id: SignupId::parse("b").unwrap() },
            event: Event::parse("dance").unwrap(),
            name: AttendeeName::parse("Ana").unwrap(),
            channel: Channel::Http,
            network: None,
            request,
        };
        check_details(signup, &Arc::new(details)).map(|signup| signup.event.title().to_owned())
    }

    #[test]
    fn closed_event_refuses_signups_and_every_event_limits_guests() {
        let mut content = Content::titled(Title::parse("The big dance").unwrap());
        content.guests_per_signup = 2;
        let open = EventDetails::new(EventId::parse("dance").unwrap(), content, Timestamp::EARLIEST);
        let cancelled = EventDetails { cancelled_at: Some(Timestamp::EARLIEST), ..open.clone() };
        for request in [sign_up, trusted_sign_up, set_details] {
            assert_eq!(check(request(Some(2)), open.clone()).as_deref(), Ok("The big dance"));
            assert_eq!(check(request(Some(3)), open.clone()), Err(SignupRefusal::TooManyGuests { limit: 2 }));
        }
        assert_eq!(check(sign_up(None), cancelled.clone()), Err(SignupRefusal::Cancelled));
        assert_eq!(check(trusted_sign_up(None), cancelled.clone()), Err(SignupRefusal::Cancelled));
        assert!(check(set_details(Some(1)), cancelled.clone()).is_ok(), "its attendees may change their details");
        assert!(check(Request::Cancel, cancelled).is_ok());
    }
}
