//! The inbox in SQLite: the messages of each registration, and how long they are kept.

use std::time::Duration;

use countmein::adapters::sqlite::Sqlite;
use countmein::domain::attendee::Applied;
use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::channel::Channel;
use countmein::domain::event::Event;
use countmein::domain::registration::RegistrationKey;
use countmein::domain::signup::{Request, Signup, SignupId, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{AttendeeSignups, Inbox, InboxMessage, MAX_INBOX_MESSAGES, Roster};
use tempfile::TempDir;
use tokio::time::Instant;

/// A database in a temporary folder.
struct Backend {
    sqlite: Sqlite,
    _folder: TempDir,
}

fn backend() -> Backend {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    Backend { sqlite: Sqlite::open(folder.path()).expect("the folder is ours"), _folder: folder }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_795_431_600_000 + second * 1_000).expect("it is in range")
}

fn signup(event: &str, name: &str, second: i64, request: Request) -> Signup {
    Signup {
        version: Version { requested_at: at(second), id: SignupId::parse(&format!("id-{second}")).unwrap() },
        event: Event::parse(event).unwrap(),
        name: AttendeeName::parse(name).unwrap(),
        channel: Channel::Queue,
        request,
    }
}

fn message(number: i64) -> InboxMessage {
    InboxMessage { id: format!("news-{number}"), at: at(number), text: format!("Guest {number} joined Dance.") }
}

impl Backend {
    async fn apply(&self, signup: Signup) {
        let batch = AttendeeSignups { key: signup.key(), signups: vec![signup] };
        let applied = self
            .sqlite
            .apply(vec![batch], at(0), Instant::now() + Duration::from_secs(60))
            .await
            .remove(0)
            .expect("the database is there");
        assert_eq!(applied, [Applied::Stored]);
    }

    /// Signs somebody up and returns the registration.
    async fn enrol(&self, event: &str, name: &str, second: i64) -> RegistrationKey {
        let enrol = signup(event, name, second, Request::trusted_sign_up(None));
        let registration = RegistrationKey { attendee: enrol.key(), owner: enrol.version.id.clone() };
        self.apply(enrol).await;
        registration
    }

    async fn keep(&self, registration: &RegistrationKey, message: InboxMessage) {
        self.sqlite.keep(registration, message).await.expect("the database is there");
    }

    async fn messages(&self, registration: &RegistrationKey) -> Vec<InboxMessage> {
        self.sqlite.messages(registration).await.expect("the database is there")
    }
}

#[tokio::test]
async fn new_registration_has_no_messages() {
    let backend = backend();
    let ana = backend.enrol("Dance", "Ana", 1).await;
    assert_eq!(backend.messages(&ana).await, []);
}

#[tokio::test]
async fn messages_are_read_newest_first() {
    let backend = backend();
    let ana = backend.enrol("Dance", "Ana", 1).await;
    for number in 1..=3 {
        backend.keep(&ana, message(number)).await;
    }
    assert_eq!(backend.messages(&ana).await, [3, 2, 1].map(message));
}

#[tokio::test]
async fn repeated_message_is_kept_once() {
    let backend = backend();
    let ana = backend.enrol("Dance", "Ana", 1).await;
    backend.keep(&ana, message(1)).await;
    backend.keep(&ana, message(2)).await;
    backend.keep(&ana, InboxMessage { id: message(1).id, ..message(3) }).await;
    assert_eq!(backend.messages(&ana).await, [2, 1].map(message));
}

#[tokio::test]
async fn only_the_latest_messages_are_kept() {
    let backend = backend();
    let (ana, ben) = (backend.enrol("Dance", "Ana", 1).await, backend.enrol("Dance", "Ben", 2).await);
    backend.keep(&ben, message(1)).await;
    let kept = i64::try_from(MAX_INBOX_MESSAGES).unwrap();
    for number in 1..=kept + 3 {
        backend.keep(&ana, message(number)).await;
    }
    let latest: Vec<_> = (4..=kept + 3).rev().map(message).collect();
    assert_eq!(backend.messages(&ana).await, latest);
    assert_eq!(backend.messages(&ben).await, [message(1)], "another's do not count");
}

#[tokio::test]
async fn messages_of_others_are_hidden() {
    let backend = backend();
    let ana = backend.enrol("Dance", "Ana", 1).await;
    let others = [
        backend.enrol("Dance", "Ben", 2).await,
        backend.enrol("Choir", "Ana", 3).await,
        backend.enrol("Choir", "Ben", 4).await,
    ];
    backend.keep(&ana, message(1)).await;
    for (other, number) in others.iter().zip(2..) {
        assert_eq!(backend.messages(other).await, [], "{other:?}");
        let own = InboxMessage { id: message(1).id, ..message(number) };
        backend.keep(other, own.clone()).await;
        assert_eq!(backend.messages(other).await, [own], "an id belongs to one registration");
    }
    assert_eq!(backend.messages(&ana).await, [message(1)]);
    let of_another = RegistrationKey { owner: SignupId::parse("id-9").unwrap(), ..ana };
    assert_eq!(backend.messages(&of_another).await, [], "a registration is identified by its sign-up");
}

#[tokio::test]
async fn messages_last_as_long_as_the_registration() {
    let backend = backend();
    let ana = backend.enrol("Dance", "Ana", 1).await;
    backend.keep(&ana, message(1)).await;
    backend.enrol("Dance", "Ana", 2).await;
    backend
        .apply(signup(
            "Dance",
            "Ana",
            3,
            Request::SetContact { registration: ana.owner.clone(), contact: None, confirmed: false },
        ))
        .await;
    assert_eq!(backend.messages(&ana).await, [message(1)]);
}

#[tokio::test]
async fn leaving_deletes_own_messages_only() {
    for leaves in [
        |_: &RegistrationKey| Request::Cancel,
        |ana: &RegistrationKey| Request::CancelRegistration { registration: ana.owner.clone() },
    ] {
        let backend = backend();
        let (ana, ben) = (backend.enrol("Dance", "Ana", 1).await, backend.enrol("Dance", "Ben", 2).await);
        let elsewhere = backend.enrol("Choir", "Ana", 3).await;
        for registration in [&ana, &ben, &elsewhere] {
            backend.keep(registration, message(1)).await;
        }

        backend.apply(signup("Dance", "Ana", 4, leaves(&ana))).await;

        assert_eq!(backend.messages(&ana).await, []);
        assert_eq!(backend.messages(&ben).await, [message(1)]);
        assert_eq!(backend.messages(&elsewhere).await, [message(1)]);
        let again = backend.enrol("Dance", "Ana", 5).await;
        assert_eq!(backend.messages(&again).await, [], "a new registration has no messages");
    }
}

#[tokio::test]
async fn removal_deletes_the_messages() {
    let backend = backend();
    let (ana, ben) = (backend.enrol("Dance", "Ana", 1).await, backend.enrol("Dance", "Ben", 2).await);
    let elsewhere = backend.enrol("Choir", "Ana", 3).await;
    for registration in [&ana, &ben, &elsewhere] {
        backend.keep(registration, message(1)).await;
    }
    let name = &ana.attendee.name;

    assert_eq!(backend.sqlite.remove(name, Some(&ana.attendee.event), at(4)).await.unwrap(), 1);
    assert_eq!(backend.messages(&ana).await, []);
    assert_eq!(backend.messages(&elsewhere).await, [message(1)], "the removal was from one event");

    assert_eq!(backend.sqlite.remove(name, None, at(5)).await.unwrap(), 1);
    assert_eq!(backend.messages(&elsewhere).await, []);
    assert_eq!(backend.messages(&ben).await, [message(1)]);
}

#[tokio::test]
async fn late_message_for_ended_registration_is_dropped() {
    let backend = backend();
    let first = backend.enrol("dance", "Ana", 1).await;
    backend.apply(signup("dance", "Ana", 2, Request::Cancel)).await;
    let second = backend.enrol("dance", "Ana", 3).await;
    backend.keep(&second, message(4)).await;

    backend.keep(&first, message(5)).await;

    assert_eq!(backend.messages(&second).await, [message(4)]);
    assert!(backend.messages(&first).await.is_empty());
}

#[tokio::test]
async fn rejoining_starts_an_empty_inbox() {
    let backend = backend();
    let first = backend.enrol("dance", "Ana", 1).await;
    backend.keep(&first, message(2)).await;
    let again = [signup("dance", "Ana", 3, Request::Cancel), signup("dance", "Ana", 4, Request::trusted_sign_up(None))];

    backend
        .sqlite
        .apply(
            vec![AttendeeSignups { key: first.attendee.clone(), signups: again.to_vec() }],
            at(5),
            Instant::now() + Duration::from_secs(60),
        )
        .await;

    assert!(backend.messages(&first).await.is_empty());
}
