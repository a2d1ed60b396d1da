//! The real binary against a server with prepared answers: its requests, output and exit codes.

mod canned;
mod places;

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use self::canned::{Canned, Reply};

const KEY: &str = "the-organisers-own-key";

/// A folder to run in, without any settings but those of the test.
struct Shell {
    folder: TempDir,
}

#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Shell {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn with_key_file() -> Self {
        let shell = Self::new();
        let data = shell.folder.path().join("countmein-data");
        fs::create_dir(&data).unwrap();
        fs::write(data.join("organiser.key"), format!("{KEY}\n")).unwrap();
        shell
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countmein"));
        command.env_clear().current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    fn run_with(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Ran {
        let output = self.command(arguments).envs(settings.iter().copied()).output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn run(arguments: &[&str]) -> Ran {
    Shell::new().run(arguments)
}

fn bearer(request: &str) -> bool {
    request.contains(&format!("\nauthorization: Bearer {KEY}\n"))
}

fn body(request: &str) -> Value {
    serde_json::from_str(request.split_once("\n\n").unwrap().1).unwrap()
}

fn two_pages() -> [Reply; 2] {
    let page = |attendees: Value, next: Value| {
        let page =
            json!({"event": "pizza-night", "title": "Pizza Night", "count": 3, "attendees": attendees, "next": next});
        Reply::json("200 OK", page)
    };
    let attendee =
        |name, minute| json!({"name": name, "since": format!("2026-11-23T11:{minute}:00.000Z"), "channel": "http"});
    [
        page(json!([attendee("Ana", "00"), attendee("B\u{9b}31men", "01")]), json!("a+b/c=")),
        page(json!([attendee("Zoë", "02")]), Value::Null),
    ]
}

fn unused_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

#[test]
fn signup_prints_its_manage_link() {
    let link = "https://signup.example.org/events/pizza-night/manage/token";
    let server = Canned::new([Reply::json(
        "202 Accepted",
        json!({"id": "m1", "event": "pizza-night", "name": "Ana", "manage": link}),
    )]);
    let ran = run(&["signup", "Pizza Night", "Ana", "--contact", "ana@Example.org", "--url", &server.url()]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert_eq!(ran.out, format!("Ana is signed up for Pizza Night.\nTo change or cancel: {link}\n"));
    let request = server.request();
    assert!(request.starts_with("POST /events/Pizza%20Night/signups HTTP/1.1"), "{request}");
    assert!(request.contains("\naccept: application/json\n"), "{request}");
    assert_eq!(body(&request), json!({"name": "Ana", "contact": {"email": "ana@example.org"}}));
}

#[test]
fn organiser_signs_up_with_the_key() {
    let accepted = json!({"id": "m1", "event": "dance", "name": "Ana"});
    let server = Canned::new([Reply::json("202 Accepted", &accepted)]);
    let ran = Shell::new().run_with(
        &["signup", "Dance", "Ana", "--json"],
        &[("COUNTMEIN_URL", &server.url()), ("COUNTMEIN_ORGANISER_KEY", KEY)],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(serde_json::from_str::<Value>(&ran.out).unwrap(), accepted);
    let request = server.request();
    assert!(request.starts_with("POST /organiser/signups ") && bearer(&request), "{request}");
    assert_eq!(body(&request), json!({"event": "Dance", "name": "Ana"}));
}

#[test]
fn key_file_does_not_make_signups_trusted() {
    let server = Canned::new([Reply::json("202 Accepted", json!({"id": "m1", "event": "dance", "name": "Ana"}))]);
    let ran = Shell::with_key_file().run(&["signup", "Dance", "Ana", "--url", &server.url()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let request = server.request();
    assert!(request.starts_with("POST /events/Dance/signups ") && !request.contains("authorization"), "{request}");
}

#[test]
fn link_cancels_without_a_key() {
    let server = Canned::new([Reply::json("202 Accepted", json!({"state": "out"}))]);
    let link = format!("{}/events/dance/manage/token", server.url());
    let ran = Shell::with_key_file().run_with(&["cancel", "--link", &link], &[("COUNTMEIN_ORGANISER_KEY", KEY)]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "The sign-up was cancelled.\n"), "{ran:?}");
    let request = server.request();
    assert!(request.starts_with("POST /events/dance/manage/token ") && !request.contains("authorization"), "{request}");
    assert_eq!(body(&request), json!({"action": "cancel"}));
}

#[test]
fn foreign_link_cancels_nothing() {
    let server = Canned::new([Reply::json("202 Accepted", json!({"state": "not_yours"}))]);
    let ran = run(&["cancel", "--link", &format!("{}/events/dance/manage/token", server.url())]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{ran:?}");
    assert!(ran.err.starts_with("error: nothing was cancelled"), "{ran:?}");
}

#[test]
fn organiser_cancels_by_name() {
    let server = Canned::new([Reply::json("202 Accepted", json!({"id": "m1", "event": "dance", "name": "Ana"}))]);
    let ran = Shell::with_key_file().run(&["cancel", "Dance", "Ana", "--url", &server.url()]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "Ana is no longer on the list for Dance.\n"), "{ran:?}");
    let request = server.request();
    assert!(request.starts_with("POST /organiser/signups ") && bearer(&request), "{request}");
    assert_eq!(body(&request), json!({"event": "Dance", "name": "Ana", "action": "cancel"}));
}

#[test]
fn who_reads_all_pages_and_escapes() {
    let server = Canned::new(two_pages());
    let ran = run(&["who", "pizza night", "--url", &server.url()]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (
            0,
            "Pizza Night: 3 attendees\n\
             2026-11-23T11:00:00.000Z  Ana\n\
             2026-11-23T11:01:00.000Z  B\\u009b31men\n\
             2026-11-23T11:02:00.000Z  Zoë\n"
        ),
        "{ran:?}"
    );
    assert!(server.request().starts_with("GET /events/pizza%20night/attendees HTTP"));
    assert!(server.request().starts_with("GET /events/pizza%20night/attendees?cursor=a%2Bb%2Fc%3D HTTP"));
}

#[test]
fn who_as_json_is_one_object() {
    let ran = run(&["who", "Pizza Night", "--json", "--url", &Canned::new(two_pages()).url()]);
    let roster: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((roster["count"].as_u64(), &roster["event"]), (Some(3), &json!("pizza-night")));
    assert_eq!(roster["attendees"].as_array().unwrap().len(), 3);
    assert_eq!(roster["attendees"][1]["name"], "B\u{9b}31men");
    assert!(roster.get("next").is_none() && ran.out.lines().count() == 1, "{ran:?}");
}

#[test]
fn unknown_event_is_empty() {
    let nobody = json!({"event": "dance", "title": null, "count": 0, "attendees": [], "next": null});
    let ran = run(&["who", "Dance", "--url", &Canned::new([Reply::json("200 OK", nobody)]).url()]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "Dance: no attendees\n"), "{ran:?}");
}

#[test]
fn empty_page_is_not_the_last() {
    let page = |attendees: Value, next: Value| {
        let page = json!({"event": "dance", "title": "Dance", "count": 1, "attendees": attendees, "next": next});
        Reply::json("200 OK", page)
    };
    let ana = json!([{"name": "Ana", "since": "2026-11-23T11:00:00.000Z", "channel": "http"}]);
    let server = Canned::new([page(json!([]), json!("a")), page(json!([]), json!("b")), page(ana, Value::Null)]);
    let ran = run(&["who", "Dance", "--url", &server.url()]);
    assert!(ran.code == 0 && ran.out.ends_with("  Ana\n"), "{ran:?}");
}

#[test]
fn repeated_cursor_ends_who() {
    let page = json!({"event": "dance", "title": "Dance", "count": 1, "attendees": [], "next": "again"});
    let server = Canned::new([Reply::json("200 OK", &page), Reply::json("200 OK", &page)]);
    let ran = run(&["who", "Dance", "--url", &server.url()]);
    assert_eq!(ran.code, 1, "{ran:?}");
}

#[test]
fn refusal_is_printed_with_its_reason() {
    let problem = json!({"type": "/problems/no-such-event", "title": "No such event", "status": 404,
                         "detail": "nobody signed up for `dance` yet\u{1b}[2J"});
    let reply = || Reply::problem("404 Not Found", &problem);
    let ran = run(&["who", "Dance", "--url", &Canned::new([reply()]).url()]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert_eq!(ran.err, "error: nobody signed up for `dance` yet\\u001b[2J\n");
    let ran = run(&["who", "Dance", "--json", "--url", &Canned::new([reply()]).url()]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert_eq!(serde_json::from_str::<Value>(&ran.err).unwrap(), problem);
}

#[test]
fn foreign_server_is_recognised() {
    let html = || Reply::with_header("200 OK", "content-type: text/html", "<p>Hello</p>");
    let ran = run(&["who", "Dance", "--url", &Canned::new([html()]).url()]);
    assert!(ran.code == 1 && ran.err.contains("not a Count Me In server"), "{ran:?}");
    let gateway = Reply::json("403 Forbidden", json!({"message": "Forbidden"}));
    let ran = run(&["who", "Dance", "--url", &Canned::new([gateway]).url()]);
    assert!(ran.code == 1 && ran.err.contains("responded with 403 Forbidden"), "{ran:?}");
    let moved = Reply::with_header("301 Moved Permanently", "location: https://example.org/", "");
    let ran = run(&["who", "Dance", "--url", &Canned::new([moved]).url()]);
    assert!(ran.code == 1 && ran.err.contains("https://example.org/"), "{ran:?}");
}

#[test]
fn missing_server_prints_how_to_start() {
    let url = format!("http://127.0.0.1:{}", unused_port());
    let ran = run(&["who", "Dance", "--url", &url]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
    assert!(ran.err.starts_with(&format!("error: cannot connect to {url} (")), "{ran:?}");
    assert!(ran.err.contains("start a server with `countmein serve`"), "{ran:?}");
    let ran = run(&["who", "Dance", "--json", "--url", &url]);
    assert_eq!(serde_json::from_str::<Value>(&ran.err).unwrap()["title"], "Cannot connect");
}

#[test]
fn truncated_answer_is_an_error() {
    let cut = || Reply::with_header("200 OK", "content-type: text/csv\r\ncontent-length: 100", "event,name\n");
    let ran = Shell::with_key_file().run(&["export", "--url", &Canned::new([cut()]).url()]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("is incomplete"), "{ran:?}");
}

#[test]
fn wrong_usage_exits_with_2() {
    let shell = Shell::new();
    assert_eq!(shell.run(&["who"]).code, 2);
    assert_eq!(shell.run(&["remove", "Ana", "--organiser-key", KEY]).code, 2);
    // If a setting were accepted by mistake, the server could not start without a folder.
    let serve = ["serve", "--data", "/dev/null"];
    for setting in [
        ("COUNTMEIN_LISTEN", "here"),
        ("COUNTMEIN_RATE_LIMIT", "many"),
        ("COUNTMEIN_BEHIND_PROXY", "maybe"),
        ("COUNTMEIN_LIST_EVERYONE", "friends"),
        ("COUNTMEIN_PUBLIC_URL", "example.org"),
        ("COUNTMEIN_ORGANISER_KEY", "hunter2"),
        ("RUST_LOG", "=="),
    ] {
        let ran = shell.run_with(&serve, &[setting]);
        assert_eq!(ran.code, 2, "{setting:?} {ran:?}");
        assert!(ran.err.starts_with("error: ") && !ran.err.contains("hunter2"), "{ran:?}");
    }
}

#[test]
fn server_settings_do_not_stop_a_client() {
    let server = Canned::new(two_pages());
    let ran = Shell::new().run_with(&["who", "Dance", "--url", &server.url()], &[("COUNTMEIN_LISTEN", "here")]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn key_is_not_sent_unencrypted() {
    let server = Canned::new([Reply::json("200 OK", json!({"rejects": [], "next": null}))]);
    let shell = Shell::with_key_file();
    let arguments = ["rejects", "list", "--url", &server.url_elsewhere()];
    let ran = shell.run(&arguments);
    assert!(ran.code == 2 && ran.err.contains("needs the organiser's key"), "{ran:?}");
    let ran = shell.run_with(&arguments, &[("COUNTMEIN_ORGANISER_KEY", KEY)]);
    assert!(ran.code == 2 && ran.err.contains("https"), "{ran:?}");
    assert!(server.was_asked_nothing_more());
}

#[test]
fn local_requests_bypass_the_proxy() {
    let server = Canned::new([Reply::json("200 OK", json!({"rejects": [], "next": null}))]);
    let proxy = format!("http://127.0.0.1:{}", unused_port());
    let arguments = ["rejects", "list", "--url", &server.url()];
    let ran = Shell::with_key_file().run_with(&arguments, &[("http_proxy", &proxy), ("ALL_PROXY", &proxy)]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "There are no rejected messages.\n"), "{ran:?}");
    assert!(bearer(&server.request()));
}

#[test]
fn rejects_are_listed_shown_corrected_discarded() {
    let at = "2026-11-23T11:00:00.000Z";
    let reason = "`name` is missing; add it";
    let shell = Shell::with_key_file();
    let summary = |id| json!({"id": id, "reason": reason, "arrived_at": at, "rejected_at": at});

    let server =
        Canned::new([Reply::json("200 OK", json!({"rejects": [summary("m1"), summary("m22")], "next": null}))]);
    let ran = shell.run(&["rejects", "list", "--url", &server.url()]);
    assert_eq!(ran.out, format!("m1   {at}  {reason}\nm22  {at}  {reason}\n"), "{ran:?}");

    let mut whole = summary("m1");
    whole["body"] = json!("{\"event\":\n\"Dance\x1b\"}");
    let server = Canned::new([Reply::json("200 OK", whole)]);
    let ran = shell.run(&["rejects", "show", "m1", "--url", &server.url()]);
    assert!(ran.code == 0 && ran.out.ends_with("\n\n{\"event\":\n\"Dance\\u001b\"}\n"), "{ran:?}");
    assert!(server.request().starts_with("GET /organiser/rejects/m1 "));

    let server = Canned::new([Reply::json("202 Accepted", json!({"id": "m1", "event": "dance", "name": "Ada"}))]);
    let ran =
        shell.run(&["rejects", "redrive", "m1", "--set", "name=Ada", "--unset", "contact", "--url", &server.url()]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "Sent again: Ada for dance.\n"), "{ran:?}");
    let request = server.request();
    assert!(request.starts_with("POST /organiser/rejects/m1/redrive ") && bearer(&request), "{request}");
    assert_eq!(body(&request), json!({"set": {"name": "Ada", "contact": null}}));

    let server = Canned::new([Reply::with_header("204 No Content", "x-a: b", "")]);
    let ran = shell.run(&["rejects", "discard", "m/1", "--url", &server.url()]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "Rejected message m/1 was discarded.\n"), "{ran:?}");
    assert!(server.request().starts_with("POST /organiser/rejects/m%2F1/discard "));
}

#[test]
fn button_is_added_listed_and_removed() {
    let shell = Shell::with_key_file();
    let button = json!({
        "serial": "hall:2", "event": "Pizza Night", "name": "Ana", "contact": {"email": "ana@example.org"}, "secret": "s-1",
        "single": "cancel", "double": "nothing", "triple": "nothing", "long": "sign_up",
    });
    let server = Canned::new([Reply::json("200 OK", button.clone())]);
    let arguments = ["button", "add", "hall:2", "Pizza Night", "Ana", "--single", "cancel", "--long", "sign_up"];
    let ran = shell.run(&[&arguments[..], &["--contact", "ana@example.org", "--url", &server.url()]].concat());
    assert!(ran.code == 0 && ran.out.starts_with("Button hall:2 is registered for Ana on Pizza Night.\n"), "{ran:?}");
    let request = server.request();
    assert!(request.starts_with("POST /organiser/buttons ") && bearer(&request), "{request}");
    let mut shown = button.clone();
    shown.as_object_mut().unwrap().remove("secret");
    assert_eq!(body(&request), shown);

    let server = Canned::new([Reply::json("200 OK", json!({"buttons": [button], "next": null}))]);
    let ran = shell.run(&["button", "list", "--url", &server.url()]);
    let line = "    single cancel, double nothing, triple nothing, long sign_up; secret s-1\n";
    assert_eq!(ran.out, format!("hall:2  Ana for Pizza Night\n{line}"), "{ran:?}");

    let server = Canned::new([Reply::with_header("204 No Content", "x-a: b", "")]);
    let ran = shell.run(&["button", "remove", "hall:2", "--url", &server.url()]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "Button hall:2 was removed.\n"), "{ran:?}");
    assert_eq!(body(&server.request()), json!({"serial": "hall:2"}));

    let ran = shell.run(&["button", "add", "hall", "Dance", "Ana", "--long", "dance"]);
    assert!(ran.code == 2 && ran.err.contains("sign_up"), "{ran:?}");
}

#[test]
fn export_is_printed_unchanged() {
    let table = "event,name,contact\r\ndance,\"Zoë, the \"\"first\"\"\",\r\n";
    let server = Canned::new([Reply::with_header("200 OK", "content-type: text/csv; charset=utf-8", table)]);
    let ran = Shell::with_key_file().run(&["export", "Pizza Night", "--url", &server.url()]);
    assert_eq!((ran.code, ran.out.as_str()), (0, table), "{ran:?}");
    let request = server.request();
    assert!(request.starts_with("GET /organiser/export?event=Pizza+Night ") && bearer(&request), "{request}");
    assert!(request.contains("\naccept: text/csv\n"), "{request}");
}

#[test]
fn large_export_is_downloaded_without_the_key() {
    let table = "event,name,contact\r\ndance,Zoe,\r\n";
    let bucket = Canned::new([Reply::with_header("200 OK", "content-type: text/csv", table)]);
    let location = format!("location: {}/attendees.csv?signature=abc", bucket.url());
    let server = Canned::new([Reply::with_header("303 See Other", &location, "")]);
    let ran = Shell::with_key_file().run(&["export", "--url", &server.url()]);
    assert_eq!((ran.code, ran.out.as_str()), (0, table), "{ran:?}");
    assert!(bearer(&server.request()));
    let request = bucket.request();
    assert!(request.starts_with("GET /attendees.csv?signature=abc ") && !bearer(&request), "{request}");
}

#[test]
fn removal_without_terminal_needs_yes() {
    let server = Canned::new([Reply::json("200 OK", json!({"removed": 2}))]);
    let shell = Shell::with_key_file();
    let ran = shell.run(&["remove", "Ana", "--url", &server.url()]);
    assert!(ran.code == 2 && ran.err.contains("--yes") && server.was_asked_nothing_more(), "{ran:?}");
    let ran = shell.run(&["remove", "Ana", "--event", "Dance", "--yes", "--url", &server.url()]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "2 entries about Ana were removed.\n"), "{ran:?}");
    let request = server.request();
    assert!(request.starts_with("POST /organiser/remove ") && bearer(&request), "{request}");
    assert_eq!(body(&request), json!({"name": "Ana", "event": "Dance"}));
}

#[test]
fn person_export_prints_all_pages() {
    let page = |entries: Value, next: Value| Reply::json("200 OK", json!({"entries": entries, "next": next}));
    let pages = || {
        [
            page(json!([]), json!("c1")),
            page(json!([{"kind": "household", "name": "A\u{9b}na"}]), json!("c2")),
            page(json!([{"kind": "button", "serial": "b1", "event": "Dance", "name": "Ana"}]), Value::Null),
        ]
    };
    let (shell, server) = (Shell::with_key_file(), Canned::new(pages()));
    let ran = shell.run(&["person", "export", "Ana", "--event", "Dance", "--url", &server.url()]);
    let out = "Echo              a household usually says A\\u009bna\nButton            b1 signs up Ana for Dance\n";
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, out, ""), "{ran:?}");
    for cursor in [Value::Null, json!("c1"), json!("c2")] {
        let request = server.request();
        assert!(request.starts_with("POST /organiser/person/export HTTP/1.1") && bearer(&request), "{request}");
        let mut expected = json!({"name": "Ana", "event": "Dance"});
        if !cursor.is_null() {
            expected["cursor"] = cursor;
        }
        assert_eq!(body(&request), expected);
    }

    let server = Canned::new(pages());
    let ran = shell.run(&["person", "export", "ana@Example.org", "--json", "--url", &server.url()]);
    let exported: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((exported["entries"].as_array().unwrap().len(), ran.out.lines().count()), (2, 1), "{ran:?}");
    assert_eq!(body(&server.request()), json!({"contact": {"email": "ana@example.org"}}));

    let server = Canned::new([page(json!([]), Value::Null)]);
    let ran = shell.run(&["person", "export", "+14155552671", "--url", &server.url()]);
    assert_eq!(ran.out, "Nothing is stored about the address +14155552671.\n", "{ran:?}");
    assert_eq!(body(&server.request()), json!({"contact": {"sms": "+14155552671"}}));
}

#[test]
fn person_removal_adds_up_all_pages() {
    let page = |removed: u64, unknown: bool, next: Value| {
        Reply::json("200 OK", json!({"removed": removed, "opt_in_unknown": unknown, "next": next}))
    };
    let server = Canned::new([page(2, false, json!("c1")), page(1, true, Value::Null)]);
    let shell = Shell::with_key_file();
    let ran = shell.run(&["person", "remove", "ana@example.org", "--url", &server.url()]);
    assert!(ran.code == 2 && ran.err.contains("--yes") && server.was_asked_nothing_more(), "{ran:?}");
    let ran = shell.run(&["person", "remove", "ana@example.org", "--yes", "--url", &server.url()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.starts_with("3 entries about the address ana@example.org were removed.\n"), "{ran:?}");
    assert!(ran.out.contains("opt-in of the address may still be stored"), "{ran:?}");
    let request = server.request();
    assert!(request.starts_with("POST /organiser/person/remove ") && bearer(&request), "{request}");
    assert_eq!(body(&server.request())["cursor"], "c1");

    let server = Canned::new([page(0, false, Value::Null)]);
    let ran = shell.run(&["person", "remove", "--name", "ana@example.org", "--yes", "--json", "--url", &server.url()]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(serde_json::from_str::<Value>(&ran.err).unwrap()["title"], "Nothing found");
    assert_eq!(body(&server.request()), json!({"name": "ana@example.org"}));
    for wrong in [["person", "export", "#ana"], ["person", "export", "--contact"]] {
        assert_eq!(shell.run(&wrong).code, 2);
    }
    assert_eq!(shell.run(&["person", "export", "--contact", "Ana", "--url", &server.url()]).code, 2);
}

#[test]
fn closed_pipe_is_no_error() {
    let row = "dance,Ana\n".repeat(100_000);
    let server = Canned::new([Reply::with_header("200 OK", "content-type: text/csv", &row)]);
    let shell = Shell::with_key_file();
    let mut child = shell
        .command(&["export", "--url", &server.url()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 5];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), &first, output.stderr.as_slice()), (Some(0), b"dance", &b""[..]));
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(&["completions", shell]);
        assert!(ran.code == 0 && ran.out.contains("redrive"), "{shell}");
    }
}

#[test]
fn help_lists_exit_codes_without_the_key() {
    for command in ["serve", "signup", "remove"] {
        let ran = Shell::new().run_with(&["help", command], &[("COUNTMEIN_ORGANISER_KEY", KEY)]);
        assert!(ran.code == 0 && ran.out.contains("COUNTMEIN_ORGANISER_KEY") && !ran.out.contains(KEY), "{ran:?}");
    }
    assert!(run(&["--help"]).out.contains("Exit codes:"));
}

#[test]
fn taken_name_and_unknown_person_exit_with_1() {
    let accepted =
        json!({"id": "m1", "event": "dance", "name": "Ana", "manage": "https://other.example/events/dance/manage/t"});
    let server = Canned::new([
        Reply::json("202 Accepted", &accepted),
        Reply::json("200 OK", json!({"state": "pending"})),
        Reply::json("200 OK", json!({"state": "not_yours"})),
    ]);
    let ran = run(&["signup", "Dance", "Ana", "--url", &server.url()]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{ran:?}");
    assert!(ran.err.starts_with("error: Ana is already on the list for Dance, so nobody was signed up"), "{ran:?}");
    server.request();
    assert!(server.request().starts_with("GET /events/dance/manage/t "));

    let queued = |on_list: bool| json!({"id": "m1", "event": "dance", "name": "Ana", "on_list": on_list});
    let replies = [queued(false), queued(true)].map(|body| Reply::json("202 Accepted", body));
    let (shell, server) = (Shell::with_key_file(), Canned::new(replies));
    let cancel = || shell.run(&["cancel", "Dance", "Ana", "--url", &server.url()]);
    let ran = cancel();
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (1, "error: Ana is not on the list for Dance; look at the spelling\n"),
        "{ran:?}"
    );
    assert_eq!(cancel().code, 0);

    let nothing = [json!({"removed": 0}), json!({"removed": 0, "opt_in_unknown": false, "next": null})];
    let server = Canned::new(nothing.map(|body| Reply::json("200 OK", body)));
    for remove in [&["remove"][..], &["person", "remove"]] {
        let ran = shell.run(&[remove, &["Zoe", "--yes", "--url", &server.url()]].concat());
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{ran:?}");
        assert!(ran.err.contains("Zoe was found; look at the spelling"), "{ran:?}");
    }
}

#[test]
fn limit_on_requests_is_waited_for() {
    let limited = || Reply::with_header("429 Too Many Requests", "retry-after: 1", "{}");
    let server = Canned::new([limited(), limited()].into_iter().chain(two_pages()));
    let ran = run(&["who", "pizza night", "--url", &server.url()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let asked = || server.request().lines().next().unwrap().to_owned();
    assert_eq!(asked(), asked());
}

#[test]
fn usage_error_is_json_if_json_is_asked_for() {
    for arguments in [&["who", "--json"][..], &["cancel", "Dance", "--json"], &["signup", "🎉", "Ana", "--json"]] {
        let ran = run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        let problem: Value = serde_json::from_str(&ran.err).unwrap();
        assert_eq!(problem["title"], "Usage error");
        assert!(!problem["detail"].as_str().unwrap().starts_with("error"), "{problem}");
    }
    let help = run(&["who", "--help", "--json"]);
    assert!(help.code == 0 && help.out.contains("Usage:"), "{help:?}");
}
