//! Creating events, and what their hosts do with them.

use countmein::domain::event_creators::EventCreators;
use countmein::domain::timestamp::Timestamp;
use serde_json::{Value, json};

use super::support::{Answer, Endpoint, Running, serve, serve_with};

/// What a client keeps of a new event.
pub struct Created {
    pub id: String,
    /// The token of the host's link.
    pub host: String,
}

pub fn create(server: &Endpoint, fields: &Value) -> Created {
    Created::read(&server.post("/events").json(fields).send().is(201))
}

impl Created {
    pub fn read(answer: &Answer) -> Self {
        let body = answer.json();
        let last = |link: &Value| link.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        Self { id: body["event"].as_str().unwrap().to_owned(), host: last(&body["host"]) }
    }

    pub fn path(&self, rest: &str) -> String {
        let mut url = url::Url::parse("http://localhost/events/").unwrap();
        url.path_segments_mut().unwrap().pop_if_empty().push(&self.id);
        format!("{}{rest}", url.path())
    }
}

fn only_the_organiser_creates() -> Running {
    serve_with(tempfile::tempdir().unwrap(), |settings| settings.event_creators = EventCreators::Organiser)
}

#[test]
fn created_event_is_shown_with_its_details() {
    let server = serve();
    let fields = json!({
        "title": "Omar's dinner", "description": "Bring a chair.", "starts_at": "2026-12-03T19:00",
        "ends_at": "2026-12-03T23:00", "zone": "Europe/Berlin", "place": "Moorweg 3", "guests_per_signup": 2,
        "signups_open_at": null, "signups_close_at": "2026-12-02T11:00:00.000Z", "question": "Do you eat meat?",
        "roster_visible_to": "everyone", "count_visible_to": "everyone",
    });
    let answer = server.post("/events").json(&fields).send().is(201);
    let event = Created::read(&answer);
    let url = answer.json()["url"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), url);
    assert!(url.ends_with(&event.path("")), "{url}");

    let shown = server.get(&event.path("")).send().is(200);
    assert_eq!(shown.header("etag"), answer.header("etag"));
    let body = shown.json();
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(body["details"][name], *value, "{name}");
    }
    assert_eq!((&body["title"], &body["count"], &body["event"]), (&fields["title"], &json!(0), &json!(event.id)));
    let page = server.get(&event.path("")).browser().send().is(200).text();
    for text in ["Omar's dinner", "Moorweg 3", "Bring a chair."] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[test]
fn every_title_gets_an_id_of_its_own() {
    let server = serve();
    let longest = "x".repeat(120);
    let titles =
        ["Dinner", "Dinner", "dinner!", "🎉", "🎉🎉", "שולחן ערוך", &longest, &longest, "new", "organiser", "host"];
    let mut ids: Vec<String> = Vec::new();
    for title in titles {
        let event = create(&server, &json!({ "title": title }));
        let shown = server.get(&event.path("")).send().is(200).json();
        assert_eq!((&shown["title"], &shown["event"]), (&json!(title), &json!(event.id)), "{title}");
        server.get(&event.path("")).browser().send().is(200);
        server.sign_up(&event.id, "Ana");
        assert_eq!(server.who(&url_of(&event)), ["Ana"], "{title}");
        ids.push(event.id);
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "{ids:?}");
    assert_eq!(ids.iter().filter(|id| id.starts_with("dinner")).count(), 3);
}

fn url_of(event: &Created) -> String {
    event.path("")["/events/".len()..].to_owned()
}

#[test]
fn creating_never_joins_an_existing_event() {
    let server = serve();
    server.sign_up("Dinner", "Ana");
    let event = create(&server, &json!({ "title": "Dinner", "starts_at": "2030-12-03T19:00", "zone": "UTC" }));
    assert_eq!(event.id, "dinner-2030-12-03");
    assert_eq!(server.who("dinner-2030-12-03"), [""; 0]);
    assert_eq!(server.who("dinner"), ["Ana"]);
}

#[test]
fn invalid_details_are_explained_at_their_field() {
    let server = serve();
    let title = "Dinner";
    for (field, fields) in [
        ("title", json!({})),
        ("title", json!({ "title": " " })),
        ("title", json!({ "title": "x".repeat(121) })),
        ("title", json!({ "title": "a\u{202e}b" })),
        ("description", json!({ "title": title, "description": "x".repeat(2_001) })),
        ("place", json!({ "title": title, "place": "x".repeat(201) })),
        ("zone", json!({ "title": title, "starts_at": "2026-12-03T19:00" })),
        ("zone", json!({ "title": title, "starts_at": "2026-12-03T19:00", "zone": "Europe/Nowhere" })),
        ("starts_at", json!({ "title": title, "starts_at": "Thursday", "zone": "UTC" })),
        ("starts_at", json!({ "title": title, "ends_at": "2026-12-03T19:00", "zone": "UTC" })),
        (
            "ends_at",
            json!({ "title": title, "starts_at": "2026-12-03T19:00", "ends_at": "2026-12-03T18:00", "zone": "UTC" }),
        ),
        ("guests_per_signup", json!({ "title": title, "guests_per_signup": 51 })),
        ("guests_per_signup", json!({ "title": title, "guests_per_signup": -1 })),
        ("roster_visible_to", json!({ "title": title, "roster_visible_to": "friends" })),
        ("visibility", json!({ "title": title, "visibility": "secret" })),
    ] {
        server.post("/events").json(&fields).send().refuses_field(field);
    }
    assert_eq!(server.get("/events?show=all").organiser().send().json()["events"], json!([]));
}

#[test]
fn edit_needs_the_version_that_was_read() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner", "place": "Moorweg 3" }));
    let path = event.path("");
    let read = server.get(&path).send().is(200);
    let edit = |tag: &str, fields: &Value| {
        let request = server.patch(&path).bearer(&event.host).json(fields);
        if tag.is_empty() { request.send() } else { request.header("If-Match", tag).send() }
    };
    edit("", &json!({ "place": "Hall 2" })).refuses(428, "version-needed");
    let edited = edit(read.header("etag"), &json!({ "place": "Hall 2", "title": "A bigger dinner" })).is(200);
    assert_eq!((&edited.json()["place"], &edited.json()["title"]), (&json!("Hall 2"), &json!("A bigger dinner")));
    edit(read.header("etag"), &json!({ "place": "Hall 3" })).refuses(412, "outdated");
    edit(edited.header("etag"), &json!({ "guests_per_signup": "many" })).refuses_field("guests_per_signup");
    edit(edited.header("etag"), &json!({ "visibility": "unlisted" })).refuses(409, "conflict");
    let cleared = edit("*", &json!({ "place": null })).is(200);
    let shown = server.get(&path).send().json();
    assert_eq!((&shown["details"]["place"], &shown["title"]), (&json!(null), &json!("A bigger dinner")));
    assert_eq!(shown["details"]["version"], cleared.json()["version"]);
}

#[test]
fn concurrent_edits_lose_nothing() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner" }));
    let path = event.path("");
    let tag = server.get(&path).send().header("etag").to_owned();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let edits: Vec<_> = (0..8)
            .map(|number| {
                let (server, path, tag, host) = (&server, &path, &tag, &event.host);
                let fields = json!({ "place": format!("Hall {number}") });
                scope.spawn(move || server.patch(path).bearer(host).header("If-Match", tag).json(&fields).send().status)
            })
            .collect();
        edits.into_iter().map(|edit| edit.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 412)), "{statuses:?}");
}

#[test]
fn cancelled_event_takes_no_signups_until_it_is_reopened() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner" }));
    let ana = server.sign_up(&event.id, "Ana");
    let host = |action: &str| server.post(&event.path(action)).bearer(&event.host).json(&json!({})).send();
    let sign_up = |name: &str| server.post(&event.path("/signups")).json(&json!({ "name": name })).send();

    let cancelled = host("/cancel").is(200).json();
    assert!(cancelled["cancelled_at"].is_string(), "{cancelled}");
    assert!(sign_up("Ben").refuses(409, "conflict").contains("cancelled"));
    server.post("/").json(&json!({ "event": event.id, "name": "Ben" })).send().refuses(409, "conflict");
    let organiser = json!({ "event": event.id, "name": "Ben" });
    server.post("/organiser/signups").organiser().json(&organiser).send().refuses(409, "conflict");
    let page = server.get(&event.path("")).browser().send().is(200).text();
    assert!(page.contains("cancelled") && !page.contains("/signups"), "{page}");
    assert_eq!(host("/cancel").is(200).json()["version"], cancelled["version"], "a repeat changes nothing");
    // Whoever is in can still leave.
    server.cancel(&ana);

    assert_eq!(host("/reopen").is(200).json()["cancelled_at"], json!(null));
    sign_up("Ben").is(202);
    assert!(host("/archive").is(200).json()["archived_at"].is_string());
    assert!(sign_up("Cem").refuses(409, "conflict").contains("closed this event"));
}

#[test]
fn signups_open_and_close_at_their_times() {
    let server = serve();
    let in_an_hour = Timestamp::now().plus(std::time::Duration::from_secs(3_600)).to_string();
    for (field, value, status) in [
        ("signups_open_at", in_an_hour.as_str(), 409),
        ("signups_open_at", "2020-01-01T00:00:00Z", 202),
        ("signups_close_at", "2020-01-01T00:00:00Z", 409),
        ("signups_close_at", &in_an_hour, 202),
    ] {
        let event = create(&server, &json!({ "title": "Dinner", field: value }));
        server.post(&event.path("/signups")).json(&json!({ "name": "Ana" })).send().is(status);
    }
    let over =
        json!({ "title": "Gala", "starts_at": "2020-01-01T18:00", "ends_at": "2020-01-01T20:00", "zone": "UTC" });
    let over = create(&server, &over);
    server.post(&over.path("/signups")).json(&json!({ "name": "Ana" })).send().refuses(409, "conflict");
}

#[test]
fn links_give_their_role_until_they_are_revoked() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner" }));
    let link = |action: &str, role: &str| {
        let answer = server.post(&event.path(action)).bearer(&event.host).json(&json!({ "role": role })).send().is(200);
        answer.json()["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
    };
    assert_eq!(link("/links", "host"), event.host);
    let co_host = link("/links", "co_host");
    let role = |token: &str| server.get(&event.path(&format!("/host/{token}"))).send();
    assert_eq!(role(&co_host).is(200).json()["role"], "co_host");
    server
        .post(&event.path("/links"))
        .bearer(&co_host)
        .json(&json!({ "role": "host" }))
        .send()
        .refuses(403, "forbidden");

    let renewed = link("/links/revoke", "co_host");
    assert_ne!(renewed, co_host);
    role(&co_host).refuses(404, "not-found");
    assert_eq!(role(&renewed).is(200).json()["role"], "co_host");
    assert_eq!(role(&event.host).is(200).json()["role"], "host");
    let wrong = json!({ "role": "king" });
    server.post(&event.path("/links")).bearer(&event.host).json(&wrong).send().refuses_field("role");
}

#[test]
fn organiser_gives_a_signed_up_event_its_host() {
    let server = serve();
    server.sign_up("Dance", "Ana");
    let request = json!({ "role": "host" });
    server.post("/events/dance/links").json(&request).send().refuses(401, "host-link-needed");
    let link = server.post("/events/dance/links").organiser().json(&request).send().is(200).json();
    let token = link["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let page = server.get(&format!("/events/dance/host/{token}")).send().is(200).json();
    assert_eq!((&page["details"]["title"], &page["attendees"][0]["name"]), (&json!("Dance"), &json!("Ana")));
    let edit = json!({ "place": "Hall 2" });
    server.patch("/events/dance").bearer(&token).header("If-Match", "*").json(&edit).send().is(200);
    // An event that does not exist gets no host.
    server.post("/events/gala/links").organiser().json(&request).send().refuses(404, "not-found");
}

#[test]
fn host_page_shows_who_is_coming_to_a_browser() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner", "roster_visible_to": "hosts" }));
    server.sign_up(&event.id, "Ana <b>");
    let page = server.get(&event.path(&format!("/host/{}", event.host))).browser().send().is(200);
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert!(page.text().contains("Ana &lt;b&gt;"), "{}", page.text());
    server.get(&event.path("/host/wrong")).browser().send().is(404);
}

#[test]
fn unknown_event_does_not_exist_where_only_the_organiser_creates_events() {
    let server = only_the_organiser_creates();
    server.post("/events").json(&json!({ "title": "Dinner" })).send().refuses(401, "login-needed");
    for (method, path) in [
        ("GET", "/events/dinner"),
        ("GET", "/events/dinner/attendees"),
        ("POST", "/events/dinner/signups"),
        ("POST", "/"),
    ] {
        let request = match method {
            "GET" => server.get(path),
            _ => server.post(path).json(&json!({ "event": "dinner", "name": "Ana" })),
        };
        request.send().refuses(404, "not-found");
    }
    let created = server.post("/events").organiser().json(&json!({ "title": "Dinner" })).send().is(201);
    server.sign_up(&Created::read(&created).id, "Ana");
    assert_eq!(server.who("dinner"), ["Ana"]);
}

#[test]
fn refused_request_neither_uses_up_its_key_nor_keeps_its_time() {
    let server = only_the_organiser_creates();
    let sign_up = |event: &str, key: &str| {
        let request = server.post(&format!("/events/{event}/signups")).header("Idempotency-Key", key);
        request.json(&json!({ "name": "Eve" })).send()
    };
    let create = |title: &str, fields: Value| {
        let mut body = json!({ "title": title });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        Created::read(&server.post("/events").organiser().json(&body).send().is(201))
    };
    sign_up("late", "0123456789abcdef").refuses(404, "not-found");
    let created_at = Timestamp::now();
    create("Late", json!({ "signups_close_at": created_at }));
    sign_up("late", "0123456789abcdef").refuses(409, "conflict");

    let soon = create("Soon", json!({ "signups_open_at": "2999-01-01T00:00:00Z" }));
    sign_up("soon", "fedcba9876543210").refuses(409, "conflict");
    let open = json!({ "signups_open_at": null });
    server.patch(&soon.path("")).organiser().header("If-Match", "*").json(&open).send().is(200);
    let first = sign_up("soon", "fedcba9876543210").is(202).json();
    assert_eq!(sign_up("soon", "fedcba9876543210").is(202).json(), first);
}

#[test]
fn repeat_gets_its_answer_although_the_event_has_closed() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner" }));
    let send = |key: &str, name: &str| {
        let request = server.post(&event.path("/signups")).header("Idempotency-Key", key);
        request.json(&json!({ "name": name })).send()
    };
    let (key, other) = ("the first key of Ana", "the first key of Ben");
    let first = send(key, "Ana").is(202).json();
    server.post(&event.path("/cancel")).bearer(&event.host).json(&json!({})).send().is(200);
    assert_eq!(send(key, "Ana").is(202).json(), first);
    server.settled();
    assert_eq!(server.who(&event.id), ["Ana"]);
    assert!(send(key, "Ben").refuses(409, "conflict").contains("cancelled"));
    assert!(send(other, "Ana").refuses(409, "conflict").contains("cancelled"));
    assert_eq!(server.rejects(), [""; 0]);
}

#[test]
fn if_match_may_be_a_list() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner" }));
    let edit = |tags: &str| {
        server
            .patch(&event.path(""))
            .bearer(&event.host)
            .header("If-Match", tags)
            .json(&json!({ "place": "Hall" }))
            .send()
    };
    edit("\"7\", \"1\"").is(200);
    edit("\"7\", \"1\"").refuses(412, "outdated");
    edit("W/\"2\"").refuses(412, "outdated");
    for malformed in ["2", "\"2", "\"2\", 3", ",", "*, \"2\"", "\u{e9}"] {
        let detail = edit(malformed).refuses(400, "malformed-request");
        assert!(detail.contains("quotation marks"), "{malformed}: {detail}");
    }
}
