//! One name on one event, and what a request makes of it.

use std::time::Duration;

use crate::domain::attendee_name::AttendeeName;
use crate::domain::event::EventId;
use crate::domain::registration::Registration;
use crate::domain::signup::{AttendeeKey, Request, Signup, SignupId, Version};
use crate::domain::timestamp::Timestamp;

/// How long an attendee who left is remembered: past every queue's retention (SQS: at most 14 days),
/// so that no late older sign-up brings anyone back.
pub const TOMBSTONE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendee {
    pub event: EventId,
    /// The event as whoever brought this name first typed it.
    pub title: String,
    pub name: AttendeeName,
    /// The newest request that was applied.
    pub newest: Version,
    pub status: Status,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    In(Registration),
    /// Forgotten at `expires_at`.
    Out {
        expires_at: Timestamp,
    },
}

/// What a request comes to.
#[expect(clippy::large_enum_variant, reason = "one at a time, taken apart at once")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The attendee is to be stored so.
    Store(Attendee),
    /// This very request was applied before.
    Duplicate,
    /// A newer request was applied before, or there is nothing left to end.
    Stale,
    /// The stay belongs to somebody else.
    NotOwner,
    /// The request is about a stay whose sign-up has not arrived yet, whoever is in until then.
    TooEarly,
}

impl Attendee {
    pub fn key(&self) -> AttendeeKey {
        AttendeeKey { event: self.event.clone(), name: self.name.key().clone() }
    }

    pub fn registration(&self) -> Option<&Registration> {
        match &self.status {
            Status::In(registration) => Some(registration),
            Status::Out { .. } => None,
        }
    }
}

/// What became of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    Stored,
    Duplicate,
    Stale,
    NotOwner,
    TooEarly,
}

/// Applies one attendee's requests, oldest first: what is to be stored, if anything is, and what became of
/// each request.
pub fn apply_all(current: Option<&Attendee>, signups: &[Signup], now: Timestamp) -> (Option<Attendee>, Vec<Applied>) {
    let mut stored = None;
    let applied = signups.iter().map(|signup| match apply(stored.as_ref().or(current), signup, now) {
        Verdict::Store(attendee) => {
            stored = Some(attendee);
            Applied::Stored
        }
        Verdict::Duplicate => Applied::Duplicate,
        Verdict::Stale => Applied::Stale,
        Verdict::NotOwner => Applied::NotOwner,
        Verdict::TooEarly => Applied::TooEarly,
    });
    let applied = applied.collect();
    (stored, applied)
}

/// Newest wins; owner, start, display name and contact belong to the stay as it was applied.
///
/// `now` dates a tombstone and nothing else.
pub fn apply(current: Option<&Attendee>, signup: &Signup, now: Timestamp) -> Verdict {
    if let Some(current) = current
        && signup.request != Request::SendLink
        && signup.version <= current.newest
    {
        return if signup.version == current.newest { Verdict::Duplicate } else { Verdict::Stale };
    }
    let registration = current.and_then(Attendee::registration);
    let status = match (&signup.request, registration) {
        (Request::Join { contact } | Request::Enrol { contact }, None) => Status::In(Registration {
            since: signup.version.requested_at,
            owner: signup.version.id.clone(),
            channel: signup.channel,
            contact: contact.clone(),
            notify: true,
            link_asked_at: None,
        }),
        (Request::Join { .. } | Request::Enrol { contact: None }, Some(registration)) => {
            Status::In(registration.clone())
        }
        (Request::Enrol { contact }, Some(registration)) => {
            Status::In(Registration { contact: contact.clone(), ..registration.clone() })
        }
        (Request::Cancel, _) => Status::Out { expires_at: forgotten_at(signup, now) },
        (Request::Amend { registration: owner, contact }, Some(registration)) if *owner == registration.owner => {
            Status::In(Registration { contact: contact.clone(), ..registration.clone() })
        }
        (Request::Leave { registration: owner }, Some(registration)) if *owner == registration.owner => {
            Status::Out { expires_at: forgotten_at(signup, now) }
        }
        (Request::Notify { registration: owner, on }, Some(registration)) if *owner == registration.owner => {
            Status::In(Registration { notify: *on, ..registration.clone() })
        }
        (
            Request::Amend { registration: owner, .. }
            | Request::Leave { registration: owner }
            | Request::Notify { registration: owner, .. },
            _,
        ) if is_still_to_come(owner, current) => return Verdict::TooEarly,
        (Request::Amend { .. } | Request::Leave { .. } | Request::Notify { .. }, Some(_)) => return Verdict::NotOwner,
        (Request::Amend { .. } | Request::Leave { .. } | Request::Notify { .. }, None) => return Verdict::Stale,
        (Request::SendLink, _) => return send_link(current, signup),
    };
    Verdict::Store(Attendee {
        event: signup.event.id().clone(),
        title: current.map_or_else(|| signup.event.title().to_owned(), |current| current.title.clone()),
        name: current.map_or_else(|| signup.name.clone(), |current| current.name.clone()),
        newest: signup.version.clone(),
        status,
    })
}

/// Says nothing of whether somebody is in, so that it is no newer request than any of those that do: a stranger's must
/// not make a cancel stale that is on its way.
fn send_link(current: Option<&Attendee>, signup: &Signup) -> Verdict {
    let asked_at = signup.version.requested_at;
    match current {
        Some(attendee @ Attendee { status: Status::In(registration), .. }) if registration.may_send_link(asked_at) => {
            let status = Status::In(Registration { link_asked_at: Some(asked_at), ..registration.clone() });
            Verdict::Store(Attendee { status, ..attendee.clone() })
        }
        _ => Verdict::Stale,
    }
}

/// When an attendee whom this request takes out is forgotten: a whole second, as a time to live is stored.
pub fn forgotten_at(signup: &Signup, now: Timestamp) -> Timestamp {
    signup.version.requested_at.max(now).plus(TOMBSTONE).to_whole_second()
}

/// Whether the sign-up `owner` may yet arrive and begin its stay: it is newer than all that was applied.
/// An id made elsewhere tells no time; its sign-up is taken to have come before whatever is there.
fn is_still_to_come(owner: &SignupId, current: Option<&Attendee>) -> bool {
    let Some(current) = current else { return true };
    let made = owner.made_at().map(|requested_at| Version { requested_at, id: owner.clone() });
    made.is_some_and(|version| version > current.newest)
}

#[cfg(test)]
mod tests;
