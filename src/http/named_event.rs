//! The events that the organiser names: by their links, their ids or their titles.

use std::collections::BTreeMap;

use crate::domain::event::{Event, EventId};
use crate::domain::new_event_id;
use crate::domain::timestamp::Timestamp;
use crate::http::App;
use crate::http::new_events::new_events;
use crate::http::problem::{Problem, ProblemKind};
use crate::ports::{StoredDetails, Unavailable};

/// The next events, and the last ones, whose titles are compared.
const MAX_COMPARED: usize = 500;

/// Several events have a title, so it names none of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("several events have this title; give the link of one")]
pub struct SeveralEvents;

/// The meanings of names that are not the ids of existing events.
pub struct NamedEvents {
    /// The unlisted events by what the ids of listed events with their titles would be.
    unlisted: BTreeMap<EventId, Vec<Event>>,
    new: Vec<EventId>,
}

impl NamedEvents {
    /// Looks up at most 100 of the events. The title of an unlisted event names it, because its id ends in random
    /// characters: a sign-up with the title alone would begin another event, which everybody can find.
    pub async fn find(app: &App, events: impl Iterator<Item = &Event>) -> Result<Self, Unavailable> {
        let new: Vec<EventId> = new_events(app, events).await?.into_iter().map(|event| event.id().clone()).collect();
        let mut unlisted: BTreeMap<EventId, Vec<Event>> = BTreeMap::new();
        if !new.is_empty() {
            let now = Timestamp::now();
            let upcoming = app.backend.calendar.upcoming(now, None, MAX_COMPARED).await?;
            let past = app.backend.calendar.past(now, None, MAX_COMPARED).await?;
            let ids: Vec<EventId> = [upcoming, past]
                .into_iter()
                .flat_map(|page| page.entries)
                .map(|entry| entry.event.id)
                .filter(new_event_id::is_unlisted)
                .collect();
            for details in app.backend.events.details(&ids).await?.iter().filter_map(StoredDetails::details) {
                let title = details.content.title.as_str();
                if let Some(slug) = EventId::parse(title).ok().filter(|slug| new.contains(slug)) {
                    unlisted.entry(slug).or_default().push(Event::titled(details.event.clone(), title.to_owned()));
                }
            }
        }
        Ok(Self { unlisted, new })
    }

    /// Returns the event that is meant.
    pub fn resolve(&self, named: &Event) -> Result<Event, SeveralEvents> {
        match self.unlisted.get(named.id()).map(Vec::as_slice) {
            None | Some([]) => Ok(named.clone()),
            Some([event]) => Ok(event.clone()),
            Some(_) => Err(SeveralEvents),
        }
    }

    /// Whether a sign-up for this event begins it.
    pub fn begins(&self, event: &Event) -> bool {
        self.new.contains(event.id()) && !self.unlisted.contains_key(event.id())
    }
}

/// Returns the event that the organiser means.
///
/// # Errors
/// Refuses a title that several unlisted events have.
pub async fn named_event(app: &App, named: Event) -> Result<Event, Problem> {
    let names = NamedEvents::find(app, std::iter::once(&named)).await?;
    Ok(names.resolve(&named)?)
}

impl From<SeveralEvents> for Problem {
    fn from(_: SeveralEvents) -> Self {
        let detail = "`event` is the title of several events. Send the id or the link of one.";
        let problem = Self::new(ProblemKind::InvalidField, detail).on_page("organiser-event-ambiguous");
        Self { field: Some("event"), ..problem }
    }
}
