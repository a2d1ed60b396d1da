//! Malformed paths and queries.

use proptest::prelude::*;

use super::{Refused, Taken, check, goes_on};
use crate::http::support::{Answer, Endpoint, exchange};
use crate::support::seed;

fn get(server: &Endpoint, path: &[u8]) -> Option<Answer> {
    let rest = b" HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\n\r\n";
    exchange(server, &[b"GET ", path, rest].concat())
}

pub fn paths_are_accepted_or_explained(server: &Endpoint) {
    server.sign_up("dance", "Ana");
    let long_name = format!("/events/dance/attendees/{}", "a".repeat(8_000));
    let long_event = format!("/events/{}", "a".repeat(8_000));
    let many_queries = format!("/events/dance/attendees?{}", "a=b&".repeat(2_000));
    let cases = [
        ("/events/dance/attendees/ana", Taken),
        ("/events/dance/attendees/%23details", Refused(422)),
        ("/events/dance/attendees/%E2%80%AE", Refused(422)),
        ("/events/dance/attendees/%00", Refused(422)),
        ("/events/dance/attendees/%FF", Refused(400)),
        ("/events/dance/attendees/%", Refused(404)),
        ("/events/dance/attendees/%zz", Refused(404)),
        ("/events/dance/attendees/..", Refused(404)),
        ("/events/dance/attendees/%2e%2e", Refused(404)),
        ("/events/dance/attendees/a%2Fb", Refused(404)),
        ("/events/dance/attendees/%2F..%2F..%2Forganiser", Refused(404)),
        ("/events/dance/attendees/../../../organiser", Refused(404)),
        ("/events/dance/attendees/", Taken),
        ("/events//attendees", Refused(422)),
        ("/events/dance/", Taken),
        ("//events/dance", Refused(404)),
        ("/events/%2e%2e/attendees", Refused(422)),
        ("/events/%23button/attendees", Taken),
        ("/events/a%2Fb", Taken),
        ("/events/%F0%9F%8E%89", Refused(422)),
        ("/events/%20", Refused(422)),
        ("/events/-", Refused(422)),
        ("/events/%E2%80%8B", Refused(422)),
        ("/events/%C3%A9%CC%81", Taken),
        ("/events/%FF", Refused(400)),
        ("/events/dance/manage/%FF", Refused(400)),
        ("/events/dance/manage/..", Refused(404)),
        ("/events/a%2Fb/manage/x", Refused(404)),
        ("/events/%F0%9F%8E%89/manage/x", Refused(422)),
        ("/events/dance/attendees?limit=%FF", Refused(400)),
        ("/events/dance/attendees?cursor=%00", Refused(400)),
        ("/events/dance/attendees?cursor[]=x&limit[a]=1", Taken),
        ("/events/dance/attendees?&&&=&=x", Taken),
        ("/events/dance/attendees?limit=1#fragment", Taken),
        (&many_queries, Taken),
        (&long_name, Refused(422)),
        (&long_event, Refused(422)),
        ("/assets/../Cargo.toml", Refused(404)),
        ("/assets/%2e%2e%2fCargo.toml", Refused(404)),
        ("/assets/", Taken),
        ("/.env", Refused(404)),
        ("/organiser/..;/rejects", Refused(404)),
        ("/organiser/rejects/..%2f", Refused(401)),
        ("/ORGANISER/rejects", Refused(404)),
        ("*", Refused(404)),
    ];
    for (path, fate) in cases {
        println!("{}", &path[..path.len().min(80)]);
        check(get(server, path.as_bytes()).expect("an answer"), fate);
    }
    goes_on(server);
}

pub fn malformed_path_is_refused_early(server: &Endpoint) {
    let endless = [b"/".as_slice(), &b"a".repeat(100_000)].concat();
    let cases: [(&[u8], &[u16]); 5] = [
        (&endless, &[414, 431]),
        (b"/events/\xFF", &[400, 404, 422]),
        (b"/events/a b", &[400]),
        (b"/events/\0", &[400]),
        (b"no-slash", &[400, 404]),
    ];
    for (path, statuses) in cases {
        let answer = get(server, path).expect("an answer");
        assert!(statuses.contains(&answer.status), "{answer:?}");
    }
    goes_on(server);
}

pub fn random_paths_cause_no_5xx(server: &Endpoint) {
    server.sign_up("dance", "Ana");
    let bytes =
        prop::collection::vec(any::<u8>().prop_filter("it would end the line", |byte| !b"\r\n".contains(byte)), 0..60);
    let prefix = prop::sample::select(
        &[
            "/",
            "/events/",
            "/events/dance/",
            "/events/dance/attendees/",
            "/events/dance/manage/",
            "/events/dance/attendees?cursor=",
            "/events/dance/attendees?limit=",
            "/organiser/",
        ][..],
    );
    let escaped = any::<bool>();
    proptest!(seed::config(300), |(prefix in prefix, bytes in bytes, escaped in escaped)| {
        let escape = |byte: &u8| format!("%{byte:02x}").into_bytes();
        let rest = if escaped { bytes.iter().flat_map(escape).collect() } else { bytes };
        if let Some(answer) = get(server, &[prefix.as_bytes(), &rest].concat()) {
            prop_assert!(answer.status < 500, "{:?}", answer);
        }
    });
    goes_on(server);
}
