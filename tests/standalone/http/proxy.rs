//! Behind a reverse proxy that serves the program under a path, and for pages of other sites.

use axum::http::HeaderValue;
use countmein::http::base_path::BasePath;
use serde_json::json;
use url::Url;

use super::events::create;
use super::support::{Running, exchange, serve, serve_with};

const BASE: &str = "/club/signup";

fn serve_under_a_path() -> Running {
    let url = Url::parse("https://example.org/club/signup/").unwrap();
    serve_with(tempfile::tempdir().unwrap(), |settings| {
        settings.site.base = BasePath::of(Some(&url));
        settings.public_url = Some(url);
        settings.behind_proxy = true;
    })
}

/// The paths of this server in a page.
fn links(page: &str) -> Vec<String> {
    let values = ["href", "src", "action", "data-path"].map(|name| format!(" {name}=\""));
    let links = values.iter().flat_map(|start| page.split(start.as_str()).skip(1));
    links.map(|rest| rest.split('"').next().unwrap().to_owned()).filter(|link| link.starts_with('/')).collect()
}

/// Some proxies take the path off a request, others do not.
#[test]
fn pages_lead_through_the_path_of_the_proxy() {
    let server = serve_under_a_path();
    let event = create(&server, &json!({ "title": "Dance", "place": "Hall", "guests_per_signup": 1 }));
    let ana = server.sign_up_with("dance", &json!({ "name": "Ana" }));
    let manage = ana.manage.strip_prefix(BASE).expect("links have the path").to_owned();
    server.settled();
    let host = event.path(&format!("/host/{}", event.host));
    for path in
        ["/", "/new", "/events/dance", "/events/dance/poster", &manage, &host, &format!("{host}/edit"), "/nowhere"]
    {
        let pages = [path.to_owned(), format!("{BASE}{path}")]
            .map(|path| server.get(&path).browser().header("Accept-Language", "en").send());
        assert_eq!(pages[0].status, pages[1].status, "{path}");
        let page = pages[1].text();
        assert!(links(&page).len() > 3, "{page}");
        for link in links(&page) {
            assert!(link.starts_with(&format!("{BASE}/")), "{link} in {path}");
            // Whatever can be shown is there. The form that finds an event has found none.
            let status = server.get(&link).browser().send().status;
            assert!(matches!(status, 200 | 303) || link.ends_with("/find"), "{link} in {path}: {status}");
        }
        // No other attribute has a path of this server.
        let outside = page.split("=\"/").skip(1).filter(|rest| !rest.starts_with("club/signup/"));
        assert_eq!(outside.count(), 0, "{page}");
    }
    let signed_up =
        server.post(&format!("{BASE}/events/dance/signups")).browser().form(&[("name", "Ben"), ("guests", "0")]);
    assert!(signed_up.send().leads_to().starts_with(&format!("{BASE}/events/dance/manage/")));
    assert_eq!(server.get(&format!("{BASE}/organiser/login")).browser().send().leads_to(), format!("{BASE}/organiser"));
    assert!(server.get(BASE).browser().send().is(200).words().contains("Plan something."));
    let found = server.get(&format!("{BASE}/find?event=https%3A%2F%2Fexample.org%2Fclub%2Fsignup%2Fevents%2Fdance"));
    assert_eq!(found.browser().send().leads_to(), format!("{BASE}/events/dance#lost"));
}

#[test]
fn request_without_one_host_is_refused() {
    let server = serve();
    for (head, status) in [
        ("GET /health HTTP/1.1\r\nhost: x\r\n", 200),
        ("GET /health HTTP/1.1\r\n", 400),
        ("GET /health HTTP/1.1\r\nhost: x\r\nHost: y\r\n", 400),
        ("GET /health HTTP/1.1\r\nhost: x\r\nHost: x\r\n", 400),
        ("GET /health HTTP/1.0\r\n", 200),
        ("GET /health HTTP/1.0\r\nhost: x\r\nhost: y\r\n", 400),
    ] {
        let answer = exchange(&server, format!("{head}connection: close\r\n\r\n").as_bytes()).unwrap();
        assert_eq!(answer.status, status, "{head}");
        if status == 400 {
            assert!(answer.json()["detail"].as_str().unwrap().contains("one `Host` header"), "{answer:?}");
        }
    }
}

#[test]
fn pages_of_an_allowed_site_may_call_the_api() {
    let with = |origins: &[&'static str]| {
        let origins = origins.iter().map(|origin| HeaderValue::from_static(origin)).collect();
        serve_with(tempfile::tempdir().unwrap(), |settings| settings.cors_origins = origins)
    };
    let allowed = |server: &Running, origin: &str| {
        let answer = server.get("/events/dance/attendees").header("Origin", origin).send();
        answer.headers.get("access-control-allow-origin").map(|origin| origin.to_str().unwrap().to_owned())
    };
    let server = with(&["https://www.example.org", "https://club.example"]);
    for origin in ["https://www.example.org", "https://club.example"] {
        assert_eq!(allowed(&server, origin).as_deref(), Some(origin));
        let head = format!(
            "OPTIONS /events/dance/signups HTTP/1.1\r\nhost: x\r\norigin: {origin}\r\naccess-control-request-method: POST\r\n\
             access-control-request-headers: content-type,idempotency-key\r\nconnection: close\r\n\r\n"
        );
        let preflight = exchange(&server, head.as_bytes()).unwrap().is(200);
        assert!(preflight.header("access-control-allow-methods").contains("POST"), "{preflight:?}");
        assert!(preflight.header("access-control-allow-headers").contains("idempotency-key"), "{preflight:?}");
    }
    assert_eq!(allowed(&server, "https://evil.example"), None);
    assert_eq!(allowed(&with(&["*"]), "https://any.example").as_deref(), Some("*"));
    assert_eq!(allowed(&serve(), "https://www.example.org"), None);
}
