//! A call that DynamoDB refuses is reported, not taken for a condition that does not hold.

use aws_sdk_dynamodb::config::retry::RetryConfig;
use countmein::adapters::dynamodb::EventsTable;
use countmein::domain::contact::Contact;
use countmein::domain::event::EventId;
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{AddressEntries, DamagedRecord, Digests as _, ParkedEvent, People as _, Roster as _};

use super::upgrade::{take_in, with_contact};
use super::world::{TABLE, World};
use crate::support::runtime_api::proxy::{Call, Verdict};

/// The table of a world with one attendee, behind a proxy that refuses this operation.
fn table_that_refuses(world: &World, operation: &'static str) -> EventsTable {
    world.put(&with_contact("dance", "Ana", "a"));
    take_in(world);
    world.proxy.judge(move |call: &Call| match call.operation() == operation {
        true => Verdict::Fail(400, "AccessDeniedException"),
        false => Verdict::Forward,
    });
    let config = world.config.to_builder().endpoint_url(world.proxy.url()).retry_config(RetryConfig::disabled());
    EventsTable::new(&config.build(), TABLE)
}

#[test]
fn refused_removal_of_an_address_is_reported() {
    let world = World::new();
    let table = table_that_refuses(&world, "DeleteItem");
    let attendees = world.wait(world.table.roster(&EventId::parse("dance").unwrap(), 10, None)).unwrap().attendees;
    assert_eq!(attendees.len(), 1);
    let entries = AddressEntries { attendees, ..AddressEntries::default() };
    let contact = Contact::email("someone@example.org").unwrap();
    assert!(world.wait(table.remove_address(&contact, None, entries, Timestamp::now())).is_err());
}

#[test]
fn refused_parking_is_reported() {
    let world = World::new();
    let table = table_that_refuses(&world, "UpdateItem");
    let parked = ParkedEvent {
        event: EventId::parse("dance").unwrap(),
        damaged: DamagedRecord::Digest,
        cause: "it has no version".to_owned(),
        parked_at: Timestamp::now(),
    };
    assert!(world.wait(table.park(&parked)).is_err());
}
