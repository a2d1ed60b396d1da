//! What operators rely on: health, counts, headers, the rate limit.

use serde_json::json;

use super::support::{Answer, Request, Running, serve, serve_with};

/// One request for every kind of answer.
fn every_kind_of_answer(server: &Running) -> Vec<(u16, Answer)> {
    let ana = server.sign_up("dance", "Ana");
    let big = "x".repeat(17_000);
    let requests: Vec<(u16, Request<'_>)> = vec![
        (200, server.get("/")),
        (200, server.get("/").browser()),
        (200, server.get("/health")),
        (200, server.get("/metrics")),
        (200, server.get("/openapi.json")),
        (200, server.get("/assets/x/style.css")),
        (200, server.get("/events/dance").browser()),
        (200, server.get("/events/dance/attendees")),
        (200, server.get(&ana.manage)),
        (200, server.get(&ana.manage).browser()),
        (200, server.get("/organiser").browser()),
        (200, server.get("/organiser/export").organiser()),
        (202, server.post("/events/dance/signups").json(&json!({"name": "Ben"}))),
        (303, server.post("/events/dance/signups").form(&[("name", "Cem")])),
        (303, server.get("/events").browser()),
        (304, server.get("/events/gala/attendees").header("If-None-Match", "*")),
        (400, server.get("/events/dance/attendees?limit=x")),
        (400, server.get("/events/dance/attendees/%FF")),
        (401, server.get("/events")),
        (403, server.get("/").header("X-Forwarded-For", "192.0.2.1")),
        (422, server.post("/organiser/login").form(&[("key", "wrong")])),
        (404, server.get("/nowhere")),
        (404, server.get("/nowhere").browser()),
        (405, server.post("/health")),
        (413, server.post("/").json(&json!(big))),
        (415, server.post("/").body("text/plain", "x")),
        (422, server.post("/").json(&json!({}))),
    ];
    requests.into_iter().map(|(status, request)| (status, request.send())).collect()
}

#[test]
fn every_answer_has_security_headers() {
    let server = serve();
    for (status, answer) in every_kind_of_answer(&server) {
        let answer = answer.is(status);
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{answer:?}");
        assert!(policy.contains("base-uri 'none'") && !policy.contains("unsafe"), "{answer:?}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer:?}");
        assert!(["no-referrer", "same-origin"].contains(&answer.header("referrer-policy")), "{answer:?}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{answer:?}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{answer:?}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{answer:?}");
        assert!(answer.headers.get("access-control-allow-origin").is_none(), "{answer:?}");
        assert!(!answer.header("cache-control").is_empty(), "{answer:?}");
    }
}

#[test]
fn head_is_get_without_the_body() {
    let server = serve();
    let ana = server.sign_up("dance", "Ana");
    for path in ["/", "/health", "/openapi.json", "/events/dance", "/events/dance/attendees", &ana.manage] {
        let (get, head) = (server.get(path).send().is(200), server.head(path).send().is(200));
        assert!(head.body.is_empty(), "{path}");
        for header in ["content-type", "etag", "cache-control", "content-security-policy"] {
            assert_eq!(head.header(header), get.header(header), "{header} of {path}");
        }
    }
    server.head("/nowhere").send().is(404);
    server.head("/events").send().is(401);
}

#[test]
fn health_reports_the_version() {
    let health = serve().get("/health").send().is(200).json();
    assert_eq!(health, json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}));
}

#[test]
fn wrong_method_lists_allowed_methods() {
    let server = serve();
    let answer = server.post("/health").json(&json!({})).send();
    assert_eq!(answer.header("allow"), "GET,HEAD");
    assert!(answer.refuses(405, "method-not-allowed").contains("`Allow`"));
    let answer = server.get("/events/dance/signups").send();
    assert_eq!(answer.header("allow"), "POST");
    answer.refuses(405, "method-not-allowed");
}

#[test]
fn metrics_count_what_happens() {
    let server = serve();
    let ana = server.sign_up("dance", "Ana");
    server.sign_up("dance", "ana");
    server.cancel(&ana);
    server.settled();
    let message = json!({"event": "dance", "name": "Ben"});
    server.post("/organiser/signups").organiser().json(&message).send().is(202);
    server.settled();
    server.post("/events/dance/signups").json(&json!({"name": ""})).send().is(422);

    let answer = server.get("/metrics").send().is(200);
    assert!(answer.header("content-type").starts_with("application/openmetrics-text; version=1.0.0"));
    assert!(answer.text().ends_with("# EOF\n"));
    let count = |name: &str| server.metric(&format!("countmein_{name}"));
    assert_eq!(count("signups_accepted_total{channel=\"http\"}"), 3);
    assert_eq!(count("signups_accepted_total{channel=\"cli\"}"), 1);
    assert_eq!(count("signups_stored_total"), 4);
    assert_eq!((count("signups_rejected_total"), count("signups_retried_total")), (0, 0));
    let of_route = |method, route, status| {
        count(&format!("http_requests_seconds_count{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}"))
    };
    assert_eq!(of_route("POST", "/events/{event}/signups", 202), 2);
    assert_eq!(of_route("POST", "/events/{event}/signups", 422), 1);
    assert_eq!(of_route("POST", "/events/{event}/manage/{token}", 202), 1);
}

#[test]
fn client_input_adds_no_metric_series() {
    let server = serve();
    let lines = || server.get("/metrics").send().text().lines().count();
    server.get("/nowhere").send().is(404);
    server.get("/events/gala").send().is(200);
    lines();
    let before = lines();
    for number in 0..50 {
        server.get(&format!("/nowhere/{number}")).send().is(404);
        server.get(&format!("/events/gala-{number}")).send().is(200);
    }
    assert_eq!(lines(), before);
}

#[test]
fn rate_limit_says_when_to_retry() {
    let server = serve_with(tempfile::tempdir().unwrap(), |settings| settings.rate_limit = 1);
    let answers: Vec<Answer> = (0..30).map(|_| server.get("/events/dance/attendees").send()).collect();
    let (served, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert!(served.len() >= 10, "a burst is allowed");
    assert!(!refused.is_empty(), "and no more");
    for answer in refused {
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.refuses(429, "too-many-requests").contains("wait"));
    }
    // Nor is anything else served to that client in the meantime.
    let posts = (0..10).map(|_| server.post("/events/dance/signups").json(&json!({"name": "Ana"})).send().status);
    assert!(posts.into_iter().any(|status| status == 429));
}

#[test]
fn rate_limit_is_per_client_behind_proxy() {
    let server = serve_with(tempfile::tempdir().unwrap(), |settings| {
        settings.rate_limit = 1;
        settings.behind_proxy = true;
    });
    let ask = |client: &str| server.get("/health").header("X-Forwarded-For", client).send().status;
    let greedy: Vec<u16> = (0..30).map(|_| ask("192.0.2.1")).collect();
    assert!(greedy.contains(&429), "{greedy:?}");
    assert_eq!(ask("192.0.2.2"), 200);
    // Entries that a client writes before the proxy's own do not change its identity.
    let disguised: Vec<u16> = (0..30).map(|number| ask(&format!("10.0.0.{number}, 192.0.2.3"))).collect();
    assert!(disguised.contains(&429), "{disguised:?}");
}
