//! Ten thousand people sign up over HTTP at once for an event with a hundred places.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use ureq::Agent;

use crate::support::program::{Program, serve};

const PLACES: usize = 100;
const PEOPLE: usize = 10_000;
const CLIENTS: usize = 32;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);

/// Signs people up until there is nobody left. A server with too much to do says so, and is asked again.
fn sign_up(url: &str, next: &AtomicUsize) {
    let agent = Agent::config_builder().http_status_as_error(false).build().new_agent();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= PEOPLE {
            return;
        }
        loop {
            let body = json!({"name": format!("Guest {number:05}")});
            let response = agent.post(format!("{url}/events/dinner/signups")).send_json(body).unwrap();
            match response.status().as_u16() {
                202 => break,
                429 | 503 => thread::sleep(Duration::from_millis(20)),
                status => panic!("{status}"),
            }
        }
    }
}

#[test]
fn ten_thousand_people_get_a_hundred_places_in_order() {
    let data = tempfile::tempdir().unwrap();
    let program = Program::start(serve(data.path()));
    let event = json!({"title": "Dinner", "capacity": PLACES});
    let mut created = ureq::post(format!("{}/events", program.url)).send_json(event).unwrap();
    assert_eq!(created.body_mut().read_json::<Value>().unwrap()["event"], "dinner");
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| sign_up(&program.url, &next));
        }
    });

    let path = data.path().join("countmein.sqlite");
    let db = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let count = || db.query_row("SELECT count(*) FROM seat", (), |row| row.get::<_, usize>(0)).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while count() < PEOPLE {
        assert!(Instant::now() < deadline, "only {} are decided", count());
        thread::sleep(Duration::from_millis(50));
    }
    let names = |sql: &str| -> Vec<String> {
        let mut statement = db.prepare(sql).unwrap();
        statement.query_map((), |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let confirmed = names("SELECT name FROM seat WHERE standing = 'confirmed' ORDER BY number");
    let waiting = names("SELECT name FROM seat WHERE standing = 'waiting' ORDER BY number");
    assert_eq!((confirmed.len(), waiting.len()), (PLACES, PEOPLE - PLACES));
    let in_order = names("SELECT name FROM change WHERE name <> '#details' ORDER BY seq");
    assert_eq!([confirmed, waiting].concat(), in_order);
    drop(db);
    program.terminate();
}
