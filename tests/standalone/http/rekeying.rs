//! A database of a version that did not fold punctuation in names.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countmein::adapters::sqlite::{DATABASE, Sqlite};
use countmein::domain::attendee_name::NameKey;
use countmein::domain::event::EventId;
use countmein::domain::manage_link::ManageToken;
use countmein::domain::secret::Secret;
use countmein::domain::signup::{AttendeeKey, SignupId};
use countmein::domain::timestamp::Timestamp;
use countmein::ports::Digests as _;
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use super::support::{PATIENCE, Running, serve_with};

const SCHEMA: [&str; 10] = [
    include_str!("../../../src/adapters/sqlite/schema/1.sql"),
    include_str!("../../../src/adapters/sqlite/schema/2.sql"),
    include_str!("../../../src/adapters/sqlite/schema/3.sql"),
    include_str!("../../../src/adapters/sqlite/schema/4.sql"),
    include_str!("../../../src/adapters/sqlite/schema/5.sql"),
    include_str!("../../../src/adapters/sqlite/schema/6.sql"),
    include_str!("../../../src/adapters/sqlite/schema/7.sql"),
    include_str!("../../../src/adapters/sqlite/schema/8.sql"),
    include_str!("../../../src/adapters/sqlite/schema/9.sql"),
    include_str!("../../../src/adapters/sqlite/schema/10.sql"),
];

const TOKEN_SECRET: &str = "the first secret behind the links";

/// A database of schema 10.
struct Earlier {
    db: Connection,
    data: TempDir,
}

impl Earlier {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let db = Connection::open(data.path().join(DATABASE)).unwrap();
        SCHEMA.iter().for_each(|script| db.execute_batch(script).unwrap());
        db.pragma_update(None, "user_version", 10).unwrap();
        db.execute("INSERT INTO secret VALUES ('token', ?1)", [TOKEN_SECRET]).unwrap();
        Self { db, data }
    }

    /// Signs somebody up with a contact, as an unread change, and returns the path of the manage link.
    fn sign_up(&self, event: &str, name: &str, key: &str) -> String {
        let now = Timestamp::now();
        let (id, at) = (SignupId::new(now), now.as_millis());
        let id = id.as_str();
        let mut insert = self.db.prepare(
            "INSERT INTO attendee (event, name, display_name, status, requested_at, signup_id, title, since, owner,
                                   channel, contact_kind, contact)
             VALUES (?1, ?2, ?3, 'in', ?4, ?5, ?1, ?4, ?5, 'http', 'email', 'someone@example.org')",
        );
        insert.as_mut().unwrap().execute((event, key, name, at, id)).unwrap();
        let sql = "INSERT INTO event VALUES (?1, ?1, 1) ON CONFLICT DO UPDATE SET count = count + 1";
        self.db.execute(sql, [event]).unwrap();
        let image = json!({
            "event": event, "name": key, "display_name": name, "status": "in", "requested_at": at, "signup_id": id,
            "title": event, "since": at, "owner": id, "channel": "http", "contact": {"email": "someone@example.org"},
        });
        let sql = "INSERT INTO change (made_at, event, name, new_image) VALUES (?1, ?2, ?3, ?4)";
        self.db.execute(sql, (at, event, key, image.to_string())).unwrap();
        let sql = "INSERT INTO inbox (event, name, owner, id, at, text) VALUES (?1, ?2, ?3, 'news-0', ?4, ?5)";
        self.db.execute(sql, (event, key, id, at, format!("Earlier news for {name}."))).unwrap();
        manage_link(event, key, id)
    }

    fn open(self) -> (Sqlite, TempDir) {
        drop(self.db);
        (Sqlite::open(self.data.path()).unwrap(), self.data)
    }

    fn serve(self) -> Running {
        drop(self.db);
        serve_with(self.data, |_| {})
    }
}

fn attendee_key(event: &str, name: &str) -> AttendeeKey {
    AttendeeKey { event: EventId::from_stored(event.to_owned()), name: NameKey::from_stored(name.to_owned()) }
}

/// The link with a key of this version or an earlier one.
fn manage_link(event: &str, key: &str, signup: &str) -> String {
    let token = ManageToken { key: attendee_key(event, key), signup: SignupId::parse(signup).unwrap() };
    format!("/events/{event}/manage/{}", token.sign(&Secret::new(TOKEN_SECRET).unwrap()))
}

/// The distinct values of a column, sorted.
fn column(folder: &Path, sql: &str) -> Vec<String> {
    let db = Connection::open(folder.join(DATABASE)).unwrap();
    let mut statement = db.prepare(sql).unwrap();
    let mut values: Vec<String> = statement.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    values.sort();
    values.dedup();
    values
}

fn messages(server: &Running, manage: &str) -> Vec<String> {
    let body = server.get(manage).send().is(200).json();
    let texts = body["messages"].as_array().unwrap().iter().map(|message| message["text"].as_str().unwrap());
    texts.map(str::to_owned).collect()
}

#[test]
fn earlier_link_works() {
    let earlier = Earlier::new();
    let link = earlier.sign_up("dance", "O’Neill", "o’neill");
    let server = earlier.serve();

    assert_eq!(server.who("dance"), ["O’Neill"]);
    assert_eq!((server.state(&link), server.contact(&link)), ("in".to_owned(), json!("email")));
    assert_eq!(messages(&server, &link), ["Earlier news for O’Neill."]);
    for spelling in ["O%E2%80%99NEILL", "o'neill", "O%E2%80%98Neill"] {
        let attendee = server.get(&format!("/events/dance/attendees/{spelling}")).send().is(200).json();
        assert_eq!(attendee["name"], "O’Neill");
    }
    for spelling in ["O'Neill", "O‘Neill", "O’Neill"] {
        server.sign_up("dance", spelling);
    }
    assert_eq!(server.who("dance"), ["O’Neill"], "no second attendee");

    server.post(&link).json(&json!({"contact": null})).send().is(202);
    assert_eq!(server.contact(&link), json!(null));
    assert_eq!(server.post(&link).json(&json!({"action": "cancel"})).send().is(202).json()["state"], "out");
    assert!(server.who("dance").is_empty());
}

#[test]
fn everything_stored_follows_the_key() {
    let earlier = Earlier::new();
    earlier.sign_up("dance", "O’Neill", "o’neill");
    earlier.sign_up("dance", "İpek", "i\u{307}pek");
    earlier.sign_up("dance", "Ben", "ben");
    let record = json!({
        "event_id": "dance", "title": "Dance", "attendee": "O’Neill", "attendee_key": "o’neill", "single": "sign_up",
        "double": "sign_up", "triple": "sign_up", "long": "cancel",
    });
    let sql = "INSERT INTO button VALUES ('b1', 'dance', 'o’neill', ?1)";
    earlier.db.execute(sql, [record.to_string()]).unwrap();
    earlier.db.execute("INSERT INTO household VALUES ('u1', 'O’Neill', 'o’neill')", ()).unwrap();
    earlier.db.execute("UPDATE change SET old_image = 'damaged' WHERE name = 'ben'", ()).unwrap();

    let (sqlite, data) = earlier.open();

    for sql in ["SELECT name FROM attendee", "SELECT name FROM inbox", "SELECT name FROM change"] {
        assert_eq!(column(data.path(), sql), ["ben", "ipek", "o'neill"], "{sql}");
    }
    assert_eq!(column(data.path(), "SELECT new_image ->> 'name' FROM change"), ["ben", "ipek", "o'neill"]);
    assert_eq!(column(data.path(), "SELECT display_name FROM attendee"), ["Ben", "O’Neill", "İpek"]);
    assert_eq!(column(data.path(), "SELECT attendee FROM button"), ["o'neill"]);
    assert_eq!(column(data.path(), "SELECT key FROM household"), ["o'neill"]);
    drop(sqlite);
    drop(Sqlite::open(data.path()).unwrap());
}

#[test]
fn attendees_with_same_key_stay_apart() {
    let earlier = Earlier::new();
    let typographic = earlier.sign_up("dance", "O’Neill", "o’neill");
    let plain = earlier.sign_up("dance", "O'Neill", "o'neill");
    let en_dash = earlier.sign_up("pizza", "Anna–Lena", "anna–lena");
    let minus = earlier.sign_up("pizza", "Anna−Lena", "anna−lena");
    let server = earlier.serve();

    assert_eq!(server.who("dance"), ["O'Neill", "O’Neill"]);
    assert_eq!(server.who("pizza"), ["Anna–Lena", "Anna−Lena"]);
    for (link, name) in [(&typographic, "O’Neill"), (&plain, "O'Neill"), (&en_dash, "Anna–Lena"), (&minus, "Anna−Lena")]
    {
        assert_eq!(server.state(link), "in");
        // News of the others may have come in the meantime.
        let own: Vec<String> = messages(&server, link).into_iter().filter(|text| text.starts_with("Earlier")).collect();
        assert_eq!(own, [format!("Earlier news for {name}.")]);
    }
    // Each is found by its own spelling, and changed by its own link.
    server.sign_up("dance", "O’Neill");
    server.post(&typographic).json(&json!({"action": "cancel"})).send().is(202);
    assert_eq!(server.who("dance"), ["O'Neill"]);
    assert_eq!((server.state(&typographic), server.state(&plain)), ("out".to_owned(), "in".to_owned()));
    server.post(&minus).json(&json!({"contact": null})).send().is(202);
    assert_eq!((server.contact(&en_dash), server.contact(&minus)), (json!("email"), json!(null)));

    let removal = json!({"name": "O’Neill"});
    server.post("/organiser/remove").organiser().json(&removal).send().is(200);
    assert!(server.who("dance").is_empty(), "a removal is about all spellings of the name");
}

#[test]
fn pending_changes_are_announced_once() {
    let earlier = Earlier::new();
    let ben = earlier.sign_up("dance", "Ben", "ben");
    let link = earlier.sign_up("dance", "O’Neill", "o’neill");
    let server = earlier.serve();
    let deadline = Instant::now() + PATIENCE;
    while messages(&server, &ben).len() < 2 || messages(&server, &link).len() < 2 {
        assert!(Instant::now() < deadline, "the changes are not announced");
        std::thread::sleep(Duration::from_millis(20));
    }
    let news = |link: &str| messages(&server, link).remove(0);
    assert!(news(&ben).contains("O’Neill") && !news(&ben).contains("Ben"), "{}", news(&ben));
    assert!(news(&link).contains("Ben") && !news(&link).contains("O’Neill"), "{}", news(&link));
    assert_eq!(server.who("dance"), ["Ben", "O’Neill"]);
    let data = Arc::clone(server.data());
    drop(server);
    assert_eq!(messages(&serve_with(data, |_| {}), &ben).len(), 2);
}

#[tokio::test]
async fn announcement_reaches_attendees_who_move_before_its_position() {
    let earlier = Earlier::new();
    for (name, key) in [("O’Neill", "o’neill"), ("Q’Bert", "q’bert"), ("Zoe", "zoe")] {
        earlier.sign_up("dance", name, key);
    }
    let now = Timestamp::now().as_millis();
    let record = json!({
        "title": "Dance", "count": 3, "version": 4, "sending": {
            "opened_at": now, "named": [], "joined": 1, "left": 0, "number": 4, "begun_at": now, "told_to": "oz",
            "is_resumed": false, "next_at": now,
        },
    });
    let sql = "INSERT INTO digest (event, due_at, version, record, seen) VALUES ('dance', 1, 4, ?1, x'')";
    earlier.db.execute(sql, [record.to_string()]).unwrap();
    let (sqlite, _data) = earlier.open();
    let digest = sqlite.digest(&EventId::from_stored("dance".to_owned())).await.unwrap().unwrap();
    let owed: Vec<&str> = digest.owed.iter().flat_map(|owed| &owed.names).map(NameKey::as_str).collect();
    assert_eq!(owed, ["o'neill"]);
}
