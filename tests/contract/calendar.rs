use std::time::Duration;

use async_trait::async_trait;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::change::Change;
use countmein::domain::digest::Digest;
use countmein::domain::event::EventId;
use countmein::domain::event_announcement::EventAnnouncement;
use countmein::domain::event_details::{Content, EventDetails, Title};
use countmein::domain::lifetime;
use countmein::domain::signup::Request;
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::{EventPorts, add_to_digests};
use countmein::formats::event_details;
use countmein::ports::{CalendarPage, CalendarPosition, Digests, ParkedEvent, Position, ReadError, Unavailable, Write};
use countmein::upkeep;
use countmein::upkeep::{ContactDeletion, UpkeepPorts};
use serde_json::json;

use crate::backend::Backend;
use crate::people::{
    all_changes_since, apply, at, attendee, changes_of, email, event_id, id, person, unique, who_is_in,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Creates an event that is in the list of events.
async fn create(backend: &Backend, title: &str) -> EventId {
    let details = EventDetails::new(event_id(title), Content::titled(Title::parse(title).unwrap()), at(1));
    assert_eq!(backend.events.create_event(&details, at(1)).await.unwrap(), Write::Stored);
    backend.catch_up().await;
    details.event
}

async fn enter(backend: &Backend, event: &EventId, over_at: Timestamp) {
    backend.calendar.set_over_at(event, over_at).await.unwrap();
}

fn events(page: &CalendarPage) -> Vec<(EventId, Timestamp)> {
    page.entries.iter().map(|entry| (entry.event.id.clone(), entry.over_at)).collect()
}

/// When an event is over, according to the calendar.
async fn over_at(backend: &Backend, event: &EventId) -> Option<Timestamp> {
    let page = backend.calendar.upcoming(Timestamp::EARLIEST, None, 1_000).await.unwrap();
    events(&page).into_iter().find(|(found, _)| found == event).map(|(_, over_at)| over_at)
}

/// Takes in the changes of an event, as if it were `now`.
async fn take_in(backend: &Backend, title: &str, now: Timestamp) -> Position {
    take_in_since(backend, title, &Position::Start, now).await
}

async fn take_in_since(backend: &Backend, title: &str, since: &Position, now: Timestamp) -> Position {
    let changes: Vec<Change> = all_changes_since(backend, since, &[title]).await;
    add_to_digests(&changes, backend.event_ports(), &BackoffPolicy::default(), now).await.unwrap();
    end_of_feed(backend, since).await
}

async fn end_of_feed(backend: &Backend, since: &Position) -> Position {
    let mut end = since.clone();
    loop {
        let page = backend.changes.changes(&end, 100).await.unwrap();
        let Some((last, _)) = page.last() else { return end };
        end = last.clone();
    }
}

pub async fn calendar_is_sorted_and_paged(backend: &Backend) {
    let mut expected = Vec::new();
    for (number, second) in [(0, 30), (1, 10), (2, 20), (3, 20)] {
        let event = create(backend, &unique(&format!("Dinner {number}"))).await;
        enter(backend, &event, at(second)).await;
        expected.push((event, at(second)));
    }
    expected.sort_by_key(|(event, over_at)| (*over_at, event.clone()));
    let upcoming = |now, limit| async move {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = backend.calendar.upcoming(now, after.as_ref(), limit).await.unwrap();
            assert!(page.entries.len() <= limit);
            found.extend(events(&page));
            after = page.next;
            if after.is_none() {
                return found;
            }
        }
    };
    let past = |now, limit| async move {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = backend.calendar.past(now, after.as_ref(), limit).await.unwrap();
            found.extend(events(&page));
            after = page.next;
            if after.is_none() {
                return found;
            }
        }
    };
    let only_ours = |mut found: Vec<(EventId, Timestamp)>| {
        found.retain(|(event, _)| expected.iter().any(|(ours, _)| ours == event));
        found
    };
    for limit in [1, 2, 3, 100] {
        assert_eq!(only_ours(upcoming(at(0), limit).await), expected, "{limit}");
        assert_eq!(only_ours(upcoming(at(20), limit).await), expected[3..], "{limit}");
        assert_eq!(only_ours(past(at(9), limit).await), [], "{limit}");
        let mut reversed = expected.clone();
        reversed.reverse();
        assert_eq!(only_ours(past(at(30), limit).await), reversed, "{limit}");
        assert_eq!(only_ours(past(at(20), limit).await), reversed[1..], "{limit}");
    }
    // A page whose last event is over by now.
    let position = CalendarPosition { over_at: at(10), event: expected[0].0.clone() };
    let page = backend.calendar.upcoming(at(25), Some(&position), 100).await.unwrap();
    assert_eq!(only_ours(events(&page)), expected[3..]);
}

pub async fn calendar_shows_titles_and_counts(backend: &Backend) {
    let title = unique("Dinner");
    let event = create(backend, &title).await;
    apply(&*backend.roster, vec![person(&title, "Ana").joins(1, "a")]).await;
    backend.catch_up().await;
    enter(backend, &event, at(10)).await;
    let page = backend.calendar.past(at(10), None, 100).await.unwrap();
    let entry = page.entries.iter().find(|entry| entry.event.id == event).expect("it is in the calendar");
    assert_eq!((entry.event.title.as_str(), entry.event.count, entry.over_at), (title.as_str(), 1, at(10)));
}

pub async fn event_that_is_gone_is_not_in_the_calendar(backend: &Backend) {
    let title = unique("Dance");
    let ana = person(&title, "Ana");
    apply(&*backend.roster, vec![ana.joins(1, "a")]).await;
    backend.catch_up().await;
    let event = event_id(&title);
    enter(backend, &event, at(10)).await;
    assert_eq!(over_at(backend, &event).await, Some(at(10)));
    backend.roster.remove(&ana.key().name, Some(&event), at(2)).await.unwrap();
    backend.catch_up().await;
    assert_eq!(over_at(backend, &event).await, None);
    let position = CalendarPosition { over_at: at(10), event: event.clone() };
    backend.calendar.set_contacts_deleted(&position, at(11)).await.unwrap();
    assert!(!backend.calendar.with_contacts(at(10), 1_000).await.unwrap().contains(&position));
}

pub async fn deletion_deletes_the_event_from_the_calendar(backend: &Backend) {
    let event = create(backend, &unique("Dance")).await;
    enter(backend, &event, at(10)).await;
    let position = CalendarPosition { over_at: at(10), event: event.clone() };
    let is_stored = async || backend.calendar.with_contacts(at(10), 1_000).await.unwrap().contains(&position);
    assert!(is_stored().await);
    backend.deletions.delete_event_state(&event, at(11)).await.unwrap();
    assert!(!is_stored().await);
}

pub async fn change_moves_the_event_in_the_calendar(backend: &Backend) {
    let title = unique("Dance");
    let event = event_id(&title);
    apply(&*backend.roster, vec![person(&title, "Ana").joins(1, "a")]).await;
    let position = take_in(backend, &title, at(1)).await;
    assert_eq!(over_at(backend, &event).await, Some(lifetime::over_at(None, at(1))));
    // A later sign-up moves it.
    let later = at(1).plus(3 * DAY);
    apply(&*backend.roster, vec![person(&title, "Ben").joins(2, "b")]).await;
    let position = take_in_since(backend, &title, &position, later).await;
    assert_eq!(over_at(backend, &event).await, Some(lifetime::over_at(None, later)));
    // The organiser gives it an end.
    let fields = json!({"title": title, "starts_at": "2026-12-03T19:00", "ends_at": "2026-12-03T23:00",
                        "zone": "Europe/Berlin"});
    let content = event_details::from_json(fields.as_object().unwrap()).unwrap();
    let details = EventDetails::new(event.clone(), content, at(3));
    assert_eq!(backend.events.store_details(&details, at(3)).await.unwrap(), Write::Stored);
    let position = take_in_since(backend, &title, &position, later).await;
    let end = Timestamp::parse_rfc3339("2026-12-03T22:00:00Z").unwrap();
    assert_eq!(over_at(backend, &event).await, Some(end));
    // Further sign-ups do not move the end.
    apply(&*backend.roster, vec![person(&title, "Cleo").joins(4, "c")]).await;
    let position = take_in_since(backend, &title, &position, later.plus(DAY)).await;
    assert_eq!(over_at(backend, &event).await, Some(end));
    let archived = EventDetails { version: 1, archived_at: Some(at(5)), ..details };
    assert_eq!(backend.events.store_details(&archived, at(5)).await.unwrap(), Write::Stored);
    take_in_since(backend, &title, &position, later.plus(DAY)).await;
    assert_eq!(over_at(backend, &event).await, Some(at(5)));
}

pub async fn repeated_changes_do_not_bring_an_event_back(backend: &Backend) {
    let title = unique("Dance");
    let (event, ana) = (event_id(&title), person(&title, "Ana"));
    apply(&*backend.roster, vec![ana.enrols_with(1, "a", email("ana@example.org"))]).await;
    backend.roster.remove(&ana.key().name, Some(&event), at(2)).await.unwrap();
    take_in(backend, &title, at(3)).await;
    let digest = backend.digests.digest(&event).await.unwrap();
    assert!(digest.as_ref().is_none_or(|digest| digest.is_expired(at(4))));
    take_in(backend, &title, at(4)).await;
    assert_eq!(backend.digests.digest(&event).await.unwrap(), digest);
}

pub async fn contacts_are_deleted_page_by_page(backend: &Backend) {
    let title = unique("Dance");
    for number in 0..7 {
        let guest = person(&title, &format!("Guest {number}"));
        let signup_id = format!("s{number}");
        // Every third one has no contact.
        let signup = match number % 3 {
            0 => guest.enrols(1, &signup_id),
            _ => guest.enrols_with(1, &signup_id, email(&format!("guest{number}@example.org"))),
        };
        apply(&*backend.roster, vec![signup]).await;
    }
    let gone = person(&title, "Zoe");
    apply(&*backend.roster, vec![gone.enrols_with(1, "z", email("zoe@example.org"))]).await;
    apply(&*backend.roster, vec![gone.cancels(2, "y")]).await;
    let (mut count, mut after, mut calls) = (0, None, 0);
    loop {
        let deleted = backend.people.delete_contacts(&event_id(&title), after.as_ref(), 2, at(3)).await.unwrap();
        count += deleted.count;
        calls += 1;
        after = deleted.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((count, calls), (4, 3));
    for number in 0..7 {
        let guest = attendee(backend, &person(&title, &format!("Guest {number}"))).await.unwrap();
        let registration = guest.registration().expect("they are still on the roster");
        assert_eq!((registration.contact.as_ref(), registration.owner.as_str()), (None, &*format!("s{number}")));
    }
    assert_eq!(who_is_in(backend, &title).await.len(), 7);
    let changes = changes_of(backend, &[&title]).await;
    let deletions: Vec<_> =
        changes.iter().filter(|change| change.old.is_some() && change.key.name != gone.key().name).collect();
    assert_eq!(deletions.len(), 4);
    assert!(deletions.iter().all(|change| change.movement().is_none() && !change.needs_reply()), "nobody is notified");
    if backend.clears_earlier_changes {
        let of_others = changes.iter().filter(|change| change.key.name != gone.key().name);
        let images = of_others.flat_map(|change| change.old.iter().chain(&change.new));
        let contacts = images.filter_map(|image| image.registration()?.contact.as_ref());
        assert_eq!(contacts.count(), 0, "the change feed contains no contact");
    }
    let again = backend.people.delete_contacts(&event_id(&title), None, 100, at(4)).await.unwrap();
    assert_eq!((again.count, again.next), (0, None));
}

pub async fn attendee_without_a_contact_can_be_changed(backend: &Backend) {
    let title = unique("Dance");
    let ana = person(&title, "Ana");
    apply(&*backend.roster, vec![ana.enrols_with(1, "a", email("ana@example.org"))]).await;
    backend.people.delete_contacts(&event_id(&title), None, 10, at(2)).await.unwrap();
    let registration = async || attendee(backend, &ana).await.unwrap().registration().unwrap().clone();
    let found = registration().await;
    assert_eq!((found.contact, found.confirmed), (None, false));
    let new = Request::SetContact { registration: id("a"), contact: Some(email("ana@example.com")), confirmed: false };
    apply(&*backend.roster, vec![ana.asks(3, "b", new)]).await;
    assert_eq!(registration().await.contact, Some(email("ana@example.com")));
    apply(&*backend.roster, vec![ana.leaves(4, "c", &id("a"))]).await;
    assert_eq!(who_is_in(backend, &title).await, [""; 0]);
}

fn upkeep_ports(backend: &Backend) -> UpkeepPorts<'_> {
    UpkeepPorts { calendar: &*backend.calendar, events: &*backend.events, people: &*backend.people }
}

/// Creates an event with an end.
async fn create_with_end(backend: &Backend, title: &str, ends_at: Timestamp) -> EventDetails {
    let details = EventDetails::new(event_id(title), content_with_end(title, ends_at), at(1));
    assert_eq!(backend.events.create_event(&details, at(1)).await.unwrap(), Write::Stored);
    backend.catch_up().await;
    details
}

fn content_with_end(title: &str, ends_at: Timestamp) -> Content {
    let local = |time: Timestamp| time.to_string()[..16].to_owned();
    let fields = json!({"title": title, "starts_at": local(ends_at.minus(Duration::from_secs(7_200))),
                        "ends_at": local(ends_at), "zone": "UTC"});
    event_details::from_json(fields.as_object().unwrap()).unwrap()
}

async fn has_contact(backend: &Backend, title: &str) -> bool {
    attendee(backend, &person(title, "Ana")).await.unwrap().registration().unwrap().contact.is_some()
}

pub async fn upkeep_deletes_contacts_of_events_that_are_over(backend: &Backend) {
    let (over, recent) = (unique("Dinner"), unique("Dance"));
    for (title, ends_at) in [(&over, at(0)), (&recent, at(60))] {
        create_with_end(backend, title, ends_at).await;
        apply(&*backend.roster, vec![person(title, "Ana").enrols_with(1, "a", email("ana@example.org"))]).await;
    }
    enter(backend, &event_id(&over), at(0)).await;
    enter(backend, &event_id(&recent), at(60)).await;
    let now = at(0).plus(30 * DAY);
    let clean_up = async |has_time: bool| {
        upkeep::delete_contacts(upkeep_ports(backend), 30 * DAY, now, &|| has_time).await.unwrap()
    };
    assert_eq!(clean_up(false).await, ContactDeletion { count: 0, has_more: true });
    assert!(has_contact(backend, &over).await);
    assert_eq!(clean_up(true).await, ContactDeletion { count: 1, has_more: false });
    assert!(!has_contact(backend, &over).await);
    assert!(has_contact(backend, &recent).await);
    assert_eq!(clean_up(true).await, ContactDeletion::default());
    // The event is still in the list of past events.
    let page = backend.calendar.past(now, None, 1_000).await.unwrap();
    assert!(events(&page).contains(&(event_id(&over), at(0))));
}

pub async fn upkeep_does_not_rely_on_a_calendar_that_lags_behind(backend: &Backend) {
    let (early, second) = (at(0), 200 * 24 * 60 * 60);
    let now = at(second);
    let (moved, active, idle) = (unique("Moved"), unique("Active"), unique("Idle"));
    let details = create_with_end(backend, &moved, early).await;
    let content = content_with_end(&moved, now.plus(DAY));
    let edited = EventDetails { version: 1, content, ..details };
    assert_eq!(backend.events.store_details(&edited, now).await.unwrap(), Write::Stored);
    let signed_up = |title: &str, second| person(title, "Ana").enrols_with(second, "a", email("ana@example.org"));
    for title in [&moved, &idle] {
        apply(&*backend.roster, vec![signed_up(title, 1)]).await;
    }
    apply(&*backend.roster, vec![signed_up(&active, second)]).await;
    for title in [&moved, &active, &idle] {
        enter(backend, &event_id(title), early).await;
    }
    upkeep::delete_contacts(upkeep_ports(backend), 30 * DAY, now, &|| true).await.unwrap();
    assert!(has_contact(backend, &moved).await);
    assert!(has_contact(backend, &active).await);
    assert!(!has_contact(backend, &idle).await);
    let entered = backend.calendar.with_contacts(Timestamp::LATEST, 1_000).await.unwrap();
    let expected = [(&moved, edited.ends_at().unwrap()), (&active, lifetime::over_at(None, at(second)))];
    for (title, over_at) in expected {
        assert!(entered.contains(&CalendarPosition { over_at, event: event_id(title) }), "{title}: {entered:?}");
    }
}

/// Every digest is damaged.
struct DamagedDigests;

#[async_trait]
impl Digests for DamagedDigests {
    async fn digest(&self, _: &EventId) -> Result<Option<Digest>, ReadError> {
        Err(ReadError::Damaged("`version` is missing".to_owned()))
    }

    async fn store(&self, _: &Digest) -> Result<Write, Unavailable> {
        unreachable!("a damaged digest is not stored")
    }

    async fn store_announcing(&self, _: &Digest, _: &EventAnnouncement) -> Result<Write, Unavailable> {
        unreachable!("a damaged digest is not stored")
    }

    async fn due(&self, _: Timestamp, _: usize) -> Result<Vec<(EventId, Timestamp)>, Unavailable> {
        Ok(Vec::new())
    }

    async fn unpark(&self, _: &EventId) -> Result<(), Unavailable> {
        unreachable!("the event is not rebuilt")
    }

    async fn replace_digest(&self, _: &Digest) -> Result<(), Unavailable> {
        unreachable!("the event is not rebuilt")
    }

    async fn park(&self, _: &ParkedEvent) -> Result<(), Unavailable> {
        Ok(())
    }
}

pub async fn parked_event_moves_in_the_calendar(backend: &Backend) {
    let title = unique("Dance");
    let event = event_id(&title);
    apply(&*backend.roster, vec![person(&title, "Ana").joins(1, "a")]).await;
    let position = take_in(backend, &title, at(1)).await;
    let later = at(1).plus(3 * DAY);
    apply(&*backend.roster, vec![person(&title, "Ben").joins(2, "b")]).await;
    let changes: Vec<Change> = all_changes_since(backend, &position, &[&title]).await;
    let ports = EventPorts { digests: &DamagedDigests, ..backend.event_ports() };
    let update = add_to_digests(&changes, ports, &BackoffPolicy::default(), later).await.unwrap();
    assert_eq!(update.parked, 1);
    assert_eq!(over_at(backend, &event).await, Some(lifetime::over_at(None, later)));
}

pub async fn contact_that_comes_after_the_end_is_deleted_too(backend: &Backend) {
    let title = unique("Dinner");
    let event = event_id(&title);
    let fields = json!({"title": title, "starts_at": "2026-11-20T19:00", "ends_at": "2026-11-20T23:00", "zone": "UTC"});
    let content = event_details::from_json(fields.as_object().unwrap()).unwrap();
    let details = EventDetails::new(event.clone(), content, at(1));
    assert_eq!(backend.events.create_event(&details, at(1)).await.unwrap(), Write::Stored);
    let ana = person(&title, "Ana");
    apply(&*backend.roster, vec![ana.enrols(1, "a")]).await;
    let position = take_in(backend, &title, at(2)).await;
    let over = CalendarPosition { over_at: details.ends_at().unwrap(), event };
    assert!(over.over_at < at(2));
    let with_contacts = async || backend.calendar.with_contacts(over.over_at, 1_000).await.unwrap();
    assert!(with_contacts().await.contains(&over));
    backend.calendar.set_contacts_deleted(&over, at(3)).await.unwrap();
    assert!(!with_contacts().await.contains(&over));

    let new = Request::SetContact { registration: id("a"), contact: Some(email("ana@example.org")), confirmed: false };
    apply(&*backend.roster, vec![ana.asks(3, "b", new)]).await;
    take_in_since(backend, &title, &position, at(4)).await;
    assert!(with_contacts().await.contains(&over));
    // Deletions of an earlier end do not count.
    let earlier = CalendarPosition { over_at: over.over_at.minus(DAY), ..over.clone() };
    backend.calendar.set_contacts_deleted(&earlier, at(5)).await.unwrap();
    assert!(with_contacts().await.contains(&over));
}
