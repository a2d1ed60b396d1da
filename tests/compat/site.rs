//! `countmein serve`, asked over HTTP as people and programs ask it.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::{Body, http};

use crate::age;
use crate::code::{self, DATABASE, time};
use crate::golden::{self, as_list, as_text};
use crate::support::program::{Program, serve};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A data folder with the golden keys and nothing else.
pub fn folder_of_keys() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let secrets = &golden::json("links.json")["secrets"];
    // A SQLite file holds the token secret itself; beside a DynamoDB table it is a file.
    for (file, secret) in [("organiser.key", "organiser"), ("mqtt.key", "mqtt"), ("token.key", "token")] {
        fs::write(folder.path().join(file), as_text(&secrets[secret]).to_owned() + "\n").unwrap();
    }
    folder
}

/// A data folder with a copy of the SQLite file.
pub fn folder() -> TempDir {
    let folder = folder_of_keys();
    fs::copy(golden::path("countmein-schema-7.sqlite"), folder.path().join(DATABASE)).unwrap();
    folder
}

/// The same, as if the file had been written just now.
fn fresh_folder() -> TempDir {
    let folder = folder();
    let written_at = golden::json("sqlite.json")["written_at"].as_i64().unwrap();
    let mut db = Connection::open(folder.path().join(DATABASE)).unwrap();
    // The last writes are up to a second younger than `written_at`. None may lie in the future: it would win over what a
    // test requests.
    age::shift(&mut db, code::now().as_seconds() - 1 - time(written_at).as_seconds());
    folder
}

pub struct Site {
    program: Program,
    organiser: String,
    pub folder: TempDir,
}

impl Site {
    /// On a fresh copy of the SQLite file.
    pub fn open() -> Self {
        Self::open_with(&[])
    }

    pub fn open_with(options: &[&str]) -> Self {
        Self::serve(fresh_folder(), options)
    }

    pub fn serve(folder: TempDir, options: &[&str]) -> Self {
        let mut command = serve(folder.path());
        // Nothing is sent to the webhooks in the golden files.
        command.args(["--webhooks", "off"]).args(options);
        Self::start(folder, command)
    }

    pub fn start(folder: TempDir, command: Command) -> Self {
        let program = Program::start(command);
        let key = fs::read_to_string(folder.path().join("organiser.key")).unwrap();
        Self { program, organiser: format!("Bearer {}", key.trim()), folder }
    }

    /// Stops the program and leaves its folder.
    pub fn close(self) -> TempDir {
        let (ended_well, _) = self.program.terminate();
        assert!(ended_well);
        self.folder
    }

    /// `kill -9`.
    pub fn kill(self) -> TempDir {
        self.program.kill();
        self.folder
    }

    pub fn get(&self, path: &str) -> (u16, Value) {
        let request = ureq::get(format!("{}{path}", self.program.url)).header("Accept", "application/json");
        let request = request.header("Authorization", &self.organiser);
        read(request.config().http_status_as_error(false).build().call())
    }

    /// As the organiser.
    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.post_with(path, &[("Authorization", &self.organiser)], body)
    }

    /// As anyone.
    pub fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
        let mut request = ureq::post(format!("{}{path}", self.program.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.config().http_status_as_error(false).build().send_json(body))
    }

    /// The one click of a mail program (RFC 8058).
    pub fn unsubscribe(&self, path: &str) -> u16 {
        let request = ureq::post(format!("{}{path}", self.program.url));
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        let request = request.config().http_status_as_error(false).build();
        request.send("List-Unsubscribe=One-Click").unwrap().status().as_u16()
    }

    /// The answer to a GET that succeeds.
    #[track_caller]
    pub fn page(&self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The names on an event's roster.
    pub fn names(&self, event: &str) -> Vec<String> {
        let page = self.page(&format!("/events/{event}/attendees?limit=1000"));
        as_list(&page["attendees"]).iter().map(|entry| as_text(&entry["name"]).to_owned()).collect()
    }

    /// Everybody who is in, with contacts.
    pub fn export(&self) -> Value {
        self.page("/organiser/export?format=json")
    }

    /// The ids of the rejected messages.
    pub fn rejects(&self) -> Vec<String> {
        let page = self.page("/organiser/rejects?limit=1000");
        as_list(&page["rejects"]).iter().map(|reject| as_text(&reject["id"]).to_owned()).collect()
    }

    /// The opt-in behind a link: `pending`, `confirmed` or `opted_out`.
    pub fn opt_in(&self, path: &str) -> String {
        as_text(&self.page(path)["opt_in"]).to_owned()
    }

    /// A command of the same program, with the organiser's key.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countmein"));
        command.env_clear().args(arguments).args(["--url", &self.program.url]);
        command.env("COUNTMEIN_ORGANISER_KEY", self.organiser.strip_prefix("Bearer ").unwrap());
        command
    }
}

fn read(answer: Result<http::Response<Body>, ureq::Error>) -> (u16, Value) {
    let mut answer = answer.unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or_else(|_| json!(text)))
}

/// Waits until the condition holds.
#[track_caller]
pub fn eventually(condition: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "it never holds: {condition}");
        thread::sleep(Duration::from_millis(20));
    }
}
