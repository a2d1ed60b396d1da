//! Shutdown: in time despite open connections, and without losing what was acknowledged.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::support::{KEY, PATIENCE, Running, read_answer, read_head, serve, serve_with};

/// The time that `docker stop` and systemd give.
const IN_TIME: Duration = Duration::from_secs(5);

fn connect(server: &Running) -> TcpStream {
    let stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// A sign-up whose head was sent and whose body is missing.
fn begin_to_sign_up(server: &Running, body: &str) -> TcpStream {
    let mut stream = connect(server);
    let length = body.len();
    let head = format!(
        "POST /events/dance/signups HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Expect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    assert!(read_head(&mut stream).starts_with("HTTP/1.1 100 "));
    stream
}

#[test]
fn idle_connection_does_not_delay_shutdown() {
    let mut server = serve();
    let mut idle = connect(&server);
    idle.write_all(b"HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert!(read_head(&mut idle).starts_with("HTTP/1.1 200"));
    let silent = connect(&server);
    server.get("/health").send().is(200);
    server.stop();
    let took = server.wait_for_the_end();
    assert!(took < IN_TIME, "{took:?}");
    drop((idle, silent));
}

#[test]
fn partial_request_does_not_delay_shutdown() {
    let mut server = serve();
    let mut half_a_head = connect(&server);
    half_a_head.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
    let half_a_body = begin_to_sign_up(&server, r#"{"name": "Ana"}"#);
    server.stop();
    let took = server.wait_for_the_end();
    assert!(took < IN_TIME, "{took:?}");
    drop((half_a_head, half_a_body));
}

#[test]
fn started_request_is_answered_before_shutdown() {
    let data = Arc::new(tempfile::tempdir().unwrap());
    let mut server = serve_with(Arc::clone(&data), |_| {});
    let body = r#"{"name": "Ana"}"#;
    let mut stream = begin_to_sign_up(&server, body);
    server.stop();
    assert!(!server.ends_within(Duration::from_millis(300)), "it does not wait for the request");
    stream.write_all(body.as_bytes()).unwrap();
    let answer = read_answer(stream, "the sign-up".to_owned()).unwrap().is(202);
    assert_eq!(answer.json()["name"], "Ana");
    let took = server.wait_for_the_end();
    assert!(took < IN_TIME, "{took:?}");
    drop(server);

    let server = serve_with(data, |_| {});
    server.settled();
    assert_eq!(server.who("dance"), ["Ana"]);
}

#[test]
fn acknowledged_signup_survives_shutdown() {
    let data = Arc::new(tempfile::tempdir().unwrap());
    let mut server = serve_with(Arc::clone(&data), |_| {});
    for number in 0..50 {
        let body = json!({"name": format!("p{number}")});
        server.post("/events/dance/signups").json(&body).send().is(202);
    }
    server.stop();
    server.wait_for_the_end();
    assert!(TcpStream::connect(server.address).is_err(), "it takes no more connections");
    drop(server);

    let server = serve_with(data, |_| {});
    server.settled();
    assert_eq!(server.who("dance").len(), 50);
}

#[test]
fn links_and_sessions_survive_a_restart() {
    let data = Arc::new(tempfile::tempdir().unwrap());
    let server = serve_with(Arc::clone(&data), |_| {});
    let ana = server.sign_up("dance", "Ana");
    let login = server.post("/organiser/login").form(&[("key", KEY)]).send();
    let cookie = login.header("set-cookie").split(';').next().unwrap().to_owned();
    drop(server);

    let server = serve_with(data, |_| {});
    assert_eq!(server.state(&ana.manage), "in");
    server.get("/events").header("Cookie", &cookie).send().is(200);
    server.cancel(&ana);
}
