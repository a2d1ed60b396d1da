//! What limited places cost on AWS, and that a batch of the stream decides about them.

use countmein::domain::capacity::Capacity;
use countmein::domain::event::EventId;
use countmein::domain::event_details::{Content, EventDetails, Title};
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{Events as _, Seats as _, Write};
use serde_json::Value;

use super::fanout::joins;
use super::world::World;
use crate::support::runtime_api::events::{attendee, records};

/// Creates an event, whose places may be limited.
fn create(world: &World, event: &str, capacity: Option<u32>) -> EventId {
    let content = Content {
        capacity: capacity.map(|places| Capacity::try_from(places).unwrap()),
        ..Content::titled(Title::parse(event).unwrap())
    };
    let details = EventDetails::new(EventId::parse(event).unwrap(), content, Timestamp::EARLIEST);
    assert_eq!(world.wait(world.table.create_event(&details, Timestamp::now())).unwrap(), Write::Stored);
    details.event
}

/// Stores attendees, and returns the batch of the stream that reports them.
fn sign_ups(world: &World, event: &str, numbers: std::ops::Range<u32>) -> Value {
    let names: Vec<String> = numbers.clone().map(|number| format!("Guest {number:03}")).collect();
    names.iter().for_each(|name| world.put(&attendee(event, name)));
    records(numbers.zip(&names).map(|(number, name)| joins(number, event, name)))
}

#[test]
fn limited_places_cost_two_calls_more_for_a_batch() {
    for (capacity, expected) in [
        (None, &["BatchGetItem", "GetItem", "PutItem"][..]),
        // Two calls read the attendees with their seats, and a transaction stores the digest with the seats.
        (Some(1_000), &["BatchGetItem", "GetItem", "BatchGetItem", "BatchGetItem", "TransactWriteItems"]),
    ] {
        let world = World::new();
        create(&world, "dinner", capacity);
        let fanout = world.fanout();
        // The first change is announced at once. Then the backoff begins.
        fanout.invoke(&sign_ups(&world, "dinner", 0..1)).response();
        let batch = sign_ups(&world, "dinner", 1..98);
        world.proxy.forward_all();
        fanout.invoke(&batch).response();
        let calls: Vec<String> = world.proxy.calls().iter().map(|call| call.operation().to_owned()).collect();
        assert_eq!(calls, expected, "{capacity:?}");
        // A repeated batch changes nothing.
        world.proxy.forward_all();
        fanout.invoke(&batch).response();
        let written = world.proxy.calls().iter().filter(|call| call.operation().contains("Write")).count();
        assert_eq!(written, 0);
    }
}

#[test]
fn batch_of_the_stream_fills_the_waiting_list() {
    let world = World::new();
    let event = create(&world, "dinner", Some(40));
    let fanout = world.fanout();
    fanout.invoke(&sign_ups(&world, "dinner", 0..100)).response();
    let counts = world.wait(world.table.summary(&event)).unwrap().unwrap().counts();
    assert_eq!((counts.taken, counts.waiting), (40, 60));
    let first = world.wait(world.table.first_waiting(&event, 1, 1)).unwrap();
    assert_eq!(first[0].key.name.as_str(), "guest 040");
    let written: Vec<usize> = world
        .proxy
        .calls()
        .iter()
        .filter(|call| call.operation() == "TransactWriteItems")
        .map(|call| call.body["TransactItems"].as_array().unwrap().len())
        .collect();
    // The seats and, for those who wait, their entries on the waiting list, each time with the digest; then the announcement.
    assert_eq!(written, [99, 63, 2]);
}
