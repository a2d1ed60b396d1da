//! Pages: HTML by `Accept`, escaped names, no inline scripts.

use serde_json::json;

use super::support::{Request, Running, dump, enqueue, serve, serve_with};

const NASTY: &str = "<script>alert(1)</script>\"'&";

fn pages(server: &Running, manage: &str) -> Vec<String> {
    let reject = server.rejects().pop().unwrap();
    let mut paths: Vec<String> =
        ["/", "/events/dance", "/organiser", "/events", "/organiser/rejects"].map(str::to_owned).into();
    paths.extend([manage.to_owned(), format!("/organiser/rejects/{reject}")]);
    paths.iter().map(|path| server.get(path).organiser().browser().send().is(200).text()).collect()
}

#[test]
fn event_page_shows_roster_and_form() {
    let server = serve();
    server.sign_up_with("Pizza Night", &json!({"name": "Ana", "contact": "ana@example.org"}));
    let answer = server.get("/events/PIZZA-night").browser().send().is(200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let vary: Vec<&str> = answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(vary.join(", "), "accept-language, cookie, accept, accept-encoding");
    let page = answer.text();
    assert!(page.contains("Pizza Night") && page.contains("Ana") && page.contains("1 signed up"), "{page}");
    assert!(page.contains("/signups\"") && !page.contains("ana@example.org"), "{page}");
}

#[test]
fn every_page_links_to_imprint_and_privacy() {
    let data = tempfile::tempdir().unwrap();
    enqueue(data.path(), &["no message"]);
    let server = serve_with(data, |settings| {
        settings.site.imprint_url = Some("https://example.org/imprint?a=1&b=\"2".parse().unwrap());
        settings.site.privacy_url = Some("http://example.org/privacy".parse().unwrap());
    });
    let ana = server.sign_up("dance", "Ana");
    let mut pages = pages(&server, &ana.manage);
    // A refused request, the login page, and an address without a page.
    pages.push(server.post("/events/dance/signups").browser().form(&[("name", "")]).send().is(422).text());
    pages.push(server.get("/organiser").browser().send().is(200).text());
    pages.push(server.get("/nowhere").browser().send().is(404).text());
    for page in pages {
        assert!(
            page.contains(r#"<a href="https://example.org/imprint?a=1&amp;b=%222" rel="noopener">Imprint</a>"#),
            "{page}"
        );
        assert!(page.contains(r#"<a href="http://example.org/privacy" rel="noopener">Privacy</a>"#), "{page}");
        assert_eq!(page.matches("<footer").count(), 1, "{page}");
    }
    let json = server.get("/events/dance").send().is(200);
    assert!(!json.text().contains("imprint"), "{json:?}");
}

#[test]
fn pages_have_no_imprint_unless_set() {
    let data = tempfile::tempdir().unwrap();
    enqueue(data.path(), &["no message"]);
    let server = serve_with(data, |_| {});
    let ana = server.sign_up("dance", "Ana");
    for page in pages(&server, &ana.manage) {
        assert!(!page.contains("rel=\"noopener\""), "{page}");
    }
    let only_privacy = serve_with(tempfile::tempdir().unwrap(), |settings| {
        settings.site.privacy_url = Some("https://example.org/privacy".parse().unwrap());
    });
    let page = only_privacy.get("/").browser().send().is(200).text();
    assert!(page.contains("Privacy</a>") && !page.contains("Imprint"), "{page}");
}

#[test]
fn head_has_the_length_of_the_page() {
    let server = serve();
    let page = server.get("/organiser").browser().send().is(200);
    let head = Request::new(&server, "HEAD", "/organiser").browser().send().is(200);
    assert_eq!(page.header("content-length"), page.text().len().to_string());
    assert_eq!((head.header("content-length"), head.text().as_str()), (page.header("content-length"), ""));
    assert_eq!(head.header("content-type"), "text/html; charset=utf-8");
}

#[test]
fn long_roster_is_paged() {
    let server = serve();
    for number in 0..101 {
        server.post("/events/dance/signups").json(&json!({"name": format!("p{number:03}")})).send().is(202);
    }
    server.settled();
    let first = server.get("/events/dance").browser().send().is(200).text();
    assert!(first.contains("101 signed up") && first.contains("p099") && !first.contains("p100"));
    let cursor = first.split("?cursor=").nth(1).unwrap().split('"').next().unwrap();
    let second = server.get(&format!("/events/dance?cursor={cursor}")).browser().send().is(200).text();
    assert!(second.contains("p100") && !second.contains("p099") && second.contains("Back to the first names"));
}

#[test]
fn names_are_escaped() {
    let data = tempfile::tempdir().unwrap();
    enqueue(data.path(), &[json!({"event": NASTY, "name": NASTY.repeat(9)}).to_string()]);
    let server = serve_with(data, |_| {});
    server.post("/").json(&json!({"event": NASTY, "name": "Ana"})).send().is(200);
    let nasty = server.sign_up("dance", NASTY);
    for page in pages(&server, &nasty.manage) {
        assert!(!page.contains("<script>"), "{page}");
    }
    for event in ["dance", "script-alert-1-script"] {
        let page = server.get(&format!("/events/{event}")).browser().send().text();
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.contains("<script>"), "{page}");
    }
}

#[test]
fn pages_have_no_inline_script_or_style() {
    let data = tempfile::tempdir().unwrap();
    enqueue(data.path(), &["no message"]);
    let server = serve_with(data, |_| {});
    let ana = server.sign_up("dance", "Ana");
    for page in pages(&server, &ana.manage) {
        assert!(page.starts_with("<!DOCTYPE html>"), "{page}");
        for inline in [" style=", "<style", " onclick=", " onload=", "javascript:", "<script>"] {
            assert!(!page.contains(inline), "{inline} in {page}");
        }
        for source in page.split("src=\"").skip(1).chain(page.split("href=\"").skip(1)) {
            assert!(source.starts_with(['/', '?', '#']) && !source.starts_with("//"), "from elsewhere: {source}");
        }
    }
}

#[test]
fn browser_gets_problems_as_pages() {
    let server = serve();
    server.sign_up("dance", "Ana");
    server.settled();
    let cases = [
        (server.get("/nowhere"), 404),
        (server.get("/events/%F0%9F%8E%89"), 422),
        (server.post("/events/dance/poster").form(&[]), 405),
        (server.get("/events/dance/manage/forged"), 404),
        (server.post("/events/dance/signups").form(&[("name", "")]), 422),
        (server.post("/events/dance/signups").form(&[("name", NASTY.repeat(9).as_str())]), 422),
        (server.post("/events/dance/signups").body("text/plain", "Ana"), 415),
    ];
    for (request, status) in cases {
        let answer = request.browser().send().is(status);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        let page = answer.text();
        assert!(page.contains("<h1") && page.contains("href=\"/\"") && !page.contains("<script>"), "{page}");
    }
}

#[test]
fn assets_exist_and_are_cached() {
    let server = serve();
    let page = server.get("/events/dance").browser().send().text();
    let forever = "public, max-age=31536000, immutable";
    let one_day = "public, max-age=86400";
    for (kind, marker, kept) in [
        ("text/css", "style.css", forever),
        ("text/javascript", "page.js", forever),
        ("image/svg+xml", "/favicon.ico", one_day),
        ("application/manifest+json", "/manifest.webmanifest", one_day),
    ] {
        let path = page.split('"').find(|part| part.contains(marker)).unwrap();
        let answer = server.get(path).send().is(200);
        assert!(answer.header("content-type").starts_with(kind) && !answer.body.is_empty());
        assert_eq!(answer.header("cache-control"), kept);
    }
    // A page of another version asks for its own files.
    assert_eq!(server.get("/assets/old/style.css").send().is(200).header("cache-control"), "no-store");
    assert_eq!(server.get("/robots.txt").send().is(200).text(), "User-agent: *\nDisallow: /\n");
}

#[test]
fn mail_scanner_changes_nothing() {
    let server = serve();
    let ana = server.sign_up("dance", "Ana");
    let before = dump(&server.database());
    for _ in 0..3 {
        server.get(&ana.manage).browser().send().is(200);
        server.get(&format!("{}?action=cancel", ana.manage)).browser().send().is(200);
        server.head(&ana.manage).send().is(200);
    }
    assert_eq!(dump(&server.database()), before);
}
