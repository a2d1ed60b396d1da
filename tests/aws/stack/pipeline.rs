use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use countmein::domain::timestamp::Timestamp;
use countmein::ports::{Calendar as _, Queue as _};
use serde_json::json;

use super::support::{Stack, eventually};
use crate::support::runtime_api::proxy::{Proxy, Verdict};

#[test]
fn http_signup_reaches_the_roster() {
    let stack = Stack::deploy();

    let (status, accepted) = stack.post("/events/Dance/signups", &json!({ "name": "Melvin" }));

    assert_eq!(status, 202, "{accepted}");
    let melvin =
        eventually("Melvin over HTTP", || stack.get("/events/dance/attendees/melvin"), |(status, _)| *status == 200);
    assert_eq!((&melvin.1["name"], &melvin.1["channel"]), (&json!("Melvin"), &json!("http")));
    eventually("a count of one", || stack.count("dance"), |count| *count == 1);

    let link = url::Url::parse(accepted["manage"].as_str().expect("a manage link")).unwrap();
    assert_eq!(stack.get(link.path()).1["state"], "in");
    let (status, _) = stack.post(link.path(), &json!({ "action": "cancel" }));
    assert_eq!(status, 202);
    eventually("Melvin's leave", || stack.who_is_in("dance"), Vec::is_empty);
    eventually("a count of none", || stack.count("dance"), |count| *count == 0);
}

#[test]
fn created_event_is_listed() {
    let stack = Stack::deploy();
    let dinner =
        json!({"title": "Dinner", "starts_at": "2126-12-03T19:00", "ends_at": "2126-12-03T23:00", "zone": "UTC"});
    let (status, created) = stack.post("/events", &dinner);
    assert_eq!(status, 201, "{created}");
    let upcoming = || stack.wait(stack.table.upcoming(Timestamp::now(), None, 10)).unwrap().entries;
    let entries = eventually("the event in the calendar", upcoming, |entries| entries.len() == 1);
    assert_eq!((entries[0].event.title.as_str(), entries[0].event.count), ("Dinner", 0));
    assert_eq!(entries[0].over_at.to_string(), "2126-12-03T23:00:00.000Z");
}

#[test]
fn bad_queue_message_harms_no_other() {
    let stack = Stack::deploy();

    stack.publish(r#"{"event": "Dance", "name": "Melvin"}"#);
    stack.publish("count me in, please");
    stack.publish(r##"{"event": "Dance", "name": "#digest"}"##);
    stack.publish(r#"{"event": "Dance", "name": "Ana"}"#);

    eventually("Ana and Melvin", || stack.who_is_in("dance"), |names| names == &["Ana", "Melvin"]);
    let rejects = eventually("two rejects", || stack.rejects(), |rejects| rejects.len() == 2);
    let mut bodies: Vec<&str> = rejects.iter().map(|reject| reject.body.as_str()).collect();
    bodies.sort_unstable();
    assert_eq!(bodies, ["count me in, please", r##"{"event": "Dance", "name": "#digest"}"##]);
    eventually("empty queues", || stack.messages(), |(queue, dead)| queue.messages + dead.messages == 0);
}

#[test]
fn transient_failure_is_retried_alone() {
    let stack = Stack::deploy();
    let endpoint = url::Url::parse(&stack.account.endpoint).unwrap().socket_addrs(|| None).unwrap()[0];
    let proxy = Proxy::before(endpoint);
    // As many attempts as the SDK makes of one call, so that the message itself is retried.
    let failures_left = AtomicUsize::new(3);
    proxy.judge(move |call| {
        let is_ana = call.body["Item"]["name"]["S"] == "ana";
        let fails = is_ana && failures_left.try_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
        if fails { Verdict::Fail(500, "InternalServerError") } else { Verdict::Forward }
    });
    reach_the_table_through(&stack, &proxy);
    let names = ["Ana", "Ben", "Cleo", "Dora", "Emil"];
    let bodies = names.map(|name| json!({ "event": "Dance", "name": name }).to_string());

    stack.wait(stack.queue.send(bodies.to_vec())).unwrap();

    eventually("everybody", || stack.who_is_in("dance"), |there| there == &names);
    eventually("empty queues", || stack.messages(), |(queue, dead)| queue.messages + dead.messages == 0);
    let calls = proxy.calls();
    let writes = |name: &str| calls.iter().filter(|call| call.body["Item"]["name"]["S"] == name).count();
    assert_eq!(names.map(|name| writes(&name.to_lowercase())), [4, 1, 1, 1, 1]);
    assert!(stack.rejects().is_empty());
}

#[test]
fn outage_of_the_table_loses_and_rejects_nothing() {
    /// More than `maxReceiveCount`. The SDK does not repeat a call that is denied.
    const FAILED_RECEIVES: usize = 6;
    let stack = Stack::deploy_to("COUNTMEIN_MINISTACK", &["RetryInitial=1"]);
    let endpoint = url::Url::parse(&stack.account.endpoint).unwrap().socket_addrs(|| None).unwrap()[0];
    let proxy = Proxy::before(endpoint);
    let failures = Mutex::new(HashMap::<String, usize>::new());
    proxy.judge(move |call| {
        let Some(name) = call.body["Item"]["name"]["S"].as_str() else { return Verdict::Forward };
        let mut failures = failures.lock().unwrap();
        let count = failures.entry(name.to_owned()).or_default();
        *count += 1;
        if *count <= FAILED_RECEIVES { Verdict::Fail(400, "AccessDeniedException") } else { Verdict::Forward }
    });
    reach_the_table_through(&stack, &proxy);
    let names = ["Ana", "Ben", "Cleo", "Dora", "Emil"];
    let bodies = names.map(|name| json!({ "event": "Dance", "name": name }).to_string());

    stack.wait(stack.queue.send(bodies.to_vec())).unwrap();

    eventually("everybody", || stack.who_is_in("dance"), |there| there == &names);
    eventually("empty queues", || stack.messages(), |(queue, dead)| queue.messages + dead.messages == 0);
    assert!(stack.rejects().is_empty());
}

/// Sends the calls of `ingest` through the proxy, and shortens the visibility timeout.
fn reach_the_table_through(stack: &Stack, proxy: &Proxy) {
    let function = stack.output("IngestFunctionName");
    let configuration = stack.aws(&["lambda", "get-function-configuration", "--function-name", function]);
    let mut environment = configuration["Environment"].clone();
    environment["Variables"]["AWS_ENDPOINT_URL"] = json!(proxy.url());
    let environment = environment.to_string();
    stack.aws(&["lambda", "update-function-configuration", "--function-name", function, "--environment", &environment]);
    let queue = stack.output("QueueUrl");
    stack.aws(&["sqs", "set-queue-attributes", "--queue-url", queue, "--attributes", "VisibilityTimeout=3"]);
}
