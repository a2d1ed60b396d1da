//! The messages that an earlier version stored for each registration: how long they are kept.

use std::time::Duration;

use countmein::adapters::sqlite::{DATABASE, Sqlite};
use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::channel::Channel;
use countmein::domain::event::Event;
use countmein::domain::event_announcement::ANNOUNCEMENT_RETENTION;
use countmein::domain::registration::RegistrationKey;
use countmein::domain::signup::{Request, Signup, SignupId, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{AttendeeSignups, EarlierMessages as _, Roster as _};
use tempfile::TempDir;
use tokio::time::Instant;

struct Backend {
    sqlite: Sqlite,
    folder: TempDir,
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
        network: None,
        request,
    }
}

impl Backend {
    /// A backend in which Ana and Ben have signed up for *Dance*, and Ana for *Choir*, each with one message.
    async fn with_messages() -> (Self, [RegistrationKey; 3]) {
        let folder = tempfile::tempdir().unwrap();
        let backend = Self { sqlite: Sqlite::open(folder.path()).unwrap(), folder };
        let mut registrations = Vec::new();
        for (event, name, second) in [("Dance", "Ana", 1), ("Dance", "Ben", 2), ("Choir", "Ana", 3)] {
            let signup = signup(event, name, second, Request::trusted_sign_up(None));
            let registration = RegistrationKey { attendee: signup.key(), owner: signup.version.id.clone() };
            backend.apply(vec![signup]).await;
            backend.store_message(&registration, at(10));
            registrations.push(registration);
        }
        (backend, registrations.try_into().expect("there are three"))
    }

    /// Stores a message as the earlier version did.
    fn store_message(&self, registration: &RegistrationKey, at: Timestamp) {
        let RegistrationKey { attendee, owner } = registration;
        let db = rusqlite::Connection::open(self.folder.path().join(DATABASE)).unwrap();
        let sql = "INSERT INTO inbox (event, name, owner, id, at, text) VALUES (?1, ?2, ?3, ?4, ?4, 'Cleo joined.')";
        let row = (attendee.event.as_str(), attendee.name.as_str(), owner.as_str(), at.as_millis());
        db.execute(sql, row).unwrap();
    }

    async fn apply(&self, signups: Vec<Signup>) {
        let batch = AttendeeSignups { key: signups[0].key(), signups };
        let applied = self.sqlite.apply(vec![batch], at(0), Instant::now() + Duration::from_secs(60)).await;
        assert!(applied[0].is_ok());
    }

    async fn count<const N: usize>(&self, registrations: [&RegistrationKey; N]) -> [usize; N] {
        let mut counts = [0; N];
        for (count, registration) in counts.iter_mut().zip(registrations) {
            *count = self.sqlite.earlier_messages(registration).await.unwrap().len();
        }
        counts
    }
}

#[tokio::test]
async fn messages_belong_to_one_registration() {
    let (backend, [ana, ben, elsewhere]) = Backend::with_messages().await;
    assert_eq!(backend.count([&ana, &ben, &elsewhere]).await, [1, 1, 1]);
    let of_another = RegistrationKey { owner: SignupId::parse("id-9").unwrap(), ..ana.clone() };
    assert_eq!(backend.count([&of_another]).await, [0]);
    backend.store_message(&ana, at(11));
    let messages = backend.sqlite.earlier_messages(&ana).await.unwrap();
    assert_eq!(messages.iter().map(|message| message.at).collect::<Vec<_>>(), [at(11), at(10)]);
}

#[tokio::test]
async fn messages_end_with_the_registration() {
    let (backend, [ana, ben, elsewhere]) = Backend::with_messages().await;
    backend.apply(vec![signup("Dance", "Ana", 4, Request::trusted_sign_up(None))]).await;
    assert_eq!(backend.count([&ana]).await, [1], "the registration has not ended");
    let again = [signup("Dance", "Ana", 5, Request::Cancel), signup("Dance", "Ana", 6, Request::trusted_sign_up(None))];
    backend.apply(again.into()).await;
    assert_eq!(backend.count([&ana, &ben, &elsewhere]).await, [0, 1, 1]);
}

#[tokio::test]
async fn removal_deletes_the_messages() {
    let (backend, [ana, ben, elsewhere]) = Backend::with_messages().await;
    let name = &ana.attendee.name;
    assert_eq!(backend.sqlite.remove(name, Some(&ana.attendee.event), at(4)).await.unwrap(), 1);
    assert_eq!(backend.count([&ana, &ben, &elsewhere]).await, [0, 1, 1]);
    assert_eq!(backend.sqlite.remove(name, None, at(5)).await.unwrap(), 1);
    assert_eq!(backend.count([&ana, &ben, &elsewhere]).await, [0, 1, 0]);
}

#[tokio::test]
async fn messages_are_deleted_after_30_days() {
    let (backend, [ana, ..]) = Backend::with_messages().await;
    backend.store_message(&ana, at(20));
    let _ = backend.sqlite.delete_expired(at(10).plus(ANNOUNCEMENT_RETENTION)).await.unwrap();
    let messages = backend.sqlite.earlier_messages(&ana).await.unwrap();
    assert_eq!(messages.iter().map(|message| message.at).collect::<Vec<_>>(), [at(20)]);
}
