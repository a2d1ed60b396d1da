//! The SQLite file: the program reads everything in it, and goes on where the earlier version stopped.

use std::collections::BTreeSet;

use countmein::adapters::sqlite::DATABASE;
use countmein::domain::attendee_name::NameKey;
use countmein::domain::event::EventId;
use countmein::domain::signup::AttendeeKey;
use countmein::ports::Announcements as _;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::code::{self, Ports, Sqlite};
use crate::golden::{self, as_list, as_text, assert_holds};
use crate::read;
use crate::site::{Site, eventually, folder};

fn expected() -> Value {
    golden::json("sqlite.json")
}

/// The file as it is, and nothing that works on it.
fn open() -> (Sqlite, TempDir) {
    let folder = folder();
    (Sqlite::open(folder.path()).unwrap(), folder)
}

#[tokio::test]
async fn reads_attendees() {
    let (sqlite, _folder) = open();
    read::attendees(&Ports::of(sqlite.backend()), &expected()).await;
}

#[tokio::test]
async fn reads_events_and_digests() {
    let (sqlite, _folder) = open();
    read::events(&Ports::of(sqlite.backend()), &expected()).await;
}

#[tokio::test]
async fn reads_rejected_messages_buttons_opt_ins_budgets_and_households() {
    let (sqlite, _folder) = open();
    read::all_else(&Ports::of(sqlite.backend()), &expected()).await;
}

#[tokio::test]
async fn reads_changes_and_how_far_they_were_followed() {
    let (sqlite, _folder) = open();
    let expected = expected();
    assert_holds("changes", &code::changes(&sqlite).await, &expected["changes"]);
    assert_holds("positions", &code::positions(&sqlite).await, &expected["positions"]);
}

#[test]
fn the_export_has_everybody_with_contacts() {
    let site = Site::open();
    let entry = |title: &Value, name: &Value, contact: &Value, channel: &Value| {
        json!([title, name, contact, channel]).to_string()
    };
    let exported = site.export();
    let exported = as_list(&exported)
        .iter()
        .map(|attendee| entry(&attendee["event"], &attendee["name"], &attendee["contact"], &attendee["channel"]));
    let exported: BTreeSet<String> = exported.collect();
    for attendee in as_list(&expected()["attendees"]) {
        let registration = &attendee["registration"];
        if !registration.is_null() {
            let contact = &registration["contact"];
            let entry = entry(&attendee["title"], &attendee["name"], contact, &registration["channel"]);
            assert!(exported.contains(&entry), "{entry} is not in the export");
        }
    }
}

#[test]
fn waiting_messages_arrive() {
    let site = Site::open();
    // One of them failed five times because the disk was full. Earlier versions would have rejected it.
    eventually("four are on the roster", || site.names("queue").len() == 4);
    assert_eq!(site.names("queue"), ["Five Times", "In Hand", "New", "Three Times"]);
    let golden = expected();
    let waiting: Vec<&str> = as_list(&golden["queue"]).iter().map(|message| as_text(&message["id"])).collect();
    assert!(site.rejects().iter().all(|reject| !waiting.contains(&reject.as_str())));
}

#[test]
fn rejected_messages_are_shown_corrected_and_sent_again() {
    let site = Site::open();
    let expected = expected();
    let rejects = as_list(&expected["rejects"]);
    for reject in rejects {
        let found = site.page(&format!("/organiser/rejects/{}", as_text(&reject["id"])));
        assert_holds("a rejected message", &found, &json!({"body": reject["body"], "reason": reject["reason"]}));
    }
    let send_again = |reason: &str, correction: Value| {
        let reject = rejects.iter().find(|reject| as_text(&reject["reason"]).contains(reason)).unwrap();
        let path = format!("/organiser/rejects/{}/redrive", as_text(&reject["id"]));
        let (status, answer) = site.post(&path, &correction);
        assert_eq!(status, 202, "{answer}");
    };
    let is_in = |name: &str| site.names("dance").iter().any(|found| found == name);
    send_again("`name` is missing", json!({"set": {"name": "Grace"}}));
    eventually("Grace is in", || is_in("Grace"));
    let serial = "shellybutton1-000000000001";
    let button = json!({"serial": serial, "event": "Dance", "name": "Hedy"});
    assert_eq!(site.post("/organiser/buttons", &button).0, 200);
    send_again(serial, json!({}));
    eventually("Hedy is in", || is_in("Hedy"));
}

#[test]
fn registered_buttons_are_listed_and_pressed() {
    let site = Site::open();
    assert_holds("buttons", &site.page("/organiser/buttons?limit=100")["buttons"], &expected()["buttons"]);
    let links = golden::json("links.json");
    let mut buttons = as_list(&links["buttons"]).iter();
    let button = buttons.find(|button| as_text(&button["serial"]).starts_with("shelly")).unwrap();
    let path = format!("/buttons?serial={}", as_text(&button["serial"]));
    let secret = format!("Bearer {}", as_text(&button["secret"]));
    let long_press = json!({"event": "L", "event_cnt": 3});
    let (status, answer) = site.post_with(&path, &[("Authorization", &secret)], &long_press);
    assert_eq!(status, 202, "{answer}");
    eventually("Emil is out", || !site.names("pizza-night").iter().any(|name| name == "Emil"));
}

#[test]
fn pending_changes_reach_every_recipient_once() {
    let site = Site::open();
    let expected = expected();
    let messages = |inbox: &Value| -> Vec<String> {
        let page = site.page(as_text(&inbox["path"]));
        as_list(&page["messages"]).iter().map(|message| as_text(&message["text"]).to_owned()).collect()
    };
    let inboxes = as_list(&expected["inboxes"]);
    for inbox in inboxes {
        eventually(as_text(&inbox["what"]), || messages(inbox).len() >= as_list(&inbox["messages"]).len());
    }
    // By now every recipient who was due is notified, so that a second message to one of them would be there too.
    for inbox in inboxes {
        let (found, expected) = (messages(inbox), as_list(&inbox["messages"]));
        assert_eq!(found.len(), expected.len(), "{inbox}: {found:?}");
        for (text, names) in found.iter().zip(expected) {
            assert!(as_list(names).iter().all(|name| text.contains(as_text(name))), "{inbox}: {found:?}");
        }
    }
}

#[test]
fn a_repeated_request_gets_its_first_answer() {
    let site = Site::open();
    let request = &expected()["idempotent_request"];
    let key = [("Idempotency-Key", as_text(&request["key"]))];
    let (status, answer) = site.post_with(as_text(&request["path"]), &key, &request["body"]);
    assert_eq!(status, 202, "{answer}");
    assert_holds("the answer", &answer, &request["answer"]);
    assert!(as_text(&answer["manage"]).ends_with(as_text(&request["manage"])), "{answer}");
}

#[test]
fn the_file_opens_again_after_a_kill_and_after_a_stop() {
    let site = Site::open();
    eventually("the queue is empty", || site.names("queue").len() == 4);
    let before = site.export();
    let site = Site::serve(site.kill(), &[]);
    assert_eq!(site.export(), before);
    let site = Site::serve(site.close(), &[]);
    assert_eq!(site.export(), before);
}

#[tokio::test]
async fn announcement_on_its_way_is_shown_to_attendees_without_a_message_about_it() {
    for (change, expected) in [
        // The announcement has passed Ana and Ben, and Ana's mail failed.
        ("", [1, 0, 1]),
        // The version before stored her message before it sent the mail.
        (
            "INSERT INTO inbox (event, name, owner, id, at, text)
             SELECT event, name, owner, '4-failed', since, 'Mia joined.' FROM attendee
             WHERE event = 'half-told' AND name = 'ana'",
            [0, 0, 1],
        ),
        // Zoe gets the changes of the announcement with those that she missed before.
        (
            "UPDATE digest SET record = json_set(record, '$.late', json(
               (SELECT json_array(json_set(json_extract(record, '$.late[0]'), '$.recipients', json_array('zoe')))
                FROM digest WHERE event = 'late-show'))) WHERE event = 'half-told'",
            [1, 0, 1],
        ),
    ] {
        let folder = folder();
        Connection::open(folder.path().join(DATABASE)).unwrap().execute_batch(change).unwrap();
        let sqlite = Sqlite::open(folder.path()).unwrap();
        let mut shown = Vec::new();
        for name in ["ana", "ben", "zoe"] {
            let event = EventId::from_stored("half-told".to_owned());
            let key = AttendeeKey { event, name: NameKey::from_stored(name.to_owned()) };
            shown.push(sqlite.latest(&key, 10).await.unwrap().len());
        }
        assert_eq!(shown, expected, "{change}");
    }
}
