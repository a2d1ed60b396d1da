//! Damaged records in the database.

use std::time::{Duration, Instant};

use countmein::adapters::sqlite::DATABASE;
use serde_json::{Value, json};

use crate::support::program::{Program, serve};

const PATIENCE: Duration = Duration::from_secs(60);

/// Signs somebody up, and returns the personal link.
fn sign_up(program: &Program, event: &str, name: &str) -> String {
    let request = ureq::post(format!("{}/events/{event}/signups", program.url));
    let answer: Value = request.send_json(json!({ "name": name })).unwrap().body_mut().read_json().unwrap();
    answer["manage"].as_str().unwrap().to_owned()
}

fn text(url: &str) -> String {
    ureq::get(url).header("Accept", "application/json").call().unwrap().body_mut().read_to_string().unwrap()
}

fn wait_for(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waiting for {what} takes too long");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn damaged_change_and_digest_affect_only_their_events() {
    let data = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = serve(data.path());
        command.args(["--backoff-initial", "1"]);
        Program::start(command)
    };
    let program = start();
    let ana = sign_up(&program, "dance", "Ana");
    sign_up(&program, "pizza", "Ben");
    sign_up(&program, "choir", "Cleo");
    wait_for("the digests", || {
        let database = rusqlite::Connection::open(data.path().join(DATABASE)).unwrap();
        database.query_row("SELECT count(*) FROM digest", (), |row| row.get::<_, u64>(0)).unwrap() == 3
    });
    assert!(program.terminate().0);
    let database = rusqlite::Connection::open(data.path().join(DATABASE)).unwrap();
    database.execute("UPDATE digest SET record = '{}', due_at = 1 WHERE event = 'pizza'", ()).unwrap();
    database.execute("UPDATE change SET new_image = '{' WHERE event = 'choir'", ()).unwrap();
    database.execute("DELETE FROM follower", ()).unwrap();
    drop(database);

    let program = start();
    sign_up(&program, "dance", "Zoe");
    let ana = ana.replace(&ana[..ana.find("/events").unwrap()], &program.url);
    wait_for("the message about Zoe", || text(&ana).contains("Zoe"));

    let metrics = text(&format!("{}/metrics", program.url));
    let parked = metrics.lines().find_map(|line| line.strip_prefix("countmein_events_parked_total ")).unwrap();
    assert!(parked.parse::<u64>().unwrap() >= 2, "{parked}");
    assert!(program.terminate().0);
    let database = rusqlite::Connection::open(data.path().join(DATABASE)).unwrap();
    let mut parked = database.prepare("SELECT event FROM parked_event ORDER BY event").unwrap();
    let parked: Vec<String> = parked.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(parked, ["choir", "pizza"]);
    let due = "SELECT count(*) FROM digest WHERE event = 'pizza' AND due_at IS NOT NULL";
    assert_eq!(database.query_row(due, (), |row| row.get::<_, u64>(0)), Ok(0));
}
