//! Measures whether the time of an answer tells anybody that an unlisted event exists.
//!
//! Run it with `cargo bench --bench not_found`. `NOT_FOUND_REQUESTS` sets the number of requests for each address. The
//! addresses take turns, so that whatever else the machine does affects all of them alike.

#[allow(dead_code, reason = "each benchmark uses a part of it")]
mod load;

use std::time::{Duration, Instant};

use load::{Connection, Server, setting};
use serde_json::Value;

/// A description of a request, and the id that it asks for, made from the id of the unlisted event.
type Case = (&'static str, fn(&str) -> String);

const CASES: [Case; 5] = [
    ("an id that nobody has, with another title", |id| format!("other-supper-{}", random_part(id).replace('a', "b"))),
    ("the same title, with other random characters", |id| {
        format!("secret-dinner-{}", random_part(id).chars().rev().collect::<String>())
    }),
    ("the event's id, with its last character changed", |id| changed(id, id.len() - 1)),
    ("the title alone", |_| "secret-dinner".to_owned()),
    ("another title alone", |_| "others-supper".to_owned()),
];

fn main() {
    // `cargo test --all-targets` also starts benchmarks, but without this flag.
    if std::env::args().any(|argument| argument == "--bench") {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(measure());
    }
}

fn random_part(id: &str) -> &str {
    id.rsplit('-').next().expect("an id has at least one part")
}

/// The id with another character at this place.
fn changed(id: &str, place: usize) -> String {
    let other = if id.as_bytes()[place] == b'a' { "b" } else { "a" };
    format!("{}{other}{}", &id[..place], &id[place + 1..])
}

async fn measure() {
    let requests: usize = setting("NOT_FOUND_REQUESTS", 20_000);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let server = Server::program(folder.path());
    let mut connection = Connection::open(server.address).await;
    let id = create_unlisted(&mut connection, &server).await;
    let messages = CASES.map(|(_, path)| get(&server, &path(&id)));
    let mut times = CASES.map(|_| Vec::with_capacity(requests));
    let mut statuses = [0; CASES.len()];
    for number in 0..requests {
        // Another one is first each time.
        for place in 0..CASES.len() {
            let case = (number + place) % CASES.len();
            let began = Instant::now();
            statuses[case] = connection.request(&messages[case]).await.0;
            times[case].push(began.elapsed());
        }
    }
    println!("| request | status | median | 90 % | median, compared with the first |");
    println!("|---|---:|---:|---:|---:|");
    times.iter_mut().for_each(|times| times.sort_unstable());
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let first = micros(times[0][requests / 2]);
    for ((name, _), (status, times)) in CASES.iter().zip(statuses.iter().zip(&times)) {
        let (median, ninety) = (micros(times[requests / 2]), micros(times[requests * 9 / 10]));
        println!("| {name} | {status} | {median:.1} µs | {ninety:.1} µs | {:.3} |", median / first);
    }
}

async fn create_unlisted(connection: &mut Connection, server: &Server) -> String {
    let body = r#"{"title": "Secret dinner", "visibility": "unlisted"}"#;
    let head = format!("POST /events HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n", server.address);
    let message = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    let (status, answer) = connection.request(message.as_bytes()).await;
    assert_eq!(status, 201);
    let created: Value = serde_json::from_slice(answer).unwrap();
    created["event"].as_str().unwrap().to_owned()
}

fn get(server: &Server, event: &str) -> Vec<u8> {
    format!("GET /events/{event} HTTP/1.1\r\nhost: {}\r\naccept: application/json\r\n\r\n", server.address).into_bytes()
}
