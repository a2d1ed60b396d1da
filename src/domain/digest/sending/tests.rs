use super::*;
use crate::domain::attendee_name::AttendeeName;
use crate::domain::backoff::BackoffPolicy;
use crate::domain::change::Movement;
use crate::domain::digest::{Digest, Lease, PendingDigest};
use crate::domain::event::EventId;
use crate::domain::pending_changes::NamedChange;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(Timestamp::EARLIEST.as_millis() + second * 1_000).unwrap()
}

fn names(number: usize) -> Vec<NameKey> {
    (0..number).map(|number| NameKey::from_stored(format!("guest {number}"))).collect()
}

fn changes(number: usize) -> PendingChanges {
    let mut news = PendingChanges::opened_at(at(0));
    for number in 0..number {
        let name = AttendeeName::parse(&format!("Guest {number}")).unwrap();
        news.add(NamedChange { name, movement: Movement::Joined, requested_at: at(0) }, number + 1);
    }
    news
}

fn late(recipients: usize) -> Late {
    let news = changes(1);
    Late { news, number: 1, since: at(0), recipients: names(recipients), doubtful: Vec::new(), next_at: at(60) }
}

fn digest() -> Digest {
    Digest::new(EventId::parse("dance").unwrap(), "Dance".to_owned())
}

#[test]
fn announcement_waits_while_many_recipients_are_late() {
    for (recipients, may_begin) in [(LATE_MAX - 1, true), (LATE_MAX, false)] {
        let pending = PendingDigest { news: changes(1), due_at: at(0) };
        let mut digest = Digest { pending: Some(pending), late: vec![late(recipients)], ..digest() };
        assert_eq!(digest.due_at(), Some(if may_begin { at(0) } else { at(60) }));
        assert!(digest.claim(Lease { holder: 1, ends_at: at(180) }, at(60)).is_some());
        assert_eq!(digest.sending.is_some(), may_begin, "{recipients}");
        assert_eq!(digest.missed(), recipients);
    }
}

#[test]
fn failed_recipients_of_an_interrupted_announcement_expire() {
    let sending = Sending { missed: names(3), ..Sending::begin(changes(1), 1, at(0)) };
    let mut digest = Digest { sending: Some(sending), late: vec![late(2)], ..digest() };
    let policy = BackoffPolicy::default();
    assert_eq!(digest.expire_failed(DAY, &policy, at(0).plus(DAY - MINUTE)), 0);
    assert_eq!(digest.missed(), 5);
    assert_eq!(digest.expire_failed(DAY, &policy, at(0).plus(DAY)), 5);
    assert_eq!((digest.missed(), digest.sending, digest.late), (0, None, Vec::new()));
}

#[test]
fn late_recipients_are_tried_ever_more_seldom() {
    let pause_after = |minutes: u32| {
        let mut late = late(1);
        let now = at(0).plus(MINUTE * minutes);
        late.tried(names(1), now);
        late.next_at.since(now)
    };
    assert_eq!(pause_after(0), MINUTE);
    assert_eq!(pause_after(1), MINUTE);
    assert_eq!(pause_after(5), MINUTE * 5 / 2);
    assert_eq!(pause_after(60), MINUTE * 30);
    assert_eq!(pause_after(60 * 23), MINUTE * 60);
}

#[test]
fn late_recipients_get_names_of_fifty_changes() {
    let sending = Sending { missed: names(1), ..Sending::begin(changes(80), 1, at(0)) };
    let late = sending.into_late(at(0)).unwrap();
    assert_eq!((late.news.named.len(), late.news.unnamed.joined), (50, 30));
    assert_eq!(late.next_at, at(60));
}
