//! The 2016 sample's API, as its own client scripts use it.

use countmein::app::settings::ListEveryone;
use serde_json::json;

use super::places::until;
use super::support::{Answer, Running, exchange, serve, serve_with};

const EVERYBODY: &str = r#"[{"event":"Dance","name":"Melvin"}]"#;

/// `curl -H "Content-Type: application/json" -X POST -d '…' http://localhost:PORT`, to the byte.
fn curl_post(server: &Running, body: &str) -> Answer {
    let (port, length) = (server.address.port(), body.len());
    let request = format!(
        "POST / HTTP/1.1\r\nHost: localhost:{port}\r\nUser-Agent: curl/7.43.0\r\nAccept: */*\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    exchange(server, request.as_bytes()).unwrap()
}

/// `curl -H "Content-Type: application/json" http://localhost:PORT`.
fn curl_get(server: &Running) -> Answer {
    let port = server.address.port();
    let request = format!(
        "GET / HTTP/1.1\r\nHost: localhost:{port}\r\nUser-Agent: curl/7.43.0\r\nAccept: */*\r\n\
         Content-Type: application/json\r\nConnection: close\r\n\r\n"
    );
    exchange(server, request.as_bytes()).unwrap()
}

#[test]
fn sample_scripts_run_unchanged() {
    let server = serve();
    for _ in 0..3 {
        let posted = curl_post(&server, r#"{"name":"Melvin","event":"Dance"}"#).is(200);
        assert_eq!((posted.header("content-type"), posted.text().as_str()), ("application/json", EVERYBODY));
        let listed = curl_get(&server).is(200);
        assert_eq!((listed.header("content-type"), listed.text().as_str()), ("application/json", EVERYBODY));
    }
    curl_post(&server, r#"{"name":"Ana","event":"Chess Club"}"#);
    let both = r#"[{"event":"Chess Club","name":"Ana"},{"event":"Dance","name":"Melvin"}]"#;
    assert_eq!(curl_get(&server).text(), both);
}

#[test]
fn sample_list_is_empty_at_first() {
    assert_eq!(curl_get(&serve()).is(200).text(), "[]");
}

#[test]
fn invalid_sample_signup_is_explained() {
    let server = serve();
    let post = |body| server.post("/").json(&body).send();
    post(json!({"name": "Melvin"})).refuses_field("event");
    post(json!({"event": "Dance"})).refuses_field("name");
    post(json!({"event": "🎉", "name": "Melvin"})).refuses_field("event");
    post(json!({"event": "Dance", "name": "Melvin", "contact": {"email": "nowhere"}})).refuses_field("contact.email");
    assert_eq!(curl_get(&server).text(), "[]");
}

#[test]
fn concurrent_sample_signups_are_all_listed() {
    let server = serve();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let server = &server;
            scope.spawn(move || {
                for repeat in 0..5 {
                    let body = json!({"event": "Dance", "name": format!("Ana {number} {repeat}")});
                    let listed = server.post("/").json(&body).send().is(200).json();
                    assert!(listed.as_array().unwrap().contains(&body), "it is on the roster when it is answered");
                }
            });
        }
    });
    assert_eq!(curl_get(&server).json().as_array().unwrap().len(), 40);
}

#[test]
fn sample_list_resists_rebinding_and_proxies() {
    let server = serve();
    server.sign_up("Dance", "Melvin");
    let port = server.address.port();
    for host in [format!("localhost:{port}"), format!("127.0.0.1:{port}"), "LOCALHOST".into(), "[::1]:8100".into()] {
        assert_eq!(server.get("/").header("Host", &host).send().is(200).text(), EVERYBODY, "{host}");
    }
    for host in [format!("rebound.example.org:{port}"), "localhost.example.org".into(), "0.0.0.0".into()] {
        let detail = server.get("/").header("Host", &host).send().refuses(403, "forbidden");
        assert!(detail.contains("/events/{event}/attendees"), "{detail}");
        // A sign-up there is answered with its own entry alone.
        let body = json!({"event": "Dance", "name": "Ana"});
        assert_eq!(server.post("/").header("Host", &host).json(&body).send().is(200).json(), json!([body]));
    }
    for proxied in ["X-Forwarded-For", "Forwarded"] {
        server.get("/").header(proxied, "for=127.0.0.1").send().refuses(403, "forbidden");
    }
    let page = server.get("/").header("Host", "rebound.example.org").browser().send().is(200).text();
    assert!(!page.contains("Dance") || !page.contains("/events/dance"), "{page}");
}

#[test]
fn setting_decides_who_gets_the_list() {
    let nobody = serve_with(tempfile::tempdir().unwrap(), |settings| settings.list_everyone = ListEveryone::Nobody);
    let posted = curl_post(&nobody, r#"{"name":"Melvin","event":"Dance"}"#).is(200);
    assert_eq!(posted.text(), EVERYBODY, "the own sign-up");
    curl_post(&nobody, r#"{"name":"Ana","event":"Dance"}"#);
    curl_get(&nobody).refuses(403, "forbidden");
    assert!(!nobody.get("/").browser().send().is(200).text().contains("/events/dance"));

    let anyone = serve_with(tempfile::tempdir().unwrap(), |settings| settings.list_everyone = ListEveryone::Anyone);
    anyone.sign_up("Dance", "Melvin");
    let listed = anyone.get("/").header("Host", "signup.example.org").header("X-Forwarded-For", "192.0.2.1").send();
    assert_eq!(listed.is(200).text(), EVERYBODY);
}

#[test]
fn proxied_clients_are_not_local() {
    let server = serve_with(tempfile::tempdir().unwrap(), |settings| settings.behind_proxy = true);
    server.get("/").header("X-Forwarded-For", "127.0.0.1").send().refuses(403, "forbidden");
    server.get("/").header("X-Forwarded-For", "192.0.2.1, 127.0.0.1").send().refuses(403, "forbidden");
}

#[test]
fn browser_gets_the_first_page() {
    let server = serve();
    let page = server.get("/").browser().send().is(200).text();
    assert!(page.contains("Plan something. Share one link.") && page.contains("href=\"/new\""), "{page}");
    let manage = server.post("/").form(&[("event", "Dance"), ("name", "Melvin")]).browser().send().leads_to();
    assert_eq!(server.state(&manage), "in");
    until(|| server.get("/").browser().send().is(200).text().contains("/events/dance"), "the event is listed");
}

#[test]
fn sample_repeat_with_key_is_one_signup() {
    let server = serve();
    let send = |name| {
        let request = server.post("/").header("Idempotency-Key", "0123456789abcdef");
        request.json(&json!({"event": "Dance", "name": name})).send()
    };
    send("Melvin").is(200);
    send("Melvin").is(200);
    send("Ana").refuses(422, "idempotency-key-reused");
    assert_eq!(server.metric("countmein_signups_stored_total"), 1);
}
