//! What somebody gets who has to wait for a place, and later gets one.

use countmein::domain::contact::Contact;
use serde_json::{Value, json};

use super::notifications::{ANAS_PHONE, TEXTING};
use super::outbox::Notifications;
use super::world::World;
use crate::support::runtime_api::events::{AT, attendee, records, stream_record};

/// Ana's seat as the table's item.
fn seat(standing: &str) -> Value {
    json!({
        "event": { "S": "#seat#dance" }, "name": { "S": "ana" }, "owner": { "S": "signup-of-ana" },
        "since": { "N": AT.to_string() }, "party": { "N": "1" }, "standing": { "S": standing }, "number": { "N": "7" },
    })
}

/// Ana is on the roster, with a phone whose owner has agreed to messages.
fn ana_is_in(world: &World) {
    let mut ana = attendee("dance", "Ana");
    ana["contact"] = json!({ "M": { "sms": { "S": ANAS_PHONE } } });
    world.put(&ana);
    world.has_opted_in(&Contact::sms(ANAS_PHONE).unwrap());
}

/// The stream record of a change of Ana's seat, which is stored.
fn becomes(world: &World, number: u32, old: Option<&str>, new: &str) -> Value {
    world.put(&seat(new));
    stream_record(number, old.map(seat).as_ref(), Some(&seat(new)))
}

#[test]
fn change_of_a_seat_is_told_once_although_its_batch_is_delivered_again() {
    let world = World::new();
    let functions = Notifications::of(&world, &TEXTING);
    ana_is_in(&world);
    let waits = records([becomes(&world, 1, None, "waiting")]);
    functions.invoke(&waits);
    functions.invoke(&waits);
    let texts = world.texts(ANAS_PHONE);
    assert_eq!(texts.len(), 1, "{texts:?}");
    let start = "dance: you are number 1 on the waiting list. https://signup.example.org/events/dance/manage/";
    assert!(texts[0].starts_with(start), "{texts:?}");

    let promoted = records([becomes(&world, 2, Some("waiting"), "confirmed")]);
    functions.invoke(&promoted);
    // Both batches once more, the late one last.
    functions.invoke(&promoted);
    functions.invoke(&waits);
    let texts = world.texts(ANAS_PHONE);
    assert_eq!(texts.len(), 2, "{texts:?}");
    let start = "dance: you have a place. https://signup.example.org/events/dance/manage/";
    assert!(texts[1].starts_with(start), "{texts:?}");
}

#[test]
fn late_message_about_the_waiting_list_says_the_place_once() {
    let world = World::new();
    let functions = Notifications::of(&world, &TEXTING);
    ana_is_in(&world);
    let batch = [becomes(&world, 1, None, "waiting"), becomes(&world, 2, Some("waiting"), "confirmed")];
    functions.invoke(&records(batch));
    let texts = world.texts(ANAS_PHONE);
    assert!(texts.len() == 1 && texts[0].starts_with("dance: you have a place."), "{texts:?}");
}

#[test]
fn seat_of_another_registration_tells_nothing() {
    let world = World::new();
    let functions = Notifications::of(&world, &TEXTING);
    ana_is_in(&world);
    let mut other = seat("waiting");
    other["owner"] = json!({ "S": "another-signup" });
    world.put(&other);
    functions.invoke(&records([stream_record(1, None, Some(&other))]));
    assert!(world.texts(ANAS_PHONE).is_empty());
}

#[test]
fn damaged_seat_parks_its_event_and_delays_no_other() {
    let world = World::new();
    let functions = Notifications::of(&world, &TEXTING);
    ana_is_in(&world);
    let mut damaged = seat("waiting");
    damaged["event"] = json!({ "S": "#seat#pizza" });
    damaged["standing"] = json!({ "S": "sitting" });
    let batch = [stream_record(1, None, Some(&damaged)), becomes(&world, 2, None, "waiting")];
    functions.invoke(&records(batch));
    let parked: Vec<String> = world.items("#parked").iter().map(|item| item["name"].as_s().unwrap().clone()).collect();
    assert_eq!(parked, ["pizza"]);
    assert_eq!(world.texts(ANAS_PHONE).len(), 1);
}
