//! The items of a DynamoDB table: the program reads all of them, serves them and writes over them.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::code::{self, EventsTable, Ports, time};
use crate::golden::{self, as_list, as_text, assert_holds};
use crate::read;
use crate::site::{Site, eventually, folder_of_keys};
use crate::support::ministack::{Account, REGION, SECRET_KEY, queues};
use crate::support::program::serve;

type Item = HashMap<String, AttributeValue>;

/// A new table with the golden items, and what must be read from it.
async fn table(account: &Account) -> (EventsTable, Value) {
    let config = account.config();
    let table = EventsTable::new(&config, "Events");
    table.ensure().await.unwrap();
    let mut expected = golden::json("dynamodb.json");
    let age = code::now().as_seconds() - time(expected["written_at"].as_i64().unwrap()).as_seconds();
    let client = Client::new(&config);
    for item in as_list(&golden::json("dynamodb-items.json")) {
        let mut item = from_json(item);
        // What has expired counts as deleted, so every item expires as long after today as it did after it was written.
        if let Some(AttributeValue::N(expires_at)) = item.get_mut("expires_at") {
            *expires_at = (expires_at.parse::<i64>().unwrap() + age).to_string();
        }
        client.put_item().table_name("Events").set_item(Some(item)).send().await.unwrap();
    }
    for (list, field, age) in [("attendees", "forgotten_at", age * 1_000), ("digests", "expires_at", age)] {
        for entry in expected[list].as_array_mut().unwrap() {
            if let Some(at) = entry[field].as_i64() {
                entry[field] = json!(at + age);
            }
        }
    }
    (table, expected)
}

#[tokio::test]
async fn reads_every_item() {
    let (table, expected) = table(&Account::new()).await;
    let ports = Ports::of(table.backend());
    read::attendees(&ports, &expected).await;
    read::events(&ports, &expected).await;
    read::all_else(&ports, &expected).await;
    for (key, id) in expected["remembered"].as_object().unwrap() {
        assert_eq!(ports.remembered(key).await, as_text(id), "{key}");
    }
    // That version did not store announcements. What it was sending is read from the digests.
    for (event, digest) in as_list(&expected["events"]).iter().zip(as_list(&expected["digests"])) {
        let found = ports.digest(as_text(&event["id"])).await;
        assert_eq!(found["unfinished"], json!(unfinished(digest)), "{event}");
    }
    // Later on, those in their backoff would be due too.
    let a_minute_later = expected["written_at"].as_i64().unwrap() + 60_000;
    assert_eq!(json!(ports.due(a_minute_later).await), expected["due"]);
}

#[tokio::test]
async fn every_attendee_can_cancel_and_join_again() {
    let (table, expected) = table(&Account::new()).await;
    let ports = Ports::of(table.backend());
    let now = code::now().as_millis();
    for (number, attendee) in as_list(&expected["attendees"]).iter().enumerate() {
        let (event, name) = (as_text(&attendee["event"]), as_text(&attendee["folded_name"]));
        let mut message = json!({"event": event, "name": name, "channel": "http"});
        let (cancel, join) = (format!("cancel-{number}"), format!("join-{number}"));
        if !attendee["registration"].is_null() {
            // As the manage link's page sends it.
            let mut message = message.clone();
            message["action"] = json!("cancel");
            message["stay"] = attendee["registration"]["signup"].clone();
            assert_eq!(ports.ingest(&cancel, now, &message.to_string()).await, "stored", "{attendee}");
            assert!(ports.attendee(event, name).await["registration"].is_null(), "{attendee}");
        }
        message["contact"] = json!({"email": "again@example.org"});
        assert_eq!(ports.ingest(&join, now + 1, &message.to_string()).await, "stored", "{attendee}");
        let found = ports.attendee(event, name).await;
        let registration = json!({"signup": join, "contact": message["contact"], "notify": true});
        assert_holds(name, &found, &json!({"name": attendee["name"], "registration": registration}));
    }
}

#[test]
fn serves_the_table_behind_links_already_sent() {
    let account = Account::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(table(&account));
    let (queue, dead_letters) = runtime.block_on(queues(&account.config(), Duration::from_secs(30)));
    let folder = folder_of_keys();
    let mut command = serve(folder.path());
    command.args(["--store", "dynamodb", "--table", "Events"]);
    command.args(["--queue", "sqs", "--queue-url", &queue, "--dead-letter-queue-url", &dead_letters]).envs([
        ("AWS_ENDPOINT_URL", account.endpoint.as_str()),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", &account.id),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
    ]);
    let site = Site::start(folder, command);
    let links = golden::json("links.json");
    for link in as_list(&links["manage"]) {
        assert_holds(as_text(&link["what"]), &site.page(as_text(&link["path"])), &link["page"]);
    }
    let path = as_text(&links["manage"][0]["path"]);
    assert_eq!(site.post_with(path, &[], &json!({"action": "cancel"})).0, 202);
    eventually("the registration is cancelled", || site.page(path)["state"] == "out");
}

#[tokio::test]
async fn contacts_keep_their_topics() {
    let account = Account::new();
    let template = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("template.yaml")).unwrap();
    let mut settings = template.lines().filter_map(|line| line.trim().strip_prefix("COUNTMEIN_CONTACT_TOPICS: !Sub "));
    let prefix = settings.next().unwrap().replace("${AWS::Partition}", "aws").replace("${AWS::Region}", REGION);
    let prefix = prefix.replace("${AWS::AccountId}", &account.id).replace("${Stage}", "staging");
    let links = golden::json("links.json");
    // Phones have no topics.
    let links_of_topics = as_list(&links["opt_in"]).iter().filter(|link| link["contact"]["sms"].is_null());
    for link in links_of_topics.clone() {
        let secret = as_text(&links["secrets"]["contact"]);
        code::subscribe(&account.config(), &prefix, &link["contact"], secret).await;
    }
    let listed = aws_sdk_sns::Client::new(&account.config()).list_topics().send().await.unwrap();
    let arns = listed.topics.unwrap_or_default().into_iter().map(|topic| topic.topic_arn.unwrap());
    let found: BTreeSet<String> = arns.map(|arn| arn.rsplit(':').next().unwrap().to_owned()).collect();
    assert_eq!(found, links_of_topics.map(|link| as_text(&link["topic"]).to_owned()).collect());
}

/// An item out of DynamoDB JSON.
fn from_json(item: &Value) -> Item {
    item.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value_from_json(value))).collect()
}

fn value_from_json(value: &Value) -> AttributeValue {
    let (kind, value) = value.as_object().and_then(|fields| fields.iter().next()).unwrap();
    match kind.as_str() {
        "S" => AttributeValue::S(as_text(value).to_owned()),
        "N" => AttributeValue::N(as_text(value).to_owned()),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap()),
        "NULL" => AttributeValue::Null(true),
        "B" => AttributeValue::B(Blob::new(STANDARD.decode(as_text(value)).unwrap())),
        "L" => AttributeValue::L(as_list(value).iter().map(value_from_json).collect()),
        "M" => AttributeValue::M(from_json(value)),
        other => panic!("{other}"),
    }
}

/// The names in what a digest had not sent to everybody.
fn unfinished(digest: &Value) -> BTreeSet<&str> {
    let late = digest["late"].as_array().into_iter().flatten();
    let changes = late.chain([&digest["sending"]]).filter_map(|news| news["named"].as_array()).flatten();
    changes.map(|change| as_text(&change["display_name"])).collect()
}
