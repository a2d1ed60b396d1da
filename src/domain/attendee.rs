//! Attendees, and the rules that decide how requests change them.

use std::time::Duration;

use crate::domain::attendee_name::AttendeeName;
use crate::domain::contact::Contact;
use crate::domain::event::EventId;
use crate::domain::registration::Registration;
use crate::domain::registration_details::{RegistrationDetails, RegistrationEdit};
use crate::domain::signup::{AttendeeKey, Request, Signup, SignupId, Version};
use crate::domain::timestamp::Timestamp;

/// How long the tombstone of an attendee who left is stored. This is longer than any queue retains messages (SQS: at
/// most 14 days), so a delayed older sign-up cannot put the attendee back on the roster.
pub const TOMBSTONE_RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// An attendee: one name on one event, whether on the roster or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendee {
    pub event: EventId,
    /// The event's title as written in the first sign-up with this name.
    pub title: String,
    pub name: AttendeeName,
    /// The version of the newest request that was applied.
    pub newest: Version,
    pub status: Status,
}

/// Whether the attendee is on the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// The attendee is on the roster.
    In(Registration),
    /// The attendee left. The record is a tombstone, which is deleted at `expires_at`.
    Out { expires_at: Timestamp },
}

/// The result of applying one request.
#[expect(clippy::large_enum_variant, reason = "a verdict is short-lived and never stored in a collection")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The request changes the attendee to this state, which must be stored.
    Store(Attendee),
    /// The same request was already applied.
    Duplicate,
    /// A newer request was already applied, the registration has ended, the contact to confirm was replaced, or the link
    /// may not be sent again yet.
    Stale,
    /// The request is about another registration than the current one.
    NotOwner,
    /// The sign-up that begins the registration has not arrived yet. The request should be retried.
    TooEarly,
}

impl Attendee {
    pub fn key(&self) -> AttendeeKey {
        AttendeeKey { event: self.event.clone(), name: self.name.key().clone() }
    }

    /// Returns the text that names the event for a program.
    pub fn event_spelling(&self) -> &str {
        self.event.spelling(&self.title)
    }

    /// Returns the current registration, or `None` if the attendee is not on the roster.
    pub fn registration(&self) -> Option<&Registration> {
        match &self.status {
            Status::In(registration) => Some(registration),
            Status::Out { .. } => None,
        }
    }

    /// Returns whether the attendee is on the roster and [wants messages](Registration::wants_messages).
    pub fn wants_messages(&self) -> bool {
        self.registration().is_some_and(Registration::wants_messages)
    }

    /// Returns the attendee without their contact, or `None` if they have none.
    pub fn without_contact(&self) -> Option<Self> {
        let registration = self.registration().filter(|registration| registration.contact.is_some())?;
        let registration = Registration { contact: None, confirmed: false, network: None, ..registration.clone() };
        Some(Self { status: Status::In(registration), ..self.clone() })
    }

    /// Returns whether the current registration has this address.
    pub fn uses(&self, address: &Contact) -> bool {
        self.registration().is_some_and(|registration| registration.uses(address))
    }
}

/// The result of applying one request: a [`Verdict`] without the attendee to store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    Stored,
    Duplicate,
    Stale,
    NotOwner,
    TooEarly,
}

/// Applies requests about one attendee, which must be sorted oldest first. Returns the attendee to store, or `None` if
/// nothing changed, and the result of each request.
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

/// Applies one request: the newest request wins. `now` is used only to compute when a tombstone expires.
pub fn apply(current: Option<&Attendee>, signup: &Signup, now: Timestamp) -> Verdict {
    if let Some(current) = current
        && signup.request != Request::SendLink
        && signup.version <= current.newest
    {
        return if signup.version == current.newest { Verdict::Duplicate } else { Verdict::Stale };
    }
    let registration = current.and_then(Attendee::registration);
    let status = match (&signup.request, registration) {
        (Request::SignUp { contact, confirmed, details }, None) => {
            Status::In(new_registration(signup, contact.as_ref(), *confirmed, details))
        }
        (Request::TrustedSignUp { contact, details }, None) => {
            Status::In(new_registration(signup, contact.as_ref(), true, details))
        }
        (Request::SignUp { .. }, Some(registration)) => Status::In(registration.clone()),
        (Request::TrustedSignUp { contact, details }, Some(registration)) => Status::In(Registration {
            contact: contact.clone().or_else(|| registration.contact.clone()),
            confirmed: contact.is_some() || registration.confirmed,
            network: if contact.is_some() { signup.network } else { registration.network },
            details: registration.details.edited(details),
            ..registration.clone()
        }),
        (Request::Cancel, _) => Status::Out { expires_at: tombstone_expiry(signup, now) },
        (Request::SetContact { registration: owner, contact, confirmed }, Some(registration))
            if *owner == registration.owner =>
        {
            let is_same = contact.as_ref().is_some_and(|contact| registration.uses(contact));
            let confirmed = contact.is_some() && (*confirmed || is_same && registration.confirmed);
            let network = if is_same { registration.network } else { contact.as_ref().and(signup.network) };
            Status::In(Registration { contact: contact.clone(), confirmed, network, ..registration.clone() })
        }
        (Request::ConfirmContact { registration: owner, contact }, Some(registration))
            if *owner == registration.owner && registration.uses(contact) =>
        {
            Status::In(Registration { confirmed: true, notify: true, ..registration.clone() })
        }
        (Request::CancelRegistration { registration: owner }, Some(registration)) if *owner == registration.owner => {
            Status::Out { expires_at: tombstone_expiry(signup, now) }
        }
        (Request::SetNotifications { registration: owner, on }, Some(registration)) if *owner == registration.owner => {
            Status::In(Registration { notify: *on, ..registration.clone() })
        }
        (Request::SetDetails { registration: owner, details }, Some(registration)) if *owner == registration.owner => {
            Status::In(Registration { details: registration.details.edited(details), ..registration.clone() })
        }
        (
            Request::SetContact { registration: owner, .. }
            | Request::ConfirmContact { registration: owner, .. }
            | Request::CancelRegistration { registration: owner }
            | Request::SetNotifications { registration: owner, .. }
            | Request::SetDetails { registration: owner, .. },
            _,
        ) if may_still_arrive(owner, current) => return Verdict::TooEarly,
        (
            Request::SetContact { .. }
            | Request::CancelRegistration { .. }
            | Request::SetNotifications { .. }
            | Request::SetDetails { .. },
            current,
        ) => return if current.is_some() { Verdict::NotOwner } else { Verdict::Stale },
        // The owner of an address cannot know that the registration has ended or has another contact.
        (Request::ConfirmContact { .. }, _) => return Verdict::Stale,
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

/// Returns the registration that a sign-up begins.
fn new_registration(
    signup: &Signup,
    contact: Option<&Contact>,
    confirmed: bool,
    details: &RegistrationEdit,
) -> Registration {
    Registration {
        since: signup.version.requested_at,
        owner: signup.version.id.clone(),
        channel: signup.channel,
        contact: contact.cloned(),
        confirmed: confirmed && contact.is_some(),
        network: contact.and(signup.network),
        notify: true,
        details: RegistrationDetails::default().edited(details),
        link_requested_at: None,
    }
}

/// Applies a [`Request::SendLink`]. The attendee's version stays the same. Otherwise a stranger's request could make an
/// older cancel stale that is still on the queue.
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

/// Returns when the tombstone that a request creates expires: a whole second,
/// since DynamoDB's time to live is in seconds.
pub fn tombstone_expiry(signup: &Signup, now: Timestamp) -> Timestamp {
    signup.version.requested_at.max(now).plus(TOMBSTONE_RETENTION).to_whole_second()
}

/// Returns whether the sign-up `owner` may still arrive and begin its registration, because it is
/// newer than all applied requests. An id that another publisher chose contains no time; its sign-up
/// counts as older than the stored attendee.
fn may_still_arrive(owner: &SignupId, current: Option<&Attendee>) -> bool {
    let Some(current) = current else { return true };
    let version = owner.created_at().map(|requested_at| Version { requested_at, id: owner.clone() });
    version.is_some_and(|version| version > current.newest)
}

#[cfg(test)]
mod tests;
