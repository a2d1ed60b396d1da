//! Moves a copy of the SQLite file to the present, as if it had been written a second ago.
//!
//! The program deletes what has expired and gives up on old deliveries, so most of a file that is a year old would be gone
//! before a test could look. The columns are those of schema 7 and never change.

use rusqlite::types::Value as Column;
use rusqlite::{Connection, ToSql};
use serde_json::Value;

/// Times in milliseconds.
const COLUMNS: [(&str, &[&str]); 9] = [
    ("attendee", &["requested_at", "since", "expires_at", "link_asked_at"]),
    ("queue", &["arrived_at"]),
    ("change", &["made_at"]),
    ("reject", &["arrived_at", "rejected_at"]),
    ("idempotency", &["requested_at", "expires_at"]),
    ("digest", &["due_at", "expires_at"]),
    ("contact", &["asked_at"]),
    ("budget", &["ends_at"]),
    ("inbox", &["at"]),
];

/// Columns of JSON with times in it: table, key, column.
const RECORDS: [(&str, &str, &str); 3] =
    [("digest", "event", "record"), ("change", "seq", "old_image"), ("change", "seq", "new_image")];

/// Adds `seconds` to every time.
pub fn shift(db: &mut Connection, seconds: i64) {
    let db = db.transaction().unwrap();
    for (table, columns) in COLUMNS {
        for column in columns {
            db.execute(&format!("UPDATE {table} SET {column} = {column} + ?1"), [seconds * 1_000]).unwrap();
        }
    }
    for (table, key, column) in RECORDS {
        let sql = format!("SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL");
        let mut select = db.prepare(&sql).unwrap();
        let rows = select.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let rows: Vec<(Column, String)> = rows.map(Result::unwrap).collect();
        for (key_of_row, json) in rows {
            let mut record = serde_json::from_str(&json).unwrap();
            shift_record(&mut record, seconds);
            let values: [&dyn ToSql; 2] = [&record.to_string(), &key_of_row];
            db.execute(&format!("UPDATE {table} SET {column} = ?1 WHERE {key} = ?2"), values).unwrap();
        }
    }
    db.commit().unwrap();
}

fn shift_record(record: &mut Value, seconds: i64) {
    match record {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_i64() {
                    // In seconds, as DynamoDB's time to live.
                    Some(time) if name == "expires_at" => *value = (time + seconds).into(),
                    Some(time) if name.ends_with("_at") || name.ends_with("since") => {
                        *value = (time + seconds * 1_000).into();
                    }
                    _ => shift_record(value, seconds),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| shift_record(value, seconds)),
        _ => {}
    }
}
