use std::time::Duration;

use super::*;
use crate::attendee::{Attendee, apply_all};
use crate::channel::Channel;
use crate::event::Event;
use crate::signup::{Request, Signup, Version};

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_795_431_600_000 + second * 1_000).unwrap()
}

fn signup(name: &str, second: i64, request: Request) -> Signup {
    Signup {
        version: Version {
            requested_at: at(second),
            id: SignupId::parse(&format!("{name}-{second}").replace(' ', "")).unwrap(),
        },
        event: Event::parse("Pizza Night").unwrap(),
        name: AttendeeName::parse(name).unwrap(),
        channel: Channel::Queue,
        request,
    }
}

/// The change that each request makes, one after the other.
fn changes(signups: &[Signup]) -> Vec<Change> {
    let after = |count: usize| -> Option<Attendee> { apply_all(None, &signups[..count], at(0)).0 };
    let change = |count| Change { key: signups[0].key(), old: after(count), new: after(count + 1) };
    (0..signups.len()).map(change).collect()
}

fn joins(name: &str, second: i64) -> Change {
    changes(&[signup(name, second, Request::Enrol { contact: None })]).remove(0)
}

fn empty() -> Digest {
    Digest::new(EventId::parse("pizza-night").unwrap(), "Pizza Night".to_owned())
}

#[test]
fn only_who_comes_and_who_goes_is_a_change() {
    let ana = [
        signup("Ana", 1, Request::Cancel),
        signup("Ana", 2, Request::Enrol { contact: None }),
        signup("Ana", 3, Request::Join { contact: None }),
        signup("Ana", 4, Request::Cancel),
        signup("Ana", 5, Request::Cancel),
    ];
    let mut digest = empty();

    let taken = digest.take_in(&changes(&ana), at(9));

    assert_eq!((taken, digest.count), (Movements { joined: 1, left: 1 }, 0));
    let told: Vec<_> = digest.named.iter().map(|change| (change.movement, change.signup.as_str())).collect();
    assert_eq!(told, [(Movement::Joined, "Ana-2"), (Movement::Left, "Ana-4")]);
    assert_eq!(digest.opened_at, Some(at(9)));
}

#[test]
fn a_batch_that_comes_again_counts_once() {
    let batch: Vec<Change> = (0..100).map(|number| joins(&format!("Guest {number}"), 1)).collect();
    let mut digest = empty();
    digest.take_in(&batch[..60], at(1));

    assert_eq!(digest.take_in(&batch, at(2)), Movements { joined: 40, left: 0 });
    let before = digest.clone();
    assert!(digest.take_in(&batch, at(3)).is_none());
    assert_eq!(digest, before);
    assert_eq!(digest.count, 100);
}

#[test]
fn a_crowd_is_counted_beyond_the_first_and_the_memory_is_bounded() {
    let mut digest = empty();
    for number in 0..1_000 {
        digest.take_in(&[joins(&format!("Guest {number}"), 1)], at(1));
    }
    assert_eq!((digest.named.len(), digest.unnamed), (NAMED_CHANGES, Movements { joined: 800, left: 0 }));
    assert_eq!((digest.count, digest.seen.len()), (1_000, REMEMBERED));
}

#[test]
fn an_event_is_forgotten_a_while_after_the_last_one_left_and_at_once_after_a_removal() {
    let ana = changes(&[signup("Ana", 1, Request::Enrol { contact: None }), signup("Ana", 2, Request::Cancel)]);
    let mut digest = empty();
    digest.take_in(&ana[..1], at(1));
    assert_eq!(digest.expires_at, None);
    digest.take_in(&ana[1..], at(2));
    assert_eq!(digest.expires_at, Some(at(2).plus(Duration::from_secs(30 * 24 * 60 * 60))));

    let back = joins("Ben", 3);
    digest.take_in([&back], at(3));
    assert_eq!(digest.expires_at, None, "somebody is in again");
    digest.take_in(&[Change { old: back.new.clone(), new: None, ..back }], at(4));
    assert_eq!(digest.expires_at, Some(at(4)));
}
