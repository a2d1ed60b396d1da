//! The index of subscribers as items of the table. What it promises on every storage backend is in the contract suite.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use countmein::adapters::dynamodb::EventsTable;
use countmein::domain::attendee_name::{AttendeeName, NameKey};
use countmein::domain::change::SubscriptionChange;
use countmein::domain::channel::Channel;
use countmein::domain::contact::Contact;
use countmein::domain::event::{Event, EventId};
use countmein::domain::signup::{AttendeeKey, Request, Signup, SignupId, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{
    AddressEntries, AttendeeSignups, Deletion, Deletions as _, People as _, Roster as _, Subscribers as _,
};
use serde_json::{Value, json};

use super::upgrade::{take_in, upgrade, with_contact};
use super::world::{TABLE, World};
use crate::support::runtime_api::events::{attendee, records, stream_record};
use crate::support::runtime_api::proxy::Verdict;

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The key of the marker that the index is complete.
const MARKER: &str = "#";

fn event() -> EventId {
    EventId::parse("dance").unwrap()
}

/// The sort keys in the index, except that of the marker.
fn entries(world: &World) -> Vec<String> {
    let mut keys = index(world);
    keys.retain(|key| key != MARKER);
    keys
}

fn index(world: &World) -> Vec<String> {
    world.items("#subscriber#dance").iter().map(|item| item["name"].as_s().unwrap().clone()).collect()
}

/// The table behind the proxy.
fn proxied(world: &World) -> EventsTable {
    EventsTable::new(&world.config.to_builder().endpoint_url(world.proxy.url()).build(), TABLE)
}

async fn apply(table: &EventsTable, name: &str, second: u64, request: Request) {
    let requested_at = Timestamp::EARLIEST.plus(Duration::from_secs(second));
    let signup = Signup {
        version: Version { requested_at, id: SignupId::parse(&format!("id-{second}")).unwrap() },
        event: Event::parse("Dance").unwrap(),
        name: AttendeeName::parse(name).unwrap(),
        channel: Channel::Queue,
        network: None,
        request,
    };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    let batch = AttendeeSignups { key: signup.key(), signups: vec![signup] };
    table.apply(vec![batch], requested_at, deadline).await.remove(0).unwrap();
}

fn sign_up() -> Request {
    Request::trusted_sign_up(Some(Contact::email("someone@example.org").unwrap()))
}

fn apply_now(world: &World, name: &str, second: u64, request: Request) {
    world.wait(apply(&world.table, name, second, request));
}

fn names(world: &World, table: &EventsTable, now: Timestamp) -> Vec<String> {
    let found = world.wait(table.subscribers(&event(), 100, None, now)).unwrap();
    found.iter().map(|attendee| attendee.name.to_string()).collect()
}

fn key(name: &str) -> AttendeeKey {
    AttendeeKey { event: event(), name: NameKey::from_stored(name.to_owned()) }
}

#[test]
fn index_contains_only_subscribers() {
    let world = World::new();
    apply_now(&world, "Ana", 1, sign_up());
    apply_now(&world, "Ben", 2, sign_up());
    apply_now(&world, "Cleo", 3, Request::trusted_sign_up(None));
    take_in(&world);
    assert_eq!(index(&world), ["ana", "ben"], "the index is complete only after it was read");

    let registration = SignupId::parse("id-1").unwrap();
    apply_now(&world, "Ana", 4, Request::SetNotifications { registration: registration.clone(), on: false });
    apply_now(&world, "Ben", 5, Request::Cancel);
    take_in(&world);
    assert_eq!(index(&world), [""; 0]);

    apply_now(&world, "Ana", 6, Request::SetNotifications { registration, on: true });
    take_in(&world);
    assert_eq!(names(&world, &world.table, Timestamp::now()), ["Ana"]);
    assert_eq!(index(&world), [MARKER, "ana"]);
}

#[test]
fn announcement_reads_no_roster() {
    let world = World::new();
    // More than a query reads at once. Nobody wants messages.
    fill_roster(&world, 1_100, attendee);
    let fanout = world.fanout();
    let joins = |number: u32, name: &str| records([stream_record(number, None, Some(&attendee("dance", name)))]);
    let queries = || {
        let calls = world.proxy.calls();
        let partitions = calls.iter().filter(|call| call.operation() == "Query");
        let partitions = partitions.map(|call| call.body["ExpressionAttributeValues"][":event"]["S"].clone());
        partitions.collect::<Vec<_>>()
    };
    let index = "#subscriber#dance";
    fanout.invoke(&joins(1, "Ana")).response();
    assert_eq!(queries(), [index, "dance", "dance", index], "the first announcement reads the roster");

    world.end_backoff("dance");
    world.proxy.forward_all();
    fanout.invoke(&joins(2, "Ben")).response();
    assert_eq!(queries(), [index]);
}

/// Puts attendees, whose items `attendee` returns.
fn fill_roster(world: &World, count: usize, attendee: impl Fn(&str, &str) -> Value) {
    let client = aws_sdk_dynamodb::Client::new(&world.config);
    let item = |number: usize| -> HashMap<String, AttributeValue> {
        let Value::Object(attributes) = attendee("dance", &format!("Guest {number:05}")) else { unreachable!() };
        let text = |value: &Value| value["S"].as_str().map(|text| AttributeValue::S(text.to_owned()));
        let value = |value: Value| match (text(&value), &value["M"]["email"]) {
            (Some(text), _) => text,
            (None, Value::Null) => AttributeValue::N(value["N"].as_str().unwrap().to_owned()),
            (None, email) => AttributeValue::M([("email".to_owned(), text(email).unwrap())].into()),
        };
        attributes.into_iter().map(|(name, attribute)| (name, value(attribute))).collect()
    };
    let put = |number| {
        let put = PutRequest::builder().set_item(Some(item(number))).build().unwrap();
        WriteRequest::builder().put_request(put).build()
    };
    let numbers: Vec<usize> = (0..count).collect();
    for chunk in numbers.chunks(25) {
        let puts = chunk.iter().map(|number| put(*number)).collect();
        let written = world.wait(client.batch_write_item().request_items(TABLE, puts).send()).unwrap();
        assert!(written.unprocessed_items.unwrap_or_default().is_empty());
    }
}

#[test]
fn only_subscriptions_cost_calls() {
    let world = World::new();
    let fanout = world.fanout();
    let ana = with_contact("dance", "Ana", "a");
    let mut with_guests = ana.clone();
    with_guests["guests"] = json!({ "N": "2" });
    let mut out = attendee("dance", "Ana");
    out["status"] = json!({ "S": "out" });
    out["expires_at"] = json!({ "N": "1798023600" });
    for attribute in ["since", "owner", "channel"] {
        out.as_object_mut().unwrap().remove(attribute);
    }
    let calls = |number, old: Option<&Value>, new: Option<&Value>| {
        world.proxy.forward_all();
        fanout.invoke(&records([stream_record(number, old, new)])).response();
        let of_index = |call: &String| call.contains("#subscriber#dance");
        let calls = world.proxy.calls().into_iter().map(|call| format!("{} {}", call.operation(), call.body));
        let calls = calls.filter(of_index).map(|call| call.split(' ').next().unwrap().to_owned());
        calls.collect::<Vec<_>>()
    };
    // The event is announced at once, after which its index is complete: the marker and the entries are read, the marker is
    // stored, and the entries are read again.
    world.put(&ana);
    assert_eq!(calls(1, None, Some(&ana)), ["PutItem", "GetItem", "Query", "PutItem", "Query"]);
    assert_eq!(calls(2, Some(&ana), Some(&with_guests)), [""; 0]);
    assert_eq!(calls(3, None, Some(&attendee("dance", "Ben"))), [""; 0]);
    world.put(&out);
    assert_eq!(calls(4, Some(&with_guests), Some(&out)), ["GetItem", "DeleteItem"]);
    assert_eq!(index(&world), [MARKER]);
}

#[test]
fn interrupted_index_is_completed() {
    let (world, now) = (World::new(), Timestamp::now());
    for name in ["Ana", "Ben", "Cleo"] {
        world.put(&with_contact("dance", name, "a"));
    }
    let table = proxied(&world);
    world.proxy.judge(|call| match &call.body["Item"]["name"]["S"] {
        name if name == "ben" => Verdict::Fail(400, "ValidationException"),
        _ => Verdict::Forward,
    });
    assert!(world.wait(table.subscribers(&event(), 10, None, now)).is_err());
    assert!(!index(&world).contains(&MARKER.to_owned()));
    assert!(!index(&world).contains(&"ben".to_owned()));

    world.proxy.forward_all();
    assert_eq!(names(&world, &table, now), ["Ana", "Ben", "Cleo"]);
    assert_eq!(index(&world), [MARKER, "ana", "ben", "cleo"]);
    let puts = world.proxy.calls().iter().filter(|call| call.operation() == "PutItem").count();
    assert!(puts <= 3, "what is in the index is not put again");
}

#[test]
fn large_index_is_completed_in_several_calls() {
    let (world, now) = (World::new(), Timestamp::now());
    fill_roster(&world, 5_001, |event, name| with_contact(event, name, "a"));
    let page = |after: Option<&str>| {
        let after = after.map(|after| NameKey::from_stored(after.to_owned()));
        world.wait(world.table.subscribers(&event(), 500, after.as_ref(), now))
    };
    let error = page(None).unwrap_err();
    assert_eq!(error.cause, "subscribers that are not in the index yet: 1; the next call continues");
    assert_eq!(page(None).unwrap().len(), 500);
    assert_eq!(page(Some("guest 04998")).unwrap().len(), 2);
}

#[test]
fn attendees_change_while_the_index_is_completed() {
    let (world, now) = (World::new(), Timestamp::now());
    for (name, second) in [("Ana", 1), ("Ben", 2)] {
        apply_now(&world, name, second, sign_up());
    }
    let (table, changing) = (proxied(&world), world.table.clone());
    // The marker and the entries were read, and then the roster. The next call puts an entry.
    world.before_call(4, async move {
        apply(&changing, "Ana", 3, Request::Cancel).await;
        apply(&changing, "Cleo", 4, sign_up()).await;
        let changes = [(key("ana"), SubscriptionChange::Ended), (key("cleo"), SubscriptionChange::Began)];
        changing.update_subscribers(changes.into()).await.unwrap();
    });
    assert_eq!(names(&world, &table, now), ["Ben", "Cleo"]);
    assert_eq!(index(&world), [MARKER, "ben", "cleo"]);
    assert_eq!(names(&world, &world.table, now), ["Ben", "Cleo"]);
}

#[test]
fn attendee_rejoins_while_the_entry_is_deleted() {
    let (world, now) = (World::new(), Timestamp::now());
    apply_now(&world, "Ana", 1, sign_up());
    take_in(&world);
    assert_eq!(names(&world, &world.table, now), ["Ana"]);
    apply_now(&world, "Ana", 2, Request::Cancel);
    let (table, changing) = (proxied(&world), world.table.clone());
    // The marker, the entry and the attendee were read. The next call deletes the entry.
    world.before_call(4, async move {
        apply(&changing, "Ana", 3, sign_up()).await;
        changing.update_subscribers([(key("ana"), SubscriptionChange::Began)].into()).await.unwrap();
    });
    assert_eq!(names(&world, &table, now), [""; 0]);
    assert_eq!(world.proxy.calls().last().unwrap().operation(), "DeleteItem");
    assert_eq!(names(&world, &world.table, now), ["Ana"]);
}

#[test]
fn entries_that_an_earlier_version_did_not_write_are_added_after_a_week() {
    let (world, now) = (World::new(), Timestamp::now());
    apply_now(&world, "Ana", 1, sign_up());
    assert_eq!(names(&world, &world.table, now), ["Ana"]);
    apply_now(&world, "Ben", 2, sign_up());
    assert_eq!(names(&world, &world.table, now.plus(WEEK - Duration::from_secs(2))), ["Ana"]);
    assert_eq!(names(&world, &world.table, now.plus(WEEK)), ["Ana", "Ben"]);
    let [marker, ..] = &world.items("#subscriber#dance")[..] else { panic!("there is a marker") };
    let expires_at: i64 = marker["expires_at"].as_n().unwrap().parse().unwrap();
    assert_eq!(expires_at, now.plus(WEEK + WEEK).as_seconds());
}

#[test]
fn damaged_attendee_affects_no_other() {
    let (world, now) = (World::new(), Timestamp::now());
    let mut damaged = with_contact("dance", "Ana", "a");
    damaged["requested_at"] = json!({ "S": "yesterday" });
    world.put(&damaged);
    world.put(&with_contact("dance", "Ben", "b"));
    for _ in 0..2 {
        assert_eq!(names(&world, &world.table, now), ["Ben"]);
    }
    assert_eq!(index(&world), [MARKER, "ana", "ben"], "the attendee may be repaired");
}

#[test]
fn removed_person_leaves_the_index() {
    let world = World::new();
    for (name, second) in [("O’Neill", 1), ("Ana", 2), ("Ben", 3), ("Cleo", 4)] {
        apply_now(&world, name, second, sign_up());
    }
    take_in(&world);
    let cleo = world.wait(world.table.attendee(&key("cleo"))).unwrap().expect("Cleo is in");
    let address = Contact::email("someone@example.org").unwrap();
    let of_address = AddressEntries { attendees: vec![cleo], ..AddressEntries::default() };
    let removal = world.table.remove_address(&address, None, of_address, Timestamp::now());
    assert_eq!((world.wait(removal).unwrap(), entries(&world).len()), (1, 3));
    let by_name = |name: &str| {
        let name = NameKey::of(name).unwrap();
        world.wait(world.table.remove(&name, None, Timestamp::now())).unwrap()
    };
    assert_eq!((by_name("O’Neill"), entries(&world)), (1, vec!["ana".to_owned(), "ben".to_owned()]));
    assert_eq!((by_name("Ana"), entries(&world)), (1, vec!["ben".to_owned()]));
    take_in(&world);
    assert_eq!(entries(&world), ["ben"]);
}

#[test]
fn deleted_event_leaves_no_index() {
    let (world, now) = (World::new(), Timestamp::now());
    apply_now(&world, "Ana", 1, sign_up());
    take_in(&world);
    assert_eq!(names(&world, &world.table, now), ["Ana"]);
    world.wait(world.table.delete_event_state(&event(), now)).unwrap();
    assert_eq!(index(&world), [""; 0]);

    // An earlier change was taken in during the deletion.
    take_in(&world);
    assert_eq!(index(&world), ["ana"]);
    world.wait(world.table.delete_digest_without_attendees(&event())).unwrap();
    assert_eq!(index(&world), ["ana"], "the event has begun anew");
    let ana = world.wait(world.table.attendee(&key("ana"))).unwrap().expect("Ana is in");
    assert_eq!(world.wait(world.table.delete_late_attendee(&ana, now)).unwrap(), Deletion::Deleted);
    world.wait(world.table.delete_digest_without_attendees(&event())).unwrap();
    assert_eq!(index(&world), [""; 0]);
}

#[test]
fn marker_is_deleted_before_the_entries() {
    let (world, now) = (World::new(), Timestamp::now());
    apply_now(&world, "Ana", 1, sign_up());
    assert_eq!(names(&world, &world.table, now), ["Ana"]);
    let table = proxied(&world);
    world.proxy.judge(|call| match &call.body["Key"]["name"]["S"] {
        name if name == MARKER => Verdict::Fail(400, "ValidationException"),
        _ => Verdict::Forward,
    });
    assert!(world.wait(table.delete_event_state(&event(), now)).is_err());
    let calls = world.proxy.calls().into_iter().filter(|call| call.body.to_string().contains("#subscriber#dance"));
    assert_eq!(calls.map(|call| call.operation().to_owned()).collect::<Vec<_>>(), ["DeleteItem"]);
    assert_eq!(index(&world), [MARKER, "ana"]);
}

#[test]
fn attendee_with_another_key_stays_a_subscriber() {
    let (world, now) = (World::new(), Timestamp::now());
    for name in ["O’Neill", "Ben"] {
        world.put(&with_contact("dance", name, "a"));
    }
    world.put(&attendee("dance", "D’Arcy"));
    take_in(&world);
    assert_eq!(names(&world, &world.table, now), ["Ben", "O’Neill"]);

    upgrade(&world);

    assert_eq!(index(&world), [MARKER, "ben", "o'neill"]);
    assert_eq!(names(&world, &world.table, now), ["Ben", "O’Neill"]);
    // An earlier change of the attendee is processed after the move.
    take_in(&world);
    assert_eq!(names(&world, &world.table, now), ["Ben", "O’Neill"]);
    assert_eq!(index(&world), [MARKER, "ben", "o'neill"]);
}
