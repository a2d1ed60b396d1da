use std::time::Duration;

use super::*;
use crate::domain::attendee::{Attendee, apply_all};
use crate::domain::attendee_name::NameKey;
use crate::domain::change::DetailsChange;
use crate::domain::channel::Channel;
use crate::domain::event::Event;
use crate::domain::event_details::{Content, EventDetails, Title};
use crate::domain::pending_changes::EventChanges;
use crate::domain::signup::{Request, Signup, SignupId, Version};

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_795_431_600_000 + second * 1_000).unwrap()
}

fn signup(name: &str, second: i64, request: Request) -> Signup {
    Signup {
        version: Version {
            requested_at: at(second),
            id: SignupId::parse(&format!("{name}-{second}").replace([' ', '’'], "")).unwrap(),
        },
        event: Event::parse("Pizza Night").unwrap(),
        name: AttendeeName::parse(name).unwrap(),
        channel: Channel::Queue,
        network: None,
        request,
    }
}

/// Returns the change that each request makes when they are applied in order.
fn changes(signups: &[Signup]) -> Vec<AttendeeChange> {
    let after = |count: usize| -> Option<Attendee> { apply_all(None, &signups[..count], at(0)).0 };
    let change = |count| AttendeeChange { key: signups[0].key(), old: after(count), new: after(count + 1) };
    (0..signups.len()).map(change).collect()
}

fn joins(name: &str, second: i64) -> AttendeeChange {
    changes(&[signup(name, second, Request::trusted_sign_up(None))]).remove(0)
}

fn mailbox(contact: &Contact) -> ContactId {
    ContactId::from_stored(contact.address().to_owned())
}

fn empty() -> Digest {
    Digest::new(EventId::parse("pizza-night").unwrap(), "Pizza Night".to_owned())
}

#[test]
fn only_joins_and_leaves_are_added() {
    let ana = [
        signup("Ana", 1, Request::Cancel),
        signup("Ana", 2, Request::trusted_sign_up(None)),
        signup("Ana", 3, Request::sign_up(None)),
        signup("Ana", 4, Request::Cancel),
        signup("Ana", 5, Request::Cancel),
    ];
    let mut digest = empty();

    let added = digest.add_changes(&changes(&ana), mailbox, &BackoffPolicy::default(), at(9));

    assert_eq!((added, digest.count), (Movements { joined: 1, left: 1 }, 0));
    let movements: Vec<_> = digest.pending.unwrap().news.named.iter().map(|change| change.movement).collect();
    assert_eq!(movements, [Movement::Joined, Movement::Left]);
}

#[test]
fn repeated_batch_is_counted_once() {
    let batch: Vec<AttendeeChange> = (0..100).map(|number| joins(&format!("Guest {number}"), 1)).collect();
    let mut digest = empty();
    digest.add_changes(&batch[..60], mailbox, &BackoffPolicy::default(), at(1));

    assert_eq!(
        digest.add_changes(&batch, mailbox, &BackoffPolicy::default(), at(2)),
        Movements { joined: 40, left: 0 }
    );
    let before = digest.clone();
    assert!(digest.add_changes(&batch, mailbox, &BackoffPolicy::default(), at(3)).is_empty());
    assert_eq!(digest, before);
    assert_eq!(digest.count, 100);
}

/// The change with the attendee under another key.
fn with_key(change: &AttendeeChange, key: &str) -> AttendeeChange {
    let rekeyed = |attendee: &Attendee| Attendee {
        name: AttendeeName::from_stored(attendee.name.to_string(), key.to_owned()),
        ..attendee.clone()
    };
    AttendeeChange {
        old: change.old.as_ref().map(rekeyed),
        new: change.new.as_ref().map(rekeyed),
        key: change.key.clone(),
    }
}

#[test]
fn attendee_with_another_key_is_the_same() {
    let oneill = [Request::trusted_sign_up(None), Request::Cancel];
    let oneill: Vec<Signup> = (1..).zip(oneill).map(|(second, request)| signup("O’Neill", second, request)).collect();
    let [joined, left] = &changes(&oneill)[..] else { panic!("two changes") };
    let mut digest = empty();
    let mut add = |change| digest.add_changes([&change], mailbox, &BackoffPolicy::default(), at(9));
    let one = Movements { joined: 1, left: 0 };
    assert_eq!(add(with_key(joined, "o’neill")), one);
    assert!(add(with_key(joined, "o'neill")).is_empty(), "the change was repeated");

    let announced = |digest: &Digest| {
        let news = &digest.pending.as_ref().unwrap().news;
        let changes = EventChanges { event: &digest.event, title: "", count: 0, news, begins: &[] };
        let own = changes.announcement_for(&[with_key(joined, "o'neill").new.as_ref().unwrap()], None);
        (own.is_some(), changes.announcement_for_all().is_some())
    };
    assert_eq!(announced(&digest), (false, true), "nobody is notified about themselves");
    digest.add_changes([&with_key(left, "o'neill")], mailbox, &BackoffPolicy::default(), at(9));
    assert_eq!(announced(&digest), (false, false), "the changes cancel each other out");
    assert_eq!(digest.count, 0);
}

#[test]
fn recipient_who_moves_before_the_position_is_kept() {
    let name = |name: &str| NameKey::from_stored(name.to_owned());
    let rekeying = |from, to| Rekeying { event: empty().event, from: name(from), to: name(to) };
    let mut digest = empty();
    assert!(!digest.keep_recipient(&rekeying("o’neill", "o'neill")), "nothing is being announced");
    digest.add_changes([&joins("Ana", 1)], mailbox, &BackoffPolicy::default(), at(0));
    claim(&mut digest, 1, at(2));
    digest.expansion.as_mut().unwrap().after = Some(name("oz"));
    assert!(digest.keep_recipient(&rekeying("o’neill", "o'neill")));
    assert!(!digest.keep_recipient(&rekeying("o’neill", "o'neill")), "this is safe to repeat");
    assert!(!digest.keep_recipient(&rekeying("a–b", "a-b")), "both keys were passed");
    assert!(!digest.keep_recipient(&rekeying("z–b", "z-b")), "both keys come later");
    assert!(!digest.keep_recipient(&rekeying("oz", "oa")), "the last who has a message gets no other");
    assert_eq!(digest.owed, [Owed { since: at(2), names: vec![name("o'neill")] }]);
}

#[test]
fn numbers_of_named_changes_and_hashes_are_limited() {
    let mut digest = empty();
    for number in 0..1_000 {
        digest.add_changes(&[joins(&format!("Guest {number}"), 1)], mailbox, &BackoffPolicy::default(), at(1));
    }
    let news = &digest.pending.as_ref().unwrap().news;
    assert_eq!((news.named.len(), news.unnamed), (MAX_NAMED_CHANGES, Movements { joined: 800, left: 0 }));
    assert_eq!(news.unnamed_since, Some(at(1)));
    assert_eq!((digest.count, digest.seen.len()), (1_000, MAX_CHANGE_HASHES));
}

#[test]
fn digest_without_attendees_expires() {
    let ana = changes(&[signup("Ana", 1, Request::trusted_sign_up(None)), signup("Ana", 2, Request::Cancel)]);
    let mut digest = empty();
    digest.add_changes(&ana[..1], mailbox, &BackoffPolicy::default(), at(1));
    assert_eq!(digest.expires_at, None);
    digest.add_changes(&ana[1..], mailbox, &BackoffPolicy::default(), at(2));
    assert_eq!(digest.expires_at, Some(at(2).plus(Duration::from_secs(30 * 24 * 60 * 60))));

    let back = joins("Ben", 3);
    digest.add_changes([&back], mailbox, &BackoffPolicy::default(), at(3));
    assert_eq!(digest.expires_at, None, "the event has an attendee again");
    digest.add_changes(
        &[AttendeeChange { old: back.new.clone(), new: None, ..back }],
        mailbox,
        &BackoffPolicy::default(),
        at(4),
    );
    assert_eq!(digest.expires_at, Some(at(4)));
}

const MINUTE: Duration = Duration::from_secs(60);

/// Claims the digest for a worker.
fn claim(digest: &mut Digest, holder: u64, now: Timestamp) -> Option<Claim> {
    digest.claim(Lease { holder, ends_at: now.plus(MINUTE * 2) }, &BackoffPolicy::default(), now)
}

/// Makes the announcement if one is due, and returns whether it was.
fn announce(digest: &mut Digest, now: Timestamp) -> bool {
    let is_due = claim(digest, 1, now).is_some();
    digest.expansion = None;
    digest.lease = None;
    is_due
}

#[test]
fn backoff_grows_with_each_announcement() {
    let mut digest = empty();
    let mut now = at(0);
    for (guest, minutes) in [1, 2, 4, 8].into_iter().enumerate() {
        digest.add_changes(&[joins(&format!("Guest {guest}"), 1)], mailbox, &BackoffPolicy::default(), now);
        assert_eq!(digest.due_at(), Some(now), "{guest}");
        assert!(announce(&mut digest, now));
        digest.add_changes(&[joins(&format!("Other {guest}"), 1)], mailbox, &BackoffPolicy::default(), now);
        assert_eq!(digest.due_at(), Some(now.plus(MINUTE * minutes)), "{guest}");
        assert!(!announce(&mut digest, now.plus(MINUTE * minutes - Duration::from_millis(1))));
        digest.pending = None;
        now = now.plus(MINUTE * minutes);
    }
}

#[test]
fn backoff_restarts_after_maximum_without_activity() {
    let six_hours = BackoffPolicy::default().maximum;
    for (pause, wait_minutes) in [(six_hours - MINUTE, 2), (six_hours, 1)] {
        let mut digest = empty();
        digest.add_changes(&[joins("Ana", 1)], mailbox, &BackoffPolicy::default(), at(0));
        announce(&mut digest, at(0));
        let later = at(0).plus(pause);
        digest.add_changes(&[joins("Ben", 1)], mailbox, &BackoffPolicy::default(), later);
        assert!(announce(&mut digest, later));
        digest.add_changes(&[joins("Cleo", 1)], mailbox, &BackoffPolicy::default(), later);
        assert_eq!(digest.due_at(), Some(later.plus(MINUTE * wait_minutes)));
    }
}

#[test]
fn clock_set_back_delays_by_at_most_maximum() {
    let mut digest = empty();
    let year = MINUTE * 60 * 24 * 365;
    digest.add_changes(&[joins("Ana", 1)], mailbox, &BackoffPolicy::default(), at(0).plus(year));
    announce(&mut digest, at(0).plus(year));

    digest.add_changes(&[joins("Ben", 1)], mailbox, &BackoffPolicy::default(), at(0));

    assert_eq!(digest.due_at(), Some(at(0).plus(BackoffPolicy::default().maximum)));
}

#[test]
fn lease_is_exclusive_until_it_ends() {
    let mut digest = empty();
    digest.add_changes(&[joins("Ana", 1)], mailbox, &BackoffPolicy::default(), at(0));
    assert!(matches!(claim(&mut digest, 1, at(2)), Some(Claim::New(_))));
    assert!(digest.is_held_by(1));

    digest.add_changes(&[joins("Ben", 1)], mailbox, &BackoffPolicy::default(), at(3));
    assert_eq!(claim(&mut digest, 2, at(3)), None);
    // At second 122, the lease of the first holder has ended. The second one continues with its announcement.
    assert_eq!(digest.due_at(), Some(at(122)));
    assert_eq!(claim(&mut digest, 2, at(122)), Some(Claim::Stored));
    assert_eq!(digest.expansion, Some(Expansion { announced_at: at(2), begun_at: at(2), after: None }));

    digest.expansion = None;
    digest.lease = None;
    assert_eq!(digest.due_at(), Some(at(62)), "the backoff began with the announcement");
}

#[test]
fn earlier_news_are_announced_to_whom_they_are_owed() {
    let mut digest = empty();
    digest.add_changes(&[joins("Ana", 1)], mailbox, &BackoffPolicy::default(), at(0));
    digest.earlier_news = digest.pending.take().map(|pending| pending.news);
    digest.owed = vec![Owed { since: at(5), names: vec![AttendeeName::parse("Zoe").unwrap().key().clone()] }];
    assert_eq!(claim(&mut digest, 1, at(4)), None);
    match claim(&mut digest, 1, at(9)) {
        Some(Claim::New(announcement)) => {
            assert_eq!((announcement.at, announcement.has_watermarks), (at(5), false));
            assert_eq!(announcement.changes.named.len(), 1);
        }
        claim => panic!("{claim:?}"),
    }
    digest.lease = None;
    assert_eq!(claim(&mut digest, 1, at(9)), Some(Claim::Stored), "it is stored once");
    assert_eq!(digest.owed.len(), 1);
    digest.owed.clear();
    digest.lease = None;
    assert_eq!(digest.due_at(), None);
}

fn details(version: u64, title: &str) -> EventDetails {
    let content = Content::titled(Title::parse(title).unwrap());
    EventDetails { version, ..EventDetails::new(EventId::parse("pizza-night").unwrap(), content, at(0)) }
}

fn edit(old: Option<EventDetails>, new: Option<EventDetails>) -> DetailsChange {
    DetailsChange { event: EventId::parse("pizza-night").unwrap(), old, new }
}

#[test]
fn newest_details_give_the_title_whatever_is_repeated() {
    let mut digest = empty();
    let (first, second) = (details(1, "Dinner"), details(2, "A bigger dinner"));
    digest.update_details(&edit(None, Some(first.clone())), at(1));
    assert_eq!((digest.title.as_str(), digest.expires_at), ("Dinner", None));
    digest.update_details(&edit(Some(first.clone()), Some(second.clone())), at(2));
    let after = digest.clone();
    assert_eq!(digest.title, "A bigger dinner");
    for repeated in [edit(None, Some(first.clone())), edit(Some(first), Some(second))] {
        digest.update_details(&repeated, at(3));
        assert_eq!(digest, after);
    }
}

#[test]
fn event_with_details_stays_without_attendees() {
    let policy = BackoffPolicy::default();
    let ana = changes(&[signup("Ana", 1, Request::trusted_sign_up(None)), signup("Ana", 2, Request::Cancel)]);
    let mut digest = empty();
    digest.update_details(&edit(None, Some(details(1, "Dinner"))), at(0));
    digest.add_changes(&ana, mailbox, &policy, at(3));
    assert_eq!((digest.count, digest.expires_at), (0, None));
    assert!(!digest.is_expired(at(1_000_000_000)));
    digest.update_details(&edit(Some(details(1, "Dinner")), None), at(4));
    assert_eq!(digest.expires_at, Some(at(4)));
    assert!(digest.is_expired(at(4)) && !digest.is_expired(at(3)));

    let mut busy = empty();
    busy.update_details(&edit(None, Some(details(1, "Dinner"))), at(0));
    busy.add_changes(&[joins("Ana", 1)], mailbox, &policy, at(1));
    busy.update_details(&edit(Some(details(1, "Dinner")), None), at(4));
    assert_eq!((busy.count, busy.expires_at), (1, None), "somebody is still in");
}

#[test]
fn announcements_stay_in_order_after_a_clock_was_set_back() {
    let announced_at = |last: Option<Timestamp>, requested_at: u32| {
        let mut digest = Digest { announced_at: last, ..empty() };
        digest.add_changes([&joins("Ana", requested_at.into())], mailbox, &BackoffPolicy::default(), at(5));
        match claim(&mut digest, 1, at(5)) {
            Some(Claim::New(announcement)) => announcement.at,
            claim => panic!("{claim:?}"),
        }
    };
    let millisecond = Duration::from_millis(1);
    assert_eq!(announced_at(None, 1), at(5));
    assert_eq!(announced_at(None, 7), at(7).plus(millisecond), "later than the request");
    assert_eq!(announced_at(Some(at(9)), 1), at(9).plus(millisecond), "later than the last one");
    let clock_was_wrong = at(5).plus(MAX_LEAD + millisecond);
    assert_eq!(announced_at(Some(clock_was_wrong), 1), at(5));
}
