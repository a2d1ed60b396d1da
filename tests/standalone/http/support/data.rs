//! The data folder, beside the server.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use countmein::adapters::sqlite::Sqlite;
use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::contact::Contact;
use countmein::domain::contact_id::ContactId;
use countmein::domain::event::EventId;
use countmein::domain::opt_in::ContactToken;
use countmein::domain::opt_in_link::OptInToken;
use countmein::domain::registration::RegistrationKey;
use countmein::domain::secret::Secret;
use countmein::domain::signup::{AttendeeKey, SignupId};
use countmein::ports::Queue;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};

use super::{PATIENCE, SignedUp};

/// Puts messages on the queue of a folder that no server uses.
pub fn enqueue(folder: &Path, messages: &[impl ToString]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bodies = messages.iter().map(ToString::to_string).collect();
    runtime.block_on(async { Sqlite::open(folder).unwrap().send(bodies).await }).unwrap();
}

/// Waits until every change is announced and nothing is due, so that later writes are caused by requests alone.
pub fn wait_until_announced(database: &Path) {
    let db = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = "SELECT coalesce((SELECT min(CAST(position AS INTEGER)) FROM follower HAVING count(*) = 2), 0) = (SELECT coalesce(max(seq), 0) FROM change)
                      AND NOT EXISTS (SELECT 1 FROM digest WHERE due_at <= unixepoch() * 1000 + 1000)";
    let deadline = Instant::now() + PATIENCE;
    while !db.query_row(sql, (), |row| row.get::<_, bool>(0)).unwrap() {
        assert!(Instant::now() < deadline, "changes are never announced");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The path of the opt-in link of this contact.
pub fn consent_link(database: &Path, contact: &Contact) -> String {
    let id = ContactId::of(contact, &secret(database, "contact"));
    format!("/contacts/{}", ContactToken::sign(&id, &secret(database, "token")))
}

/// The path of the link in the opt-in request about a sign-up with this contact.
pub fn registration_consent_link(database: &Path, event: &EventId, signed_up: &SignedUp, contact: &Contact) -> String {
    let name = AttendeeName::parse(&signed_up.name).unwrap().key().clone();
    let registration = RegistrationKey {
        attendee: AttendeeKey { event: event.clone(), name },
        owner: SignupId::parse(&signed_up.id).unwrap(),
    };
    let token = OptInToken { contact: ContactId::of(contact, &secret(database, "contact")), registration };
    format!("/events/{event}/contact/{}", token.sign(&secret(database, "token")))
}

fn secret(database: &Path, name: &str) -> Secret {
    let db = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = "SELECT value FROM secret WHERE name = ?1";
    Secret::new(db.query_row(sql, [name], |row| row.get::<_, String>(0)).unwrap()).unwrap()
}

/// Every row of every table.
pub fn dump(database: &Path) -> Vec<String> {
    let db = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut names = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").unwrap();
    let tables: Vec<String> = names.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut rows = Vec::new();
    for table in tables {
        let mut select = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = select.column_count();
        let of_table = select
            .query_map((), |row| (0..columns).map(|column| row.get(column)).collect::<rusqlite::Result<Vec<Value>>>())
            .unwrap();
        rows.extend(of_table.map(|row| format!("{table}: {:?}", row.unwrap())));
    }
    rows
}
