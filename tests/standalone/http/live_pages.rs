//! Pages that stay up to date: the stream that tells of changes, and the pages that are kept until something changes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use serde_json::json;

use super::events::{Created, create};
use super::support::{Answer, PATIENCE, Running, serve};

/// The streams that one network may open.
const MAX_STREAMS: usize = 64;

/// A page that a browser watches.
struct Stream {
    lines: BufReader<TcpStream>,
}

/// The head of the answer to a browser that asks to be told of changes.
fn ask(server: &Running, path: &str) -> (String, Stream) {
    let stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n\r\n", server.address);
    (&stream).write_all(request.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(lines.read_line(&mut head).unwrap() > 0, "{head}");
    }
    (head, Stream { lines })
}

fn watch(server: &Running, path: &str) -> Stream {
    let (head, stream) = ask(server, path);
    for line in ["HTTP/1.1 200 ", "content-type: text/event-stream", "x-accel-buffering: no"] {
        assert!(head.contains(line), "{head}");
    }
    stream
}

impl Stream {
    /// The tag in the next event.
    fn next(&mut self) -> String {
        let mut line = String::new();
        while !line.starts_with("data: ") {
            line.clear();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the stream ended");
        }
        line["data: ".len()..].trim_end().to_owned()
    }

    /// Reads events until the page is the one that they tell of.
    fn tells_of(&mut self, server: &Running, path: &str) {
        while self.next() != tag(&show(server, path)) {}
    }
}

fn show(server: &Running, path: &str) -> Answer {
    server.get(path).browser().send().is(200)
}

/// The tag that the script of the page compares with those in the stream.
fn tag(page: &Answer) -> String {
    let text = page.text();
    let tag = text.split("data-live=\"").nth(1).expect("the page stays up to date").split('"').next().unwrap();
    assert_eq!(page.header("etag"), format!("W/\"{tag}\""));
    tag.to_owned()
}

fn dinner(server: &Running) -> Created {
    create(server, &json!({"title": "Dinner", "capacity": 2}))
}

#[test]
fn stream_tells_of_every_change_of_its_page() {
    let server = serve();
    let dinner = dinner(&server);
    let (page, host) = (dinner.path(""), dinner.path(&format!("/host/{}", dinner.host)));
    let ana = server.sign_up(&dinner.id, "Ana");
    server.settled();
    let paths = [page.as_str(), host.as_str(), ana.manage.as_str()];
    let mut streams = paths.map(|path| watch(&server, path));
    for (stream, path) in streams.iter_mut().zip(paths) {
        assert_eq!(stream.next(), tag(&show(&server, path)), "the first event is the page as it is");
    }
    server.sign_up("another-event", "Ben");
    server.settled();
    server.sign_up(&dinner.id, "Ben");
    for (stream, path) in streams.iter_mut().zip(paths) {
        stream.tells_of(&server, path);
    }
    server.patch(&page).bearer(&dinner.host).header("If-Match", "*").json(&json!({"title": "Supper"})).send().is(200);
    for (stream, path) in streams.iter_mut().zip(paths) {
        stream.tells_of(&server, path);
        assert!(show(&server, path).text().contains("Supper"), "{path}");
    }
}

#[test]
fn only_pages_that_stay_up_to_date_have_a_stream() {
    let server = serve();
    for (path, status) in [("/health", "200"), ("/new", "200"), ("/events/dance/manage/x", "404")] {
        let (head, _) = ask(&server, path);
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {head}");
        assert!(!head.contains("event-stream"), "{path}: {head}");
    }
}

#[test]
fn page_with_a_query_has_no_stream() {
    let server = serve();
    for query in ["?n=1", "?lang=de", "?cursor=x"] {
        let (head, _) = ask(&server, &format!("/events/dance{query}"));
        assert!(head.starts_with("HTTP/1.1 204 "), "{query}: {head}");
    }
}

#[test]
fn cookies_of_other_programs_do_not_matter() {
    let server = serve();
    create(&server, &json!({ "title": "Dance" }));
    let tag_with = |cookie: &str| {
        server.get("/events/dance").browser().header("Cookie", cookie).send().is(200).header("etag").to_owned()
    };
    assert_eq!(tag_with("_ga=GA1.2"), tag_with("other=1"));
    assert_ne!(tag_with("countmein_language=de"), tag_with("countmein_language=en"));
}

#[test]
fn network_with_too_many_streams_asks_for_the_page_instead() {
    let server = serve();
    create(&server, &json!({ "title": "Dance" }));
    let streams: Vec<Stream> = (0..MAX_STREAMS).map(|_| watch(&server, "/events/dance")).collect();
    let (head, _) = ask(&server, "/events/dance");
    assert!(head.starts_with("HTTP/1.1 204 "), "{head}");
    // They take nothing from requests.
    show(&server, "/events/dance");
    server.sign_up("dance", "Ana");
    drop(streams);
}

#[test]
fn stream_does_not_delay_shutdown() {
    let mut server = serve();
    create(&server, &json!({ "title": "Dance" }));
    let mut stream = watch(&server, "/events/dance");
    stream.next();
    server.stop();
    let took = server.wait_for_the_end();
    assert!(took < std::time::Duration::from_secs(2), "{took:?}");
}

#[test]
fn page_that_many_people_see_is_kept_until_something_changes() {
    let server = serve();
    let dinner = dinner(&server);
    let open = |language| server.get(&dinner.path("")).browser().header("Accept-Language", language).send().is(200);
    let (first, second) = (open("en"), open("en"));
    assert_eq!(first.header("etag"), second.header("etag"));
    assert_ne!(first.text(), second.text(), "each page has a form token of its own");
    assert!(second.text().contains("0 of 2 places"), "{}", second.text());
    assert!(open("de").text().contains("0 von 2 Plätzen"), "{}", open("de").text());
    // Who asks for data at the same address gets data.
    assert_eq!(server.get(&dinner.path("")).send().is(200).header("content-type"), "application/json");

    let mut stream = watch(&server, &dinner.path(""));
    server.sign_up(&dinner.id, "Ana");
    while !open("en").text().contains("1 of 2 places") {
        stream.next();
    }
    let edit = json!({"title": "Supper"});
    server.patch(&dinner.path("")).bearer(&dinner.host).header("If-Match", "*").json(&edit).send().is(200);
    assert!(open("en").text().contains(">Supper</h1>"), "{}", open("en").text());
}
