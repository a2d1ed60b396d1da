//! The program on a table and a queue of AWS.

use std::thread;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use countmein::adapters::sqs::Sqs;
use countmein::ports::Queue as _;
use serde_json::{Value, json};

use crate::support::cloud::Cloud;
use crate::support::program::{Program, serve};

/// Longer than the visibility timeout of the queue. A message that SQS hands to a program which was killed comes back after it.
const PATIENCE: Duration = Duration::from_secs(150);
const ORGANISER_KEY: &str = "correct-horse-battery";

fn publish(cloud: &Cloud, queue: &str, body: &Value) {
    let queue = Sqs::new(&cloud.account.config(), queue);
    cloud.runtime.block_on(queue.send(vec![body.to_string()])).unwrap();
}

fn get(program: &Program, path: &str) -> (u16, Value) {
    let request = ureq::get(format!("{}{path}", program.url))
        .header("Accept", "application/json")
        .header("Authorization", format!("Bearer {ORGANISER_KEY}"));
    let mut response = request.config().http_status_as_error(false).build().call().unwrap();
    (response.status().as_u16(), response.body_mut().read_json().unwrap())
}

fn sign_up(program: &Program, name: &str) -> Value {
    let mut response =
        ureq::post(format!("{}/events/Dance/signups", program.url)).send_json(json!({ "name": name })).unwrap();
    response.body_mut().read_json().unwrap()
}

fn eventually(program: &Program, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (_, seen) = get(program, path);
        if holds(&seen) {
            return seen;
        }
        assert!(Instant::now() < deadline, "{path}: {seen}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn ensure_table_creates_once() {
    let cloud = Cloud::new();
    for made in [true, false] {
        let output = cloud.ensure_table(&["--json"]);
        assert!(output.status.success(), "{output:?}");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer, json!({ "table": "Club", "made": made }));
    }
    assert_eq!(cloud.ensure_table(&[]).stdout, b"The table Club already exists.\n");
    let client = aws_sdk_dynamodb::Client::new(&cloud.account.config());
    let expiry = cloud.runtime.block_on(client.describe_time_to_live().table_name("Club").send()).unwrap();
    let attribute = expiry.time_to_live_description.and_then(|expiry| expiry.attribute_name);
    assert_eq!(attribute.as_deref(), Some("expires_at"), "expired items are deleted");
}

#[test]
fn table_of_another_program_is_refused() {
    let cloud = Cloud::new();
    let client = aws_sdk_dynamodb::Client::new(&cloud.account.config());
    let id = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash);
    let create = client
        .create_table()
        .table_name("Club")
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(id.build().unwrap())
        .key_schema(key.build().unwrap());
    cloud.runtime.block_on(create.send()).unwrap();
    let output = cloud.ensure_table(&[]);
    assert!(!output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("has the keys id"), "{output:?}");
}

#[test]
fn missing_table_stops_the_start() {
    let cloud = Cloud::new();
    let data = tempfile::tempdir().unwrap();
    let output = cloud.serve(data.path(), ORGANISER_KEY).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("ensure-table"), "{output:?}");
}

#[test]
fn program_works_on_table_and_queue() {
    let cloud = Cloud::new();
    assert!(cloud.ensure_table(&[]).status.success());
    let data = tempfile::tempdir().unwrap();
    let program = Program::start(cloud.serve(data.path(), ORGANISER_KEY));

    let accepted = sign_up(&program, "Melvin");
    publish(&cloud, &cloud.queue, &json!({ "event": "Dance", "name": "Ana" }));
    publish(&cloud, &cloud.queue, &json!({ "event": "Dance" }));
    publish(&cloud, &cloud.dead_letters, &json!({ "event": "Dance", "name": "Ben" }));

    let roster =
        eventually(&program, "/events/dance/attendees", |roster| roster["attendees"].as_array().unwrap().len() == 3);
    assert_eq!(roster["attendees"][1]["name"], "Ben", "a dead letter is tried again");
    eventually(&program, "/organiser/rejects", |rejects| rejects["rejects"].as_array().unwrap().len() == 1);

    // Killed in the middle, and started again.
    let link = url::Url::parse(accepted["manage"].as_str().unwrap()).unwrap().path().to_owned();
    program.kill();
    let program = Program::start(cloud.serve(data.path(), ORGANISER_KEY));
    assert_eq!(get(&program, &link).1["state"], "in");
    sign_up(&program, "Cleo");
    eventually(&program, "/events/dance/attendees", |roster| roster["count"] == 4);
    assert!(program.terminate().0);
}

#[test]
fn program_leaves_the_stack_queue_alone() {
    let cloud = Cloud::new();
    assert!(cloud.ensure_table(&[]).status.success());
    let data = tempfile::tempdir().unwrap();
    let mut command = cloud.serve(data.path(), ORGANISER_KEY);
    command.arg("--serve-only");
    let program = Program::start(command);

    sign_up(&program, "Melvin");

    let queue = Sqs::new(&cloud.account.config(), &cloud.queue);
    let waiting = cloud.runtime.block_on(queue.receive(1)).unwrap();
    assert_eq!(waiting.len(), 1);
    assert!(program.terminate().0);
}

#[test]
fn refuses_settings_for_notifications_which_the_stack_sends() {
    let data = tempfile::tempdir().unwrap();
    let mut command = serve(data.path());
    command.args([
        "--store=dynamodb",
        "--queue=sqs",
        "--queue-url=https://sqs.example.org/Signups",
        "--backoff-initial=60",
    ]);
    command.args(["--smtp-url=smtp://mail.example.org", "--mail-from=signup@example.org", "--webhooks=public"]);
    command.envs([("COUNTMEIN_SMS_PER_DAY", "50")]);

    let output = command.output().unwrap();

    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    let expected = "\
error: with --store dynamodb, the functions of the deployed stack send the notifications, so these settings would have no effect:
  --smtp-url: remove it; the stack has no such parameter
  --mail-from: remove it; the stack has no such parameter
  --webhooks: remove it; the stack has no such parameter
  --backoff-initial: remove it, and set BackoffInitial as a parameter of the stack
  COUNTMEIN_SMS_PER_DAY: remove it, and set SmsPerDay as a parameter of the stack
";
    assert_eq!(told, expected);
}
