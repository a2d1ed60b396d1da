use std::time::Duration;

use super::*;
use crate::domain::attendee::{Attendee, apply_all};
use crate::domain::channel::Channel;
use crate::domain::event::Event;
use crate::domain::signup::{Request, Signup, SignupId, Version};

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

    let taken = digest.take_in(&changes(&ana), &Noise::default(), at(9));

    assert_eq!((taken, digest.count), (Movements { joined: 1, left: 1 }, 0));
    let ways: Vec<_> = digest.waiting.unwrap().news.named.iter().map(|change| change.movement).collect();
    assert_eq!(ways, [Movement::Joined, Movement::Left]);
}

#[test]
fn a_batch_that_comes_again_counts_once() {
    let batch: Vec<Change> = (0..100).map(|number| joins(&format!("Guest {number}"), 1)).collect();
    let mut digest = empty();
    digest.take_in(&batch[..60], &Noise::default(), at(1));

    assert_eq!(digest.take_in(&batch, &Noise::default(), at(2)), Movements { joined: 40, left: 0 });
    let before = digest.clone();
    assert!(digest.take_in(&batch, &Noise::default(), at(3)).is_none());
    assert_eq!(digest, before);
    assert_eq!(digest.count, 100);
}

#[test]
fn a_crowd_is_counted_beyond_the_first_and_the_memory_is_bounded() {
    let mut digest = empty();
    for number in 0..1_000 {
        digest.take_in(&[joins(&format!("Guest {number}"), 1)], &Noise::default(), at(1));
    }
    let news = &digest.waiting.as_ref().unwrap().news;
    assert_eq!((news.named.len(), news.unnamed), (NAMED_CHANGES, Movements { joined: 800, left: 0 }));
    assert_eq!(news.unnamed_since, Some(at(1)));
    assert_eq!((digest.count, digest.seen.len()), (1_000, REMEMBERED));
}

#[test]
fn an_event_is_forgotten_a_while_after_the_last_one_left_and_at_once_after_a_removal() {
    let ana = changes(&[signup("Ana", 1, Request::Enrol { contact: None }), signup("Ana", 2, Request::Cancel)]);
    let mut digest = empty();
    digest.take_in(&ana[..1], &Noise::default(), at(1));
    assert_eq!(digest.expires_at, None);
    digest.take_in(&ana[1..], &Noise::default(), at(2));
    assert_eq!(digest.expires_at, Some(at(2).plus(Duration::from_secs(30 * 24 * 60 * 60))));

    let back = joins("Ben", 3);
    digest.take_in([&back], &Noise::default(), at(3));
    assert_eq!(digest.expires_at, None, "somebody is in again");
    digest.take_in(&[Change { old: back.new.clone(), new: None, ..back }], &Noise::default(), at(4));
    assert_eq!(digest.expires_at, Some(at(4)));
}

const MINUTE: Duration = Duration::from_secs(60);

fn lease(at: Timestamp) -> Lease {
    Lease { holder: 1, ends_at: at.plus(MINUTE * 2) }
}

/// Announces all that is due.
fn announce(digest: &mut Digest, now: Timestamp) -> bool {
    let is_due = digest.claim(lease(now), now);
    digest.finish_sending(&Noise::default(), now);
    digest.lease = None;
    is_due
}

#[test]
fn the_first_change_is_due_at_once_and_what_follows_waits_each_time_longer() {
    let mut digest = empty();
    let mut now = at(0);
    for (guest, minutes) in [1, 2, 4, 8].into_iter().enumerate() {
        digest.take_in(&[joins(&format!("Guest {guest}"), 1)], &Noise::default(), now);
        assert_eq!(digest.due_at(), Some(now), "{guest}");
        assert!(announce(&mut digest, now));
        digest.take_in(&[joins(&format!("Other {guest}"), 1)], &Noise::default(), now);
        assert_eq!(digest.due_at(), Some(now.plus(MINUTE * minutes)), "{guest}");
        assert!(!announce(&mut digest, now.plus(MINUTE * minutes - Duration::from_millis(1))));
        digest.waiting = None;
        now = now.plus(MINUTE * minutes);
    }
}

#[test]
fn only_six_hours_without_a_change_or_an_announcement_make_an_event_a_new_one() {
    let six_hours = Noise::default().longest_wait;
    for (pause, wait) in [(six_hours - MINUTE, 2), (six_hours, 1)] {
        let mut digest = empty();
        digest.take_in(&[joins("Ana", 1)], &Noise::default(), at(0));
        announce(&mut digest, at(0));
        let later = at(0).plus(pause);
        digest.take_in(&[joins("Ben", 1)], &Noise::default(), later);
        assert!(announce(&mut digest, later));
        digest.take_in(&[joins("Cleo", 1)], &Noise::default(), later);
        assert_eq!(digest.due_at(), Some(later.plus(MINUTE * wait)));
    }
}

#[test]
fn a_clock_that_was_far_ahead_holds_up_nothing_for_longer_than_the_longest_wait() {
    let mut digest = empty();
    let year = MINUTE * 60 * 24 * 365;
    digest.take_in(&[joins("Ana", 1)], &Noise::default(), at(0).plus(year));
    announce(&mut digest, at(0).plus(year));

    digest.take_in(&[joins("Ben", 1)], &Noise::default(), at(0));

    assert_eq!(digest.due_at(), Some(at(0).plus(Noise::default().longest_wait)));
}

#[test]
fn while_somebody_sends_nobody_else_does_and_new_changes_wait() {
    let mut digest = empty();
    digest.take_in(&[joins("Ana", 1)], &Noise::default(), at(0));
    assert!(digest.claim(lease(at(0)), at(0)));

    digest.take_in(&[joins("Ben", 1)], &Noise::default(), at(1));
    assert!(!digest.claim(Lease { holder: 2, ..lease(at(1)) }, at(1)));
    assert!(digest.is_held_by(1));
    assert_eq!(digest.sending.as_ref().unwrap().news.named[0].name.as_str(), "Ana");
    // Who held it is gone.
    assert!(digest.claim(Lease { holder: 2, ..lease(at(121)) }, at(121)));
    assert_eq!(digest.sending.as_ref().unwrap().news.named[0].name.as_str(), "Ana");

    digest.finish_sending(&Noise::default(), at(121));
    assert_eq!(digest.waiting.as_ref().unwrap().due_at, at(181));
}

#[test]
fn who_was_missed_hears_of_all_they_missed_and_is_given_up_after_a_day() {
    let mut digest = empty();
    let zoe = AttendeeName::parse("Zoe").unwrap().key().clone();
    digest.take_in(&[joins("Ana", 1)], &Noise::default(), at(0));
    digest.claim(lease(at(0)), at(0));
    digest.sending.as_mut().unwrap().missed.push(zoe.clone());
    digest.finish_sending(&Noise::default(), at(0));
    digest.lease = None;
    assert_eq!((digest.missed(), digest.due_at()), (1, Some(at(60))));

    digest.take_in(&[joins("Ben", 1)], &Noise::default(), at(60));
    digest.claim(lease(at(60)), at(60));
    let names = |news: &News| news.named.iter().map(|change| change.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&digest.late[0].news), ["Ana", "Ben"]);
    assert_eq!(names(&digest.sending.as_ref().unwrap().news), ["Ben"]);

    let day = MINUTE * 60 * 24;
    assert_eq!(digest.give_up(day, &Noise::default(), at(0).plus(day - MINUTE)), 0);
    assert_eq!(digest.give_up(day, &Noise::default(), at(0).plus(day)), 1);
    assert!(digest.late.is_empty());
}
