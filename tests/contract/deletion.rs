//! Deleting an event over HTTP, and what may come late.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::http::{self, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countmein::domain::attendee::Attendee;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::contact_id::ContactId;
use countmein::domain::deleted_event::{DeletedEvent, DeletionState};
use countmein::domain::event::EventId;
use countmein::domain::event_creators::EventCreators;
use countmein::domain::event_details::{Content, EventDetails, Title};
use countmein::domain::host_link::HostRole;
use countmein::domain::manage_link::ManageToken;
use countmein::domain::new_event_id::unlisted;
use countmein::domain::opt_in::{OptIn, Scope};
use countmein::domain::opt_in_link::OptInToken;
use countmein::domain::registration::RegistrationKey;
use countmein::domain::signup::{Request, Signup, SignupId, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::fanout;
use countmein::formats::message;
use countmein::ingest::Outcome;
use countmein::ports::{
    AttendeeSignups, DamagedRecord, DeletedAttendees, Deletion, Deletions, Delivery, Events, ParkedEvent, Position,
    RejectedMessage, StoredDetails, Unavailable, Write,
};
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::ServiceExt as _;

use crate::access::{ORGANISER_KEY, contact_secret, server, token_secret};
use crate::announcements::{announce, announcement, latest};
use crate::backend::{BATCH_TIME, Backend};
use crate::buttons::{button, register};
use crate::ingest::{delivery, message_id, run};
use crate::people::{
    Person, all_changes_since, apply, apply_each, at, attendee, batch, email, event_id, person, roster, unique,
    who_is_in,
};
use crate::roster::summary;

/// Sends a request to a server on the backend. Returns the status and the body, if it is JSON.
async fn request(
    backend: &Backend,
    (method, uri): (&str, &str),
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> (StatusCode, Value) {
    let mut request = http::Request::builder()
        .method(method)
        .uri(uri)
        .header("content-type", "application/json")
        .header("accept", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let router = server(backend, EventCreators::Anyone);
    let response = router.oneshot(request.body(body).expect("it is a request")).await.expect("the router cannot fail");
    let status = response.status();
    let mut answer = json!({"etag": response.headers().get("etag").and_then(|etag| etag.to_str().ok())});
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("there is a body");
    if let Ok(Value::Object(fields)) = serde_json::from_slice(&body) {
        answer.as_object_mut().expect("it is an object").extend(fields);
    }
    (status, answer)
}

async fn as_organiser(backend: &Backend, call: (&str, &str), body: Option<&Value>) -> (StatusCode, Value) {
    let key = format!("Bearer {ORGANISER_KEY}");
    request(backend, call, &[("authorization", &key)], body).await
}

async fn get(backend: &Backend, uri: &str) -> (StatusCode, Value) {
    request(backend, ("GET", uri), &[], None).await
}

/// Deletes an event in as many requests as it takes. Returns the number of deleted entries, and of requests.
async fn delete(backend: &Backend, event: &EventId) -> (u64, usize) {
    let (mut removed, mut requests, mut cursor) = (0, 0, String::new());
    loop {
        let uri = format!("/events/{event}?confirm={event}{cursor}");
        let (status, answer) = as_organiser(backend, ("DELETE", &uri), None).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        removed += answer["removed"].as_u64().expect("it is a number");
        requests += 1;
        match answer["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (removed, requests),
        }
    }
}

/// Processes all changes so far as a consumer of the feed does, although it may have processed them already.
async fn process_changes(backend: &Backend) {
    backend.catch_up().await;
    let page = backend.changes.changes(&Position::Start, 10_000).await.expect("the backend is there");
    let changes = page.into_iter().map(|(_, change)| change).collect();
    fanout::take_in(changes, backend.event_ports(), &BackoffPolicy::default(), Timestamp::now())
        .await
        .expect("the backend is there");
}

pub async fn marker(backend: &Backend, event: &EventId) -> Option<DeletedEvent> {
    match backend.events.stored(event).await.expect("the backend is there") {
        StoredDetails::Deleted(deleted) => Some((*deleted).clone()),
        _ => None,
    }
}

/// Waits until the id of a deleted event is free again.
async fn wait_until_free(backend: &Backend, event: &EventId) {
    let deleted = marker(backend, event).await.expect("it is deleted");
    assert_eq!(deleted.state, DeletionState::Complete);
    let now = Timestamp::now();
    if deleted.deleted_at >= now {
        tokio::time::sleep(deleted.deleted_at.since(now) + Duration::from_millis(2)).await;
    }
}

async fn create(backend: &Backend, title: &str) -> Value {
    let (status, created) = request(backend, ("POST", "/events"), &[], Some(&json!({"title": title}))).await;
    assert_eq!(status, StatusCode::CREATED, "{created}");
    created
}

/// The token at the end of the host's link of a created event.
fn host_token(created: &Value) -> String {
    created["host"].as_str().and_then(|link| link.rsplit('/').next()).expect("there is a link").to_owned()
}

fn delivered(signup: &Signup) -> Delivery {
    delivery(&message_id(), &message::write(signup))
}

/// A sign-up whose id says its time, as a server makes it.
fn signs_up_at(person: &Person, requested_at: Timestamp) -> Signup {
    let mut signup = person.enrols(0, "a");
    signup.version.requested_at = requested_at;
    signup.version.id = SignupId::new(requested_at);
    signup
}

const DELETED: &str = "this event was deleted; ask its host";

pub async fn nothing_is_left_of_a_deleted_event(backend: &Backend) {
    let (dinner, dance) = (unique("Dinner"), unique("Dance"));
    create(backend, &dinner).await;
    let (id, other) = (event_id(&dinner), event_id(&dance));
    let contact = email("ana@example.org");
    for title in [&dinner, &dance] {
        let [ana, ben] = ["Ana", "Ben"].map(|name| person(title, name));
        let reject = RejectedMessage {
            id: message_id(),
            latest_message: String::new(),
            count: 1,
            body: json!({"event": title, "name": ""}).to_string(),
            reason: "`name` is empty".to_owned(),
            arrived_at: at(1),
            rejected_at: at(1),
        };
        apply_each(&*backend.roster, [ana.enrols_with(1, "a", contact.clone()), ben.enrols(1, "b")]).await;
        apply(&*backend.roster, vec![ben.cancels(2, "c")]).await;
        backend.rejected.put(vec![reject]).await.expect("the backend is there");
        register(backend, &button(&unique("button"), title, "Ana")).await;
        let (event, cause) = (event_id(title), String::new());
        let parked = ParkedEvent { event, damaged: DamagedRecord::Change, cause, parked_at: at(3) };
        backend.digests.park(&parked).await.expect("the backend is there");
    }
    let opt_in = ContactId::of(&contact, &contact_secret());
    let _ =
        backend.contacts.set_opt_in(&opt_in, None, OptIn::Confirmed(Scope::All)).await.expect("the backend is there");
    process_changes(backend).await;
    assert!(summary(backend, &dinner).await.is_some());
    for title in [&dinner, &dance] {
        announce(backend, title, &[announcement(title, Timestamp::now())]).await;
    }

    // Ana, Ben's tombstone, the reject and the button.
    assert_eq!(delete(backend, &id).await, (4, 1));

    process_changes(backend).await;
    for name in ["Ana", "Ben"] {
        assert_eq!(attendee(backend, &person(&dinner, name)).await, None);
        assert!(attendee(backend, &person(&dance, name)).await.is_some());
    }
    assert_eq!(summary(backend, &dinner).await, None);
    assert_eq!(backend.digests.digest(&id).await.expect("it is readable"), None);
    assert_eq!(roster(backend, &dinner, 10, None).await.title, None);
    let rejects = backend.rejected.list(100, None).await.expect("the backend is there");
    let rejects: Vec<_> = rejects.iter().filter_map(RejectedMessage::event).collect();
    assert!(!rejects.contains(&id) && rejects.contains(&other));
    let buttons = backend.buttons.registered(100, None).await.expect("the backend is there");
    let buttons: BTreeSet<&str> = buttons.iter().map(|button| button.event.id().as_str()).collect();
    assert!(!buttons.contains(id.as_str()) && buttons.contains(other.as_str()));
    if backend.clears_earlier_changes {
        let changes = all_changes_since(backend, &Position::Start, &[&dinner]).await;
        assert!(changes.iter().all(|change| change.attendee().is_none()), "{changes:?}");
    }
    assert_eq!(latest(backend, &dinner, 10).await, []);
    assert_eq!(latest(backend, &dance, 10).await.len(), 1);
    assert_eq!(who_is_in(backend, &dance).await, ["Ana"]);
    assert_eq!(
        backend.contacts.opt_in(&opt_in).await.expect("the backend is there"),
        Some(OptIn::Confirmed(Scope::All))
    );
    let deleted = marker(backend, &id).await.expect("the marker stays");
    assert_eq!((deleted.state, deleted.version), (DeletionState::Complete, 3));
}

pub async fn deletion_needs_its_confirmation_and_the_right_version(backend: &Backend) {
    let title = unique("Dinner & Dance");
    let created = create(backend, &title).await;
    let (event, key) = (created["event"].as_str().expect("it has an id"), format!("Bearer {ORGANISER_KEY}"));
    let send = async |query: &str, version: &str| {
        let headers = [("authorization", key.as_str()), ("if-match", version)];
        request(backend, ("DELETE", &format!("/events/{event}{query}")), &headers, None).await
    };
    let (status, problem) = send("", "*").await;
    assert_eq!(
        (status, &problem["type"]),
        (StatusCode::PRECONDITION_REQUIRED, &json!("urn:countmein:problem:confirmation-needed"))
    );
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(&title)), "{problem}");
    let (status, problem) = send("?confirm=dance", "*").await;
    assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("confirm")));
    assert_eq!(send(&format!("?confirm={event}"), "\"7\"").await.0, StatusCode::PRECONDITION_FAILED);
    assert_eq!(send(&format!("?confirm={event}&cursor=x"), "*").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(get(backend, &format!("/events/{event}")).await.0, StatusCode::OK, "it is not deleted");
    let by_title = title.replace(' ', "%20").replace('&', "%26");
    assert_eq!(
        send(&format!("?confirm={by_title}"), created["etag"].as_str().expect("it has one")).await.0,
        StatusCode::OK
    );
    assert_eq!(get(backend, &format!("/events/{event}")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(send(&format!("?confirm={event}"), "*").await.0, StatusCode::NOT_FOUND, "there is nothing to delete");
}

pub async fn late_request_does_not_bring_a_deleted_event_back(backend: &Backend) {
    for with_details in [true, false] {
        let title = unique("Dinner");
        if with_details {
            create(backend, &title).await;
        }
        let [ana, ben] = ["Ana", "Ben"].map(|name| person(&title, name));
        apply(&*backend.roster, vec![ana.joins(1, "a")]).await;
        process_changes(backend).await;
        delete(backend, &event_id(&title)).await;

        let requests = [
            ben.joins(2, "b"),
            ana.cancels(2, "c"),
            ana.leaves(2, "d", &crate::people::id("a")),
            ana.asks(2, "e", Request::SendLink),
        ];
        let late: Vec<_> = requests.iter().map(delivered).collect();
        assert_eq!(run(backend, &late).await, vec![Outcome::Rejected(DELETED.to_owned()); 4]);

        process_changes(backend).await;
        assert_eq!(summary(backend, &title).await, None);
        for person in [&ana, &ben] {
            assert_eq!(attendee(backend, person).await, None);
        }
    }
}

pub async fn late_attendee_is_deleted_with_its_change(backend: &Backend) {
    let title = unique("Dinner");
    create(backend, &title).await;
    let (ana, ben) = (person(&title, "Ana"), person(&title, "Ben"));
    apply(&*backend.roster, vec![ana.joins(1, "a")]).await;
    process_changes(backend).await;
    delete(backend, &event_id(&title)).await;

    // A process that read the details before the deletion stores what it admitted then.
    apply(&*backend.roster, vec![ben.joins(2, "b")]).await;
    process_changes(backend).await;
    assert_eq!(attendee(backend, &ben).await, None);
    assert_eq!(summary(backend, &title).await, None);

    // The event begins anew, and then more comes late.
    let later = signs_up_at(&ana, Timestamp::now().plus(Duration::from_secs(60)));
    apply(&*backend.roster, vec![later]).await;
    apply(&*backend.roster, vec![ben.joins(3, "c")]).await;
    process_changes(backend).await;
    assert_eq!(who_is_in(backend, &title).await, ["Ana"]);
    assert_eq!(summary(backend, &title).await.expect("it is listed").count, 1);
}

pub async fn deleted_event_is_not_found(backend: &Backend) {
    let title = unique("Dinner");
    let created = create(backend, &title).await;
    let (id, host) = (event_id(&title), host_token(&created));
    let path = format!("/events/{id}");
    let (status, signed_up) =
        request(backend, ("POST", &format!("{path}/signups")), &[], Some(&json!({"name": "Ana"}))).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{signed_up}");
    let signup_id = SignupId::parse(signed_up["id"].as_str().expect("it has an id")).expect("it is an id");
    let ana = person(&title, "Ana");
    let signup = Signup {
        version: Version { id: signup_id.clone(), requested_at: signup_id.created_at().expect("it has a time") },
        ..ana.joins(1, "a")
    };
    apply(&*backend.roster, vec![signup]).await;
    let manage = signed_up["manage"].as_str().and_then(|link| link.rsplit('/').next()).expect("there is a link");
    let pages = [
        path.clone(),
        format!("{path}/attendees"),
        format!("{path}/attendees/Ana"),
        format!("{path}/host/{host}"),
        format!("{path}/host/{host}/delete"),
        format!("{path}/manage/{manage}"),
    ];
    for page in &pages {
        assert_eq!(get(backend, page).await.0, StatusCode::OK, "{page}");
    }

    for state in [DeletionState::InProgress, DeletionState::Complete] {
        match state {
            DeletionState::InProgress => begin(backend, &id).await,
            DeletionState::Complete => drop(delete(backend, &id).await),
        }
        for page in &pages {
            // The host can continue a deletion.
            let expected = match state {
                DeletionState::InProgress if page.ends_with("/delete") => StatusCode::OK,
                _ => StatusCode::NOT_FOUND,
            };
            assert_eq!(get(backend, page).await.0, expected, "{page} {state:?}");
        }
        let cancel = json!({"action": "cancel"});
        assert_eq!(
            request(backend, ("POST", pages.last().expect("there is one")), &[], Some(&cancel)).await.0,
            StatusCode::NOT_FOUND
        );
        assert_eq!(as_organiser(backend, ("GET", &path), None).await.0, StatusCode::NOT_FOUND);
        if state == DeletionState::InProgress {
            let name = json!({"name": "Ana"});
            let link = request(backend, ("POST", &format!("{path}/link")), &[], Some(&name)).await;
            assert_eq!(link.0, StatusCode::NOT_FOUND);
        }
        let links = (("POST", format!("{path}/links")), json!({"role": "host"}));
        let (links, status) =
            (as_organiser(backend, (links.0.0, &links.0.1), Some(&links.1)).await, StatusCode::NOT_FOUND);
        assert_eq!(links.0, status);
    }
}

/// Stores the marker of a deletion that goes no further.
async fn begin(backend: &Backend, event: &EventId) {
    let details = backend.events.details_of(event).await.expect("they are readable");
    let deleted = DeletedEvent {
        event: event.clone(),
        deleted_at: Timestamp::now(),
        state: DeletionState::InProgress,
        links: details.as_ref().map(|details| details.links).unwrap_or_default(),
        version: details.map_or(0, |details| details.version),
    };
    let stored = backend.events.store_deletion(&deleted, Timestamp::now()).await;
    assert_eq!(stored.expect("the backend is there"), Write::Stored);
}

pub async fn requests_during_a_deletion_are_refused(backend: &Backend) {
    let title = unique("Dinner");
    create(backend, &title).await;
    let (id, ben) = (event_id(&title), person(&title, "Ben"));
    begin(backend, &id).await;
    let later = signs_up_at(&ben, Timestamp::now().plus(Duration::from_secs(60)));
    let outcomes = run(backend, &[delivery(&message_id(), &message::write(&later))]).await;
    assert_eq!(outcomes, [Outcome::Rejected(DELETED.to_owned())]);
    let sign_up = (("POST", format!("/events/{id}/signups")), json!({"name": "Ben"}));
    assert_eq!(request(backend, (sign_up.0.0, &sign_up.0.1), &[], Some(&sign_up.1)).await.0, StatusCode::NOT_FOUND);
    // The id is taken until the deletion is complete.
    assert_ne!(create(backend, &title).await["event"], json!(id.as_str()));
}

pub async fn new_event_gets_nothing_of_the_deleted_one(backend: &Backend) {
    let title = unique("Dinner");
    let before = create(backend, &title).await;
    let (id, ana) = (event_id(&title), person(&title, "Ana"));
    let old = signs_up_at(&ana, Timestamp::now());
    let old_link = format!("/events/{id}/manage/{}", ManageToken::of(&old).sign(&token_secret()));
    apply(&*backend.roster, vec![old.clone()]).await;
    process_changes(backend).await;
    delete(backend, &id).await;
    wait_until_free(backend, &id).await;

    let after = create(backend, &title).await;

    assert_eq!(after["event"], json!(id.as_str()), "the id is free again");
    let path = format!("/events/{id}");
    let host = format!("Bearer {}", host_token(&before));
    let edit = json!({"place": "Hall 2"});
    let with_old_link =
        request(backend, ("PATCH", &path), &[("authorization", &host), ("if-match", "*")], Some(&edit)).await;
    assert_eq!(with_old_link.0, StatusCode::UNAUTHORIZED);
    let host = format!("Bearer {}", host_token(&after));
    let old_version = before["etag"].as_str().expect("it has one");
    for (version, expected) in [
        (old_version, StatusCode::PRECONDITION_FAILED),
        ("\"0\"", StatusCode::PRECONDITION_FAILED),
        (after["etag"].as_str().expect("it has one"), StatusCode::OK),
    ] {
        let (status, _) =
            request(backend, ("PATCH", &path), &[("authorization", &host), ("if-match", version)], Some(&edit)).await;
        assert_eq!(status, expected, "{version}");
    }
    assert_eq!(get(backend, &old_link).await.0, StatusCode::NOT_FOUND);
    let late = person(&title, "Ben").joins(2, "b");
    assert_eq!(run(backend, &[delivered(&late)]).await, [Outcome::Rejected(DELETED.to_owned())]);
    let new = signs_up_at(&ana, Timestamp::now().plus(Duration::from_millis(5)));
    apply(&*backend.roster, vec![new.clone()]).await;
    process_changes(backend).await;
    assert_eq!(who_is_in(backend, &title).await, ["Ana"]);
    assert_eq!(summary(backend, &title).await.expect("it is listed").count, 1);
    let new_link = format!("/events/{id}/manage/{}", ManageToken::of(&new).sign(&token_secret()));
    assert_eq!(get(backend, &new_link).await.0, StatusCode::OK);
    assert_eq!(get(backend, &old_link).await.0, StatusCode::NOT_FOUND);

    delete(backend, &id).await;
    process_changes(backend).await;
    assert_eq!(get(backend, &path).await.0, StatusCode::NOT_FOUND);
    assert_eq!(attendee(backend, &ana).await, None);
}

pub async fn sign_up_begins_the_event_anew(backend: &Backend) {
    let title = unique("Dinner");
    let (id, ana) = (event_id(&title), person(&title, "Ana"));
    apply(&*backend.roster, vec![ana.joins(1, "a")]).await;
    process_changes(backend).await;
    let path = format!("/events/{id}");
    let before = get(backend, &path).await.1;
    assert_eq!(before["etag"], json!("\"0\""));
    delete(backend, &id).await;
    assert_eq!(get(backend, &path).await.0, StatusCode::NOT_FOUND);
    wait_until_free(backend, &id).await;

    let sign_up = json!({"name": "Ana"});
    let (status, _) = request(backend, ("POST", &format!("{path}/signups")), &[], Some(&sign_up)).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    apply(&*backend.roster, vec![signs_up_at(&ana, Timestamp::now())]).await;
    process_changes(backend).await;

    let (status, after) = get(backend, &path).await;
    assert_eq!((status, &after["count"]), (StatusCode::OK, &json!(1)));
    let key = format!("Bearer {ORGANISER_KEY}");
    for (version, expected) in
        [("\"0\"", StatusCode::PRECONDITION_FAILED), (after["etag"].as_str().expect("it has one"), StatusCode::OK)]
    {
        let headers = [("authorization", key.as_str()), ("if-match", version)];
        let (status, _) = request(backend, ("PATCH", &path), &headers, Some(&json!({"place": "Hall 2"}))).await;
        assert_eq!(status, expected, "{version}");
    }
    assert_eq!(who_is_in(backend, &title).await, ["Ana"]);
}

pub async fn nothing_begins_a_deleted_unlisted_event(backend: &Backend) {
    let id = unlisted("dinner");
    let content = Content::titled(Title::parse("Dinner").expect("it is a title"));
    let details = EventDetails::new(id.clone(), content, at(0));
    assert_eq!(backend.events.create_event(&details, at(0)).await.expect("the backend is there"), Write::Stored);
    delete(backend, &id).await;
    let later = signs_up_at(&person(id.as_str(), "Ana"), Timestamp::now().plus(Duration::from_secs(60)));
    let outcomes = run(backend, &[delivered(&later)]).await;
    assert_eq!(outcomes, [Outcome::Rejected(DELETED.to_owned())]);
    let (status, _) =
        request(backend, ("POST", &format!("/events/{id}/signups")), &[], Some(&json!({"name": "Ana"}))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    apply(&*backend.roster, vec![later]).await;
    process_changes(backend).await;
    assert_eq!(who_is_in(backend, id.as_str()).await, [""; 0]);
}

pub async fn nobody_is_notified_about_a_deletion(backend: &Backend) {
    let title = unique("Dinner");
    create(backend, &title).await;
    let (id, people) = (event_id(&title), ["Ana", "Ben", "Cleo"].map(|name| person(&title, name)));
    apply_each(&*backend.roster, people.iter().map(|person| person.joins(1, "a"))).await;
    process_changes(backend).await;
    let now = Timestamp::now();
    let changes = all_changes_since(backend, &Position::Start, &[&title]).await;
    let policy = BackoffPolicy::default();
    fanout::add_to_digests(&changes, backend.event_ports(), &policy, now).await.expect("the backend is there");
    let is_due = async || {
        let due = backend.digests.due(now.plus(Duration::from_secs(86_400)), 100).await.expect("the backend is there");
        due.iter().any(|(event, _)| *event == id)
    };
    assert!(is_due().await, "the sign-ups are not announced yet");

    delete(backend, &id).await;

    process_changes(backend).await;
    assert!(!is_due().await);
    assert_eq!(crate::delivery::send(backend, &title, now).await, []);
    // A consumer that had read the changes before may create a digest again.
    fanout::add_to_digests(&changes, backend.event_ports(), &policy, now).await.expect("the backend is there");
    process_changes(backend).await;
    assert!(!is_due().await);
    assert_eq!(summary(backend, &title).await, None);
}

pub async fn large_event_is_deleted_in_parts(backend: &Backend) {
    let title = unique("Gala");
    create(backend, &title).await;
    let guests = 2_500;
    let batches = (0..guests).map(|number| batch(vec![person(&title, &format!("!Guest {number}")).enrols(1, "a")]));
    let batches: Vec<AttendeeSignups> = batches.collect();
    for part in batches.chunks(500) {
        let applied = backend.roster.apply(part.to_vec(), at(0), Instant::now() + BATCH_TIME).await;
        assert!(applied.iter().all(Result::is_ok));
    }
    backend.catch_up().await;
    let (removed, _) = delete(backend, &event_id(&title)).await;
    assert_eq!(removed, guests);
    assert_eq!(roster(backend, &title, 10, None).await.attendees, []);
    assert_eq!(summary(backend, &title).await, None);
}

pub async fn attendee_from_a_clock_ahead_is_deleted(backend: &Backend) {
    let title = unique("Dinner");
    create(backend, &title).await;
    let ana = person(&title, "Ana");
    let ahead = Timestamp::now().plus(Duration::from_secs(3_600));
    apply(&*backend.roster, vec![signs_up_at(&ana, ahead)]).await;
    process_changes(backend).await;
    assert_eq!(delete(backend, &event_id(&title)).await.0, 1);
    assert_eq!(attendee(backend, &ana).await, None);
    let deleted = marker(backend, &event_id(&title)).await.expect("there is a marker");
    assert_eq!((deleted.state, deleted.deleted_at), (DeletionState::Complete, ahead));
}

/// Fails one call of a deletion: before it takes effect, or after.
struct Failing {
    backend: Backend,
    calls: AtomicUsize,
    failing_call: usize,
    takes_effect: bool,
}

impl Failing {
    async fn call<T>(&self, work: impl Future<Output = Result<T, Unavailable>>) -> Result<T, Unavailable> {
        let is_failing = self.calls.fetch_add(1, Ordering::Relaxed) == self.failing_call;
        let failed = || Err(Unavailable { doing: "deleting an event", cause: "of the test".to_owned() });
        if is_failing && !self.takes_effect {
            return failed();
        }
        let result = work.await;
        if is_failing { failed() } else { result }
    }
}

#[async_trait]
impl Deletions for Failing {
    async fn delete_event_state(&self, event: &EventId, now: Timestamp) -> Result<(), Unavailable> {
        self.call(self.backend.deletions.delete_event_state(event, now)).await
    }

    async fn delete_digest_without_attendees(&self, event: &EventId) -> Result<(), Unavailable> {
        self.call(self.backend.deletions.delete_digest_without_attendees(event)).await
    }

    async fn delete_attendees(&self, deleted: &DeletedEvent, limit: usize) -> Result<DeletedAttendees, Unavailable> {
        self.call(self.backend.deletions.delete_attendees(deleted, limit)).await
    }

    async fn delete_late_attendee(&self, attendee: &Attendee, now: Timestamp) -> Result<Deletion, Unavailable> {
        self.call(self.backend.deletions.delete_late_attendee(attendee, now)).await
    }
}

#[async_trait]
impl Events for Failing {
    async fn details(&self, events: &[EventId]) -> Result<Vec<StoredDetails>, Unavailable> {
        self.backend.events.details(events).await
    }

    async fn create_event(&self, details: &EventDetails, now: Timestamp) -> Result<Write, Unavailable> {
        self.backend.events.create_event(details, now).await
    }

    async fn store_details(&self, details: &EventDetails, now: Timestamp) -> Result<Write, Unavailable> {
        self.backend.events.store_details(details, now).await
    }

    async fn store_deletion(&self, deleted: &DeletedEvent, now: Timestamp) -> Result<Write, Unavailable> {
        self.call(self.backend.events.store_deletion(deleted, now)).await
    }
}

pub async fn interrupted_deletion_is_continued(backend: &Backend) {
    let mut failures = 0;
    for takes_effect in [false, true] {
        for failing_call in 0.. {
            let title = unique("Dinner");
            create(backend, &title).await;
            let id = event_id(&title);
            for name in ["Ana", "Ben"] {
                apply(&*backend.roster, vec![person(&title, name).joins(1, "a")]).await;
            }
            register(backend, &button(&unique("button"), &title, "Ana")).await;
            process_changes(backend).await;
            let calls = AtomicUsize::new(0);
            let failing = Arc::new(Failing { backend: backend.clone(), calls, failing_call, takes_effect });
            let mut interrupted = backend.clone();
            (interrupted.ports.events, interrupted.ports.deletions) = (failing.clone(), failing);
            let uri = format!("/events/{id}?confirm={id}");
            let (status, _) = as_organiser(&interrupted, ("DELETE", &uri), None).await;
            if status != StatusCode::SERVICE_UNAVAILABLE {
                assert_eq!(status, StatusCode::OK);
                break;
            }
            failures += 1;
            let is_complete = marker(backend, &id).await.is_some_and(|marker| marker.state == DeletionState::Complete);
            if !is_complete {
                delete(backend, &id).await;
            }
            process_changes(backend).await;
            assert_eq!(get(backend, &format!("/events/{id}")).await.0, StatusCode::NOT_FOUND, "{failing_call}");
            assert_eq!(roster(backend, &title, 10, None).await.attendees, [], "{failing_call}");
            assert_eq!(summary(backend, &title).await, None, "{failing_call}");
            let state = marker(backend, &id).await.map(|marker| marker.state);
            assert_eq!(state, Some(DeletionState::Complete), "{failing_call}");
        }
    }
    assert!(failures >= 10, "{failures}");
}

pub async fn concurrent_sign_ups_leave_nothing(backend: &Backend) {
    let title = unique("Dinner");
    create(backend, &title).await;
    let id = event_id(&title);
    let sign_ups = async |first: usize| {
        for number in (first..first + 60).step_by(3) {
            let batch: Vec<_> = (number..number + 3)
                .map(|number| delivered(&person(&title, &format!("Guest {number}")).joins(1, "a")))
                .collect();
            for outcome in run(backend, &batch).await {
                assert!(matches!(&outcome, Outcome::Stored | Outcome::Rejected(_)), "{outcome:?}");
            }
        }
    };
    let deletions = async || {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let uri = format!("/events/{id}?confirm={id}");
        // One of them may find that the other has completed the deletion.
        tokio::join!(as_organiser(backend, ("DELETE", &uri), None), as_organiser(backend, ("DELETE", &uri), None));
    };
    tokio::join!(sign_ups(0), sign_ups(100), deletions());
    process_changes(backend).await;
    process_changes(backend).await;
    assert_eq!(roster(backend, &title, 10, None).await.attendees, []);
    assert_eq!(summary(backend, &title).await, None);
    assert_eq!(get(backend, &format!("/events/{id}")).await.0, StatusCode::NOT_FOUND);
}

pub async fn host_continues_a_deletion(backend: &Backend) {
    let title = unique("Dinner");
    let created = create(backend, &title).await;
    let (id, token) = (event_id(&title), host_token(&created));
    apply(&*backend.roster, vec![person(&title, "Ana").joins(1, "a")]).await;
    let path = format!("/events/{id}/host/{token}/delete");
    assert_eq!(request(backend, ("POST", &path), &[], Some(&json!({}))).await.0, StatusCode::PRECONDITION_REQUIRED);
    begin(backend, &id).await;
    let co_host = backend.events.stored(&id).await.expect("the backend is there");
    let StoredDetails::Deleted(deleted) = co_host else { panic!("{co_host:?}") };
    let co_host = deleted.links.sign(&id, HostRole::CoHost, &token_secret());
    let path_of_co_host = format!("/events/{id}/host/{co_host}/delete");
    assert_eq!(request(backend, ("POST", &path_of_co_host), &[], Some(&json!({}))).await.0, StatusCode::FORBIDDEN);
    assert_eq!(request(backend, ("POST", &path), &[], Some(&json!({}))).await.0, StatusCode::OK);
    assert_eq!(marker(backend, &id).await.expect("there is a marker").state, DeletionState::Complete);
    assert_eq!(attendee(backend, &person(&title, "Ana")).await, None);
}

/// The cursor of a position, as it would be without a signature.
fn forged_cursor(position: &Value) -> String {
    URL_SAFE_NO_PAD.encode(position.to_string())
}

pub async fn forged_cursor_skips_nothing(backend: &Backend) {
    for position in [json!({"in": "rejects", "after": null}), json!({"in": "rejects", "after": null, "tag": "x"})] {
        let title = unique("Dinner");
        create(backend, &title).await;
        let id = event_id(&title);
        apply(&*backend.roster, vec![person(&title, "Ana").joins(1, "a")]).await;
        let serial = unique("button");
        register(backend, &button(&serial, &title, "Ana")).await;
        process_changes(backend).await;
        begin(backend, &id).await;
        let uri = format!("/events/{id}?confirm={id}&cursor={}", forged_cursor(&position));
        let (status, answer) = as_organiser(backend, ("DELETE", &uri), None).await;
        assert_eq!((status, &answer["next"]), (StatusCode::OK, &Value::Null));
        assert_eq!(attendee(backend, &person(&title, "Ana")).await, None);
        let buttons = backend.buttons.registered(1_000, None).await.expect("the backend is there");
        assert!(buttons.iter().all(|button| *button.event.id() != id));
        assert_eq!(marker(backend, &id).await.expect("there is a marker").state, DeletionState::Complete);
    }
}

/// Stores an attendee after the last page of attendees was deleted, as a process does that does not know of the deletion.
struct LateAttendee {
    backend: Backend,
    signup: Signup,
    calls: AtomicUsize,
}

#[async_trait]
impl Deletions for LateAttendee {
    async fn delete_event_state(&self, event: &EventId, now: Timestamp) -> Result<(), Unavailable> {
        self.backend.deletions.delete_event_state(event, now).await
    }

    async fn delete_digest_without_attendees(&self, event: &EventId) -> Result<(), Unavailable> {
        self.backend.deletions.delete_digest_without_attendees(event).await
    }

    async fn delete_attendees(&self, deleted: &DeletedEvent, limit: usize) -> Result<DeletedAttendees, Unavailable> {
        let page = self.backend.deletions.delete_attendees(deleted, limit).await;
        if self.calls.fetch_add(1, Ordering::Relaxed) == 0 {
            apply(&*self.backend.roster, vec![self.signup.clone()]).await;
        }
        page
    }

    async fn delete_late_attendee(&self, attendee: &Attendee, now: Timestamp) -> Result<Deletion, Unavailable> {
        self.backend.deletions.delete_late_attendee(attendee, now).await
    }
}

pub async fn complete_deletion_has_no_attendees(backend: &Backend) {
    for seconds in [0, 60] {
        let title = unique("Dinner");
        create(backend, &title).await;
        let (id, ana) = (event_id(&title), person(&title, "Ana"));
        let signup = signs_up_at(&ana, Timestamp::now().plus(Duration::from_secs(seconds)));
        let late = LateAttendee { backend: backend.clone(), signup, calls: AtomicUsize::new(0) };
        let mut deleting = backend.clone();
        deleting.ports.deletions = Arc::new(late);
        let (removed, _) = delete(&deleting, &id).await;
        assert_eq!(marker(backend, &id).await.expect("there is a marker").state, DeletionState::Complete);
        assert_eq!((removed, attendee(backend, &ana).await), (1, None), "{seconds}");
    }
}

pub async fn cursor_deletes_no_existing_event(backend: &Backend) {
    let title = unique("Dinner");
    let created = create(backend, &title).await;
    let (id, token) = (event_id(&title), host_token(&created));
    let cursor = forged_cursor(&json!({"in": "attendees"}));
    let form = format!("/events/{id}/host/{token}/delete");
    for confirm in ["", &format!("confirm={id}&")] {
        let uri = format!("/events/{id}?{confirm}cursor={cursor}");
        let (status, problem) = as_organiser(backend, ("DELETE", &uri), None).await;
        assert_eq!(status, StatusCode::CONFLICT, "{problem}");
        let detail = problem["detail"].as_str().expect("it has a detail");
        assert!(detail.contains(&title) && detail.contains("no `cursor`"), "{detail}");
    }
    for fields in [json!({"cursor": cursor}), json!({"cursor": cursor, "confirm": id.as_str()})] {
        assert_eq!(request(backend, ("POST", &form), &[], Some(&fields)).await.0, StatusCode::CONFLICT, "{fields}");
    }
    assert_eq!(get(backend, &format!("/events/{id}")).await.0, StatusCode::OK, "it is not deleted");
    delete(backend, &id).await;
    let uri = format!("/events/{id}?cursor={cursor}");
    assert_eq!(as_organiser(backend, ("DELETE", &uri), None).await.0, StatusCode::OK, "the deletion is complete");
}

pub async fn opt_in_link_of_a_deleted_event_only_stops(backend: &Backend) {
    let title = unique("Dinner");
    create(backend, &title).await;
    let (id, contact) = (event_id(&title), email(&format!("{}@example.org", unique("ana").replace(' ', "-"))));
    let ana = person(&title, "Ana");
    let signup =
        Signup { version: signs_up_at(&ana, Timestamp::now()).version, ..ana.enrols_with(0, "a", contact.clone()) };
    apply(&*backend.roster, vec![signup.clone()]).await;
    process_changes(backend).await;
    let token = OptInToken {
        contact: ContactId::of(&contact, &contact_secret()),
        registration: RegistrationKey { attendee: ana.key(), owner: signup.version.id.clone() },
    };
    let path = format!("/events/{id}/contact/{}", token.sign(&token_secret()));
    let answers = async |action: &str| request(backend, ("POST", &path), &[], Some(&json!({"action": action}))).await;
    assert_eq!(get(backend, &path).await.1["registration"], json!("current"));
    for state in [DeletionState::InProgress, DeletionState::Complete] {
        match state {
            DeletionState::InProgress => begin(backend, &id).await,
            DeletionState::Complete => drop(delete(backend, &id).await),
        }
        let (status, shown) = get(backend, &path).await;
        assert_eq!((status, &shown["registration"]), (StatusCode::OK, &json!("event_deleted")), "{state:?}");
        assert_eq!(shown["notify"], Value::Null);
        let (status, problem) = answers("confirm").await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("deleted")), "{problem}");
        assert_eq!(answers("stop").await.1["opt_in"], json!("opted_out"));
    }
}

pub async fn request_during_a_deletion_does_not_bring_the_event_back(backend: &Backend) {
    let title = unique("Dinner");
    create(backend, &title).await;
    let (id, ana, ben) = (event_id(&title), person(&title, "Ana"), person(&title, "Ben"));
    begin(backend, &id).await;
    tokio::time::sleep(Duration::from_millis(2)).await;
    // A process admits a sign-up as long as it uses the details from before the deletion.
    let admitted_at = Timestamp::now().plus(backend.events.max_age());
    tokio::time::sleep(Duration::from_millis(2)).await;
    delete(backend, &id).await;
    apply(&*backend.roster, vec![signs_up_at(&ana, admitted_at)]).await;
    process_changes(backend).await;
    assert_eq!(attendee(backend, &ana).await, None);
    let outcomes = run(backend, &[delivered(&signs_up_at(&ben, admitted_at))]).await;
    assert_eq!(outcomes, [Outcome::Rejected(DELETED.to_owned())]);
    assert_eq!(get(backend, &format!("/events/{id}")).await.0, StatusCode::NOT_FOUND);
    if !backend.events.max_age().is_zero() {
        // The sign-ups for a new event with this id would be refused.
        assert_ne!(create(backend, &title).await["event"], json!(id.as_str()));
        let sign_up = (("POST", format!("/events/{id}/signups")), json!({"name": "Ben"}));
        assert_eq!(request(backend, (sign_up.0.0, &sign_up.0.1), &[], Some(&sign_up.1)).await.0, StatusCode::NOT_FOUND);
    }
    wait_until_free(backend, &id).await;
    assert_eq!(create(backend, &title).await["event"], json!(id.as_str()));
    apply(&*backend.roster, vec![signs_up_at(&ana, Timestamp::now())]).await;
    process_changes(backend).await;
    assert_eq!(who_is_in(backend, &title).await, ["Ana"]);
}
