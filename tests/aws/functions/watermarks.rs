//! The watermarks as items of the table. What they promise on every storage backend is in the contract suite.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use countmein::adapters::dynamodb::EventsTable;
use countmein::domain::contact_id::ContactId;
use countmein::domain::digest::MAX_LEAD;
use countmein::domain::event::EventId;
use countmein::domain::event_announcement::ANNOUNCEMENT_RETENTION;
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{
    Claimed, Deletions as _, LastAttempt, WatermarkClaim, WatermarkKey, WatermarkRecipient, Watermarks as _,
};

use super::world::{TABLE, World};
use crate::support::runtime_api::proxy::Verdict;

const MINUTE: Duration = Duration::from_secs(60);

fn event() -> EventId {
    EventId::parse("dance").unwrap()
}

fn claim(holder: u64, now: Timestamp) -> WatermarkClaim {
    let recipient = WatermarkRecipient::Mailbox(ContactId::from_stored("mailbox".to_owned()));
    WatermarkClaim { key: WatermarkKey { event: event(), recipient }, holder, ends_at: now.plus(2 * MINUTE) }
}

#[test]
fn claim_with_a_lost_response_leaves_doubt() {
    let (world, now) = (World::new(), Timestamp::now());
    let table = EventsTable::new(&world.config.to_builder().endpoint_url(world.proxy.url()).build(), TABLE);
    world.proxy.judge(|_| Verdict::Fail(500, "InternalServerError"));
    assert!(world.wait(table.claim(&claim(1, now), now)).is_err());
    assert_eq!(world.proxy.calls().len(), 1, "the call is not repeated");

    // The call took effect after all.
    let first = world.wait(world.table.claim(&claim(1, now), now)).unwrap();
    assert_eq!(first, Claimed::Granted { told_until: None, is_in_doubt: false });
    let second = |at| world.wait(world.table.claim(&claim(u64::MAX, now), at)).unwrap();
    assert_eq!(second(now.plus(MINUTE)), Claimed::Held);
    assert_eq!(second(now.plus(2 * MINUTE)), Claimed::Granted { told_until: None, is_in_doubt: true });
}

#[test]
fn watermark_outlives_its_announcement_and_is_deleted_with_its_event() {
    let (world, now) = (World::new(), Timestamp::now());
    let claimed = |holder| world.wait(world.table.claim(&claim(holder, now), now)).unwrap();
    assert_eq!(claimed(1), Claimed::Granted { told_until: None, is_in_doubt: false });
    let told_until = now.plus(MAX_LEAD);
    world.wait(world.table.advance(&claim(1, now), told_until)).unwrap();
    world.wait(world.table.advance(&claim(2, now), now)).unwrap();
    assert_eq!(claimed(3), Claimed::Granted { told_until: Some(told_until), is_in_doubt: false });
    world.wait(world.table.release(&claim(3, now), LastAttempt::Unresolved, now)).unwrap();
    assert_eq!(claimed(4), Claimed::Granted { told_until: Some(told_until), is_in_doubt: true });
    world.wait(world.table.release(&claim(4, now), LastAttempt::Resolved, now)).unwrap();
    assert_eq!(claimed(5), Claimed::Granted { told_until: Some(told_until), is_in_doubt: false });

    let [item] = &world.items("#watermark#dance")[..] else { panic!("one watermark") };
    assert_eq!(item["name"], AttributeValue::S("mailbox".to_owned()));
    let expires_at: i64 = item["expires_at"].as_n().unwrap().parse().unwrap();
    assert!(expires_at >= told_until.plus(ANNOUNCEMENT_RETENTION).as_seconds());

    world.wait(world.table.delete_event_state(&event(), now)).unwrap();
    assert!(world.items("#watermark#dance").is_empty());
}
