//! The calls of the 2016 sample's scripts, byte for byte.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::program::{Program, serve};

/// `curl -H "Content-Type: application/json" -X POST -d '…' http://localhost:8100`
fn post(program: &Program, body: &str) -> (String, String) {
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {}\r\nUser-Agent: curl/7.43.0\r\nAccept: */*\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        host(program),
        body.len()
    );
    exchange(program, &request)
}

/// `curl -H "Content-Type: application/json" http://localhost:8100`
fn get(program: &Program) -> (String, String) {
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nUser-Agent: curl/7.43.0\r\nAccept: */*\r\nContent-Type: application/json\r\n\
         Connection: close\r\n\r\n",
        host(program)
    );
    exchange(program, &request)
}

fn address(program: &Program) -> &str {
    program.url.strip_prefix("http://").unwrap()
}

fn host(program: &Program) -> String {
    address(program).replace("127.0.0.1", "localhost")
}

/// Sends bytes on a connection of their own; the head and the body of the answer.
fn exchange(program: &Program, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address(program)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    let body = if head.contains("transfer-encoding: chunked") { unchunked(body) } else { body.to_owned() };
    (head, body)
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n").unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return whole;
        }
        whole.push_str(&rest[..size]);
        body = &rest[size + 2..];
    }
}

#[track_caller]
fn is_list((head, body): (String, String), expected: &str) {
    assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-type: application/json\r\n"), "{head}");
    assert_eq!(body, expected);
}

#[test]
fn the_scripts_of_2016_run_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(serve(folder.path()));
    is_list(get(&program), "[]");
    let melvin = r#"[{"event":"Dance","name":"Melvin"}]"#;
    for _ in 0..2 {
        is_list(post(&program, r#"{"name":"Melvin","event":"Dance"}"#), melvin);
        is_list(get(&program), melvin);
    }
    let both = r#"[{"event":"Chess Club","name":"Ana"},{"event":"Dance","name":"Melvin"}]"#;
    is_list(post(&program, r#"{"name":"Ana","event":"Chess Club"}"#), both);
    is_list(get(&program), both);
}
