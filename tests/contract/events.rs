use countmein::domain::change::{Change, DetailsChange};
use countmein::domain::event::EventId;
use countmein::domain::event_details::{Content, EventDetails, Title};
use countmein::domain::host_link::HostRole;
use countmein::formats::event_details;
use countmein::ports::{Position, StoredDetails, Write};
use serde_json::json;

use crate::backend::Backend;
use crate::people::{apply, at, event_id, person, roster, unique};
use crate::roster::summary;

fn new_event(title: &str) -> EventDetails {
    EventDetails::new(event_id(title), Content::titled(Title::parse(title).expect("it is a title")), at(1))
}

pub async fn details(backend: &Backend, event: &EventId) -> Option<EventDetails> {
    let details = backend.events.details_of(event).await.expect("the backend is there");
    details.map(|details| (*details).clone())
}

async fn create(backend: &Backend, details: &EventDetails) -> EventDetails {
    assert_eq!(backend.events.create_event(details, at(1)).await.expect("the backend is there"), Write::Stored);
    EventDetails { version: 1, ..details.clone() }
}

pub async fn details_are_stored_whole(backend: &Backend) {
    let title = unique("Dinner");
    let fields = json!({
        "title": title, "description": "Bring a chair.\n\nAnd a coat. 🎉", "starts_at": "2026-12-03T19:00",
        "ends_at": "2026-12-03T23:00", "zone": "Europe/Berlin", "place": "Moorweg 3", "guests_per_signup": 2,
        "signups_open_at": "2026-11-01T00:00:00Z", "signups_close_at": "2026-12-02T11:00:00Z",
        "question": "Do you eat meat?", "roster_visible_to": "attendees", "count_visible_to": "hosts",
    });
    let content = event_details::from_json(fields.as_object().unwrap()).unwrap();
    let mut stored = create(backend, &EventDetails { content, ..new_event(&title) }).await;
    assert_eq!(details(backend, &stored.event).await.as_ref(), Some(&stored));
    stored.cancelled_at = Some(at(2));
    stored.archived_at = Some(at(3));
    stored.links.revoke(HostRole::Host);
    assert_eq!(backend.events.store_details(&stored, at(3)).await.unwrap(), Write::Stored);
    assert_eq!(details(backend, &stored.event).await, Some(EventDetails { version: 2, ..stored }));
}

pub async fn created_event_is_listed(backend: &Backend) {
    let title = unique("Dinner");
    assert_eq!(summary(backend, &title).await, None);
    create(backend, &new_event(&title)).await;
    let found = summary(backend, &title).await.expect("it is listed");
    assert_eq!((found.title.as_str(), found.count), (title.as_str(), 0));
    let page = roster(backend, &title, 10, None).await;
    assert_eq!((page.title, page.count, page.attendees), (Some(title), 0, Vec::new()));
}

pub async fn existing_event_is_not_created_again(backend: &Backend) {
    let (with_details, with_attendees, with_tombstone) = (unique("Dinner"), unique("Dance"), unique("Gala"));
    create(backend, &new_event(&with_details)).await;
    apply(&*backend.roster, vec![person(&with_attendees, "Ana").joins(1, "a")]).await;
    apply(&*backend.roster, vec![person(&with_tombstone, "Ana").cancels(1, "a")]).await;
    for title in [with_details, with_attendees, with_tombstone] {
        let again = backend.events.create_event(&new_event(&title), at(2)).await.unwrap();
        assert_eq!(again, Write::Conflict, "{title}");
    }
}

pub async fn stale_details_write_is_refused(backend: &Backend) {
    let stored = create(backend, &new_event(&unique("Dinner"))).await;
    for version in [0, 2] {
        let stale = EventDetails { version, cancelled_at: Some(at(2)), ..stored.clone() };
        assert_eq!(backend.events.store_details(&stale, at(2)).await.unwrap(), Write::Conflict, "{version}");
    }
    assert_eq!(details(backend, &stored.event).await, Some(stored));
    // The organiser adds details to an event that began with a sign-up.
    let title = unique("Dance");
    apply(&*backend.roster, vec![person(&title, "Ana").joins(1, "a")]).await;
    assert_eq!(backend.events.store_details(&new_event(&title), at(2)).await.unwrap(), Write::Stored);
}

pub async fn details_are_read_in_the_order_of_the_request(backend: &Backend) {
    let titles: Vec<String> = (0..3).map(|number| unique(&format!("Dinner {number}"))).collect();
    for title in &titles {
        create(backend, &new_event(title)).await;
    }
    // More than one call to DynamoDB can read.
    let unknown = (0..250).map(|number| event_id(&unique(&format!("Unknown {number}"))));
    let mut asked: Vec<EventId> = unknown.collect();
    asked.insert(249, event_id(&titles[2]));
    asked.insert(7, event_id(&titles[0]));
    asked.insert(3, event_id(&titles[0]));
    asked.push(event_id(&titles[1]));
    let found = backend.events.details(&asked).await.unwrap();
    assert_eq!(found.len(), asked.len());
    for (asked, found) in asked.iter().zip(found) {
        match found {
            StoredDetails::Some(details) => assert_eq!(details.event, *asked),
            StoredDetails::None => assert!(asked.as_str().starts_with("unknown"), "{asked}"),
            other @ (StoredDetails::Deleted(_) | StoredDetails::Damaged(_)) => panic!("{asked}: {other:?}"),
        }
    }
    assert_eq!(backend.events.details(&[]).await.unwrap(), []);
}

pub async fn edited_title_is_shown_at_once(backend: &Backend) {
    let title = unique("Dinner");
    let mut stored = create(backend, &new_event(&title)).await;
    apply(&*backend.roster, vec![person(&title, "Ana").joins(1, "a")]).await;
    stored.content.title = Title::parse("A bigger dinner").unwrap();
    assert_eq!(backend.events.store_details(&stored, at(2)).await.unwrap(), Write::Stored);
    let found = summary(backend, &title).await.expect("it is listed");
    assert_eq!((found.title.as_str(), found.count), ("A bigger dinner", 1));
    assert_eq!(roster(backend, &title, 10, None).await.title.as_deref(), Some("A bigger dinner"));
}

pub async fn event_with_details_stays_without_attendees(backend: &Backend) {
    let title = unique("Dinner");
    create(backend, &new_event(&title)).await;
    let ana = person(&title, "Ana");
    apply(&*backend.roster, vec![ana.joins(1, "a")]).await;
    assert_eq!(summary(backend, &title).await.expect("it is listed").count, 1);
    backend.roster.remove(&ana.key().name, Some(&ana.key().event), at(2)).await.unwrap();
    assert_eq!(summary(backend, &title).await.expect("it is listed").count, 0);
}

pub async fn every_write_of_details_is_one_change(backend: &Backend) {
    let title = unique("Dinner");
    let created = create(backend, &new_event(&title)).await;
    let cancelled = EventDetails { cancelled_at: Some(at(2)), ..created.clone() };
    assert_eq!(backend.events.store_details(&cancelled, at(2)).await.unwrap(), Write::Stored);
    let cancelled = EventDetails { version: 2, ..cancelled };
    let event = created.event.clone();
    let expected = [
        DetailsChange { event: event.clone(), old: None, new: Some(created.clone()) },
        DetailsChange { event: event.clone(), old: Some(created), new: Some(cancelled) },
    ];
    let (mut found, mut position) = (Vec::new(), Position::Start);
    loop {
        let page = backend.changes.changes(&position, 100).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        position = last.clone();
        found.extend(page.into_iter().filter_map(|(_, change)| match change.expect("it is readable") {
            Change::Details(change) if change.event == event => Some(change),
            _ => None,
        }));
    }
    assert_eq!(found, expected);
}
