//! SQLite alone: the file, its permissions, what survives a restart, and what expires.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use countmein::adapters::sqlite::{Cleanup, DATABASE, FeedConsumer, OpenError, Sqlite};
use countmein::domain::attendee::{Applied, Attendee, TOMBSTONE_RETENTION};
use countmein::domain::attendee_name::{AttendeeName, NameKey};
use countmein::domain::channel::Channel;
use countmein::domain::clock;
use countmein::domain::contact::Contact;
use countmein::domain::deleted_event::{DeletedEvent, DeletionState};
use countmein::domain::digest::Digest;
use countmein::domain::event::{Event, EventId};
use countmein::domain::host_link::LinkGenerations;
use countmein::domain::signup::{Request, Signup, SignupId, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{
    ApplyError, AttendeeSignups, Budgets, Calendar as _, ChangeFeed, Deferral, Deferrals, Deletion, Delivery, Digests,
    Events, Idempotency, IdempotentRequest, MAX_RECEIVES, Position, Queue, RejectedMessage, RejectedMessages, Roster,
    STOPPED_REASON, Spending, StoredDetails, Unavailable, Write,
};
use countmein::upkeep::{self, ContactDeletion, UpkeepPorts};
use strum::VariantArray as _;
use tempfile::TempDir;
use tokio::time::Instant;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn folder() -> TempDir {
    tempfile::tempdir().expect("there is room for a folder")
}

fn open(folder: &Path) -> Sqlite {
    Sqlite::open(folder).expect("the folder is ours")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_795_431_600_000 + second * 1_000).expect("it is in range")
}

fn signup(name: &str, second: i64, request: Request) -> Signup {
    Signup {
        version: Version { requested_at: at(second), id: SignupId::parse(&format!("id-{second}")).unwrap() },
        event: Event::parse("Dance").unwrap(),
        name: AttendeeName::parse(name).unwrap(),
        channel: Channel::Queue,
        network: None,
        request,
    }
}

fn enrol(name: &str, second: i64) -> Signup {
    signup(name, second, Request::trusted_sign_up(Some(Contact::email("ana@example.org").unwrap())))
}

async fn apply(sqlite: &Sqlite, signup: Signup, now: Timestamp) -> Vec<Applied> {
    let batch = AttendeeSignups { key: signup.key(), signups: vec![signup] };
    sqlite.apply(vec![batch], now, Instant::now() + Duration::from_secs(60)).await.remove(0).unwrap()
}

async fn defer(sqlite: &Sqlite, delivery: Delivery, delay: Duration) -> Result<(), Unavailable> {
    let deferrals = Deferrals { attempts: 1, early_attempts: 0 };
    sqlite.defer(vec![Deferral { delivery, deferrals, delay, reason: "away".to_owned() }]).await.remove(0)
}

async fn send(sqlite: &Sqlite, body: &str) {
    sqlite.send(vec![body.to_owned()]).await.unwrap();
}

async fn receive_one(sqlite: &Sqlite) -> Delivery {
    let mut received = sqlite.receive(10).await.unwrap();
    assert_eq!(received.len(), 1, "{received:?}");
    received.remove(0)
}

async fn delete_all_expired(sqlite: &Sqlite, now: Timestamp) {
    while sqlite.delete_expired(now).await.unwrap() == Cleanup::Partial {}
}

/// The same where something has expired.
async fn delete_some_expired(sqlite: &Sqlite, now: Timestamp) {
    assert_eq!(sqlite.delete_expired(now).await.unwrap(), Cleanup::Partial, "more may be left");
    delete_all_expired(sqlite, now).await;
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o777
}

#[tokio::test]
async fn only_the_owner_reads_the_folder() {
    let data = folder();
    let data = data.path().join("deep/data");
    let sqlite = open(&data);
    send(&sqlite, "hello").await;
    sqlite.depth().await.unwrap();

    assert_eq!(mode(&data), 0o700);
    let files: Vec<_> = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 4, "the database, its log, its index and the lock: {files:?}");
    for suffix in ["", "-wal", "-shm"] {
        assert!(files.contains(&data.join(format!("{DATABASE}{suffix}"))), "{suffix} is not in {files:?}");
    }
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn folder_is_locked() {
    let data = folder();
    let first = open(data.path());
    let clone = first.clone();
    let refused = |data: &Path| matches!(Sqlite::open(data), Err(OpenError::InUse(path)) if path == data);
    assert!(refused(data.path()));
    drop(first);
    assert!(refused(data.path()), "a clone still uses it");
    drop(clone);
    open(data.path());
}

#[tokio::test]
async fn newer_database_is_left_alone() {
    let data = folder();
    drop(open(data.path()));
    let database = rusqlite::Connection::open(data.path().join(DATABASE)).unwrap();
    let known: usize = database.query_row("PRAGMA user_version", (), |row| row.get(0)).unwrap();
    database.pragma_update(None, "user_version", known + 1).unwrap();
    drop(database);

    let error = Sqlite::open(data.path()).err().expect("it is refused");
    assert!(matches!(error, OpenError::Newer { found, known: k } if (found, k) == (known + 1, known)), "{error}");
}

#[tokio::test]
async fn new_follower_starts_where_digests_are() {
    let data = folder();
    let database = rusqlite::Connection::open(data.path().join(DATABASE)).unwrap();
    // A file as schema 6 left it.
    for script in [
        include_str!("../../src/adapters/sqlite/schema/1.sql"),
        include_str!("../../src/adapters/sqlite/schema/2.sql"),
        include_str!("../../src/adapters/sqlite/schema/3.sql"),
        include_str!("../../src/adapters/sqlite/schema/4.sql"),
        include_str!("../../src/adapters/sqlite/schema/5.sql"),
        include_str!("../../src/adapters/sqlite/schema/6.sql"),
    ] {
        database.execute_batch(script).unwrap();
    }
    database.execute("INSERT INTO follower (name, position) VALUES ('fanout', '17')", ()).unwrap();
    database.pragma_update(None, "user_version", 6).unwrap();
    drop(database);

    let sqlite = open(data.path());
    let position = sqlite.position(FeedConsumer::Digests).await.unwrap();
    assert_ne!(position, Position::Start);
    assert_eq!(sqlite.position(FeedConsumer::DirectMessages).await.unwrap(), position);
}

#[test]
fn damaged_database_is_refused_and_kept() {
    let data = folder();
    let database = data.path().join(DATABASE);
    let letter = "Dear diary, this is not a database. ".repeat(40);
    fs::write(&database, &letter).unwrap();
    assert!(matches!(Sqlite::open(data.path()), Err(OpenError::Sqlite(_))));
    assert_eq!(fs::read_to_string(&database).unwrap(), letter);
}

#[test]
fn file_instead_of_folder_is_named() {
    let data = folder();
    let file = data.path().join("data");
    fs::write(&file, "").unwrap();
    let error = Sqlite::open(&file).err().expect("it is refused").to_string();
    assert!(error.contains(&file.display().to_string()), "{error}");
}

#[tokio::test]
async fn everything_survives_a_restart() {
    let data = folder();
    let sqlite = open(data.path());
    apply(&sqlite, enrol("Ana", 1), at(1)).await;
    send(&sqlite, "on its way").await;
    let reject = RejectedMessage {
        id: "r".to_owned(),
        latest_message: String::new(),
        count: 1,
        body: "hello".to_owned(),
        reason: "no message".to_owned(),
        arrived_at: at(1),
        rejected_at: at(2),
    };
    sqlite.put(vec![reject.clone()]).await.unwrap();
    let answer = IdempotentRequest { fingerprint: "f".to_owned(), id: SignupId::new(at(1)), requested_at: at(1) };
    sqlite.remember("key".to_owned(), answer.clone()).await.unwrap();
    let ana = sqlite.attendee(&enrol("Ana", 1).key()).await.unwrap();
    let changes = sqlite.changes(&Position::Start, 10).await.unwrap();
    let secret = sqlite.secret("manage").await.unwrap();
    drop(sqlite);

    let sqlite = open(data.path());
    assert!(ana.is_some());
    assert_eq!(sqlite.attendee(&enrol("Ana", 1).key()).await.unwrap(), ana);
    assert_eq!(sqlite.changes(&Position::Start, 10).await.unwrap(), changes);
    assert_eq!(sqlite.get("r").await.unwrap(), Some(reject));
    let other = IdempotentRequest { fingerprint: "g".to_owned(), ..answer.clone() };
    assert_eq!(sqlite.remember("key".to_owned(), other).await.unwrap(), answer);
    assert_eq!(sqlite.secret("manage").await.unwrap(), secret);
    assert_ne!(sqlite.secret("another").await.unwrap(), secret);
    assert_eq!(receive_one(&sqlite).await.body, "on its way");
}

#[tokio::test]
async fn unacked_messages_return_after_a_restart() {
    let data = folder();
    let sqlite = open(data.path());
    send(&sqlite, "hello").await;
    let before = receive_one(&sqlite).await;
    drop(sqlite);

    let after = receive_one(&open(data.path())).await;

    let expected = Delivery { receive_count: 2, receipt: after.receipt.clone(), ..before };
    assert_eq!(after, expected);
}

#[tokio::test]
async fn fifth_crash_becomes_a_reject() {
    let data = folder();
    let mut sqlite = open(data.path());
    send(&sqlite, "deadly").await;
    let mut id = String::new();
    for _ in 0..MAX_RECEIVES {
        id = receive_one(&sqlite).await.message_id;
        drop(sqlite);
        sqlite = open(data.path());
    }

    assert!(sqlite.receive(10).await.unwrap().is_empty());

    let reject = sqlite.get(&id).await.unwrap().expect("it is kept");
    assert_eq!(reject.body, "deadly");
    assert_eq!(reject.reason, STOPPED_REASON);
}

#[tokio::test]
async fn new_arrival_does_not_shorten_delays() {
    let data = folder();
    let sqlite = open(data.path());
    send(&sqlite, "later").await;
    let later = receive_one(&sqlite).await;
    defer(&sqlite, later, Duration::from_secs(3_600)).await.unwrap();

    send(&sqlite, "now").await;

    assert_eq!(receive_one(&sqlite).await.body, "now");
    assert_eq!(sqlite.depth().await.unwrap().messages, 2);
}

#[tokio::test]
async fn person_is_removed_although_a_change_is_damaged() {
    let data = folder();
    let sqlite = open(data.path());
    apply(&sqlite, enrol("Ana", 1), at(1)).await;
    let database = rusqlite::Connection::open(data.path().join(DATABASE)).unwrap();
    database.execute("UPDATE change SET new_image = '{\"contact\":{\"email\":\"ana@example.org\"}'", ()).unwrap();

    assert_eq!(sqlite.remove(&enrol("Ana", 1).key().name, None, at(2)).await.unwrap(), 1);

    let images: Vec<Option<String>> = database
        .prepare("SELECT new_image FROM change")
        .unwrap()
        .query_map((), |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(images, [Some("{}".to_owned()), None]);
}

#[tokio::test]
async fn tombstones_expire_after_30_days() {
    let data = folder();
    let sqlite = open(data.path());
    apply(&sqlite, enrol("Ana", 1), at(1)).await;
    apply(&sqlite, signup("Ana", 2, Request::Cancel), at(2)).await;
    apply(&sqlite, enrol("Ben", 1), at(1)).await;
    let ana = enrol("Ana", 1).key();
    let expires_at = at(2).plus(TOMBSTONE_RETENTION);

    delete_all_expired(&sqlite, Timestamp::from_millis(expires_at.as_millis() - 1).unwrap()).await;
    assert!(sqlite.attendee(&ana).await.unwrap().is_some());
    delete_some_expired(&sqlite, expires_at).await;
    assert_eq!(sqlite.attendee(&ana).await.unwrap(), None);
    assert!(sqlite.attendee(&enrol("Ben", 1).key()).await.unwrap().is_some(), "who is in stays");
}

#[tokio::test]
async fn event_expires_with_its_last_tombstone() {
    let data = folder();
    let sqlite = open(data.path());
    apply(&sqlite, enrol("Ana", 0), at(0)).await;
    apply(&sqlite, signup("Ana", 1, Request::Cancel), at(1)).await;

    delete_all_expired(&sqlite, at(2)).await;
    assert_eq!(sqlite.events(10, None).await.unwrap().len(), 1);
    delete_all_expired(&sqlite, at(1).plus(TOMBSTONE_RETENTION)).await;
    assert_eq!(sqlite.events(10, None).await.unwrap(), []);
}

/// Applies all changes as the follower of the digests does.
async fn take_in_all(sqlite: &Sqlite) {
    let changes = sqlite.changes(&Position::Start, 10_000).await.unwrap();
    for follower in FeedConsumer::VARIANTS.iter().copied() {
        sqlite.set_position(follower, &changes.last().expect("there are changes").0).await.unwrap();
    }
}

#[tokio::test]
async fn unfollowed_or_young_changes_are_kept() {
    let data = folder();
    let sqlite = open(data.path());
    apply(&sqlite, enrol("Ana", 1), at(1)).await;
    apply(&sqlite, enrol("Ben", 2), at(2)).await;

    delete_all_expired(&sqlite, at(9).plus(DAY)).await;
    assert_eq!(sqlite.changes(&Position::Start, 10).await.unwrap().len(), 2, "nobody has taken them in");
    take_in_all(&sqlite).await;

    delete_all_expired(&sqlite, at(1).plus(DAY)).await;
    assert_eq!(sqlite.changes(&Position::Start, 10).await.unwrap().len(), 2);
    delete_some_expired(&sqlite, at(2).plus(DAY)).await;
    let left = sqlite.changes(&Position::Start, 10).await.unwrap();
    assert_eq!(
        left.iter()
            .map(|(_, change)| change.as_ref().unwrap().attendee().unwrap().key.name.as_str())
            .collect::<Vec<_>>(),
        ["ben"]
    );
    take_in_all(&sqlite).await;
    delete_all_expired(&sqlite, at(3).plus(DAY)).await;
    apply(&sqlite, enrol("Cleo", 3), at(3)).await;
    let (position, _) = sqlite.changes(&Position::Start, 10).await.unwrap().remove(0);
    assert_ne!(position, left[0].0, "a position is never used again");
}

#[tokio::test]
async fn answers_are_remembered_for_a_day() {
    let data = folder();
    let sqlite = open(data.path());
    let answer = |number: i64| IdempotentRequest {
        fingerprint: "f".to_owned(),
        id: SignupId::new(at(number)),
        requested_at: at(number),
    };
    let (first, second) = (answer(1), answer(2));
    sqlite.remember("key".to_owned(), first.clone()).await.unwrap();

    let now = Timestamp::now();
    delete_all_expired(&sqlite, now.plus(DAY - Duration::from_secs(60))).await;
    assert_eq!(sqlite.remember("key".to_owned(), second.clone()).await.unwrap(), first);
    delete_some_expired(&sqlite, now.plus(DAY + Duration::from_secs(60))).await;
    assert_eq!(sqlite.remember("key".to_owned(), second.clone()).await.unwrap(), second);
}

#[tokio::test]
async fn budget_expires_at_its_end() {
    let data = folder();
    let sqlite = open(data.path());
    assert_eq!(sqlite.spend("first", 1, at(10)).await.unwrap(), Spending::Granted);
    assert_eq!(sqlite.spend("second", 1, at(20)).await.unwrap(), Spending::Granted);
    assert_eq!(
        sqlite.spend("first", 1, at(30)).await.unwrap(),
        Spending::Exhausted,
        "it is spent, and its end does not move"
    );

    delete_all_expired(&sqlite, Timestamp::from_millis(at(10).as_millis() - 1).unwrap()).await;
    assert_eq!(sqlite.spend("first", 1, at(30)).await.unwrap(), Spending::Exhausted);
    delete_some_expired(&sqlite, at(10)).await;
    assert_eq!(sqlite.spend("first", 1, at(30)).await.unwrap(), Spending::Granted);
    assert_eq!(sqlite.spend("second", 1, at(30)).await.unwrap(), Spending::Exhausted, "its end has not come");
}

#[tokio::test]
async fn digests_expire_with_their_events() {
    let data = folder();
    let sqlite = open(data.path());
    let digest = |title: &str, expires_at| {
        let event = Event::parse(title).unwrap().id().clone();
        Digest { expires_at, ..Digest::new(event, title.to_owned()) }
    };
    let (forgotten, later) = (digest("Dance", Some(at(10))), digest("Choir", Some(at(11))));
    let lively = digest("Ball", None);
    for digest in [&forgotten, &later, &lively] {
        assert_eq!(sqlite.store(digest).await.unwrap(), Write::Stored);
    }
    let stored = async |digest: &Digest| sqlite.digest(&digest.event).await.unwrap().is_some();

    delete_all_expired(&sqlite, Timestamp::from_millis(at(10).as_millis() - 1).unwrap()).await;
    assert!(stored(&forgotten).await);
    delete_some_expired(&sqlite, at(10)).await;
    assert!(!stored(&forgotten).await);
    assert!(stored(&later).await && stored(&lively).await);
}

#[tokio::test]
async fn expiry_handles_large_backlogs() {
    let data = folder();
    let sqlite = open(data.path());
    let batches = (0..2_500).map(|number| {
        let cancel = signup(&format!("Guest {number}"), 1, Request::Cancel);
        AttendeeSignups { key: cancel.key(), signups: vec![cancel] }
    });
    let answers = sqlite.apply(batches.collect(), at(1), Instant::now() + Duration::from_secs(60)).await;
    assert!(answers.iter().all(|answer| matches!(answer.as_deref(), Ok([Applied::Stored]))));

    take_in_all(&sqlite).await;

    let late = at(1).plus(TOMBSTONE_RETENTION);
    let cleanup = sqlite.delete_expired(late).await.unwrap();
    assert_eq!(cleanup, Cleanup::Partial, "there is more than one call deletes");
    delete_all_expired(&sqlite, late).await;

    assert_eq!(sqlite.changes(&Position::Start, 10).await.unwrap(), []);
    assert_eq!(sqlite.events(10, None).await.unwrap(), []);
    assert_eq!(sqlite.attendee(&signup("Guest 2499", 1, Request::Cancel).key()).await.unwrap(), None);
}

#[tokio::test]
async fn marker_of_a_deleted_event_expires() {
    let data = folder();
    let sqlite = open(data.path());
    let marker = |event: &str, state, version| DeletedEvent {
        event: EventId::parse(event).unwrap(),
        deleted_at: at(1),
        state,
        links: LinkGenerations::default(),
        version,
    };
    let in_progress = marker("Gala", DeletionState::InProgress, 0);
    let complete = marker("Dance", DeletionState::Complete, 0);
    for marker in [&in_progress, &complete] {
        assert_eq!(sqlite.store_deletion(marker, at(1)).await.unwrap(), Write::Stored);
    }
    let is_stored = async |marker: &DeletedEvent| sqlite.stored(&marker.event).await.unwrap() != StoredDetails::None;
    let expires_at = complete.expires_at().unwrap();
    delete_all_expired(&sqlite, expires_at.minus(Duration::from_secs(1))).await;
    assert!(is_stored(&complete).await);
    delete_all_expired(&sqlite, expires_at).await;
    assert!(!is_stored(&complete).await && is_stored(&in_progress).await);
}

#[tokio::test]
async fn cancelled_caller_does_not_undo_writes() {
    let data = folder();
    let sqlite = open(data.path());
    {
        let mut write = Box::pin(sqlite.send(vec!["hello".to_owned()]));
        // The first poll hands the write in; the caller is dropped before the answer.
        let _ = std::future::poll_fn(|context| std::task::Poll::Ready(write.as_mut().poll(context))).await;
    }
    drop(sqlite);
    assert_eq!(receive_one(&open(data.path())).await.body, "hello");
}

#[tokio::test]
async fn removed_contact_is_nowhere_on_disk() {
    let folder = folder();
    let sqlite = open(folder.path());
    apply(&sqlite, enrol("Ana", 1), at(1)).await;
    send(&sqlite, r#"{"event": "Dance", "contact": {"email": "ana@example.org"}}"#).await;
    let poison = receive_one(&sqlite).await;
    sqlite.put(vec![RejectedMessage::new(&poison, "`name` is missing".to_owned(), at(1))]).await.unwrap();
    sqlite.ack(vec![poison.receipt]).await.unwrap();
    assert_eq!(sqlite.delete(&poison.message_id).await.unwrap(), Deletion::Deleted);
    let on_the_disk = || {
        let files = fs::read_dir(folder.path()).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
        files.into_iter().any(|bytes| bytes.windows(15).any(|window| window == b"ana@example.org"))
    };
    assert!(on_the_disk());

    assert_eq!(sqlite.remove(&NameKey::of("Ana").unwrap(), None, at(2)).await.unwrap(), 1);

    assert!(!on_the_disk());
}

#[tokio::test]
async fn unwritten_settlements_are_written_later() {
    let folder = folder();
    let sqlite = open(folder.path());
    for body in ["acked", "deferred"] {
        send(&sqlite, body).await;
    }
    let [acked, deferred] = sqlite.receive(2).await.unwrap().try_into().unwrap();
    let other = rusqlite::Connection::open(folder.path().join(DATABASE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let (ack, deferral) =
        tokio::join!(sqlite.ack(vec![acked.receipt.clone()]), defer(&sqlite, deferred.clone(), Duration::ZERO));
    assert!(ack.is_err() && deferral.is_err(), "another program has locked the database");
    other.execute_batch("ROLLBACK").unwrap();

    let deferrals = Deferrals { attempts: 1, early_attempts: 0 };
    assert_eq!(sqlite.receive(2).await.unwrap(), [Delivery { deferrals, ..deferred }]);
    assert_eq!(sqlite.depth().await.unwrap().messages, 1);
}

#[tokio::test]
async fn failed_probe_is_reported_until_one_succeeds() {
    let data = folder();
    let sqlite = open(data.path());
    let db = rusqlite::Connection::open(data.path().join(DATABASE)).unwrap();
    db.execute_batch("ALTER TABLE clock RENAME TO missing").unwrap();
    assert!(sqlite.probe_write().await.is_err());
    assert!(sqlite.check_writable().await.is_err());
    db.execute_batch("ALTER TABLE missing RENAME TO clock").unwrap();
    sqlite.probe_write().await.unwrap();
    sqlite.check_writable().await.unwrap();
}

#[tokio::test]
async fn full_queue_refuses_messages_until_it_is_shorter() {
    const MAX_MESSAGES: usize = 100_000;
    let data = folder();
    let sqlite = open(data.path());
    let messages = |count| vec!["{}".to_owned(); count];
    sqlite.send(messages(MAX_MESSAGES)).await.unwrap();
    assert!(sqlite.send(messages(1)).await.unwrap_err().to_string().contains("100000 messages are waiting"));
    let receipts = sqlite.receive(10).await.unwrap().into_iter().map(|delivery| delivery.receipt).collect();
    sqlite.ack(receipts).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while sqlite.send(messages(10)).await.is_err() {
        assert!(Instant::now() < deadline, "it never accepts messages again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(sqlite.send(messages(1)).await.is_err());
    drop(sqlite);
    assert!(open(data.path()).send(messages(1)).await.is_err(), "after a restart");
}

#[tokio::test]
async fn suspects_delay_nobody() {
    let folder = folder();
    let mut sqlite = open(folder.path());
    let backlog = 100;
    sqlite.send((0..backlog).map(|number| format!("old {number}")).collect()).await.unwrap();
    for _ in 0..2 {
        let tried = sqlite.receive(backlog).await.unwrap();
        assert_eq!(tried.len(), backlog);
        drop(sqlite);
        sqlite = open(folder.path());
    }
    send(&sqlite, "new").await;

    let first = sqlite.receive(backlog).await.unwrap();
    let second = sqlite.receive(backlog).await.unwrap();

    let bodies: Vec<_> = first.iter().chain(&second).map(|delivery| delivery.body.as_str()).collect();
    assert!(bodies.len() == 2 && bodies.contains(&"new") && bodies.contains(&"old 0"), "{bodies:?}");
}

#[tokio::test]
async fn damaged_attendee_harms_no_other() {
    let folder = folder();
    let sqlite = open(folder.path());
    apply(&sqlite, enrol("Ana", 1), at(1)).await;
    let database = rusqlite::Connection::open(folder.path().join(DATABASE)).unwrap();
    database.execute("UPDATE attendee SET requested_at = -1", ()).unwrap();
    drop(database);

    let batches = ["Ana", "Ben"].map(|name| enrol(name, 2));
    let batches = batches.map(|signup| AttendeeSignups { key: signup.key(), signups: vec![signup] }).to_vec();
    let results = sqlite.apply(batches, at(2), Instant::now() + Duration::from_secs(60)).await;

    let [Err(ApplyError::Rejected(reason)), Ok(ben)] = &results[..] else { panic!("{results:?}") };
    assert!(reason.contains("damaged"), "{reason}");
    assert_eq!(ben, &[Applied::Stored]);
    let ben = enrol("Ben", 2).key();
    for limit in [1, 2] {
        let page = sqlite.roster(&ben.event, limit, None).await.unwrap();
        assert_eq!(page.attendees.iter().map(Attendee::key).collect::<Vec<_>>(), std::slice::from_ref(&ben));
        assert_eq!(page.next, None);
    }
    assert_eq!(sqlite.remove(&NameKey::of("Ana").unwrap(), None, at(3)).await.unwrap(), 1);
    assert_eq!(sqlite.attendee(&enrol("Ana", 1).key()).await.unwrap(), None);
}

#[tokio::test]
async fn deferred_message_returns_although_the_clock_was_set_back() {
    let folder = folder();
    let sqlite = open(folder.path());
    send(&sqlite, "before").await;
    // As if the system's clock had been an hour ahead, and was then set back.
    clock::continue_from(Timestamp::now().plus(Duration::from_secs(3_600)));
    send(&sqlite, "after").await;
    for delivery in sqlite.receive(2).await.unwrap() {
        defer(&sqlite, delivery, Duration::from_millis(100)).await.unwrap();
    }

    let deadline = Instant::now() + Duration::from_secs(20);
    let mut returned = Vec::new();
    while returned.len() < 2 {
        assert!(Instant::now() < deadline, "only {returned:?} returned");
        returned.extend(sqlite.receive(2).await.unwrap());
    }
}

#[tokio::test]
async fn damaged_time_does_not_keep_the_contacts_of_an_event() {
    let data = folder();
    let sqlite = open(data.path());
    for name in ["Ana", "Ben"] {
        apply(&sqlite, enrol(name, 1), at(1)).await;
    }
    let database = rusqlite::Connection::open(data.path().join(DATABASE)).unwrap();
    database.execute("UPDATE attendee SET requested_at = 9223372036854775807 WHERE name = 'ben'", ()).unwrap();
    let event = enrol("Ana", 1).key().event;
    sqlite.set_over_at(&event, at(2)).await.unwrap();

    let now = at(400 * 24 * 60 * 60);
    let deletion = upkeep::delete_contacts(UpkeepPorts::of(&sqlite), Duration::ZERO, now, &|| true).await;

    assert_eq!(deletion.unwrap(), ContactDeletion { count: 1, has_more: false });
}
