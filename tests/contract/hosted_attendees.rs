//! What hosts and the organiser do with the seats of an event, over HTTP.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use countmein::domain::attendee_name::NameKey;
use countmein::domain::event_creators::EventCreators;
use countmein::domain::seat::{Seat, SeatChange, Standing};
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{DamagedRecord, ParkedEvent, Write};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::access::{ORGANISER_KEY, server};
use crate::backend::Backend;
use crate::delivery::announce;
use crate::people::person;
use crate::seats::{Dinner, named};

/// Sends a request as the organiser, and returns the status and the body.
async fn send(dinner: &Dinner<'_>, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(format!("/events/{}/{path}", dinner.details.event))
        .header("authorization", format!("Bearer {ORGANISER_KEY}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = server(dinner.backend, EventCreators::Anyone).oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

pub async fn promotion_raises_the_capacity_after_a_question(backend: &Backend) {
    let mut dinner = Dinner::new(backend, 2).await;
    for (name, guests) in [("ana", 1), ("ben", 0), ("cleo", 1), ("dora", 0)] {
        dinner.sign_up(name, guests).await;
    }
    dinner.take_in().await;
    let (status, problem) = send(&dinner, "POST", "attendees/cleo/promote", json!({})).await;
    assert_eq!((status, problem["title"].as_str()), (StatusCode::CONFLICT, Some("No free place")));
    assert!(problem["detail"].as_str().unwrap().contains("raise the number of places to 4"), "{problem}");
    assert_eq!(dinner.list(Standing::Waiting).await, named(&[("ben", 1), ("cleo", 2), ("dora", 1)]));

    let (status, promoted) = send(&dinner, "POST", "attendees/cleo/promote", json!({"raise_capacity": true})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{promoted}");
    assert_eq!((&promoted["party"], &promoted["capacity"]), (&json!(2), &json!(4)));
    dinner.take_in().await;
    assert_eq!(dinner.list(Standing::Confirmed).await, named(&[("cleo", 2), ("ana", 2)]));
    assert_eq!(dinner.list(Standing::Waiting).await, named(&[("ben", 1), ("dora", 1)]));
    for name in ["ana", "nobody"] {
        let (status, _) = send(&dinner, "POST", &format!("attendees/{name}/promote"), json!({})).await;
        assert_eq!(status, if name == "ana" { StatusCode::CONFLICT } else { StatusCode::NOT_FOUND });
    }
}

pub async fn everybody_who_is_promoted_gets_a_place(backend: &Backend) {
    let mut dinner = Dinner::new(backend, 1).await;
    for (name, guests) in [("ana", 0), ("ben", 0), ("cleo", 1), ("dora", 0), ("emil", 0)] {
        dinner.sign_up(name, guests).await;
    }
    dinner.take_in().await;
    for (name, capacity) in [("dora", 2), ("cleo", 4), ("dora", 4), ("emil", 5)] {
        let path = format!("attendees/{name}/promote");
        let (status, promoted) = send(&dinner, "POST", &path, json!({"raise_capacity": true})).await;
        assert_eq!((status, &promoted["capacity"]), (StatusCode::ACCEPTED, &json!(capacity)), "{name}: {promoted}");
    }
    dinner.take_in().await;
    assert_eq!(dinner.list(Standing::Waiting).await, named(&[("ben", 1)]));
    assert_eq!(dinner.counts().await.taken, 5);

    dinner.cancel().await;
    let (status, _) = send(&dinner, "POST", "attendees/ben/promote", json!({"raise_capacity": true})).await;
    assert_eq!(status, StatusCode::CONFLICT, "a cancelled event needs no places");
}

pub async fn removal_by_a_host_frees_the_place(backend: &Backend) {
    let mut dinner = Dinner::new(backend, 1).await;
    for name in ["ana", "ben"] {
        dinner.sign_up(name, 0).await;
    }
    dinner.take_in().await;
    let (status, _) = send(&dinner, "DELETE", "attendees/ana", json!(null)).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let mut deliveries = Vec::new();
    while deliveries.is_empty() {
        deliveries = backend.queue.receive(10).await.unwrap();
    }
    let now = Timestamp::now();
    backend.ingest(&deliveries, backend.roster.clone(), backend.rejected.clone(), now).await;
    dinner.take_in().await;
    assert_eq!(dinner.list(Standing::Confirmed).await, named(&[("ben", 1)]));
    let title = dinner.details.content.title.to_string();
    assert!(crate::people::attendee(backend, &person(&title, "ana")).await.unwrap().registration().is_none());
}

/// The totals are lost, seats are missing, and others are left although their attendees are gone.
pub async fn rebuild_counts_seats_again(backend: &Backend) {
    let mut dinner = Dinner::new(backend, 3).await;
    for (name, guests) in [("ana", 1), ("ben", 0), ("cleo", 1), ("dora", 0), ("emil", 0)] {
        dinner.sign_up(name, guests).await;
    }
    dinner.take_in().await;
    let event = dinner.details.event.clone();
    let mut digest = backend.digests.digest(&event).await.unwrap().unwrap();
    let seats = dinner.backend.seats.parties_after(&event, None, 100).await.unwrap().parties;
    let of = |name: &str| seats.iter().find(|party| party.key.name.as_str() == name).unwrap().seat.clone();
    let ghost =
        of("emil").map(|emil| Seat { attendee: crate::people::key(event.as_str(), "ghost"), number: 1, ..emil });
    let changes = [SeatChange { old: of("dora"), new: None }, SeatChange { old: None, new: ghost }];
    digest.seats.as_mut().unwrap().begin_recount(false);
    digest.seats.as_mut().unwrap().recount = None;
    assert_eq!(backend.seats.commit(&digest, &changes, Timestamp::now()).await.unwrap(), Write::Stored);
    let parked = ParkedEvent {
        event: event.clone(),
        damaged: DamagedRecord::Change,
        cause: "a test".to_owned(),
        parked_at: Timestamp::now(),
    };
    backend.digests.park(&parked).await.unwrap();

    let (status, requested) = send(&dinner, "POST", "rebuild", json!({})).await;
    assert_eq!((status, &requested["event"]), (StatusCode::ACCEPTED, &json!(event.as_str())));
    let due = backend.digests.due(Timestamp::now(), 10_000).await.unwrap();
    assert!(due.iter().any(|(due, _)| *due == event), "the next pass processes it");
    dinner.sign_up("finn", 0).await;
    announce(backend, dinner.details.content.title.as_str(), Timestamp::now()).await;
    assert_eq!(dinner.list(Standing::Confirmed).await, named(&[("ana", 2), ("ben", 1)]));
    assert_eq!(dinner.list(Standing::Waiting).await, named(&[("cleo", 2), ("emil", 1), ("dora", 1), ("finn", 1)]));
    assert_eq!((dinner.counts().await.taken, dinner.counts().await.waiting), (3, 4));
    dinner.take_in().await;
    let digest = backend.digests.digest(&event).await.unwrap().unwrap();
    assert_eq!((digest.count, digest.rebuild_requested_at), (6, None));
    let removed = NameKey::of("ben").unwrap();
    backend.roster.remove(&removed, Some(&event), Timestamp::now()).await.unwrap();
    dinner.take_in().await;
    assert_eq!(dinner.list(Standing::Confirmed).await, named(&[("ana", 2), ("emil", 1)]));
}

pub async fn rebuild_counts_attendees_without_a_limit(backend: &Backend) {
    let mut dinner = Dinner::unlimited(backend).await;
    for name in ["ana", "ben"] {
        dinner.sign_up(name, 0).await;
    }
    dinner.take_in().await;
    let event = dinner.details.event.clone();
    let digest = backend.digests.digest(&event).await.unwrap().unwrap();
    let wrong = countmein::domain::digest::Digest { count: 17, ..digest };
    assert_eq!(backend.digests.store(&wrong).await.unwrap(), Write::Stored);
    // This change is still on its way.
    dinner.sign_up("cleo", 0).await;
    assert_eq!(send(&dinner, "POST", "rebuild", json!({})).await.0, StatusCode::ACCEPTED);
    announce(backend, dinner.details.content.title.as_str(), Timestamp::now()).await;
    let count = async || backend.digests.digest(&event).await.unwrap().unwrap().count;
    assert_eq!(count().await, 3);
    dinner.take_in().await;
    assert_eq!(count().await, 3, "it was counted already");
    let lost = countmein::domain::digest::Digest::new(event.clone(), "Lost".to_owned());
    backend.digests.replace_digest(&lost).await.unwrap();
    assert_eq!(send(&dinner, "POST", "rebuild", json!({})).await.0, StatusCode::ACCEPTED);
    announce(backend, dinner.details.content.title.as_str(), Timestamp::now()).await;
    assert_eq!(count().await, 3);
}
