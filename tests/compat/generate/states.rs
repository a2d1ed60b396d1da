//! States that last for moments only: digests on their way, questions that were asked, messages that wait.

use std::time::Duration;

use countmein::attendee_name::{AttendeeName, NameKey};
use countmein::channel::alexa::UserId;
use countmein::consent::{Consent, ContactId};
use countmein::contact::Contact;
use countmein::digest::{Digest, Lease};
use countmein::event::EventId;
use countmein::fanout::take_in;
use countmein::news::{Movements, NamedChange};
use countmein::ports::{
    Change, ChangeFeed, GivenBack, Inbox as _, InboxMessage, Movement, Position, Queue as _, StayKey,
};
use countmein::quiet::{Noise, Quiet};
use countmein::secret::Secret;
use countmein::signup::{AttendeeKey, SignupId};
use countmein::standalone::sqlite::Follower;
use serde_json::{Value, json};

use super::record::Record;
use crate::code::{self, Ports, Sqlite, changes, time};
use crate::golden::{self, as_text};

const MINUTE: i64 = 60_000;

pub async fn all(record: &mut Record) {
    let now = code::now().as_millis() / 1_000 * 1_000;
    record.written_at = now;
    let sqlite = Sqlite::open(&record.path()).unwrap();
    let ports = Ports::of(sqlite.clone());
    every_kind(&ports, now).await;
    let mut feed = Feed { feed: &sqlite, position: sqlite.position(Follower::Digests).await.unwrap() };
    digests(&ports, &mut feed, now).await;
    sqlite.set_position(Follower::Digests, &feed.position).await.unwrap();
    sqlite.set_position(Follower::Answers, &feed.position).await.unwrap();
    left_behind(&sqlite, &ports, &mut feed, now).await;
    contacts(&ports, &record.secret("contact"), now).await;
    let neighbours = UserId::from_stored(as_text(&record.alexa[3]["household"]).to_owned());
    ports.households.remember(&neighbours, &AttendeeName::parse("Änna Müller").unwrap()).await.unwrap();
    for (contact, consent) in [
        (json!({"sms": "+14155552671"}), "pending"),
        (json!({"webhook": "https://hooks.example.org/dora?room=1"}), "confirmed"),
        (json!({"email": "fay@example.org"}), "pending"),
        (json!({"email": "emil@example.org"}), "pending"),
    ] {
        record.consent(contact, consent);
    }
    inboxes(&sqlite, now).await;
    links(record);
    queue(&sqlite, record).await;
}

/// The changes of a backend, followed by nobody but the generator.
pub struct Feed<'a> {
    pub feed: &'a dyn ChangeFeed,
    pub position: Position,
}

impl Feed<'_> {
    pub async fn next(&mut self) -> Vec<Change> {
        let page = self.feed.changes(&self.position, 1_000).await.unwrap();
        if let Some((last, _)) = page.last() {
            self.position = last.clone();
        }
        page.into_iter().map(|(_, change)| change).collect()
    }
}

async fn joins(ports: &Ports, event: &str, name: &str, at: i64) {
    let id = format!("{}-{}", event.to_lowercase().replace(' ', "-"), name.to_lowercase());
    let body = json!({"event": event, "name": name}).to_string();
    assert_eq!(ports.ingest(&id, at, &body).await, "stored");
}

async fn taken_in(ports: &Ports, feed: &mut Feed<'_>, at: i64) {
    let changes = feed.next().await;
    take_in(&changes, &*ports.digests, &Noise::default(), time(at)).await.unwrap();
}

async fn change(ports: &Ports, event: &str, change: impl FnOnce(&mut Digest)) {
    let event = EventId::parse(event).unwrap();
    let mut digest = ports.digests.digest(&event).await.unwrap().unwrap();
    change(&mut digest);
    assert!(ports.digests.store(&digest).await.unwrap());
}

fn key(name: &str) -> NameKey {
    NameKey::of(name).unwrap()
}

/// As if it had been announced, whoever was missed by it.
fn announced(digest: &mut Digest, missed: &[&str], at: i64) {
    assert!(digest.claim(Lease { holder: 17, ends_at: time(at + 2 * MINUTE) }, time(at)));
    let sending = digest.sending.as_mut().unwrap();
    sending.missed.extend(missed.iter().map(|name| key(name)));
    digest.settle(&Noise::default(), time(at));
    digest.lease = None;
}

pub async fn digests(ports: &Ports, feed: &mut Feed<'_>, now: i64) {
    taken_in(ports, feed, now).await;
    for name in ["Ana", "Ben"] {
        joins(ports, "Waiting", name, now - 10 * MINUTE).await;
    }
    taken_in(ports, feed, now - 10 * MINUTE).await;

    joins(ports, "Quiet Night", "Ana", now - 60 * MINUTE).await;
    taken_in(ports, feed, now - 60 * MINUTE).await;
    change(ports, "Quiet Night", |digest| {
        announced(digest, &[], now - 5 * MINUTE);
        digest.quiet = Some(Quiet { lasts: Duration::from_secs(64 * 60), ends_at: time(now + 59 * MINUTE) });
    })
    .await;
    joins(ports, "Quiet Night", "Ben", now - MINUTE).await;
    taken_in(ports, feed, now - MINUTE).await;

    for name in ["Ana", "Ben", "Zoe"] {
        joins(ports, "Half Told", name, now - 60 * MINUTE).await;
    }
    taken_in(ports, feed, now - 60 * MINUTE).await;
    change(ports, "Half Told", |digest| announced(digest, &[], now - 60 * MINUTE)).await;
    joins(ports, "Half Told", "Mia", now - 2 * MINUTE).await;
    taken_in(ports, feed, now - 2 * MINUTE).await;
    change(ports, "Half Told", |digest| {
        assert!(digest.claim(Lease { holder: u64::MAX, ends_at: time(now + 1_000) }, time(now - MINUTE)));
        let sending = digest.sending.as_mut().unwrap();
        sending.told_to = Some(key("Ben"));
        sending.missed.push(key("Ana"));
    })
    .await;
    joins(ports, "Half Told", "Noa", now - 1_000).await;
    taken_in(ports, feed, now - 1_000).await;

    for name in ["Ana", "Ben", "Cleo"] {
        joins(ports, "Late Show", name, now - 30 * MINUTE).await;
    }
    taken_in(ports, feed, now - 30 * MINUTE).await;
    change(ports, "Late Show", |digest| announced(digest, &["Ana", "Ben"], now - 30 * MINUTE)).await;
    joins(ports, "Late Show", "Dov", now - 20 * MINUTE).await;
    taken_in(ports, feed, now - 20 * MINUTE).await;
    change(ports, "Late Show", |digest| {
        announced(digest, &["Cleo"], now - 20 * MINUTE);
        digest.late[0].doubt();
        digest.late.iter_mut().for_each(|late| late.next_at = time(now - 1_000));
    })
    .await;

    joins(ports, "Crowd", "Ana", now - 60 * MINUTE).await;
    taken_in(ports, feed, now - 60 * MINUTE).await;
    change(ports, "Crowd", |digest| {
        let waiting = digest.waiting.as_mut().unwrap();
        let change = |name: &str, movement| NamedChange {
            name: AttendeeName::parse(name).unwrap(),
            movement,
            requested_at: time(now - 59 * MINUTE),
        };
        waiting.news.add(change("Ben", Movement::Joined), 2);
        waiting.news.add(change("Cleo", Movement::Joined), 2);
        waiting.news.add(change("Ben", Movement::Left), 2);
        assert_eq!(waiting.news.unnamed, Movements { joined: 1, left: 1 });
        waiting.due_at = time(now + 300 * MINUTE);
        digest.count = 2;
    })
    .await;

    joins(ports, "Empty Hall", "Ana", now - 60 * MINUTE).await;
    let cancel = json!({"event": "Empty Hall", "name": "Ana", "action": "cancel"}).to_string();
    assert_eq!(ports.ingest("empty-hall-cancel", now - 50 * MINUTE, &cancel).await, "stored");
    taken_in(ports, feed, now - 50 * MINUTE).await;
    change(ports, "Empty Hall", |digest| announced(digest, &[], now - 50 * MINUTE)).await;
}

/// Every channel with every kind of contact and without one, told of others or not, with a link that was asked for.
pub async fn every_kind(ports: &Ports, now: i64) {
    for (number, channel) in ["http", "cli", "button", "alexa", "queue", "import"].into_iter().enumerate() {
        for (kind, contact) in [
            ("nothing", Value::Null),
            ("email", json!({"email": format!("{channel}@example.org")})),
            ("sms", json!({"sms": format!("+1415555268{number}")})),
            ("webhook", json!({"webhook": format!("https://hooks.example.org/{channel}")})),
        ] {
            let (event, name) = ("Every Kind", format!("{channel} and {kind}"));
            let id = format!("every-kind-{channel}-{kind}");
            let body = json!({"event": event, "name": name, "channel": channel, "contact": contact});
            assert_eq!(ports.ingest(&id, now - 50 * MINUTE, &body.to_string()).await, "stored");
            if channel != "cli" {
                continue;
            }
            let body = json!({"event": event, "name": name, "stay": id, "notify": false});
            assert_eq!(ports.ingest(&format!("{id}-off"), now - 40 * MINUTE, &body.to_string()).await, "stored");
            let body = json!({"event": event, "name": name, "action": "send_link"});
            let outcome = if contact.is_null() { "stale" } else { "stored" };
            assert_eq!(ports.ingest(&format!("{id}-link"), now - 30 * MINUTE, &body.to_string()).await, outcome);
        }
        let (id, name) = (format!("every-kind-{channel}-out"), format!("{channel} and out"));
        let body = json!({"event": "Every Kind", "name": name, "channel": channel}).to_string();
        assert_eq!(ports.ingest(&id, now - 50 * MINUTE, &body).await, "stored");
        let body = json!({"event": "Every Kind", "name": name, "channel": channel, "action": "cancel", "stay": id});
        assert_eq!(ports.ingest(&format!("{id}-cancel"), now - 20 * MINUTE, &body.to_string()).await, "stored");
    }
}

/// Changes that are not taken in yet; the first of them is not answered either.
async fn left_behind(sqlite: &Sqlite, ports: &Ports, feed: &mut Feed<'_>, now: i64) {
    joins(ports, "Left Behind", "Ana", now - 2_000).await;
    taken_in(ports, feed, now - 2_000).await;
    sqlite.set_position(Follower::Digests, &feed.position).await.unwrap();
    change(ports, "Left Behind", |digest| {
        announced(digest, &[], now - 2_000);
        digest.quiet = None;
    })
    .await;
    joins(ports, "Left Behind", "Ben", now - 1_000).await;
}

pub async fn contacts(ports: &Ports, contact_secret: &str, now: i64) {
    let id = |contact: Contact| ContactId::of(&contact, &Secret::new(contact_secret).unwrap());
    for (contact, consent) in [
        (Contact::sms("+14155552671").unwrap(), Consent::Asked { at: time(now - MINUTE) }),
        (Contact::webhook("https://hooks.example.org/dora?room=1").unwrap(), Consent::Given),
        // Nobody could be reached, so that they may be asked again at once.
        (Contact::email("fay@example.org").unwrap(), Consent::Asked { at: countmein::timestamp::Timestamp::EARLIEST }),
        (Contact::email("blocked@example.org").unwrap(), Consent::Refused),
    ] {
        assert!(ports.contacts.set_consent(&id(contact), None, consent).await.unwrap());
    }
    let hour = now / 1_000 / 3_600;
    let date = time(now).date();
    let gus = id(Contact::sms("+14155552671").unwrap());
    for (budget, times) in [
        (format!("confirmations {hour}"), 3),
        (format!("links {} {date}", gus.as_str()), 1),
        (format!("sms {date}"), 2),
        (format!("sms answers {date}"), 1),
    ] {
        for _ in 0..times {
            assert!(ports.budgets.spend(&budget, 100, time(now + 60 * MINUTE)).await.unwrap());
        }
    }
}

pub fn budgets(contact_secret: &str, now: i64) -> Value {
    let (hour, date) = (now / 1_000 / 3_600, time(now).date());
    let gus = code::contact_id(&json!({"sms": "+14155552671"}), contact_secret);
    json!({
        (format!("confirmations {hour}")): 3, (format!("links {gus} {date}")): 1, (format!("sms {date}")): 2,
        (format!("sms answers {date}")): 1,
    })
}

async fn inboxes(sqlite: &Sqlite, now: i64) {
    for (event, name, id, text) in [
        ("half-told", "ben", "3-told-before-it-stopped", "Half Told: Mia joined; 4 are in."),
        ("quiet-night", "ana", "1-of-another-night", "Quiet Night: Cem left; 1 is in."),
    ] {
        let attendee = AttendeeKey { event: EventId::parse(event).unwrap(), name: key(name) };
        let owner = SignupId::parse(&format!("{event}-{name}")).unwrap();
        let message = InboxMessage { id: id.to_owned(), at: time(now - MINUTE), text: text.to_owned() };
        sqlite.keep(&StayKey { attendee, owner }, message).await.unwrap();
    }
}

/// Who has which messages once the program was started on the file.
fn links(record: &mut Record) {
    for (what, event, name, messages) in [
        ("pending changes that are due", "Waiting", "Ana", json!([["Ben"]])),
        ("pending changes that are due", "Waiting", "Ben", json!([["Ana"]])),
        ("an event in its backoff", "Quiet Night", "Ana", json!([["Cem"]])),
        ("a recipient who was notified before the stop", "Half Told", "Ben", json!([["Mia"]])),
        ("a recipient whom the delivery had not reached", "Half Told", "Zoe", json!([["Mia"]])),
        ("a recipient of two deferred notifications", "Late Show", "Ana", json!([["Ben", "Cleo", "Dov"]])),
        ("a recipient of two deferred notifications", "Late Show", "Ben", json!([["Ana", "Cleo", "Dov"]])),
        ("a recipient of one deferred notification", "Late Show", "Cleo", json!([["Dov"]])),
        ("a change that no digest has counted yet", "Left Behind", "Ana", json!([["Ben"]])),
    ] {
        let id = format!("{}-{}", event.to_lowercase().replace(' ', "-"), name.to_lowercase());
        let path = record.sign(event, name, &id);
        record.told.push(json!({"what": what, "path": path, "messages": messages}));
    }
}

/// What waits on the queue: tried five times, tried three times, in hand, and new.
async fn queue(sqlite: &Sqlite, record: &mut Record) {
    let body = |name: &str| json!({"event": "Queue", "name": name}).to_string();
    for (name, tries) in [("Five Times", 5), ("Three Times", 3), ("In Hand", 1)] {
        sqlite.send(vec![body(name)]).await.unwrap();
        for number in 1..=tries {
            let taken = sqlite.receive(1).await.unwrap();
            assert_eq!((taken.len(), taken[0].receive_count), (1, number), "{name}");
            if name == "In Hand" {
                continue;
            }
            let delay = Duration::from_secs(if number == tries { 3_600 } else { 0 });
            let why = "writing to the roster failed: disk full".to_owned();
            sqlite.give_back(vec![GivenBack { receipt: taken[0].receipt.clone(), delay, why }]).await.unwrap();
        }
    }
    let join = json!({
        "event": "Queue", "name": "New", "channel": "http", "id": "019abcde-0000-7000-8000-000000000001",
        "requested_at": record.written_at, "contact": {"email": "new@example.org"},
    });
    sqlite.send(vec![join.to_string()]).await.unwrap();
    record.keep(&["waiting-five-times", "waiting-three-times", "waiting-in-hand", "waiting-new"]);
    let path = record.sign("Queue", "New", "019abcde-0000-7000-8000-000000000001");
    let page = json!({"event": "queue", "name": "New", "state": "in", "contact": "email", "notify": true});
    record.link("a sign-up that waited on the queue", &path, page);
}

/// What must be read from the file.
pub async fn expected(record: &Record) -> Value {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(golden::path("countmein-schema-7.sqlite"), folder.path().join(code::DATABASE)).unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let ports = Ports::of(sqlite.clone());
    let db = record.database();
    let rows = |sql: &str| {
        let mut select = db.prepare(sql).unwrap();
        let rows = select.query_map((), |row| Ok([row.get::<_, String>(0)?, row.get::<_, String>(1)?])).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>()
    };
    let keys = rows("SELECT event, name FROM attendee ORDER BY event, name");
    let contacts = rows("SELECT id, state FROM contact ORDER BY id");
    let households = rows("SELECT user, name FROM household ORDER BY user");
    let queue = rows("SELECT id, body FROM queue ORDER BY seq");
    let mut expected = read(&ports, keys, contacts, households).await;
    expected["written_at"] = json!(record.written_at);
    expected["budgets"] = budgets(&record.secret("contact"), record.written_at);
    expected["changes"] = changes(&sqlite).await;
    expected["positions"] = code::positions(&sqlite).await;
    expected["queue"] = queue.iter().map(|[id, body]| json!({"id": id, "body": body})).collect();
    expected["idempotent_request"] = record.repeat.clone();
    expected["inboxes"] = json!(record.told);
    expected
}

pub async fn read(
    ports: &Ports,
    keys: Vec<[String; 2]>,
    contacts: Vec<[String; 2]>,
    households: Vec<[String; 2]>,
) -> Value {
    let (mut attendees, mut events, mut digests) = (Vec::new(), Vec::new(), Vec::new());
    for [event, name] in &keys {
        attendees.push(ports.attendee(event, name).await);
    }
    for event in ports.events().await {
        events.push(ports.event(&event).await);
        digests.push(ports.digest(&event).await);
    }
    let mut consents = json!({});
    for [id, _] in contacts {
        consents[&id] = ports.opt_in(&id).await;
    }
    let households = Value::Object(households.into_iter().map(|[user, name]| (user, json!(name))).collect());
    json!({
        "attendees": attendees, "events": events, "digests": digests, "opt_ins": consents, "households": households,
        "rejects": ports.rejects().await, "buttons": ports.buttons().await,
    })
}

/// As where a stage's topic of announcements cannot be reached.
#[cfg(feature = "aws")]
pub async fn everybody_is_late(ports: &Ports, feed: &mut Feed<'_>, now: i64) {
    joins(ports, "Broadcast", "Ana", now - 10 * MINUTE).await;
    taken_in(ports, feed, now - 10 * MINUTE).await;
    change(ports, "Broadcast", |digest| {
        assert!(digest.claim(Lease { holder: 3, ends_at: time(now - 8 * MINUTE) }, time(now - 10 * MINUTE)));
        let sending = digest.sending.as_mut().unwrap();
        sending.told_to = Some(NameKey::from_stored(String::new()));
        sending.missed.push(NameKey::from_stored("#everybody".to_owned()));
        sending.is_resumed = true;
        digest.lease = None;
    })
    .await;
}
