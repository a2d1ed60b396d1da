//! The organiser's list of events, in the order of the calendar or of the ids.

use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};
use utoipa::ToSchema;

use crate::domain::event::EventId;
use crate::domain::event_details::EventDetails;
use crate::domain::new_event_id::is_unlisted;
use crate::domain::schedule::{LocalTime, Schedule};
use crate::domain::text::{fold_case, fold_until_stable, nfkc};
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::{View, Viewer};
use crate::http::App;
use crate::http::paging::{PageQuery, encode_cursor, invalid_cursor, numbered, split_page};
use crate::http::place_bodies::PlacesBody;
use crate::http::problem::Problem;
use crate::ports::{CalendarPosition, EventSummary, StoredDetails, Unavailable};

/// Number of events read in one call.
const PAGE_SIZE: usize = 100;

/// Maximum number of events that one request reads to find those it asks for.
const MAX_EVENTS_READ: usize = 1_000;

/// The events that a list contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantArray, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Listed {
    /// Events that are not over. The first one is over first.
    #[default]
    Upcoming,
    /// Events that are over and not archived. The first one was over last.
    Past,
    /// Archived events. The first one was over last.
    Archived,
    /// All events, sorted by id.
    All,
}

impl Listed {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// An event in the organiser's list.
#[derive(Serialize, ToSchema)]
pub struct ListedEvent {
    #[serde(skip)]
    pub id: EventId,
    /// The id of the event.
    event: String,
    pub title: String,
    /// The number of attendees, including those on the waiting list.
    pub count: u64,
    /// The places. Absent if their number is not limited, and for a moment after they have been limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub places: Option<PlacesBody>,
    /// The local time in `zone`; null if the event has none.
    #[schema(example = "2026-12-03T19:00")]
    pub starts_at: Option<String>,
    /// A time zone of the IANA database.
    pub zone: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub cancelled_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub archived_at: Option<Timestamp>,
    /// When the event is over: at its end, or 90 days after its last change if it has none. Absent if you list all events.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub over_at: Option<Timestamp>,
    /// The start of the event.
    #[serde(skip)]
    pub start: Option<LocalTime>,
    /// Whether a host has created the event.
    #[serde(skip)]
    pub has_details: bool,
    /// What everybody may see.
    #[serde(skip)]
    public_view: View,
    /// The key in the cursor of a page that ends with this event.
    #[serde(skip)]
    key: String,
}

/// Returns the first upcoming events.
pub async fn first_upcoming(app: &App, limit: usize) -> Result<Vec<ListedEvent>, Problem> {
    Ok(find_after(app, Listed::Upcoming, "", limit, None).await?.0)
}

/// Returns the first upcoming events that everybody may find: those that a host has created as listed. `with_begun` adds those
/// that began with a sign-up.
pub async fn first_listed(app: &App, limit: usize, with_begun: bool) -> Result<Vec<ListedEvent>, Problem> {
    let (mut events, _) = find_after(app, Listed::Upcoming, "", MAX_EVENTS_READ, None).await?;
    let is_listed = |event: &ListedEvent| {
        !is_unlisted(&event.id) && event.cancelled_at.is_none() && (event.has_details || with_begun)
    };
    events.retain(is_listed);
    events.truncate(limit);
    Ok(events)
}

impl ListedEvent {
    pub fn shows_count_to(&self, viewer: Viewer) -> bool {
        viewer == Viewer::Organiser || self.public_view.count
    }
}

/// Returns the events of a page, and the cursor of the next page.
pub async fn find(
    app: &App,
    listed: Listed,
    search: &str,
    page: &PageQuery,
) -> Result<(Vec<ListedEvent>, Option<String>), Problem> {
    find_after(app, listed, search, page.limit()?, position(listed, page)?).await
}

async fn find_after(
    app: &App,
    listed: Listed,
    search: &str,
    limit: usize,
    mut after: Option<Position>,
) -> Result<(Vec<ListedEvent>, Option<String>), Problem> {
    let search = fold(search.trim());
    let (mut found, mut read) = (Vec::new(), 0);
    loop {
        let page = read_page(app, listed, after.as_ref()).await?;
        read += page.events.len().max(1);
        let is_asked_for = |event: &ListedEvent| {
            let is_shown = match listed {
                Listed::Upcoming | Listed::Past => event.archived_at.is_none(),
                Listed::Archived => event.archived_at.is_some(),
                Listed::All => true,
            };
            is_shown && (fold(&event.title).contains(&search) || event.event.contains(&search))
        };
        found.extend(page.events.into_iter().filter(is_asked_for));
        after = page.next;
        if found.len() > limit || read >= MAX_EVENTS_READ || after.is_none() {
            break;
        }
    }
    let (events, next) = split_page(found, limit, |event| &event.title, |event| &event.key);
    Ok((events, next.or_else(|| after.map(|after| encode_cursor(&after.key())))))
}

fn fold(text: &str) -> String {
    fold_until_stable(text, |text| fold_case(&nfkc(text)))
}

/// The last event of a page.
enum Position {
    Id(EventId),
    InCalendar(CalendarPosition),
}

impl Position {
    fn in_calendar((millis, event): (i64, String)) -> Result<Self, Problem> {
        let over_at = Timestamp::from_millis(millis).map_err(|_| invalid_cursor())?;
        Ok(Self::InCalendar(CalendarPosition { over_at, event: EventId::from_stored(event) }))
    }

    fn key(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::InCalendar(position) => numbered(position.over_at.as_millis(), position.event.as_str()),
        }
    }
}

fn position(listed: Listed, page: &PageQuery) -> Result<Option<Position>, Problem> {
    match listed {
        Listed::All => Ok(page.cursor()?.map(|id| Position::Id(EventId::from_stored(id)))),
        Listed::Upcoming | Listed::Past | Listed::Archived => {
            page.numbered_cursor()?.map(Position::in_calendar).transpose()
        }
    }
}

/// Events as they are stored.
struct Page {
    events: Vec<ListedEvent>,
    /// The position after which the next events follow. `None` if there are none.
    next: Option<Position>,
}

async fn read_page(app: &App, listed: Listed, after: Option<&Position>) -> Result<Page, Unavailable> {
    let (backend, now) = (&app.backend, Timestamp::now());
    let (id, position) = match after {
        Some(Position::Id(id)) => (Some(id), None),
        Some(Position::InCalendar(position)) => (None, Some(position)),
        None => (None, None),
    };
    let page = match listed {
        Listed::All => {
            let events = backend.roster.events(PAGE_SIZE, id).await?;
            let next = events.last().filter(|_| events.len() == PAGE_SIZE).map(|last| Position::Id(last.id.clone()));
            let events = events.into_iter().map(|event| (event, None)).collect();
            return Ok(Page { events: with_details(app, events).await?, next });
        }
        Listed::Upcoming => backend.calendar.upcoming(now, position, PAGE_SIZE).await?,
        Listed::Past | Listed::Archived => backend.calendar.past(now, position, PAGE_SIZE).await?,
    };
    let events = page.entries.into_iter().map(|entry| (entry.event, Some(entry.over_at))).collect();
    Ok(Page { events: with_details(app, events).await?, next: page.next.map(Position::InCalendar) })
}

async fn with_details(
    app: &App,
    events: Vec<(EventSummary, Option<Timestamp>)>,
) -> Result<Vec<ListedEvent>, Unavailable> {
    let ids: Vec<EventId> = events.iter().map(|(event, _)| event.id.clone()).collect();
    let details = app.backend.events.details(&ids).await?;
    Ok(events
        .into_iter()
        .zip(details)
        .map(|((event, over_at), details)| match details {
            StoredDetails::Some(details) => ListedEvent::of(event, over_at, Some(&details)),
            StoredDetails::None | StoredDetails::Deleted(_) | StoredDetails::Damaged(_) => {
                ListedEvent::of(event, over_at, None)
            }
        })
        .collect())
}

impl ListedEvent {
    fn of(event: EventSummary, over_at: Option<Timestamp>, details: Option<&EventDetails>) -> Self {
        let schedule = details.and_then(|details| details.content.schedule.as_ref());
        let EventSummary { id, title, count, seats } = event;
        let position = match over_at {
            Some(over_at) => Position::InCalendar(CalendarPosition { over_at, event: id.clone() }),
            None => Position::Id(id.clone()),
        };
        Self {
            event: id.to_string(),
            id,
            title: details.map_or(title, |details| details.content.title.to_string()),
            count,
            places: PlacesBody::of(details, count, seats),
            starts_at: schedule.map(|schedule| schedule.start().to_string()),
            zone: schedule.map(|schedule| schedule.zone().name().to_owned()),
            cancelled_at: details.and_then(|details| details.cancelled_at),
            archived_at: details.and_then(|details| details.archived_at),
            over_at,
            start: schedule.map(Schedule::start),
            has_details: details.is_some(),
            public_view: Viewer::Public.view(details),
            key: position.key(),
        }
    }
}
