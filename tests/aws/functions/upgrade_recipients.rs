//! `countmein upgrade-table` while an announcement is being sent.

use std::time::Duration;

use countmein::domain::attendee_name::NameKey;
use countmein::domain::digest::Lease;
use countmein::domain::event::EventId;
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{Digests as _, Write};

use super::upgrade::{take_in, upgrade, with_contact};
use super::world::World;

fn key(name: &str) -> NameKey {
    NameKey::from_stored(name.to_owned())
}

#[test]
fn recipient_who_moves_before_the_position_is_kept() {
    let world = World::new();
    for name in ["O’Neill", "Ben"] {
        world.put(&with_contact("dance", name, "a"));
    }
    take_in(&world);
    let event = EventId::parse("dance").unwrap();
    let digest = || world.wait(world.table.digest(&event)).unwrap().expect("the event has a digest");
    let (mut sending, now) = (digest(), Timestamp::now());
    assert!(sending.claim(Lease { holder: 1, ends_at: now.plus(Duration::from_secs(60)) }, now).is_some());
    sending.sending.as_mut().unwrap().told_to = Some(key("oz"));
    assert_eq!(world.wait(world.table.store(&sending)).unwrap(), Write::Stored);

    upgrade(&world);

    let sending = digest().sending.expect("the announcement is still being sent");
    assert_eq!((sending.told_to, sending.missed), (Some(key("oz")), vec![key("o'neill")]));
}
