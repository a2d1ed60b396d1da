//! The data folder, beside the server.

use std::path::Path;

use countmein::ports::Queue;
use countmein::standalone::sqlite::Sqlite;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};

/// Puts messages on the queue of a folder that no server uses.
pub fn enqueue(folder: &Path, messages: &[impl ToString]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bodies = messages.iter().map(ToString::to_string).collect();
    runtime.block_on(async { Sqlite::open(folder).unwrap().send(bodies).await }).unwrap();
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
