//! Everything that is stored about one person: finding it and removing it over HTTP.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{self, StatusCode};
use countmein::domain::attendee::Attendee;
use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::button::Button;
use countmein::domain::contact::Contact;
use countmein::domain::contact_id::ContactId;
use countmein::domain::event_creators::EventCreators;
use countmein::domain::household::HouseholdId;
use countmein::domain::opt_in::{OptIn, Scope};
use countmein::domain::signup::Request;
use countmein::ports::{AddressEntries, AttendeeSignups, RejectedMessage, Write};
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::ServiceExt as _;

use crate::access::{self, ORGANISER_KEY, contact_secret};
use crate::backend::Backend;
use crate::buttons::{button, register};
use crate::people::{Person, apply, apply_each, at, attendee, batch, changes_of, email, person, unique, who_is_in};

/// The organiser of a server.
struct Organiser(Router);

impl Organiser {
    async fn of(backend: &Backend) -> Self {
        backend.catch_up().await;
        Self(access::server(backend, EventCreators::Anyone))
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = http::Request::post(path)
            .header("authorization", format!("Bearer {ORGANISER_KEY}"))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .expect("it is a request");
        let response = self.0.clone().oneshot(request).await.expect("the router cannot fail");
        assert_eq!(response.status(), StatusCode::OK, "{path} {body}");
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("there is a body");
        serde_json::from_slice(&body).expect("the body is JSON")
    }

    /// All entries about a person, with the number of requests that it took.
    async fn export(&self, person: &Value) -> (Vec<Value>, usize) {
        let (mut entries, mut requests, mut body) = (Vec::new(), 0, person.clone());
        loop {
            let mut page = self.post("/organiser/person/export", &body).await;
            entries.append(page["entries"].as_array_mut().expect("there is a list"));
            requests += 1;
            body["cursor"] = page["next"].take();
            if body["cursor"].is_null() {
                return (entries, requests);
            }
        }
    }

    /// Removes a person. Returns the number of removed entries.
    async fn remove(&self, person: &Value) -> u64 {
        let (mut removed, mut body) = (0, person.clone());
        loop {
            let mut page = self.post("/organiser/person/remove", &body).await;
            removed += page["removed"].as_u64().expect("it is a number");
            assert_eq!(page["opt_in_unknown"], false);
            body["cursor"] = page["next"].take();
            if body["cursor"].is_null() {
                return removed;
            }
        }
    }
}

/// Each entry as `kind event name`, sorted.
fn summary(entries: &[Value]) -> Vec<String> {
    let field = |entry: &Value, name| entry[name].as_str().unwrap_or("-").to_owned();
    let line = |entry: &Value| format!("{} {} {}", field(entry, "kind"), field(entry, "event"), field(entry, "name"));
    let mut lines: Vec<String> = entries.iter().map(line).collect();
    lines.sort();
    lines
}

/// Ana, who is known in every way, by a name and an address of her own. Ben is on the same events.
struct Stage {
    name: String,
    address: Contact,
    dance: String,
    pizza: String,
    tea: String,
}

impl Stage {
    async fn new(backend: &Backend) -> Self {
        let number = unique("").trim().to_owned();
        let (name, address) = (format!("Ana {number}"), email(&format!("Ana.{number}@example.org")));
        let [dance, pizza, tea] = ["dance", "pizza", "tea"].map(|event| format!("{event}-{number}"));
        let stage = Self { name, address, dance, pizza, tea };
        for event in [&stage.dance, &stage.pizza, &stage.tea] {
            let ana = stage.ana(event).enrols_with(1, "a", stage.address.clone());
            apply(&*backend.roster, vec![ana]).await;
            let ben = person(event, "Ben").enrols_with(1, "b", email("ben@example.org"));
            apply(&*backend.roster, vec![ben]).await;
        }
        apply(&*backend.roster, vec![stage.ana(&stage.tea).cancels(2, "c")]).await;
        let contact = Some(stage.address.clone());
        register(backend, &Button { contact, ..button(&unique("b"), &stage.dance, &stage.name) }).await;
        register(backend, &button(&unique("b"), &stage.dance, "Ben")).await;
        let reject = |event: &str, name: &str, address: &str| RejectedMessage {
            id: unique("reject").replace(' ', "-"),
            latest_message: String::new(),
            count: 1,
            body: json!({"event": event, "name": name, "contact": {"email": address, "fax": "1"}}).to_string(),
            reason: "`contact` must contain exactly one of `email`, `sms` and `webhook`".to_owned(),
            arrived_at: at(1),
            rejected_at: at(1),
        };
        let in_capitals = stage.address.address().to_uppercase();
        let rejects = vec![
            reject(&stage.dance, &stage.name, &in_capitals),
            reject(&stage.dance, "Ben", "ben@example.org"),
            RejectedMessage { body: format!("{} calls", stage.name), ..reject("", "", "") },
        ];
        backend.rejected.put(rejects).await.expect("the backend is there");
        let household = HouseholdId::from_stored(unique("user"));
        let usual = AttendeeName::parse(&stage.name).expect("it is a name");
        backend.households.remember(&household, &usual).await.expect("the backend is there");
        stage.answer_opt_in(backend, OptIn::Confirmed(Scope::All)).await;
        stage
    }

    fn ana(&self, event: &str) -> Person {
        person(event, &self.name)
    }

    fn contact_id(&self) -> ContactId {
        ContactId::of(&self.address, &contact_secret())
    }

    async fn answer_opt_in(&self, backend: &Backend, opt_in: OptIn) {
        let stored = backend.contacts.set_opt_in(&self.contact_id(), None, opt_in).await;
        assert_eq!(stored.expect("the backend is there"), Write::Stored);
    }

    fn by_name(&self) -> Value {
        json!({"name": self.name.to_uppercase()})
    }

    fn by_address(&self) -> Value {
        json!({"contact": {"email": self.address.address().to_lowercase()}})
    }

    fn of(&self, person: &Value, event: &str) -> Value {
        let mut person = person.clone();
        person["event"] = event.into();
        person
    }
}

pub async fn person_is_found_by_name(backend: &Backend) {
    let stage = Stage::new(backend).await;
    let mute = Request::SetNotifications { registration: crate::people::id("a"), on: false };
    apply(&*backend.roster, vec![stage.ana(&stage.pizza).asks(3, "m", mute)]).await;

    let (entries, _) = Organiser::of(backend).await.export(&stage.by_name()).await;

    let Stage { name, dance, pizza, tea, .. } = &stage;
    let mut expected = [
        format!("button {dance} {name}"),
        format!("cancelled_registration {tea} {name}"),
        format!("household - {name}"),
        format!("registration {dance} {name}"),
        format!("registration {pizza} {name}"),
        "rejected_message - -".to_owned(),
    ];
    expected.sort();
    assert_eq!(summary(&entries), expected);
    let registration = entries.iter().find(|entry| entry["event"] == json!(pizza)).expect("it is listed");
    assert_eq!(registration["contact"], json!({"email": stage.address.address()}));
    assert_eq!((&registration["notify"], &registration["channel"]), (&json!(false), &json!("queue")));
    assert_eq!(registration["since"], json!(at(1).to_string()));
    assert_eq!(registration["messages"], json!([]));
}

pub async fn person_is_found_by_address(backend: &Backend) {
    let stage = Stage::new(backend).await;
    let Stage { name, dance, pizza, .. } = &stage;
    let mum = person(pizza, "Mum").enrols_with(1, "m", stage.address.clone());
    apply(&*backend.roster, vec![mum]).await;

    let (entries, _) = Organiser::of(backend).await.export(&stage.by_address()).await;

    let mut expected = [
        format!("button {dance} {name}"),
        "opt_in - -".to_owned(),
        format!("registration {dance} {name}"),
        format!("registration {pizza} {name}"),
        format!("registration {pizza} Mum"),
        "rejected_message - -".to_owned(),
    ];
    expected.sort();
    assert_eq!(summary(&entries), expected);
    assert_eq!(entries.last().expect("it is listed")["state"], "confirmed");
}

pub async fn search_for_one_event_finds_nothing_of_others(backend: &Backend) {
    let stage = Stage::new(backend).await;
    let Stage { name, dance, pizza, tea, .. } = &stage;
    let organiser = Organiser::of(backend).await;
    for person in [stage.by_name(), stage.by_address()] {
        let (entries, _) = organiser.export(&stage.of(&person, pizza)).await;
        assert_eq!(summary(&entries), [format!("registration {pizza} {name}")], "{person}");
        let (entries, _) = organiser.export(&stage.of(&person, dance)).await;
        let all = [
            format!("button {dance} {name}"),
            format!("registration {dance} {name}"),
            "rejected_message - -".to_owned(),
        ];
        assert_eq!(summary(&entries), all, "{person}");

        assert_eq!(organiser.remove(&stage.of(&person, tea)).await, u64::from(person.get("name").is_some()));
    }
    assert_eq!(organiser.remove(&stage.of(&stage.by_address(), pizza)).await, 1);
    assert_eq!(who_is_in(backend, pizza).await, ["Ben"]);
    let (entries, _) = organiser.export(&stage.by_address()).await;
    assert_eq!(entries.len(), 4, "the other event, its button and its reject, and the opt-in: {entries:?}");
}

pub async fn removal_by_name_leaves_nothing(backend: &Backend) {
    let stage = Stage::new(backend).await;
    let organiser = Organiser::of(backend).await;
    assert_eq!(organiser.remove(&stage.by_name()).await, 6);
    assert_eq!(organiser.export(&stage.by_name()).await.0, Vec::<Value>::new());
    assert_eq!(organiser.remove(&stage.by_name()).await, 0);
    assert_eq!(who_is_in(backend, &stage.dance).await, ["Ben"]);
    let (entries, _) = organiser.export(&json!({"name": "Ben", "event": stage.dance})).await;
    assert_eq!(entries.len(), 3, "{entries:?}");
}

pub async fn removal_by_address_leaves_nothing(backend: &Backend) {
    let stage = Stage::new(backend).await;
    let organiser = Organiser::of(backend).await;
    assert_eq!(organiser.remove(&stage.by_address()).await, 5);
    assert_eq!(organiser.export(&stage.by_address()).await.0, Vec::<Value>::new());
    assert_eq!(organiser.remove(&stage.by_address()).await, 0);
    assert_eq!(backend.contacts.opt_in(&stage.contact_id()).await.expect("the backend is there"), None);
    for event in [&stage.dance, &stage.pizza] {
        assert_eq!(who_is_in(backend, event).await, ["Ben"]);
    }
    let (entries, _) = organiser.export(&json!({"name": "Ben", "event": stage.dance})).await;
    assert_eq!(entries.len(), 3, "{entries:?}");
}

pub async fn removed_address_leaves_earlier_changes(backend: &Backend) {
    let stage = Stage::new(backend).await;
    let moved = stage.ana(&stage.pizza).enrols_with(3, "d", email("new@example.org"));
    apply(&*backend.roster, vec![moved]).await;
    let organiser = Organiser::of(backend).await;
    organiser.remove(&stage.of(&stage.by_address(), &stage.dance)).await;
    let others = changes_of(backend, &[&stage.pizza, &stage.tea]).await;
    let is_kept = others.iter().filter_map(|change| change.new.as_ref()).filter(|new| new.uses(&stage.address));
    assert_eq!(is_kept.count(), 2, "changes of other events are left alone");

    organiser.remove(&stage.by_address()).await;

    let changes = changes_of(backend, &[&stage.dance, &stage.pizza, &stage.tea]).await;
    let images = || changes.iter().flat_map(|change| [&change.old, &change.new]).flatten();
    let with = |address: &Contact| images().filter(|attendee: &&Attendee| attendee.uses(address)).count();
    assert_eq!(with(&stage.address) == 0, backend.clears_earlier_changes);
    assert!(with(&email("ben@example.org")) >= 3 && with(&email("new@example.org")) == 1);
    assert_eq!(images().filter(|attendee| attendee.name.as_str() == stage.name).count(), 8, "the changes stay");
}

pub async fn changed_registration_is_not_removed(backend: &Backend) {
    let stage = Stage::new(backend).await;
    let read = attendee(backend, &stage.ana(&stage.dance)).await.expect("Ana is in");
    let changed = stage.ana(&stage.dance).enrols_with(3, "d", email("new@example.org"));
    apply_each(&*backend.roster, [changed]).await;

    let entries = AddressEntries { attendees: vec![read], ..AddressEntries::default() };
    let removed =
        backend.people.remove_address(&stage.address, None, entries, at(4)).await.expect("the backend is there");

    assert_eq!(removed, 0);
    assert!(attendee(backend, &stage.ana(&stage.dance)).await.is_some_and(|ana| ana.uses(&email("new@example.org"))));
}

/// More events than a step reads, and on the first of them more attendees than a step reads, all with one address.
pub async fn long_search_continues_at_its_cursor(backend: &Backend) {
    let (events, attendees) = (70, 260);
    let number = unique("").trim().to_owned();
    let address = email(&format!("all.{number}@example.org"));
    let name = format!("Ana {number}");
    let mut batches: Vec<AttendeeSignups> = Vec::new();
    for index in 0..events {
        let ana = person(&format!("{index:02}-{number}"), &name);
        batches.push(batch(vec![ana.enrols_with(1, "a", address.clone())]));
    }
    for index in 0..attendees {
        let other = person(&format!("00-{number}"), &format!("Guest {index}"));
        batches.push(batch(vec![other.enrols_with(1, "g", address.clone())]));
    }
    let applied = backend.roster.apply(batches, at(0), Instant::now() + Duration::from_secs(60)).await;
    assert!(applied.iter().all(Result::is_ok));
    let organiser = Organiser::of(backend).await;

    for (person, expected) in [
        (json!({"name": name}), events),
        (json!({"contact": {"email": address.address()}}), events + attendees),
        (json!({"contact": {"email": address.address()}, "event": format!("00-{number}")}), 1 + attendees),
    ] {
        let (entries, requests) = organiser.export(&person).await;
        let mut found = summary(&entries);
        found.dedup();
        assert_eq!((found.len(), entries.len()), (expected, expected), "{person}");
        assert!(requests > 1, "{person}");
    }

    let removed = organiser.remove(&json!({"contact": {"email": address.address()}})).await;
    assert_eq!(removed, u64::try_from(events + attendees).expect("it is small"));
    assert!(who_is_in(backend, &format!("00-{number}")).await.is_empty());
}
