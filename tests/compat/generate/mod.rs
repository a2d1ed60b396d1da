//! Writes the golden files. Run once, by hand, at the commit whose data they are to hold.

mod http;
mod publishers;
mod record;
mod states;
#[cfg(feature = "aws")]
mod table;

use std::fs;

use serde_json::{Value, json};

use crate::code::{self, Ports, Sqlite};
use crate::golden;
use record::Record;

#[test]
#[ignore = "writes the golden files"]
fn generate() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut record = Record::begin();
    runtime.block_on(publishers::publish(&mut record));
    http::people(&mut record);
    runtime.block_on(states::all(&mut record));
    let messages = runtime.block_on(meanings(&record));
    write("messages.json", &messages);
    write("links.json", &record.links());
    record.finish();
    write("sqlite.json", &runtime.block_on(states::expected(&record)));
    #[cfg(feature = "aws")]
    {
        let (items, expected) = runtime.block_on(table::items(&record));
        write("dynamodb-items.json", &items);
        write("dynamodb.json", &expected);
    }
}

/// Lists with an entry a line.
fn write(file: &str, value: &Value) {
    let list = |list: &[Value], indent: &str| {
        let lines: Vec<String> = list.iter().map(|entry| format!("{indent}  {entry}")).collect();
        format!("[\n{}\n{indent}]", lines.join(",\n"))
    };
    let text = match value {
        Value::Array(entries) => list(entries, ""),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| match value {
                Value::Array(entries) if !entries.is_empty() => format!("  {}: {}", json!(name), list(entries, "  ")),
                value => format!("  {}: {value}", json!(name)),
            });
            format!("{{\n{}\n}}", fields.collect::<Vec<_>>().join(",\n"))
        }
        value => value.to_string(),
    };
    fs::write(golden::path(file), text + "\n").unwrap();
}

/// What each message comes to, on a file of its own.
async fn meanings(record: &Record) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let ports = Ports::of(sqlite.clone());
    for button in &record.buttons {
        ports.register(button).await;
    }
    let mut messages = Vec::new();
    let mut changes = 0;
    for message in &record.messages {
        let body = golden::text(&format!("messages/{}", golden::as_text(&message["file"])));
        let (id, arrived_at) = (golden::as_text(&message["id"]), message["arrived_at"].as_i64().unwrap());
        let outcome = ports.ingest(id, arrived_at, &body).await;
        let mut message = message.clone();
        message["outcome"] = json!(outcome);
        let told = code::changes(&sqlite).await;
        let told = golden::as_list(&told);
        if told.len() > changes {
            assert_eq!(told.len(), changes + 1);
            message["attendee"] = told[changes]["new"].clone();
            changes = told.len();
        }
        messages.push(message);
    }
    json!({"buttons": record.buttons, "messages": messages})
}
