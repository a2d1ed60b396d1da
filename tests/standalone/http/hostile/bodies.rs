//! Malformed bodies.

use proptest::prelude::*;

use super::{Fate, Refused, Taken, check, goes_on};
use crate::http::support::{Answer, Endpoint, exchange};
use crate::support::seed;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

fn send(server: &Endpoint, path: &str, content_type: &str, body: &[u8]) -> Answer {
    let header = if content_type.is_empty() { String::new() } else { format!("Content-Type: {content_type}\r\n") };
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\n{header}Content-Length: {length}\r\n\r\n"
    );
    exchange(server, &[head.as_bytes(), body].concat()).expect("an answer")
}

fn nested(open: &str, close: &str, depth: usize) -> Vec<u8> {
    format!("{}{}", open.repeat(depth), close.repeat(depth)).into_bytes()
}

fn named(name: &str) -> Vec<u8> {
    serde_json::json!({ "name": name }).to_string().into_bytes()
}

pub fn bodies_are_accepted_or_explained(server: &Endpoint) {
    let cases: Vec<(&str, Vec<u8>, Fate)> = vec![
        // No JSON, or not an object.
        (JSON, b"".into(), Refused(400)),
        (JSON, b" ".into(), Refused(400)),
        (JSON, b"{".into(), Refused(400)),
        (JSON, b"{}".into(), Refused(422)),
        (JSON, b"null".into(), Refused(400)),
        (JSON, b"[]".into(), Refused(400)),
        (JSON, b"\"Ana\"".into(), Refused(400)),
        (JSON, b"1e999".into(), Refused(400)),
        (JSON, b"{\"name\": NaN}".into(), Refused(400)),
        (JSON, b"{\"name\": \"Ana\"} trailing".into(), Refused(400)),
        (JSON, b"{'name': 'Ana'}".into(), Refused(400)),
        (JSON, b"name=Ana".into(), Refused(400)),
        (JSON, b"\xEF\xBB\xBF{\"name\": \"Ana\"}".into(), Refused(400)),
        (JSON, b"{\"name\": \"\xFF\xFE\"}".into(), Refused(400)),
        (JSON, b"{\"name\": \"\xC0\xAF\"}".into(), Refused(400)),
        (JSON, b"{\"name\": \"\\ud800\"}".into(), Refused(400)),
        (JSON, b"\0\0\0\0".into(), Refused(400)),
        (JSON, nested("[", "]", 5_000), Refused(400)),
        (JSON, nested("{\"a\":", "}", 2_500), Refused(400)),
        (JSON, [b"{\"name\": ".into(), nested("[", "]", 5_000), b"}".into()].concat(), Refused(400)),
        // Fields of another kind.
        (JSON, b"{\"name\": null}".into(), Refused(422)),
        (JSON, b"{\"name\": 7}".into(), Refused(422)),
        (JSON, b"{\"name\": true}".into(), Refused(422)),
        (JSON, b"{\"name\": [\"Ana\"]}".into(), Refused(422)),
        (JSON, b"{\"name\": {\"first\": \"Ana\"}}".into(), Refused(422)),
        (JSON, b"{\"Name\": \"Ana\"}".into(), Refused(422)),
        (JSON, b"{\"name\": \"Ana\", \"contact\": []}".into(), Refused(422)),
        (JSON, b"{\"name\": \"Ana\", \"contact\": {}}".into(), Refused(422)),
        (JSON, b"{\"name\": \"Ana\", \"contact\": {\"email\": 7}}".into(), Refused(422)),
        (JSON, b"{\"name\": \"Ana\", \"contact\": {\"webhook\": \"http://example.org\"}}".into(), Refused(422)),
        (JSON, b"{\"name\": \"Ana\", \"contact\": {\"webhook\": \"https://u:p@example.org\"}}".into(), Refused(422)),
        (JSON, b"{\"name\": \"Ana\", \"unknown\": {\"deep\": [1, 2.5e300]}}".into(), Taken),
        (JSON, b"{\"name\": \"Ana\", \"contact\": null}".into(), Taken),
        // The last of a doubled field counts, in JSON as in a form.
        (JSON, b"{\"name\": \"\", \"name\": \"Ana\"}".into(), Taken),
        (JSON, b"{\"name\": \"Ana\", \"name\": \"\"}".into(), Refused(422)),
        // Names.
        (JSON, named(""), Refused(422)),
        (JSON, named(" \t\n"), Refused(422)),
        (JSON, named("\u{200D}"), Refused(422)),
        (JSON, named("a\0b"), Refused(422)),
        (JSON, named("a\u{7}b"), Refused(422)),
        (JSON, named("a\u{1B}[31mb"), Refused(422)),
        (JSON, named("a\u{85}b"), Taken),
        (JSON, named("a\nb"), Taken),
        (JSON, named("a\u{202E}b"), Refused(422)),
        (JSON, named("a\u{2066}b"), Refused(422)),
        (JSON, named("a\u{200F}b"), Refused(422)),
        (JSON, named("\u{FEFF}a"), Refused(422)),
        (JSON, named("#details"), Refused(422)),
        (JSON, named("\u{200D}#details"), Refused(422)),
        (JSON, named("👩‍👩‍👧‍👦"), Taken),
        (JSON, named("🇩🇪 שרה محمد"), Taken),
        (JSON, named(&"é".repeat(80)), Taken),
        (JSON, named(&"é".repeat(81)), Refused(422)),
        (JSON, named(&format!("a{}", "\u{301}".repeat(600))), Refused(422)),
        (JSON, named("'; DROP TABLE attendee; --"), Taken),
        (JSON, named("../../etc/passwd"), Taken),
        (JSON, named("%00%2F{{7*7}}${jndi:ldap:x}"), Taken),
        (JSON, named("${jndi:ldap://x}"), Refused(422)),
        (JSON, named(&"a".repeat(16_200)), Refused(422)),
        (JSON, named(&"a".repeat(16_384)), Refused(413)),
        // Forms.
        (FORM, b"".into(), Refused(422)),
        (FORM, b"name".into(), Refused(422)),
        (FORM, b"name=".into(), Refused(422)),
        (FORM, b"name=%FF%FE".into(), Refused(422)),
        (FORM, b"name=\xFF".into(), Refused(422)),
        (FORM, b"name=%00".into(), Refused(422)),
        (FORM, b"name=b%0Ac".into(), Taken),
        (FORM, b"name=100%".into(), Taken),
        (FORM, b"name=Ana&contact=nowhere".into(), Refused(422)),
        (FORM, b"name=&name=Zoe3".into(), Taken),
        (FORM, b"{\"name\": \"Ana\"}".into(), Refused(415)),
        (FORM, [b"name=".as_slice(), &b"a".repeat(16_384)].concat(), Refused(413)),
        (FORM, b"&".repeat(16_000), Refused(422)),
        // Media types.
        ("", b"{\"name\": \"Ana\"}".into(), Refused(415)),
        ("text/plain", b"{\"name\": \"Ana\"}".into(), Refused(415)),
        ("multipart/form-data; boundary=x", b"--x--".into(), Refused(415)),
        ("application/jsonx", b"{\"name\": \"Ana\"}".into(), Refused(415)),
        (";", b"{\"name\": \"Ana\"}".into(), Refused(415)),
        ("Application/JSON; Charset=UTF-8", b"{\"name\": \"Ana\"}".into(), Taken),
        ("application/vnd.api+json", b"{\"name\": \"Ana\"}".into(), Taken),
    ];
    for (content_type, body, fate) in cases {
        println!("{content_type}: {}", String::from_utf8_lossy(&body[..body.len().min(80)]));
        check(send(server, "/events/dance/signups", content_type, &body), fate);
    }
    goes_on(server);
}

pub fn every_route_refuses_a_malformed_body(server: &Endpoint) {
    let manage = server.sign_up("dance", "Ana").manage;
    for path in ["/", "/events/dance/signups", &manage] {
        for (content_type, body, status) in
            [(JSON, &b"{"[..], 400), (JSON, b"[]", 400), ("text/plain", b"x", 415), (JSON, &[b' '; 16_385], 413)]
        {
            check(send(server, path, content_type, body), Refused(status));
        }
    }
    for path in ["/organiser/signups", "/organiser/remove", "/organiser/rejects/x/redrive"] {
        server.post(path).organiser().body("text/plain", "x").send().refuses(415, "unsupported-media-type");
        server.post(path).organiser().body(JSON, "{").send().refuses(400, "malformed-request");
    }
    assert_eq!(server.who("dance"), ["Ana"]);
    goes_on(server);
}

pub fn large_chunked_body_is_refused(server: &Endpoint) {
    let chunked = |size: usize| {
        let name = "a".repeat(1_000);
        let mut body = format!("{{\"name\": \"Ana\", \"pad\": \"{}", name.repeat(size / 1_000));
        body.push_str("\"}");
        let mut request = "POST /events/dance/signups HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                           Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            .to_owned();
        for chunk in body.as_bytes().chunks(1_024) {
            request.push_str(&format!("{:x}\r\n{}\r\n", chunk.len(), std::str::from_utf8(chunk).unwrap()));
        }
        request.push_str("0\r\n\r\n");
        exchange(server, request.as_bytes()).expect("an answer")
    };
    check(chunked(15_000), Taken);
    check(chunked(17_000), Refused(413));
    check(chunked(60_000), Refused(413));
    goes_on(server);
}

pub fn idempotency_keys_are_accepted_or_explained(server: &Endpoint) {
    let cases: [(&[u8], Fate); 7] = [
        (b"", Refused(400)),
        (b"short", Refused(400)),
        (&[b'k'; 16], Taken),
        (&[0xFF; 16], Taken),
        (&[b'#'; 255], Taken),
        (&[0xFF; 255], Taken),
        (&[b'k'; 256], Refused(400)),
    ];
    let rest = b"\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"name\": \"Ana\"}";
    for (key, fate) in cases {
        println!("{} bytes: {}", key.len(), key.escape_ascii());
        let head = b"POST /events/dance/signups HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIdempotency-Key: ";
        check(exchange(server, &[head, key, rest].concat()).expect("an answer"), fate);
    }
    goes_on(server);
}

pub fn random_bodies_cause_no_5xx(server: &Endpoint) {
    let content_type = prop_oneof![Just(JSON), Just(FORM)];
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        "\\{\"(name|contact|event)\": ?\"?\\PC{0,90}\"?\\}".prop_map(String::into_bytes),
        "(name|contact|event)=\\PC{0,90}(&contact=\\PC{0,20})?".prop_map(String::into_bytes),
        any::<String>().prop_map(|name| named(&name)),
    ];
    let path = prop_oneof![Just("/"), Just("/events/dance/signups"), Just("/organiser/login")];
    proptest!(seed::config(300), |(content_type in content_type, bytes in bytes, path in path)| {
        let answer = send(server, path, content_type, &bytes);
        prop_assert!(answer.status < 500, "{:?}", answer);
    });
    goes_on(server);
}
