//! Attendees, and the rules by which requests change them.

use std::time::Duration;

use crate::domain::attendee_name::AttendeeName;
use crate::domain::event::EventId;
use crate::domain::registration::Registration;
use crate::domain::signup::{AttendeeKey, Request, Signup, SignupId, Version};
use crate::domain::timestamp::Timestamp;

/// How long the tombstone of an attendee who left is stored. It is longer than any queue's retention (SQS: at most 14 days), so
/// a late older sign-up cannot put the attendee back on the roster.
pub const TOMBSTONE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// One name on one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendee {
    pub event: EventId,
    /// The event's title in the first sign-up with this name.
    pub title: String,
    pub name: AttendeeName,
    /// The newest request that was applied.
    pub newest: Version,
    pub status: Status,
}

/// Whether the attendee is on the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    In(Registration),
    /// A tombstone, which is deleted at `expires_at`.
    Out {
        expires_at: Timestamp,
    },
}

/// The result of applying one request.
#[expect(clippy::large_enum_variant, reason = "each verdict is short-lived")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Store the attendee with these values.
    Store(Attendee),
    /// The same request was applied before.
    Duplicate,
    /// A newer request was applied before, or the registration has ended.
    Stale,
    /// Another sign-up began the registration.
    NotOwner,
    /// The sign-up that begins the registration has not arrived yet.
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

/// Applies one attendee's requests, oldest first. Returns the attendee to store, if it changed, and the result of each request.
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

/// Applies one request. The newest request wins. `now` is only used for the expiry of a tombstone.
pub fn apply(current: Option<&Attendee>, signup: &Signup, now: Timestamp) -> Verdict {
    if let Some(current) = current
        && signup.request != Request::SendLink
        && signup.version <= current.newest
    {
        return if signup.version == current.newest { Verdict::Duplicate } else { Verdict::Stale };
    }
    let registration = current.and_then(Attendee::registration);
    let status = match (&signup.request, registration) {
        (Request::SignUp { contact } | Request::TrustedSignUp { contact }, None) => Status::In(Registration {
            since: signup.version.requested_at,
            owner: signup.version.id.clone(),
            channel: signup.channel,
            contact: contact.clone(),
            notify: true,
            link_requested_at: None,
        }),
        (Request::SignUp { .. } | Request::TrustedSignUp { contact: None }, Some(registration)) => {
            Status::In(registration.clone())
        }
        (Request::TrustedSignUp { contact }, Some(registration)) => {
            Status::In(Registration { contact: contact.clone(), ..registration.clone() })
        }
        (Request::Cancel, _) => Status::Out { expires_at: tombstone_expiry(signup, now) },
        (Request::SetContact { registration: owner, contact }, Some(registration)) if *owner == registration.owner => {
            Status::In(Registration { contact: contact.clone(), ..registration.clone() })
        }
        (Request::CancelRegistration { registration: owner }, Some(registration)) if *owner == registration.owner => {
            Status::Out { expires_at: tombstone_expiry(signup, now) }
        }
        (Request::SetNotifications { registration: owner, on }, Some(registration)) if *owner == registration.owner => {
            Status::In(Registration { notify: *on, ..registration.clone() })
        }
        (
            Request::SetContact { registration: owner, .. }
            | Request::CancelRegistration { registration: owner }
            | Request::SetNotifications { registration: owner, .. },
            _,
        ) if may_still_arrive(owner, current) => return Verdict::TooEarly,
        (
            Request::SetContact { .. } | Request::CancelRegistration { .. } | Request::SetNotifications { .. },
            Some(_),
        ) => return Verdict::NotOwner,
        (Request::SetContact { .. } | Request::CancelRegistration { .. } | Request::SetNotifications { .. }, None) => {
            return Verdict::Stale;
        }
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

/// Applies a [`Request::SendLink`]. It keeps the attendee's version, so a stranger's request cannot make a cancel stale that is
/// still on the queue.
fn send_link(current: Option<&Attendee>, signup: &Signup) -> Verdict {
    let requested_at = signup.version.requested_at;
    match current {
        Some(attendee @ Attendee { status: Status::In(registration), .. })
            if registration.may_send_link(requested_at) =>
        {
            let status = Status::In(Registration { link_requested_at: Some(requested_at), ..registration.clone() });
            Verdict::Store(Attendee { status, ..attendee.clone() })
        }
        _ => Verdict::Stale,
    }
}

/// When the tombstone of a request expires. It is a whole second, since a time to live is stored in seconds.
pub fn tombstone_expiry(signup: &Signup, now: Timestamp) -> Timestamp {
    signup.version.requested_at.max(now).plus(TOMBSTONE).to_whole_second()
}

/// Whether the sign-up `owner` may still arrive and begin its registration: it is newer than all applied requests. An id from
/// elsewhere holds no time; its sign-up counts as older than the stored attendee.
fn may_still_arrive(owner: &SignupId, current: Option<&Attendee>) -> bool {
    let Some(current) = current else { return true };
    let made = owner.made_at().map(|requested_at| Version { requested_at, id: owner.clone() });
    made.is_some_and(|version| version > current.newest)
}

#[cfg(test)]
mod tests;
