//! SQS limits calls, and single entries of a batch call, when many messages are sent.

use std::time::Duration;

use countmein::adapters::sqs::Sqs;
use serde_json::json;
use tokio::time::Instant;

use super::world::World;
use crate::support::runtime_api::events;
use crate::support::runtime_api::proxy::{Call, Verdict};

fn bodies(count: usize) -> Vec<String> {
    (0..count).map(|number| json!({ "event": "Dance", "name": format!("Guest {number:03}") }).to_string()).collect()
}

#[test]
fn limited_entries_and_calls_are_sent_again() {
    for verdict in [Verdict::FailEntries("RequestThrottled"), Verdict::Fail(400, "RequestThrottled")] {
        let world = World::new();
        world.proxy.judge(move |call: &Call| if call.number <= 4 { verdict } else { Verdict::Forward });
        let config = world.config.to_builder().endpoint_url(world.proxy.url()).build();
        let queue = Sqs::new(&config, world.queue_url());
        world.wait(queue.send_until(&bodies(25), Instant::now() + Duration::from_secs(30))).unwrap();
        let mut names: Vec<String> = world.receive(25).into_iter().map(|delivery| delivery.body).collect();
        names.sort();
        names.dedup();
        assert_eq!(names, bodies(25), "{verdict:?}");
    }
}

#[test]
fn sending_ends_at_its_deadline() {
    let world = World::new();
    world.proxy.judge(|_: &Call| Verdict::FailEntries("RequestThrottled"));
    let config = world.config.to_builder().endpoint_url(world.proxy.url()).build();
    let queue = Sqs::new(&config, world.queue_url());
    let sent = world.wait(queue.send_until(&bodies(2), Instant::now() + Duration::from_millis(500)));
    assert!(sent.unwrap_err().to_string().contains("RequestThrottled"));
}

/// Each service may have an endpoint of its own.
#[test]
fn endpoints_of_single_services_are_used() {
    let world = World::new();
    let url = world.proxy.url();
    let api = world.api_with(&[
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_ENDPOINT_URL_DYNAMODB", &url),
        ("AWS_ENDPOINT_URL_SQS", &url),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &url),
    ]);
    let body = json!({ "name": "Ana" });
    let answer = api.invoke(&events::http("POST", "/events/Dance/signups", Some(&body))).response();
    assert_eq!(answer["statusCode"], 202, "{answer}");
}
