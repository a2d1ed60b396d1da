use std::collections::BTreeMap;
use std::time::Duration;

use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::channel::Channel;
use countmein::domain::contact::Contact;
use countmein::domain::event::Event;
use countmein::domain::signup::{Request, Signup, SignupId, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{AttendeeSignups, Roster as _};
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use super::world::{ORGANISER_KEY, World};
use crate::support::runtime_api::events::{attendee, http};
use crate::support::runtime_api::proxy::Verdict;
use crate::support::runtime_api::{Answer, Function};

fn body(response: &Value) -> Value {
    serde_json::from_str(response["body"].as_str().expect("it has a body")).expect("which is JSON")
}

/// Signs somebody up and returns the manage link.
fn sign_up(api: &Function, name: &str) -> Url {
    let response = api.invoke(&http("POST", "/events/dance/signups", Some(&json!({ "name": name })))).response();
    assert_eq!(response["statusCode"], 202, "{response}");
    Url::parse(body(&response)["manage"].as_str().expect("it gives a manage link")).unwrap()
}

fn status(api: &Function, path: &str) -> Value {
    api.invoke(&http("GET", path, None)).response()["statusCode"].clone()
}

#[test]
fn http_signup_reads_the_event_and_sends_one_message() {
    let world = World::new();
    let api = world.api();

    sign_up(&api, "Melvin");

    let operations: Vec<String> = world.proxy.calls().iter().map(|call| call.operation().to_owned()).collect();
    assert_eq!(operations, ["GetSecretValue", "BatchGetItem", "SendMessage"]);
    let message = &world.messages()[0];
    assert_eq!(
        (&message["event"], &message["name"], &message["channel"]),
        (&json!("dance"), &json!("Melvin"), &json!("http"))
    );
}

#[test]
fn contact_counts_for_the_network_of_the_client() {
    let world = World::new();
    let api = world.api();
    for (name, client) in [("Ana", "192.0.2.1"), ("Ben", "192.0.2.254"), ("Cleo", "198.51.100.1"), ("Dora", "")] {
        let body = json!({ "name": name, "contact": { "email": format!("{name}@example.org") } });
        let mut request = http("POST", "/events/dance/signups", Some(&body));
        request["requestContext"]["http"]["sourceIp"] = json!(client);
        assert_eq!(api.invoke(&request).response()["statusCode"], 202);
    }
    let mut networks: BTreeMap<String, Value> = BTreeMap::new();
    for message in world.messages() {
        networks.insert(message["name"].as_str().unwrap().to_owned(), message["client_network"].clone());
    }
    assert!(networks["Ana"].is_u64(), "{networks:?}");
    assert_eq!(networks["Ana"], networks["Ben"]);
    assert_ne!(networks["Ana"], networks["Cleo"]);
    assert_eq!(networks["Dora"], Value::Null);
}

#[test]
fn manage_link_leads_back_over_https() {
    let world = World::new();
    let link = sign_up(&world.api(), "Melvin");
    assert!(link.as_str().starts_with("https://api.example.org/events/dance/manage/"), "{link}");
    let own = world.api_with(&[("COUNTMEIN_PUBLIC_URL", "https://signup.example.org")]);
    let link = sign_up(&own, "Ana");
    assert!(link.as_str().starts_with("https://signup.example.org/events/dance/manage/"), "{link}");
}

#[test]
fn health_answers_ok() {
    let world = World::new();
    assert_eq!(status(&world.api(), "/health"), 200);
}

#[test]
fn unavailable_queue_is_not_acknowledged() {
    let world = World::new();
    let api = world.api();
    status(&api, "/health");
    world.proxy.judge(|_| Verdict::Fail(503, "ServiceUnavailable"));

    let response = api.invoke(&http("POST", "/events/dance/signups", Some(&json!({ "name": "Melvin" })))).response();

    assert_eq!(response["statusCode"], 503, "{response}");
    assert!(world.messages().is_empty());
}

#[test]
fn links_survive_one_secret_rotation() {
    let world = World::new();
    let link = sign_up(&world.api(), "Melvin").path().to_owned();
    assert_eq!(status(&world.api(), &link), 200);

    world.rotate_the_token_secret("the second secret behind the links");
    assert_eq!(status(&world.api(), &link), 200);
    world.rotate_the_token_secret("the third secret behind the links");
    assert_eq!(status(&world.api(), &link), 404);
}

#[test]
fn organiser_key_is_the_stage_secret() {
    let world = World::new();
    let api = world.api();
    let mut asked = http("GET", "/events", None);
    assert_eq!(api.invoke(&asked).response()["statusCode"], 401);
    asked["headers"]["authorization"] = json!(format!("Bearer {ORGANISER_KEY}"));
    assert_eq!(api.invoke(&asked).response()["statusCode"], 200);
}

#[test]
fn large_export_is_downloaded_from_the_bucket() {
    const ATTENDEES: usize = 1_200;
    let world = World::new();
    world.create_exports_bucket();
    let mut small = http("GET", "/organiser/export", None);
    small["headers"]["authorization"] = json!(format!("Bearer {ORGANISER_KEY}"));
    let mut large = small.clone();
    large["rawQueryString"] = json!("event=dance");
    large["queryStringParameters"] = json!({ "event": "dance" });
    let hook = format!("https://example.org/{}", "x".repeat(990));
    let signups = (0..ATTENDEES).map(|number| Signup {
        version: Version { requested_at: Timestamp::now(), id: SignupId::new(Timestamp::now()) },
        event: Event::parse("Dance").unwrap(),
        name: AttendeeName::parse(&format!("Guest {number:04} {}", "👨\u{200d}👩\u{200d}👧".repeat(54))).unwrap(),
        channel: Channel::Queue,
        network: None,
        request: Request::trusted_sign_up(Some(Contact::webhook(&hook).unwrap())),
    });
    let batches = signups.map(|signup| AttendeeSignups { key: signup.key(), signups: vec![signup] }).collect();
    let deadline = Instant::now() + Duration::from_secs(120);
    let applied = world.wait(world.table.apply(batches, Timestamp::now(), deadline));
    assert!(applied.iter().all(Result::is_ok));
    // MiniStack refuses a signed address with a session token that it did not issue.
    let api = world.api_with(&[("AWS_SESSION_TOKEN", "")]);

    assert_eq!(api.invoke(&small).response()["statusCode"], 200);
    let response = api.invoke(&large).response();

    assert_eq!(response["statusCode"], 303, "{response}");
    let address = response["headers"]["location"].as_str().unwrap();
    let mut download = ureq::get(address).call().unwrap();
    assert_eq!(download.headers()["content-disposition"], "attachment; filename=\"attendees.csv\"");
    let content = download.body_mut().with_config().limit(100_000_000).read_to_string().unwrap();
    assert_eq!(content.lines().count(), ATTENDEES + 1);
    let unsigned = address.split('?').next().unwrap();
    assert!(!unsigned.ends_with("/exports/attendees.csv"), "the address cannot be guessed: {unsigned}");
}

#[test]
fn organiser_key_is_read_once_when_needed() {
    let world = World::new();
    let api = world.api();
    let secrets_read = || world.proxy.calls().iter().filter(|call| call.operation() == "GetSecretValue").count();
    let mut asked = http("GET", "/events", None);

    assert_eq!(api.invoke(&asked).response()["statusCode"], 401);
    assert_eq!(secrets_read(), 1, "the token secret alone");
    asked["headers"]["authorization"] = json!(format!("Bearer {ORGANISER_KEY}"));
    for _ in 0..3 {
        assert_eq!(api.invoke(&asked).response()["statusCode"], 200);
    }
    assert_eq!(secrets_read(), 2);
}

#[test]
fn unreadable_key_is_not_a_wrong_key() {
    let world = World::new();
    let api = world.api();
    status(&api, "/health");
    let mut asked = http("GET", "/events", None);
    asked["headers"]["authorization"] = json!(format!("Bearer {ORGANISER_KEY}"));

    world.proxy.judge(|_| Verdict::Fail(503, "ServiceUnavailable"));
    assert_eq!(api.invoke(&asked).response()["statusCode"], 503);
    world.proxy.judge(|_| Verdict::Forward);
    assert_eq!(api.invoke(&asked).response()["statusCode"], 200);
}

#[test]
fn missing_setting_stops_the_start() {
    let world = World::new();
    for (executable, setting) in [
        (env!("CARGO_BIN_EXE_api"), "COUNTMEIN_QUEUE_URL"),
        (env!("CARGO_BIN_EXE_ingest"), "COUNTMEIN_DEAD_LETTER_QUEUE_ARN"),
        (env!("CARGO_BIN_EXE_fanout"), "COUNTMEIN_TABLE"),
    ] {
        let mut environment = world.environment_of_api();
        environment.retain(|(name, _)| name != setting);
        let function = Function::start(executable.as_ref(), &environment);
        assert_eq!(function.answer().0, Answer::Died);
        let lines = function.kill();
        assert!(lines.iter().any(|line| line.contains(setting)), "{lines:?}");
    }
}

#[test]
fn invalid_cursor_is_refused() {
    let world = World::new();
    let api = world.api();
    let long = "A".repeat(4_000);
    for cursor in ["", "!", "_w", &long] {
        let path = format!("/events/dance/attendees?cursor={cursor}");
        assert_eq!(status(&api, &path), 400, "{path}");
    }
}

#[test]
fn cancel_takes_effect_although_the_clock_was_ahead() {
    let world = World::new();
    let api = world.api();
    let link = sign_up(&api, "Melvin");
    let [message] = &world.messages()[..] else { panic!("one message") };
    let in_an_hour = Timestamp::now().plus(Duration::from_secs(3_600)).as_millis();
    world.put(&json!({
        "event": { "S": "dance" }, "name": { "S": "melvin" }, "display_name": { "S": "Melvin" },
        "title": { "S": "dance" }, "status": { "S": "in" }, "requested_at": { "N": in_an_hour.to_string() },
        "signup_id": { "S": "z-ahead" }, "since": { "N": in_an_hour.to_string() }, "owner": { "S": message["id"] },
        "channel": { "S": "http" }, "notify": { "BOOL": true },
    }));

    let response = api.invoke(&http("POST", link.path(), Some(&json!({ "action": "cancel" })))).response();

    assert_eq!(response["statusCode"], 202, "{response}");
    let cancel = &world.messages()[0];
    assert!(cancel["requested_at"].as_i64().unwrap() > in_an_hour, "{cancel}");
}

#[test]
fn small_page_over_many_former_attendees_needs_few_calls() {
    /// DynamoDB reads at most so many of these items in one call.
    const ITEMS_PER_CALL: usize = 1_000;
    let world = World::new();
    let api = world.api();
    let former = 2 * ITEMS_PER_CALL + 1;
    for number in 0..former {
        world.put(&json!({
            "event": { "S": "dance" }, "name": { "S": format!("a{number:05}") }, "display_name": { "S": "A" },
            "title": { "S": "Dance" }, "status": { "S": "out" }, "requested_at": { "N": "1795431600000" },
            "signup_id": { "S": "a" }, "expires_at": { "N": "4102444800" },
        }));
    }
    world.proxy.forward_all();

    assert_eq!(status(&api, "/events/dance/attendees?limit=5"), 200);

    let queries = world.proxy.calls().iter().filter(|call| call.operation() == "Query").count();
    assert!(queries <= 3, "{queries} queries");
}

#[test]
fn export_of_one_event_reads_one_event() {
    let world = World::new();
    let api = world.api();
    for number in 0..20 {
        world.put(&attendee(&format!("event-{number}"), "Ana"));
    }
    world.proxy.forward_all();

    let mut request = http("GET", "/organiser/export?event=event-7", None);
    request["headers"]["authorization"] = json!(format!("Bearer {ORGANISER_KEY}"));
    let response = api.invoke(&request).response();

    assert_eq!(response["statusCode"], 200, "{response}");
    let calls = world.proxy.calls();
    let queries: Vec<String> =
        calls.iter().filter(|call| call.operation() == "Query").map(|call| call.body.to_string()).collect();
    // One finds out whether there is such an event.
    assert!(queries.len() == 2 && queries.iter().all(|query| query.contains("event-7")), "{queries:?}");
}
