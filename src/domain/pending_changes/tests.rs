use super::*;
use crate::domain::attendee::apply_all;
use crate::domain::channel::Channel;
use crate::domain::event::Event;
use crate::domain::signup::{Request, Signup, SignupId, Version};

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(Timestamp::EARLIEST.as_millis() + second * 1_000).unwrap()
}

fn joined(name: &str, second: i64) -> NamedChange {
    NamedChange {
        name: AttendeeName::parse(name).unwrap(),
        movement: Movement::Joined,
        requested_at: at(second),
        mailbox: None,
    }
}

/// An attendee whose registration began at this second.
fn attendee(name: &str, second: i64) -> Attendee {
    let signup = Signup {
        version: Version { requested_at: at(second), id: SignupId::parse(name).unwrap() },
        event: Event::parse("Dance").unwrap(),
        name: AttendeeName::parse(name).unwrap(),
        channel: Channel::Queue,
        network: None,
        request: Request::trusted_sign_up(None),
    };
    apply_all(None, &[signup], at(0)).0.unwrap()
}

#[test]
fn size_of_named_changes_is_limited() {
    let mut news = PendingChanges::opened_at(at(0));
    for number in 0..100 {
        // 311 bytes, which the key has too.
        news.add(joined(&format!("{number:03}{}", "𐌰".repeat(77)), 1), MAX_NAMED_CHANGES);
    }
    // 40 KiB contain 59 changes of 2 × 311 + 64 bytes.
    assert_eq!((news.named.len(), news.unnamed), (59, Movements { joined: 41, left: 0 }));
}

#[test]
fn numbers_of_unnamed_changes_are_added() {
    let unnamed = |joined, left, since| PendingChanges {
        unnamed: Movements { joined, left },
        unnamed_since: Some(at(since)),
        ..PendingChanges::opened_at(at(since))
    };
    let mut news = unnamed(2, 3, 8);
    news.add_all(unnamed(5, 7, 4), MAX_NAMED_CHANGES);
    assert_eq!(news, unnamed(7, 10, 4));
}

#[test]
fn changes_beyond_the_limit_are_counted() {
    let mut news = PendingChanges::opened_at(at(0));
    for (second, name) in (1..).zip(["Ana", "Ben", "Cleo"]) {
        news.add(joined(name, second), 3);
    }
    let mut later = PendingChanges::opened_at(at(0));
    later.add(joined("Dora", 9), 3);
    news.add_all(later, 2);
    let names: Vec<&str> = news.named.iter().map(|change| change.name.as_str()).collect();
    assert_eq!((names, news.unnamed), (vec!["Ana", "Ben"], Movements { joined: 2, left: 0 }));
    assert_eq!(news.unnamed_since, Some(at(3)));
}

#[test]
fn unnamed_changes_are_announced_to_whom_they_cannot_contain() {
    let event = EventId::parse("dance").unwrap();
    let unnamed = Movements { joined: 2, left: 1 };
    let news = PendingChanges { unnamed, unnamed_since: Some(at(5)), ..PendingChanges::opened_at(at(0)) };
    let changes = EventChanges { event: &event, title: "Dance", count: 7, news: &news, begins: &[] };
    let announced =
        |second| changes.announcement_for(&[&attendee("Zoe", second)], None).map(|announcement| announcement.others);
    assert_eq!(announced(4), Some(unnamed));
    assert_eq!(announced(5), None, "Zoe may be one of those who joined");
    assert_eq!(announced(6), None);
    assert_eq!(changes.announcement_for_all().unwrap().others, unnamed);
}
