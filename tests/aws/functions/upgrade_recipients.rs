//! `countmein upgrade-table` while an announcement is put into the outbox.

use std::time::Duration;

use countmein::domain::attendee_name::NameKey;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::digest::{Claim, Lease, Owed};
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
    let (mut announced, now) = (digest(), Timestamp::now());
    let lease = Lease { holder: 1, ends_at: now.plus(Duration::from_secs(60)) };
    let Some(Claim::New(announcement)) = announced.claim(lease, &BackoffPolicy::default(), now) else {
        panic!("the announcement begins: {announced:?}");
    };
    announced.expansion.as_mut().unwrap().after = Some(key("oz"));
    assert_eq!(world.wait(world.table.store_announcing(&announced, &announcement)).unwrap(), Write::Stored);

    upgrade(&world);

    let digest = digest();
    assert_eq!(digest.expansion.unwrap().after, Some(key("oz")));
    assert_eq!(digest.owed, [Owed { since: announcement.at, names: vec![key("o'neill")] }]);
}
