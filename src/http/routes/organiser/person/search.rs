//! Finds what is stored about a person, in steps that each read a limited amount.

use std::borrow::Cow;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::time::Instant;

use super::found::{Found, FoundOptIn};
use super::position::Position;
use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::button::{Button, Serial};
use crate::domain::contact::Contact;
use crate::domain::contact_id::ContactId;
use crate::domain::event::EventId;
use crate::domain::household::HouseholdId;
use crate::domain::signup::AttendeeKey;
use crate::http::App;
use crate::http::middleware::memory_limit::MAX_PAGE_BYTES;
use crate::ports::{RejectedMessage, Unavailable};

/// No step begins after this time, so that a request ends within the timeout of the server and of a Lambda function.
const MAX_TIME: Duration = Duration::from_secs(3);

/// What one step reads at most.
const EVENTS_OF_NAME: usize = 64;
const EVENTS_OF_ADDRESS: usize = 16;
const ATTENDEES: usize = 250;
const BUTTONS: usize = 250;
const HOUSEHOLDS: usize = 100;
/// Each rejected message has up to 256 KiB.
const REJECTS: usize = 8;

/// Events that a step reads at once.
const MAX_CONCURRENT_READS: usize = 16;

/// How a person is identified.
pub enum Person {
    Name(NameKey),
    Address(Contact),
}

/// A search for everything about a person, in one event or in all of them.
pub struct Search<'a> {
    pub app: &'a App,
    pub person: &'a Person,
    /// What belongs to no event, such as an opt-in, is then not found.
    pub event: Option<&'a EventId>,
}

/// What a request has found, and where the next request continues. `next` is `None` if there is nothing more.
pub struct Part {
    pub found: Vec<Found>,
    pub next: Option<Position>,
}

/// What a step has found, each with the position after it, and where the next step begins.
struct Step {
    found: Vec<(Found, Option<Position>)>,
    next: Option<Position>,
}

impl Search<'_> {
    /// Takes steps until there is nothing more, [`MAX_TIME`] is over, or the found entries are as large as a page.
    pub async fn part(&self, from: Option<Position>) -> Result<Part, Unavailable> {
        let began = Instant::now();
        let mut position = from.unwrap_or_else(|| self.start());
        let (mut found, mut bytes) = (Vec::new(), 0);
        loop {
            let step = self.step(position).await?;
            for (entry, after) in step.found {
                bytes += entry.bytes();
                found.push(entry);
                if bytes >= MAX_PAGE_BYTES {
                    return Ok(Part { found, next: after });
                }
            }
            match step.next {
                Some(next) if began.elapsed() < MAX_TIME => position = next,
                next => return Ok(Part { found, next }),
            }
        }
    }

    fn start(&self) -> Position {
        match self.event {
            Some(event) => Position::Roster { event: event.to_string(), after: None },
            None => Position::Events { after: None },
        }
    }

    async fn step(&self, position: Position) -> Result<Step, Unavailable> {
        match (position, self.person) {
            (Position::Events { after }, Person::Name(name)) => self.attendees_of_name(name, after).await,
            (Position::Events { after }, Person::Address(address)) => self.attendees_of_address(address, after).await,
            (Position::Roster { event, .. }, Person::Name(name)) => self.attendee_of_event(name, event).await,
            (Position::Roster { event, after }, Person::Address(address)) => self.roster(address, event, after).await,
            (Position::Buttons { after }, _) => self.buttons(after).await,
            (Position::Rejects { after }, _) => self.rejects(after).await,
            (Position::Households { after }, Person::Name(name)) => self.households(name, after).await,
            (Position::OptIn, Person::Address(address)) => self.opt_in(address).await,
            (Position::Households { .. }, Person::Address(_)) | (Position::OptIn, Person::Name(_)) => {
                Ok(Step { found: Vec::new(), next: None })
            }
        }
    }

    async fn attendees_of_name(&self, name: &NameKey, after: Option<String>) -> Result<Step, Unavailable> {
        let roster = &*self.app.backend.roster;
        let events = roster.events(EVENTS_OF_NAME, after.map(EventId::from_stored).as_ref()).await?;
        let next = match events.last() {
            Some(last) => Position::Events { after: Some(last.id.to_string()) },
            None => Position::Buttons { after: None },
        };
        let attendees: Vec<Vec<Attendee>> = stream::iter(events)
            .map(|event| self.attendees_called(name, event.id))
            .buffered(MAX_CONCURRENT_READS)
            .try_collect()
            .await?;
        Ok(Step { found: attendees.into_iter().flatten().map(after_event).collect(), next: Some(next) })
    }

    /// Returns the attendees of an event with this name: one, or two who stay apart although their names are folded to the
    /// same key today.
    async fn attendees_called(&self, name: &NameKey, event: EventId) -> Result<Vec<Attendee>, Unavailable> {
        let roster = &*self.app.backend.roster;
        let find = |name: NameKey| {
            let key = AttendeeKey { event: event.clone(), name };
            async move { roster.attendee(&key).await }
        };
        let mut found: Vec<Attendee> = find(name.clone()).await?.into_iter().collect();
        if let Cow::Owned(refolded) = name.refolded() {
            found.extend(find(refolded).await?.filter(|other| found.iter().all(|one| one.key() != other.key())));
        }
        Ok(found)
    }

    async fn attendees_of_address(&self, address: &Contact, after: Option<String>) -> Result<Step, Unavailable> {
        let roster = &*self.app.backend.roster;
        let events = roster.events(EVENTS_OF_ADDRESS, after.map(EventId::from_stored).as_ref()).await?;
        if events.is_empty() {
            return Ok(Step { found: Vec::new(), next: Some(Position::Buttons { after: None }) });
        }
        let mut pages = stream::iter(events)
            .map(|event| async move { (roster.roster(&event.id, ATTENDEES, None).await, event.id) })
            .buffered(MAX_CONCURRENT_READS);
        let (mut found, mut next) = (Vec::new(), Position::Buttons { after: None });
        while let Some((page, event)) = pages.next().await {
            let page = page?;
            found.extend(users_of(address, page.attendees));
            if let Some(name) = page.next {
                next = Position::Roster { event: event.to_string(), after: Some(name.as_str().to_owned()) };
                break;
            }
            next = Position::Events { after: Some(event.to_string()) };
        }
        Ok(Step { found, next: Some(next) })
    }

    async fn attendee_of_event(&self, name: &NameKey, event: String) -> Result<Step, Unavailable> {
        let next = Position::Buttons { after: None };
        let attendees = self.attendees_called(name, EventId::from_stored(event)).await?;
        let found = attendees.into_iter().map(|attendee| (Found::Attendee(attendee), Some(next.clone())));
        Ok(Step { found: found.collect(), next: Some(next) })
    }

    async fn roster(&self, address: &Contact, event: String, after: Option<String>) -> Result<Step, Unavailable> {
        let id = EventId::from_stored(event.clone());
        let after = after.map(NameKey::from_stored);
        let page = self.app.backend.roster.roster(&id, ATTENDEES, after.as_ref()).await?;
        let next = match page.next {
            Some(name) => Position::Roster { event, after: Some(name.as_str().to_owned()) },
            None if self.event.is_some() => Position::Buttons { after: None },
            None => Position::Events { after: Some(event) },
        };
        Ok(Step { found: users_of(address, page.attendees).collect(), next: Some(next) })
    }

    async fn buttons(&self, after: Option<String>) -> Result<Step, Unavailable> {
        let after = after.map(Serial::from_stored);
        let buttons = self.app.backend.buttons.registered(BUTTONS, after.as_ref()).await?;
        let position = |button: &Button| Position::Buttons { after: Some(button.serial.to_string()) };
        let next = buttons.last().map_or(Position::Rejects { after: None }, position);
        let is_of_person = |button: &Button| match self.person {
            Person::Name(name) => button.attendee.key().refolded() == name.refolded(),
            Person::Address(address) => {
                button.contact.as_ref().is_some_and(|contact| contact.reaches_same_address(address))
            }
        };
        let is_of_event = |button: &Button| self.event.is_none_or(|event| button.event.id() == event);
        let found = buttons.into_iter().filter(|button| is_of_person(button) && is_of_event(button));
        let found = found.map(|button| {
            let after = position(&button);
            (Found::Button(button), Some(after))
        });
        Ok(Step { found: found.collect(), next: Some(next) })
    }

    async fn rejects(&self, after: Option<String>) -> Result<Step, Unavailable> {
        let rejects = self.app.backend.rejected.list(REJECTS, after.as_deref()).await?;
        let position = |reject: &RejectedMessage| Position::Rejects { after: Some(reject.id.clone()) };
        let next = match rejects.last() {
            Some(last) => Some(position(last)),
            None if self.event.is_some() => None,
            None => Some(match self.person {
                Person::Name(_) => Position::Households { after: None },
                Person::Address(_) => Position::OptIn,
            }),
        };
        let found = rejects.into_iter().filter(|reject| match self.person {
            Person::Name(name) => reject.is_about(name, self.event),
            Person::Address(address) => reject.has_contact(address, self.event),
        });
        let found = found.map(|reject| {
            let after = position(&reject);
            (Found::Reject(reject), Some(after))
        });
        Ok(Step { found: found.collect(), next })
    }

    async fn households(&self, name: &NameKey, after: Option<String>) -> Result<Step, Unavailable> {
        let after = after.map(HouseholdId::from_stored);
        let households = self.app.backend.households.with_usual_name(name, HOUSEHOLDS, after.as_ref()).await?;
        let position = |household: &HouseholdId| Position::Households { after: Some(household.as_str().to_owned()) };
        let next = households.last().map(|(last, _)| position(last));
        let found =
            households.into_iter().map(|(household, name)| (Found::Household(name), Some(position(&household))));
        Ok(Step { found: found.collect(), next })
    }

    async fn opt_in(&self, address: &Contact) -> Result<Step, Unavailable> {
        let found = match self.app.secrets.contact_secret().await? {
            None => Some(FoundOptIn::Unknown),
            Some(secret) => {
                let stored = self.app.backend.contacts.opt_in(&ContactId::of(address, &secret)).await?;
                stored.map(FoundOptIn::Stored)
            }
        };
        let found = found.map(|opt_in| (Found::OptIn(opt_in), None));
        Ok(Step { found: found.into_iter().collect(), next: None })
    }
}

/// An attendee who was found by name, with the position after the event.
fn after_event(attendee: Attendee) -> (Found, Option<Position>) {
    let after = Position::Events { after: Some(attendee.event.to_string()) };
    (Found::Attendee(attendee), Some(after))
}

/// The attendees with this address, each with the position after them.
fn users_of(address: &Contact, attendees: Vec<Attendee>) -> impl Iterator<Item = (Found, Option<Position>)> {
    attendees.into_iter().filter(|attendee| attendee.uses(address)).map(|attendee| {
        let AttendeeKey { event, name } = attendee.key();
        let after = Position::Roster { event: event.to_string(), after: Some(name.as_str().to_owned()) };
        (Found::Attendee(attendee), Some(after))
    })
}
