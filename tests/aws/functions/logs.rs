use serde_json::{Value, json};

use super::world::{World, guest};
use crate::support::runtime_api::Function;
use crate::support::runtime_api::events::{attendee, http, message, records, stream_record};
use crate::support::runtime_api::proxy::Verdict;

/// Every line is JSON; log lines first, then those in the embedded metric format.
fn parsed(lines: &[String]) -> (Vec<Value>, Vec<Value>) {
    let line = |line: &String| serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
    lines.iter().map(line).partition(|line| line.get("_aws").is_none())
}

#[test]
fn log_lines_are_json_with_request_id() {
    let world = World::new();
    let ingest = world.ingest();
    for id in ["poison-1", "poison-2"] {
        ingest.invoke(&records([guest(1), message(id, &json!({ "event": "Dance" }))])).response();
    }

    let (log, _) = parsed(&ingest.kill());

    let starts: Vec<&Value> = log.iter().filter(|line| line["cold_start"] == true).collect();
    assert_eq!(starts.len(), 1, "{log:?}");
    assert_eq!(starts[0], &log[0], "it is the first line");
    let of_requests = &log[1..];
    assert_eq!(of_requests.len(), 2, "each reject is logged: {log:?}");
    for line in of_requests {
        assert!(line["timestamp"].is_string() && line["level"] == "WARN", "{line}");
        assert!(line["span"]["requestId"].as_str().is_some_and(|id| id.starts_with("8476a536-")), "{line}");
    }
    assert_ne!(of_requests[0]["span"]["requestId"], of_requests[1]["span"]["requestId"]);
}

#[test]
fn metrics_are_at_the_line_root() {
    let world = World::new();
    let ingest = world.ingest();
    let batch = records([guest(1), guest(2), message("poison", &json!("not JSON"))]);
    ingest.invoke(&batch).response();
    ingest.invoke(&batch).response();

    let (_, metrics) = parsed(&ingest.kill());

    let written: Vec<Value> = metrics
        .iter()
        .map(|line| {
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            assert_eq!(directive["Namespace"], "CountMeIn");
            assert_eq!(directive["Dimensions"], json!([["stage"]]));
            assert_eq!(line["stage"], "testing");
            let names = directive["Metrics"].as_array().unwrap().iter().map(|metric| metric["Name"].as_str().unwrap());
            names.map(|name| (name.to_owned(), line[name].clone())).collect::<serde_json::Map<_, _>>().into()
        })
        .collect();
    assert_eq!(
        written,
        [
            json!({ "SignupsStored": 2.0, "SignupsRejected": 1.0 }),
            json!({ "SignupsDuplicate": 2.0, "SignupsRejected": 1.0 }),
        ]
    );
}

#[test]
fn debug_logs_hold_no_contact() {
    let world = World::new();
    let mut environment = world.environment_of_api();
    environment.push(("RUST_LOG".to_owned(), "debug".to_owned()));
    let start = |executable: &str| Function::start(executable.as_ref(), &environment);
    let secret = "very.private@mail.example.org";
    let contact = json!({ "email": secret });
    let message =
        |id: &str, name: &str| message(id, &json!({ "event": "Dance", "name": name, "contact": contact, "id": id }));
    let ingest = start(env!("CARGO_BIN_EXE_ingest"));
    ingest.invoke(&records([message("good", "Ana"), message("poison", "#")])).response();
    world.proxy.judge(|_| Verdict::Fail(400, "ThrottlingException"));
    ingest.invoke(&records([message("throttled", "Ben")])).response();
    world.proxy.forward_all();
    let fanout = start(env!("CARGO_BIN_EXE_fanout"));
    let mut image = attendee("dance", "Ana");
    image["contact"] = json!({ "M": { "email": { "S": secret } } });
    world.put(&image);
    fanout.invoke(&records([stream_record(1, None, Some(&image))])).response();
    image["contact"]["M"] = json!({ "pigeon": { "S": secret } });
    fanout.invoke(&records([stream_record(2, None, Some(&image))]));
    let deliver = world.deliver_with(&[("RUST_LOG", "debug")]);
    deliver.invoke(&world.receive_outbox().expect("messages wait")).response();
    let api = start(env!("CARGO_BIN_EXE_api"));
    api.invoke(&http("POST", "/events/dance/signups", Some(&json!({ "name": "Ana", "contact": contact })))).response();

    for function in [ingest, fanout, deliver, api] {
        let lines = function.kill();
        assert!(lines.len() > 2, "it says something");
        let telling: Vec<&String> = lines.iter().filter(|line| line.contains("very.private")).collect();
        assert!(telling.is_empty(), "{telling:?}");
    }
}
