//! Access of the organiser, by key and by login.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countmein::domain::secret::Secret;
use countmein::domain::timestamp::Timestamp;
use serde_json::json;

use super::support::{KEY, Request, Running, serve, serve_with, wait_until_announced};

const HOUR_MS: i64 = 60 * 60 * 1_000;

/// Every request that only the organiser may make.
fn guarded(server: &Running) -> Vec<Request<'_>> {
    vec![
        server.get("/events"),
        server.get("/organiser/rejects"),
        server.get("/organiser/rejects/m1"),
        server.get("/organiser/limits"),
        server.get("/organiser/buttons"),
        server.get("/organiser/export"),
        server.get("/organiser/outbox"),
        server.post("/organiser/signups").json(&json!({"event": "dance", "name": "Mallory"})),
        server.post("/organiser/buttons").json(&json!({"serial": "b", "event": "dance", "name": "Mallory"})),
        server.post("/organiser/buttons/remove").json(&json!({"serial": "b"})),
        server.post("/organiser/remove").json(&json!({"name": "Ana"})),
        server.post("/organiser/import").json(&json!({"import": "a", "began_at": 1_795_431_600_000_i64, "rows": []})),
        server.post("/organiser/rejects/m1/redrive").json(&json!({})),
        server.post("/organiser/rejects/redrive").json(&json!({})),
        server.post("/organiser/rejects/m1/discard").json(&json!({})),
    ]
}

fn session(ends_at: i64, key: &str) -> String {
    let ends_at = ends_at.to_string();
    let tag = Secret::new(key).unwrap().tag("organiser session", &[ends_at.as_bytes()]);
    format!("countmein_organiser={ends_at}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// Logs in as a browser does, and returns the cookie.
fn log_in(server: &Running) -> String {
    let answer = server.post("/organiser/login").form(&[("key", KEY)]).browser().send();
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_eq!(answer.leads_to(), "/organiser");
    cookie
}

#[test]
fn organiser_routes_need_the_key() {
    let server = serve();
    server.sign_up("dance", "Ana");
    for request in guarded(&server) {
        let answer = request.send();
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert!(answer.refuses(401, "login-needed").contains("organiser's key"));
    }
    assert_eq!(server.who("dance"), ["Ana"]);
}

#[test]
fn wrong_key_opens_nothing() {
    let server = serve();
    server.sign_up("dance", "Ana");
    let long = "k".repeat(2_000);
    for key in ["wrong", "", "correct-horse-batter", "correct-horse-batteryy", "Correct-horse-battery", &long] {
        for request in guarded(&server) {
            let answer = request.header("Authorization", &format!("Bearer {key}")).send();
            assert!(!answer.refuses(401, "login-needed").contains("horse"));
        }
    }
    for scheme in [KEY.to_owned(), format!("Basic {KEY}"), "Bearer".to_owned()] {
        server.get("/events").header("Authorization", &scheme).send().refuses(401, "login-needed");
    }
    // A wrong key is refused despite a valid session.
    let cookie = log_in(&server);
    server.get("/events").header("Cookie", &cookie).header("Authorization", "Bearer wrong").send().is(401);
    assert_eq!(server.who("dance"), ["Ana"]);
}

#[test]
fn key_opens_every_organiser_route() {
    let server = serve();
    server.sign_up("dance", "Ana");
    for request in guarded(&server) {
        let answer = request.organiser().send();
        assert!(matches!(answer.status, 200 | 202 | 204 | 404), "{answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[test]
fn generated_key_is_kept_in_the_folder() {
    let data = tempfile::tempdir().unwrap();
    let server = serve_with(data, |settings| settings.organiser_key = None);
    let key = std::fs::read_to_string(server.folder().join("organiser.key")).unwrap();
    let open = |key: &str| server.get("/events").header("Authorization", &format!("Bearer {key}")).send().status;
    assert_eq!((open(key.trim()), open(KEY)), (200, 401));
}

#[test]
fn browser_without_session_goes_to_login() {
    let server = serve();
    for path in ["/events", "/organiser/rejects", "/organiser/export"] {
        assert_eq!(server.get(path).browser().send().leads_to(), "/organiser");
    }
    let page = server.get("/organiser").browser().send().is(200).text();
    assert!(page.contains("type=\"password\"") && !page.contains("Remove a person"), "{page}");
    server.post("/organiser/remove").form(&[("name", "Ana")]).browser().send().is(401);
}

#[test]
fn session_cookie_is_httponly_and_same_site() {
    let server = serve();
    let answer = server.post("/organiser/login").form(&[("key", KEY)]).browser().send();
    let cookie = answer.header("set-cookie").to_owned();
    let flags: Vec<_> = cookie.split("; ").skip(1).collect();
    assert_eq!(flags, ["Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=43200"]);
    assert!(!cookie.contains(KEY));

    let cookie = log_in(&server);
    let page = server.get("/organiser").header("Cookie", &cookie).browser().send().is(200).text();
    assert!(page.contains("Remove a person"), "{page}");
    server.get("/events").header("Cookie", &format!("a=b; {cookie}; c=d")).send().is(200);
}

#[test]
fn session_cookie_is_secure_over_https() {
    let server = serve_with(tempfile::tempdir().unwrap(), |settings| {
        settings.public_url = Some("https://signup.example.org/".parse().unwrap());
    });
    let answer = server.post("/organiser/login").form(&[("key", KEY)]).send();
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-countmein_organiser=") && cookie.ends_with("; Secure"), "{cookie}");
    let session = cookie.split(';').next().unwrap();
    assert_eq!(server.get("/events").header("Cookie", session).send().status, 200);
    // A subdomain may have set a cookie without the prefix.
    assert_eq!(server.get("/events").header("Cookie", session.trim_start_matches("__Host-")).send().status, 401);
}

#[test]
fn login_guesses_are_limited() {
    let server = serve();
    let guess = |key| server.post("/organiser/login").form(&[("key", key)]).browser().send();
    for _ in 0..10 {
        assert_eq!(guess("wrong").status, 422);
    }
    let refused = guess(KEY).is(429);
    assert!(refused.text().contains("Too many attempts"), "{}", refused.text());
}

#[test]
fn wrong_login_is_explained() {
    let server = serve();
    for key in ["wrong", "", "correct-horse-batter"] {
        let answer = server.post("/organiser/login").form(&[("key", key)]).browser().send().is(422);
        assert!(answer.headers.get("set-cookie").is_none());
        let page = answer.text();
        assert!(page.contains("<p class=\"error\" id=\"key-error\">This is not the organiser’s key.</p>"), "{page}");
        assert!(page.contains("aria-invalid=\"true\" aria-describedby=\"key-error key-hint\""), "{page}");
        assert!(!page.contains("correct-horse"), "{page}");
    }
}

#[test]
fn forged_or_expired_session_is_refused() {
    let server = serve();
    let now = Timestamp::now().as_millis();
    let events = |cookie: &str| server.get("/events").header("Cookie", cookie).send().status;
    let valid = session(now + HOUR_MS, KEY);
    assert_eq!(events(&valid), 200, "so the others are refused for their own reason");
    let other_end = valid.replacen(&(now + HOUR_MS).to_string(), &(now + 2 * HOUR_MS).to_string(), 1);
    let forged = [
        session(now - 1, KEY),
        session(now + HOUR_MS, "another stage's own key"),
        other_end,
        valid[..valid.len() - 1].to_owned(),
        valid.replacen('=', "=0", 1),
        format!("{valid}A"),
        "countmein_organiser=".to_owned(),
        "countmein_organiser=.".to_owned(),
        format!("countmein_organiser={KEY}"),
        "countmein_organiser=99999999999999999999999.AAAA".to_owned(),
        valid.replacen("countmein_organiser", "organiser", 1),
    ];
    for cookie in forged {
        assert_eq!(events(&cookie), 401, "{cookie}");
    }
}

#[test]
fn cross_site_requests_are_refused() {
    let server = serve();
    server.sign_up("dance", "Ana");
    let cookie = log_in(&server);
    for site in ["cross-site", "same-site"] {
        let posts = guarded(&server).split_off(7);
        for request in posts {
            let answer = request.header("Cookie", &cookie).header("Sec-Fetch-Site", site).send();
            assert!(answer.refuses(403, "forbidden").contains("another site"));
        }
        let login = server.post("/organiser/login").header("Sec-Fetch-Site", site).form(&[("key", KEY)]).send();
        login.refuses(403, "forbidden");
    }
    // Without Fetch Metadata, as on plain HTTP to another machine.
    for origin in ["http://evil.example", "http://127.0.0.1:1", "null"] {
        for request in guarded(&server).split_off(7) {
            let answer = request.header("Cookie", &cookie).header("Origin", origin).send();
            assert!(answer.refuses(403, "forbidden").contains("another site"));
        }
        for path in ["/organiser/login", "/organiser/logout"] {
            let post = server.post(path).header("Cookie", &cookie).header("Origin", origin);
            post.form(&[("key", KEY)]).send().refuses(403, "forbidden");
        }
    }
    let own = format!("http://{}", server.address);
    let request = server.post("/organiser/remove").header("Cookie", &cookie).header("Origin", &own);
    request.json(&json!({"name": "Nobody"})).send().is(200);
    assert_eq!(server.who("dance"), ["Ana"]);
    for site in ["same-origin", "none"] {
        let request = server.post("/organiser/remove").header("Cookie", &cookie).header("Sec-Fetch-Site", site);
        request.json(&json!({"name": "Nobody"})).send().is(200);
    }
}

#[test]
fn logout_removes_the_session() {
    let server = serve();
    let cookie = log_in(&server);
    let answer = server.post("/organiser/logout").header("Cookie", &cookie).browser().send();
    assert!(answer.header("set-cookie").starts_with("countmein_organiser=; "), "{answer:?}");
    assert!(answer.header("set-cookie").contains("Max-Age=0"), "{answer:?}");
    assert_eq!(answer.leads_to(), "/organiser");
}

#[test]
fn organiser_signs_up_cancels_and_replaces_contacts() {
    let server = serve();
    let message = |body| server.post("/organiser/signups").organiser().json(&body).send();
    let sent = message(json!({"event": "Dance", "name": "Ana", "channel": "http", "id": "x"})).is(202).json();
    assert_eq!((&sent["event"], &sent["name"]), (&json!("dance"), &json!("Ana")));
    assert_ne!(sent["id"], "x");
    let attendee = server.get("/events/dance/attendees/ana").send().is(200).json();
    assert_eq!(attendee["channel"], "cli");
    message(json!({"event": "dance", "name": "ana", "contact": {"email": "ana@example.org"}})).is(202);
    assert_eq!(server.exported()[0][2], "ana@example.org");
    message(json!({"event": "dance", "name": "ana", "action": "cancel"})).is(202);
    assert!(server.who("dance").is_empty());
    message(json!({"event": "dance"})).refuses_field("name");
    message(json!({"event": "dance", "name": "Ana", "action": "leave"})).refuses_field("action");
}

#[test]
fn start_page_leads_to_everything() {
    let server = serve();
    server.sign_up("Pizza Night", "Ana");
    wait_until_announced(&server.database());
    let page = server.get("/organiser").organiser().browser().send().is(200).text();
    assert!(page.contains("<html lang=\"en\"") && page.contains("Pizza Night"), "{page}");
    let headings = ["Upcoming events", "Needs attention", "Buttons", "Import", "Export", "Limits", "Outbox"];
    let at = |heading: &str| page.find(&format!("<h2>{heading}</h2>")).unwrap_or_else(|| panic!("{heading}: {page}"));
    assert!(headings.map(at).is_sorted(), "{page}");
    assert!(page.contains("href=\"/events\"") && page.contains("href=\"/organiser/buttons\""), "{page}");
    assert!(page.contains("All messages were processed."), "{page}");
}

#[test]
fn organiser_pages_are_in_the_language_of_the_browser() {
    let server = serve();
    server.sign_up("Tanz", "Ana");
    let german = |path: &str| server.get(path).header("Accept-Language", "de-AT, en;q=0.5").browser();
    for (path, text) in [
        ("/organiser", "Daten einer Person entfernen"),
        ("/organiser/buttons", "Einen Knopf registrieren"),
        ("/organiser/rejects", "Zu erledigen"),
        ("/organiser/outbox", "Postausgang"),
        ("/organiser/events/tanz/delete", "und 1 Anmeldung werden gelöscht."),
    ] {
        let page = german(path).organiser().send().is(200).text();
        assert!(page.contains("<html lang=\"de\"") && page.contains(text), "{path}: {page}");
    }
    let login = german("/organiser").send().is(200).text();
    assert!(login.contains("<html lang=\"de\"") && login.contains("Schlüssel des Veranstalters"), "{login}");
    let chosen = server.get("/organiser?lang=de").organiser().browser().send().is(200).text();
    assert!(chosen.contains("<html lang=\"de\""), "{chosen}");
}

#[test]
fn removal_asks_first() {
    let server = serve();
    server.sign_up("dance", "Ana");
    let page = server.get("/organiser").organiser().browser().send().is(200).text();
    assert_asks_first(&page, "/organiser/remove");
    let remove = |fields: &[(&str, &str)]| server.post("/organiser/remove").organiser().browser().form(fields).send();

    let page = remove(&[("name", "Ana"), ("event", "dance")]).is(422).text();
    assert!(page.contains("Please tick this box if you are sure."), "{page}");
    assert!(page.contains("value=\"Ana\"") && page.contains("value=\"dance\""), "{page}");
    assert!(page.contains("aria-describedby=\"sure-error\""), "{page}");
    assert_eq!(server.who("dance"), ["Ana"]);

    let page = remove(&[("name", "Anna"), ("event", ""), ("sure", "1")]).is(422).text();
    assert!(page.contains("<p class=\"error\" id=\"name-error\">There is no data about this name."), "{page}");
    assert!(page.contains("value=\"Anna\"") && page.contains("<details open>"), "{page}");
    let done = remove(&[("name", "Ana"), ("event", ""), ("sure", "1")]).leads_to();
    let page = server.get(&done).organiser().browser().send().is(200);
    assert!(page.words().contains("Everything that was stored under this name was removed."), "{}", page.words());
    assert!(server.who("dance").is_empty());
}

/// The form with this action is hidden until its question is opened.
#[track_caller]
pub fn assert_asks_first(page: &str, action: &str) {
    let at = page.find(&format!("action=\"{action}\"")).unwrap_or_else(|| panic!("no {action}: {page}"));
    let before = &page[..at];
    let (opened, closed) = (before.rfind("<details>"), before.rfind("</details>"));
    assert!(opened.is_some() && opened > closed, "{action} does not ask first: {page}");
    let question = &page[opened.unwrap()..];
    let question = &question[..question.find("</details>").unwrap()];
    assert!(question.contains("<summary") && question.contains("<p>"), "{question}");
    assert_eq!(question.matches("type=\"submit\"").count(), 1, "{question}");
}
