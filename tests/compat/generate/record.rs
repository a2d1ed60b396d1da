//! The data folder while it is filled, and what is kept beside it: every message that was ever queued, every link.

use std::fs;
use std::path::PathBuf;

use countmein::attendee_name::NameKey;
use countmein::consent::{ConsentToken, ContactId};
use countmein::contact::Contact;
use countmein::event::EventId;
use countmein::manage::ManageToken;
use countmein::secret::Secret;
use countmein::signup::{AttendeeKey, SignupId};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::code::{self, DATABASE, Sqlite};
use crate::golden;

pub struct Record {
    pub folder: Option<TempDir>,
    /// While a site has the folder.
    pub path_of_the_site: Option<PathBuf>,
    last: i64,
    /// The moment around which all times are.
    pub written_at: i64,
    pub buttons: Vec<Value>,
    pub messages: Vec<Value>,
    pub manage: Vec<Value>,
    pub consent: Vec<Value>,
    pub repeat: Value,
    pub told: Vec<Value>,
    pub mqtt_client_id: String,
    pub import: Value,
    pub alexa: Vec<Value>,
}

impl Record {
    pub fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        drop(Sqlite::open(folder.path()).unwrap());
        let record = Self {
            folder: Some(folder),
            path_of_the_site: None,
            last: 0,
            written_at: code::now().as_millis() / 1_000 * 1_000,
            buttons: Vec::new(),
            messages: Vec::new(),
            manage: Vec::new(),
            consent: Vec::new(),
            repeat: Value::Null,
            told: Vec::new(),
            mqtt_client_id: String::new(),
            import: Value::Null,
            alexa: Vec::new(),
        };
        record
            .database()
            .execute_batch(
                "CREATE TABLE kept (seq INTEGER PRIMARY KEY, id TEXT, body TEXT, arrived_at INTEGER);
                 CREATE TRIGGER keep AFTER INSERT ON queue BEGIN
                     INSERT INTO kept (id, body, arrived_at) VALUES (new.id, new.body, new.arrived_at);
                 END",
            )
            .unwrap();
        record
    }

    pub fn path(&self) -> PathBuf {
        match &self.folder {
            Some(folder) => folder.path().to_owned(),
            None => self.path_of_the_site.clone().unwrap(),
        }
    }

    pub fn database(&self) -> Connection {
        let db = Connection::open(self.path().join(DATABASE)).unwrap();
        db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        db
    }

    /// Keeps the messages that were queued since the last call.
    pub fn keep(&mut self, names: &[&str]) {
        let db = self.database();
        let mut select = db.prepare("SELECT seq, id, body, arrived_at FROM kept WHERE seq > ?1 ORDER BY seq").unwrap();
        let rows = select.query_map([self.last], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, i64>(3)?))
        });
        let rows: Vec<_> = rows.unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.len(), names.len(), "{names:?}: {rows:?}");
        for ((seq, id, body, arrived_at), name) in rows.into_iter().zip(names) {
            self.last = seq;
            let file = format!("{:02}-{name}.json", self.messages.len() + 1);
            fs::write(golden::path(&format!("messages/{file}")), &body).unwrap();
            self.messages.push(json!({"file": file, "id": id, "arrived_at": arrived_at}));
        }
    }

    pub fn secret(&self, name: &str) -> String {
        let sql = "SELECT value FROM secret WHERE name = ?1";
        self.database().query_row(sql, [name], |row| row.get(0)).unwrap()
    }

    pub fn token_secret(&self) -> Secret {
        Secret::new(self.secret("token")).unwrap()
    }

    /// The manage link of a sign-up, as the program signs it.
    pub fn sign(&self, event: &str, name: &str, signup: &str) -> String {
        let key = AttendeeKey { event: EventId::parse(event).unwrap(), name: NameKey::of(name).unwrap() };
        let token = ManageToken { key: key.clone(), signup: SignupId::parse(signup).unwrap() };
        countmein::links::event_path(&key.event, &["manage", &token.sign(&self.token_secret())])
    }

    pub fn link(&mut self, what: &str, path: &str, mut page: Value) {
        let event = page.as_object_mut().unwrap().remove("event");
        self.manage.push(json!({"what": what, "path": path, "event": event, "page": page}));
    }

    pub fn consent_path(&self, contact: &Value) -> (String, String) {
        let contact = Contact::from_json(contact).unwrap();
        let id = ContactId::of(&contact, &Secret::new(self.secret("contact")).unwrap());
        (id.as_str().to_owned(), format!("/contacts/{}", ConsentToken::sign(&id, &self.token_secret())))
    }

    pub fn consent(&mut self, contact: Value, consent: &str) {
        let (id, path) = self.consent_path(&contact);
        let topic = format!("countmein-staging-contact-{id}");
        self.consent
            .push(json!({"contact": contact, "contact_id": id, "topic": topic, "path": path, "state": consent}));
    }

    pub fn links(&self) -> Value {
        let file = |name: &str| fs::read_to_string(self.path().join(name)).unwrap().trim().to_owned();
        let buttons = self.buttons.iter().map(|button| {
            let serial = golden::as_text(&button["serial"]);
            json!({"serial": serial, "secret": code::button_secret(serial, &self.secret("token"))})
        });
        let webhooks = ["https://hooks.example.org/dora?room=1", "https://hooks.example.org/jo"];
        let webhooks =
            webhooks.map(|url| json!({"url": url, "signing_key": code::signing_key(url, &self.secret("webhook"))}));
        json!({
            "secrets": {
                "organiser": file("organiser.key"),
                "token": self.secret("token"),
                "contact": self.secret("contact"),
                "webhook": self.secret("webhook"),
                "mqtt": file("mqtt.key"),
            },
            "manage": self.manage,
            "opt_in": self.consent,
            "buttons": buttons.collect::<Vec<_>>(),
            "webhooks": webhooks,
            "alexa": self.alexa,
            "import": self.import,
            "mqtt_client_id": self.mqtt_client_id,
        })
    }

    /// Leaves nothing of the recording, and one file.
    pub fn finish(&self) {
        let db = self.database();
        db.execute_batch("DROP TRIGGER keep; DROP TABLE kept; PRAGMA journal_mode = DELETE; VACUUM").unwrap();
        drop(db);
        fs::copy(self.path().join(DATABASE), golden::path("countmein-schema-7.sqlite")).unwrap();
    }
}
