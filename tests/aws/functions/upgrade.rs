//! `countmein upgrade-table` on a table that functions of an earlier version wrote, while functions work on it.

use std::collections::HashMap;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use countmein::adapters::dynamodb::EventsTable;
use countmein::domain::attendee::{Applied, TOMBSTONE_RETENTION};
use countmein::domain::attendee_name::{AttendeeName, NameKey};
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::change::Movement;
use countmein::domain::channel::Channel;
use countmein::domain::contact::Contact;
use countmein::domain::event::{Event, EventId};
use countmein::domain::event_details::EventDetails;
use countmein::domain::lifetime;
use countmein::domain::secret::Secret;
use countmein::domain::signup::{Request, Signup, SignupId, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::fanout;
use countmein::fanout::EventPorts;
use countmein::formats::event_details;
use countmein::ports::{AttendeeSignups, Calendar as _, Digests as _, Events as _, Roster as _, Seats as _, Write};
use serde_json::{Value, json};

use super::world::{CONTACT_KEY, TABLE, World};
use crate::support::ministack::{REGION, SECRET_KEY};
use crate::support::runtime_api::events::{AT, attendee};
use crate::support::runtime_api::proxy::{Call, Verdict};

/// Calls before the first attendee moves: two for the schema and the number of items, and the scan.
const FIRST_CALL: usize = 4;

fn command(world: &World) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countmein"));
    command.env_clear().args(["upgrade-table", "--table", TABLE, "--json"]).stdout(Stdio::piped());
    command.envs([
        ("AWS_ENDPOINT_URL", world.proxy.url().as_str()),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", world.account_id()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
    ]);
    command
}

pub fn upgrade(world: &World) -> Value {
    let output: Output = command(world).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Adds all changes so far to the digests, as the function `fanout` does.
pub fn take_in(world: &World) {
    let (changes, secret) = (world.changes(), Secret::new(CONTACT_KEY).unwrap());
    let ports = EventPorts::of(&world.table, &secret);
    world.wait(fanout::take_in(changes, ports, &BackoffPolicy::default(), Timestamp::now())).unwrap();
}

/// DynamoDB deletes the digest of an event without attendees.
fn count(world: &World, event: &str) -> u64 {
    world.wait(world.table.digest(&EventId::parse(event).unwrap())).unwrap().map_or(0, |digest| digest.count)
}

fn keys(world: &World, event: &str) -> Vec<String> {
    let mut keys: Vec<String> = world.items(event).iter().map(|item| item["name"].as_s().unwrap().clone()).collect();
    keys.sort();
    keys
}

fn item(world: &World, event: &str, key: &str) -> HashMap<String, AttributeValue> {
    let found = world.items(event).into_iter().find(|item| item["name"] == text(key));
    found.unwrap_or_else(|| panic!("{key} is not stored"))
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// An attendee with a contact, who came with the sign-up `owner`.
pub fn with_contact(event: &str, name: &str, owner: &str) -> Value {
    let mut item = attendee(event, name);
    item["owner"] = json!({ "S": owner });
    item["contact"] = json!({ "M": { "email": { "S": "someone@example.org" } } });
    item
}

fn tombstone(event: &str, name: &str) -> Value {
    json!({
        "event": { "S": event }, "name": { "S": name.to_lowercase() }, "display_name": { "S": name },
        "title": { "S": event }, "status": { "S": "out" }, "requested_at": { "N": AT.to_string() },
        "signup_id": { "S": "a" }, "rev": { "N": "3" },
        "expires_at": { "N": Timestamp::now().plus(TOMBSTONE_RETENTION).as_seconds().to_string() },
    })
}

fn signup(event: &str, name: &str, millis: i64, request: Request) -> Signup {
    let id = SignupId::parse(&format!("id-{millis}")).unwrap();
    Signup {
        version: Version { requested_at: Timestamp::from_millis(AT + millis).unwrap(), id },
        event: Event::parse(event).unwrap(),
        name: AttendeeName::parse(name).unwrap(),
        channel: Channel::Queue,
        network: None,
        request,
    }
}

async fn apply(table: &EventsTable, signup: Signup) -> Applied {
    let batch = AttendeeSignups { key: signup.key(), signups: vec![signup] };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    table.apply(vec![batch], Timestamp::now(), deadline).await.remove(0).unwrap()[0]
}

fn new_contact(address: &str) -> Request {
    Request::trusted_sign_up(Some(Contact::email(address).unwrap()))
}

#[test]
fn attendees_move_and_nothing_is_announced() {
    let world = World::new();
    for name in ["O’Neill", "Anna–Lena", "Ben"] {
        world.put(&with_contact("dance", name, "a"));
    }
    world.put(&tombstone("dance", "D’Arcy"));
    for name in ["O’Neill", "O'Neill", "Anna–Lena", "Anna−Lena"] {
        world.put(&attendee("pizza", name));
    }
    world.put(&json!({ "event": { "S": "#reject" }, "name": { "S": "o’neill" } }));
    take_in(&world);
    let (before, movements) = (item(&world, "dance", "o’neill"), world.movements("dance"));
    assert_eq!((count(&world, "dance"), count(&world, "pizza")), (3, 4));

    let apart = ["anna–lena", "anna−lena", "o’neill"].map(|key| json!({ "event": "pizza", "key": key }));
    let answer = upgrade(&world);
    assert_eq!((&answer["rekeyed"], &answer["kept_apart"]), (&json!(3), &json!(apart)));

    assert_eq!(keys(&world, "dance"), ["anna-lena", "ben", "d'arcy", "o'neill"]);
    assert_eq!(keys(&world, "pizza"), ["anna–lena", "anna−lena", "o'neill", "o’neill"]);
    assert_eq!(keys(&world, "#reject"), ["o’neill"]);
    let mut moved = item(&world, "dance", "o'neill");
    assert_eq!(moved.remove("rekeyed_from"), Some(text("o’neill")));
    assert_eq!(moved.remove("rev"), Some(AttributeValue::N("1".to_owned())));
    let kept = |mut item: HashMap<String, AttributeValue>| {
        item.retain(|name, _| !["rev", "name"].contains(&name.as_str()));
        item
    };
    assert_eq!(kept(moved), kept(before));
    assert!(world.items("pizza").iter().all(|item| !item.contains_key("rekeyed_to")));

    take_in(&world);
    assert_eq!(world.movements("dance"), movements, "nobody joined or left");
    assert_eq!((count(&world, "dance"), count(&world, "pizza")), (3, 4));
    let again = upgrade(&world);
    assert_eq!((&again["rekeyed"], &again["kept_apart"]), (&json!(0), &json!(apart)));

    // Who leaves later is announced.
    let leave = Request::CancelRegistration { registration: SignupId::parse("a").unwrap() };
    assert_eq!(world.wait(apply(&world.table, signup("dance", "O’Neill", 5, leave))), Applied::Stored);
    take_in(&world);
    assert_eq!(world.movements("dance").last(), Some(&(Movement::Left, "O’Neill".to_owned())));
    assert_eq!(count(&world, "dance"), 2);
}

#[test]
fn interrupted_upgrade_is_completed_by_the_next() {
    let mut interruptions = 0;
    for last in FIRST_CALL.. {
        let world = World::new();
        for name in ["O’Neill", "Anna–Lena"] {
            world.put(&with_contact("dance", name, "a"));
        }
        take_in(&world);
        world.proxy.judge(move |call: &Call| if call.number == last { Verdict::HoldAfter } else { Verdict::Forward });
        let mut first = command(&world).spawn().unwrap();
        while !world.proxy.is_holding() && first.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let was_interrupted = world.proxy.is_holding();
        first.kill().unwrap();
        first.wait().unwrap();
        world.proxy.forward_all();
        // Functions may read and write attendees that are marked.
        assert_eq!(world.who_is_in("dance").len(), 2);
        world.wait(apply(&world.table, signup("dance", "O’Neill", 1, new_contact("new@example.org"))));

        upgrade(&world);

        assert_eq!(keys(&world, "dance"), ["anna-lena", "o'neill"], "interrupted after call {last}");
        let contact = item(&world, "dance", "o'neill")["contact"].as_m().unwrap()["email"].clone();
        assert_eq!(contact, text("new@example.org"));
        take_in(&world);
        assert_eq!((world.movements("dance").len(), count(&world, "dance")), (2, 2), "interrupted after call {last}");
        if !was_interrupted {
            break;
        }
        interruptions += 1;
    }
    assert!(interruptions >= 8, "{interruptions}");
}

/// A table with one attendee under an earlier key.
fn world_with_one() -> World {
    let world = World::new();
    world.put(&with_contact("dance", "O’Neill", "a"));
    take_in(&world);
    world
}

/// The calls about one attendee: the item is read, then the one under the new key, then the item is marked and moved.
const MARK: usize = FIRST_CALL + 2;
const MOVE: usize = FIRST_CALL + 3;

#[test]
fn write_meanwhile_is_not_lost() {
    for call in FIRST_CALL..=MOVE {
        let world = world_with_one();
        let table = world.table.clone();
        world.before_call(call, async move {
            let signup = signup("dance", "O’Neill", 1, new_contact("new@example.org"));
            assert_eq!(apply(&table, signup).await, Applied::Stored);
        });
        assert_eq!(upgrade(&world)["rekeyed"], 1);
        assert_eq!(keys(&world, "dance"), ["o'neill"]);
        assert_eq!(item(&world, "dance", "o'neill")["contact"].as_m().unwrap()["email"], text("new@example.org"));
        take_in(&world);
        assert_eq!((world.movements("dance").len(), count(&world, "dance")), (1, 1));
    }
}

#[test]
fn write_of_a_function_without_rev_is_not_lost() {
    for call in [MARK, MOVE] {
        let world = world_with_one();
        let update = Client::new(&world.config)
            .update_item()
            .table_name(TABLE)
            .key("event", text("dance"))
            .key("name", text("o’neill"))
            .update_expression("SET link_asked_at = :now")
            .expression_attribute_values(":now", AttributeValue::N((AT + 1).to_string()));
        world.before_call(call, async move { drop(update.send().await.unwrap()) });
        assert_eq!(upgrade(&world)["rekeyed"], 1);
        assert_eq!(item(&world, "dance", "o'neill")["link_asked_at"], AttributeValue::N((AT + 1).to_string()));
    }
}

#[test]
fn removal_meanwhile_is_announced() {
    for call in FIRST_CALL..=MOVE {
        let world = world_with_one();
        let table = world.table.clone();
        world.before_call(call, async move {
            let name = NameKey::of("O’Neill").unwrap();
            assert_eq!(table.remove(&name, None, Timestamp::now()).await.unwrap(), 1);
        });
        assert_eq!(upgrade(&world)["rekeyed"], 0);
        assert!(keys(&world, "dance").is_empty());
        take_in(&world);
        assert_eq!((world.movements("dance").len(), count(&world, "dance")), (2, 0), "before call {call}");
    }
}

#[test]
fn attendee_who_comes_meanwhile_stays_apart() {
    for call in FIRST_CALL..=MOVE {
        let world = world_with_one();
        let table = world.table.clone();
        world.before_call(call, async move {
            assert_eq!(
                apply(&table, signup("dance", "O'Neill", 1, new_contact("b@example.org"))).await,
                Applied::Stored
            );
        });
        let answer = upgrade(&world);
        assert_eq!((&answer["rekeyed"], &answer["kept_apart"][0]["key"]), (&json!(0), &json!("o’neill")));
        assert_eq!(world.who_is_in("dance"), ["O'Neill", "O’Neill"]);
        assert!(world.items("dance").iter().all(|item| !item.contains_key("rekeyed_to")));
        take_in(&world);
        assert_eq!((world.movements("dance").len(), count(&world, "dance")), (2, 2));
    }
}

#[test]
fn upgrade_beside_busy_functions_loses_nothing() {
    const GUESTS: usize = 40;
    let name = |number: usize| format!("Guest–{number:02}");
    let world = World::new();
    for number in 0..GUESTS {
        world.put(&with_contact("dance", &name(number), "a"));
    }
    take_in(&world);
    let mut running = command(&world).spawn().unwrap();
    let mut millis = 0;
    let mut newest = vec![0; GUESTS];
    while running.try_wait().unwrap().is_none() {
        let number = fastrand::usize(..GUESTS);
        millis += 1;
        let signup = signup("dance", &name(number), millis, new_contact(&format!("new-{millis}@example.org")));
        assert_eq!(world.wait(apply(&world.table, signup)), Applied::Stored);
        newest[number] = millis;
    }
    assert!(running.wait().unwrap().success());
    assert_eq!(keys(&world, "dance"), (0..GUESTS).map(|number| format!("guest-{number:02}")).collect::<Vec<_>>());
    for (number, millis) in newest.into_iter().enumerate().filter(|(_, millis)| *millis > 0) {
        let contact = item(&world, "dance", &format!("guest-{number:02}"))["contact"].as_m().unwrap()["email"].clone();
        assert_eq!(contact, text(&format!("new-{millis}@example.org")));
    }
    take_in(&world);
    assert_eq!((world.movements("dance").len(), count(&world, "dance")), (GUESTS, GUESTS as u64));
}

#[test]
fn events_are_entered_in_the_calendar_once() {
    let world = World::new();
    for event in ["dance", "dinner", "gala"] {
        world.put(&json!({
            "event": { "S": "#digest" }, "name": { "S": event }, "title": { "S": event }, "count": { "N": "1" },
        }));
    }
    let fields =
        json!({"title": "Dinner", "starts_at": "2126-12-03T19:00", "ends_at": "2126-12-03T23:00", "zone": "UTC"});
    let content = event_details::from_json(fields.as_object().unwrap()).unwrap();
    let now = Timestamp::now();
    let dinner = EventDetails::new(EventId::parse("dinner").unwrap(), content, now);
    assert_eq!(world.wait(world.table.store_details(&dinner, now)).unwrap(), Write::Stored);
    // The function `fanout` has already entered this one.
    let gala = EventId::parse("gala").unwrap();
    world.wait(world.table.set_over_at(&gala, now)).unwrap();

    assert_eq!(upgrade(&world)["entered_in_calendar"], 2);
    let over_at = || {
        let page = world.wait(world.table.upcoming(Timestamp::EARLIEST, None, 10)).unwrap();
        page.entries.into_iter().map(|entry| (entry.event.id.to_string(), entry.over_at)).collect::<Vec<_>>()
    };
    let entered = over_at();
    let dance = lifetime::over_at(None, now);
    let expected = [("gala", now), ("dance", dance), ("dinner", dinner.ends_at().unwrap())];
    assert_eq!(entered, expected.map(|(event, over_at)| (event.to_owned(), over_at)));
    assert_eq!(upgrade(&world)["entered_in_calendar"], 0);
    assert_eq!(over_at(), entered);
}

#[test]
fn seats_move_with_their_attendees() {
    let world = World::new();
    let event = EventId::parse("dinner").unwrap();
    let content = event_details::from_json(json!({"title": "Dinner", "capacity": 1}).as_object().unwrap()).unwrap();
    let details = EventDetails::new(event.clone(), content, Timestamp::EARLIEST);
    assert_eq!(world.wait(world.table.create_event(&details, Timestamp::now())).unwrap(), Write::Stored);
    for name in ["O’Neill", "D’Arcy", "Zoe"] {
        world.put(&attendee("dinner", name));
        take_in(&world);
    }
    let places = || {
        let page = world.wait(world.table.parties_after(&event, None, 10)).unwrap();
        let mut seats: Vec<_> = page.parties.into_iter().filter_map(|party| party.seat).collect();
        seats.sort_by_key(|seat| seat.number);
        seats.into_iter().map(|seat| (seat.attendee.name.as_str().to_owned(), seat.is_waiting())).collect::<Vec<_>>()
    };
    let named = |name: &str, waits| (name.to_owned(), waits);
    assert_eq!(places(), [named("o’neill", false), named("d’arcy", true), named("zoe", true)]);
    assert_eq!(upgrade(&world)["rekeyed"], json!(2));
    assert_eq!(places(), [named("o'neill", false), named("d'arcy", true), named("zoe", true)]);

    // Whoever has moved takes part as before.
    world.wait(apply(&world.table, signup("dinner", "O'Neill", 1, Request::Cancel)));
    take_in(&world);
    assert_eq!(places(), [named("d'arcy", false), named("zoe", true)]);
}
