//! The program is killed again and again under load: what was acknowledged is there afterwards, once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ureq::Agent;

use crate::support::program::{Program, serve};
use crate::support::seed;

/// Kills, unless the environment sets another number.
const ROUNDS: u64 = 3;
const CLIENTS: u64 = 8;
const EVENTS: u64 = 3;
/// Longer than any wait on a busy machine; never waited for in full unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a client knows of one name.
#[derive(Default, Debug)]
struct Known {
    signed_up: bool,
    cancel_sent: bool,
    cancelled: bool,
}

/// One round's load on the server.
#[derive(Default)]
struct Load {
    acknowledged: AtomicU64,
    is_over: AtomicBool,
}

impl Load {
    /// Waits for so many acknowledgements, so that every kill falls into the load, on any machine.
    fn wait_for(&self, acknowledged: u64) {
        let deadline = Instant::now() + PATIENCE;
        while self.acknowledged.load(Ordering::Relaxed) < acknowledged {
            assert!(Instant::now() < deadline, "the server stopped answering");
            thread::sleep(Duration::from_micros(200));
        }
    }
}

/// By event and name.
type Ledger = BTreeMap<(String, String), Known>;

fn agent() -> Agent {
    Agent::config_builder().timeout_global(Some(Duration::from_secs(5))).build().into()
}

/// Signs people up, some twice, and cancels some, until the server is gone.
fn client(url: &str, round: u64, client: u64, seed: u64, load: &Load) -> Ledger {
    let agent = agent();
    let mut chance = fastrand::Rng::with_seed(seed ^ (round << 8) ^ client);
    let mut ledger = Ledger::new();
    for number in 0.. {
        if load.is_over.load(Ordering::Relaxed) {
            break;
        }
        let event = format!("event-{}", chance.u64(..EVENTS));
        let name = format!("round {round} client {client} person {number}");
        let signups = format!("{url}/events/{event}/signups");
        let known = ledger.entry((event, name.clone())).or_default();
        let repeats = if chance.u8(..8) == 0 { 3 } else { 1 };
        let mut manage = None;
        for _ in 0..repeats {
            let Ok(mut answer) = agent.post(&signups).send_json(json!({ "name": name })) else { return ledger };
            let Ok(body) = answer.body_mut().read_json::<Value>() else { return ledger };
            known.signed_up = true;
            load.acknowledged.fetch_add(1, Ordering::Relaxed);
            // The first link owns the registration.
            manage.get_or_insert_with(|| body["manage"].as_str().unwrap().to_owned());
        }
        if chance.u8(..6) == 0 {
            known.cancel_sent = true;
            let link = manage.expect("the sign-up was answered");
            let Ok(answer) = agent.post(link).send_json(json!({ "action": "cancel" })) else { return ledger };
            known.cancelled = answer.status() == 202;
        }
    }
    ledger
}

fn roster(url: &str, event: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut query = "limit=1000".to_owned();
    loop {
        let page = format!("{url}/events/{event}/attendees?{query}");
        let page: Value = agent().get(page).call().unwrap().body_mut().read_json().unwrap();
        names.extend(
            page["attendees"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(cursor) => query = format!("limit=1000&cursor={cursor}"),
            None => {
                assert_eq!(page["count"], json!(names.len()), "the count of {event}");
                return names;
            }
        }
    }
}

fn wait_until_the_queue_is_empty(url: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let metrics = agent().get(format!("{url}/metrics")).call().unwrap().body_mut().read_to_string().unwrap();
        if metrics.contains("\ncountmein_queue_messages 0\n") {
            return;
        }
        assert!(Instant::now() < deadline, "the queue is never empty");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn kills_under_load_lose_nothing() {
    let rounds =
        std::env::var("COUNTMEIN_KILL_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().expect("a number of rounds"));
    let seed = seed::seed();
    let mut chance = fastrand::Rng::with_seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::new();

    for round in 0..rounds {
        let program = Program::start(serve(folder.path()));
        let load = Load::default();
        let (url, load) = (program.url.clone(), &load);
        thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|number| {
                    let url = url.clone();
                    scope.spawn(move || client(&url, round, number, seed, load))
                })
                .collect();
            load.wait_for(chance.u64(1..200));
            thread::sleep(Duration::from_micros(chance.u64(..5_000)));
            program.kill();
            load.is_over.store(true, Ordering::Relaxed);
            for client in clients {
                ledger.extend(client.join().unwrap());
            }
        });
    }

    let program = Program::start(serve(folder.path()));
    wait_until_the_queue_is_empty(&program.url);
    let mut on_roster = BTreeMap::new();
    for event in (0..EVENTS).map(|number| format!("event-{number}")) {
        for name in roster(&program.url, &event) {
            assert!(on_roster.insert((event.clone(), name.clone()), ()).is_none(), "{name} is twice on {event}");
        }
    }
    program.kill();

    let acknowledged = ledger.values().filter(|known| known.signed_up).count();
    let cancelled = ledger.values().filter(|known| known.cancelled).count();
    println!("{acknowledged} sign-ups and {cancelled} cancels were acknowledged over {rounds} kills");
    assert!(acknowledged > 0 && cancelled > 0, "the load was too light to tell anything");
    for (key, known) in &ledger {
        let is_in = on_roster.contains_key(key);
        assert!(!(known.signed_up && !known.cancel_sent && !is_in), "{key:?} was acknowledged and is not there");
        assert!(!(known.cancelled && is_in), "{key:?} has cancelled and is still there");
    }
    for key in on_roster.keys() {
        assert!(ledger.contains_key(key), "{key:?} is there and nobody sent it");
    }
    assert_the_file_is_sound(&folder.path().join("countmein.sqlite"), &ledger);
}

#[test]
fn second_program_on_a_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = Program::start(serve(folder.path()));
    let second = serve(folder.path()).output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{said}");
    let whose = format!("another countmein is using the folder {}", folder.path().display());
    assert!(said.contains(&whose) && said.contains("choose another with --data"), "{said}");
    let answer = agent().post(format!("{}/events/dance/signups", first.url)).send_json(json!({ "name": "Ana" }));
    assert_eq!(answer.unwrap().status(), 202);
}

#[test]
fn sigterm_stops_the_program_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(serve(folder.path()));
    let agent = agent();
    let answer = agent.post(format!("{}/events/dance/signups", program.url)).send_json(json!({ "name": "Ana" }));
    assert_eq!(answer.unwrap().status(), 202);
    // The agent keeps its connection open.
    let (well, took) = program.terminate();
    assert!(well && took < Duration::from_secs(5), "{took:?}");

    let again = Program::start(serve(folder.path()));
    wait_until_the_queue_is_empty(&again.url);
    assert_eq!(roster(&again.url, "dance"), ["Ana"]);
}

fn assert_the_file_is_sound(path: &Path, ledger: &Ledger) {
    let db = rusqlite::Connection::open(path).unwrap();
    let text = |sql: &str| db.query_row(sql, (), |row| row.get::<_, String>(0)).unwrap();
    let number = |sql: &str| db.query_row(sql, (), |row| row.get::<_, usize>(0)).unwrap();
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    assert_eq!(number("SELECT count(*) FROM queue"), 0);
    assert_eq!(text("SELECT coalesce(group_concat(reason), 'no rejects') FROM reject"), "no rejects");

    let joins = "SELECT count(*) FROM change WHERE coalesce(old_image ->> 'status', 'out') = 'out' AND new_image ->> 'status' = 'in'";
    let leaves = "SELECT count(*) FROM change WHERE old_image ->> 'status' = 'in' AND new_image ->> 'status' = 'out'";
    let joined_twice = format!("SELECT count(*) FROM ({joins} GROUP BY event, name HAVING count(*) > 1)");
    assert_eq!(number(&joined_twice), 0, "nobody joined twice");
    // Who cancelled before the sign-up was ingested never joined.
    assert!(number(joins) >= ledger.values().filter(|known| known.signed_up && !known.cancel_sent).count());
    assert_eq!(number(joins) - number(leaves), number("SELECT count(*) FROM attendee WHERE status = 'in'"));
}
