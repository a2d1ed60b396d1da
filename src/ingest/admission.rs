//! Decides whether a sign-up may begin a registration: its event must be open, or must be one that the sign-up may begin, and
//! must allow its guests.

use std::sync::Arc;

use crate::domain::channel::Channel;
use crate::domain::event::{Event, EventId};
use crate::domain::event_creators::EventCreators;
use crate::domain::event_details::{EventDetails, SignupRefusal, check_guests};
use crate::domain::new_event_id::is_unlisted;
use crate::domain::signup::{Request, Signup};
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

/// Returns whether the details of the event can refuse a request: it may begin a registration, or brings guests.
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

/// Admits or refuses each sign-up. An admitted sign-up gets the title in the details of its event. The details of all
/// events are read in one call.
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
        admitted.push(match &details[index] {
            StoredDetails::Some(details) => check_details(signup, details).map_err(NotAdmitted::from),
            StoredDetails::Damaged(cause) => Err(NotAdmitted::Damaged(cause.clone())),
            StoredDetails::None if may_exist(signup.event.id(), signup.channel, creators, backend).await? => {
                check_guests(None, guests(&signup.request)).map(|()| signup).map_err(NotAdmitted::from)
            }
            StoredDetails::None => Err(SignupRefusal::NoSuchEvent.into()),
        });
    }
    Ok(admitted)
}

fn check_details(signup: Signup, details: &Arc<EventDetails>) -> Result<Signup, SignupRefusal> {
    if may_begin_registration(&signup.request) {
        details.check_open(signup.version.requested_at)?;
    }
    check_guests(Some(details), guests(&signup.request))?;
    let event = Event::titled(details.event.clone(), details.content.title.to_string());
    Ok(Signup { event, ..signup })
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
