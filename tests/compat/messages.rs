//! Messages as the program, publishers and devices have put them on the queue.

use std::collections::BTreeSet;
use std::fs;

use crate::code::{Ports, Sqlite};
use crate::golden::{self, as_list, as_text, assert_holds};

#[tokio::test]
async fn every_message_keeps_its_meaning() {
    let folder = tempfile::tempdir().unwrap();
    ingest_all(&Ports::of(Sqlite::open(folder.path()).unwrap().backend())).await;
}

/// Ingests the messages one by one, in their order, and checks the outcome of each and the attendee after it.
pub async fn ingest_all(ports: &Ports) {
    let golden = golden::json("messages.json");
    for button in as_list(&golden["buttons"]) {
        ports.register(button).await;
    }
    for message in as_list(&golden["messages"]) {
        let file = as_text(&message["file"]);
        let body = golden::text(&format!("messages/{file}"));
        let outcome = ports.ingest(as_text(&message["id"]), message["arrived_at"].as_i64().unwrap(), &body).await;
        assert_eq!(outcome, as_text(&message["outcome"]), "{file}");
        let expected = &message["attendee"];
        if !expected.is_null() {
            let found = ports.attendee(as_text(&expected["event"]), as_text(&expected["folded_name"])).await;
            assert_holds(file, &found, expected);
        }
    }
}

#[test]
fn every_file_is_listed() {
    let golden = golden::json("messages.json");
    let listed: BTreeSet<&str> = as_list(&golden["messages"]).iter().map(|message| as_text(&message["file"])).collect();
    let files = fs::read_dir(golden::path("messages")).unwrap();
    let files: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files.iter().map(String::as_str).collect::<BTreeSet<_>>(), listed);
}
