//! Malformed HTTP.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::goes_on;
use crate::http::support::{Endpoint, PATIENCE, exchange, read_head};

fn head(lines: &[&str]) -> Vec<u8> {
    format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes()
}

pub fn malformed_http_harms_nobody(server: &Endpoint) {
    let many_headers: Vec<String> = (0..500).map(|number| format!("X-{number}: y")).collect();
    let mut many = vec!["GET /health HTTP/1.1"];
    many.extend(many_headers.iter().map(String::as_str));
    let long_header = format!("X-Long: {}", "y".repeat(1_000_000));
    let cases: Vec<(Vec<u8>, &[u16])> = vec![
        (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n".to_vec(), &[400]),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), &[]),
        (b"hello\r\n\r\n".to_vec(), &[400]),
        (b"GET /health\r\n\r\n".to_vec(), &[400]),
        (head(&["GET /health HTTP/9.9", "Host: x"]), &[400, 505]),
        (head(&["GET  /health HTTP/1.1", "Host: x"]), &[400]),
        (head(&["G\0T /health HTTP/1.1", "Host: x"]), &[400]),
        (head(&["GET /health HTTP/1.1", "Host: x", "No colon"]), &[400]),
        (head(&["GET /health HTTP/1.1", "Host: x", "X-Nul: a\0b"]), &[400]),
        (head(&["GET /health HTTP/1.1", "Host: x", " folded: y"]), &[400]),
        (head(&many), &[431]),
        (head(&["GET /health HTTP/1.1", &long_header]), &[431]),
        (head(&["POST / HTTP/1.1", "Host: x", "Content-Length: -1"]), &[400]),
        (head(&["POST / HTTP/1.1", "Host: x", "Content-Length: 99999999999999999999"]), &[400]),
        (head(&["POST / HTTP/1.1", "Host: x", "Content-Length: 2", "Content-Length: 3"]), &[400]),
        (head(&["POST / HTTP/1.1", "Host: x", "Transfer-Encoding: gzip"]), &[400]),
        (
            head(&[
                "POST / HTTP/1.1",
                "Host: x",
                "Connection: close",
                "Content-Length: 99999999",
                "Content-Type: application/json",
            ]),
            &[413],
        ),
        (
            [
                head(&["POST / HTTP/1.1", "Host: x", "Content-Type: application/json", "Transfer-Encoding: chunked"]),
                b"zz\r\n".to_vec(),
            ]
            .concat(),
            &[400],
        ),
        (head(&["TRACE /health HTTP/1.1", "Host: x", "Connection: close", "Cookie: secret"]), &[405]),
        (head(&["CONNECT example.org:443 HTTP/1.1", "Host: x", "Connection: close"]), &[404, 405, 400]),
        (head(&["MADE-UP /health HTTP/1.1", "Host: x", "Connection: close"]), &[405]),
        (head(&["OPTIONS * HTTP/1.1", "Host: x", "Connection: close"]), &[404, 405]),
        (head(&["GET / HTTP/1.0"]), &[403]),
        (head(&["GET / HTTP/1.1", "Connection: close"]), &[400]),
        (head(&["GET / HTTP/1.1", "Host: a b", "Connection: close"]), &[403]),
        (head(&["GET / HTTP/1.1", "Host: localhost@evil.example", "Connection: close"]), &[403]),
        (head(&["GET / HTTP/1.1", "Host: localhost/evil", "Connection: close"]), &[403]),
        (head(&["GET /health HTTP/1.0"]), &[200]),
        (head(&["GET http://example.org/health HTTP/1.1", "Host: x", "Connection: close"]), &[200]),
        (
            head(&["GET /health HTTP/1.1", "Host: x", "Accept: \u{ff}", "Cookie: \u{ff}=;;", "Connection: close"]),
            &[200],
        ),
    ];
    for (bytes, statuses) in cases {
        let Some(answer) = exchange(server, &bytes) else {
            assert!(statuses.is_empty(), "no answer to {}", String::from_utf8_lossy(&bytes[..bytes.len().min(60)]));
            continue;
        };
        assert!(statuses.contains(&answer.status), "{statuses:?}, not {answer:?}");
        assert!(!answer.text().contains("secret"), "{answer:?}");
    }
    goes_on(server);
}

pub fn smuggled_request_is_not_run(server: &Endpoint) {
    let hidden = "POST /events/dance/signups HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                  Content-Length: 15\r\n\r\n{\"name\": \"Eve\"}";
    let chunked = format!("0\r\n\r\n{hidden}");
    let length = hidden.len();
    // A body by one reading of the head, another request by the other.
    let smuggled = [
        format!("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{hidden}"),
        format!(
            "POST /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}",
            chunked.len()
        ),
    ];
    for request in smuggled {
        exchange(server, request.as_bytes());
    }
    server.settled();
    assert!(server.who("dance").is_empty());
    goes_on(server);
}

pub fn slow_clients_delay_nobody(server: &Endpoint) {
    let beginnings: [&[u8]; 5] = [
        b"",
        b"G",
        b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    ];
    let mut held = Vec::new();
    for beginning in beginnings.iter().cycle().take(100) {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(beginning).unwrap();
        held.push(stream);
    }
    server.sign_up("dance", "Ana");
    // Half of the clients hang up in the middle.
    held.truncate(50);
    server.sign_up("dance", "Ben");
    goes_on(server);
    drop(held);
    assert_eq!(server.who("dance"), ["Ana", "Ben"]);
}

pub fn pipelined_requests_are_answered_in_order(server: &Endpoint) {
    let first = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    let last = "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = exchange(server, format!("{first}{first}{last}").as_bytes()).unwrap();
    assert_eq!(answer.status, 200);
    let rest = String::from_utf8(answer.body).unwrap();
    assert_eq!(rest.matches("HTTP/1.1 200").count(), 1);
    assert_eq!(rest.matches("HTTP/1.1 404").count(), 1);
}

pub fn refusal_keeps_the_connection(server: &Endpoint) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    for (path, status) in [("/organiser/remove", 401), ("/nowhere", 404), ("/health", 405), ("/", 415)] {
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        // It asks for the body although it will refuse, so that what follows is not taken for the body.
        assert!(read_head(&mut stream).starts_with("HTTP/1.1 100 "), "{path}");
        stream.write_all(b"hello").unwrap();
        let answer = read_head(&mut stream);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        let length = answer.split("content-length: ").nth(1).unwrap().split('\r').next().unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).unwrap();
    }
}
