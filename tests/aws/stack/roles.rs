use std::collections::HashMap;
use std::pin::Pin;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

use super::support::{Stack, eventually};

const IAM: &str = "COUNTMEIN_MINISTACK_IAM";

#[test]
fn functions_work_with_their_roles() {
    let stack = Stack::deploy_to(IAM, &[]);

    let (status, accepted) = stack.post("/events/Dance/signups", &json!({ "name": "Melvin" }));
    assert_eq!(status, 202, "{accepted}");
    stack.publish(r#"{"event": "Dance", "name": "Ana"}"#);
    stack.publish("count me in, please");

    eventually("Ana and Melvin", || stack.who_is_in("dance"), |names| names == &["Ana", "Melvin"]);
    eventually("a reject", || stack.rejects(), |rejects| rejects.len() == 1);
    eventually("a count of two", || stack.count("dance"), |count| *count == 2);
    eventually("empty queues", || stack.messages(), |(queue, dead)| queue.messages + dead.messages == 0);
    // A message that a missing permission defers would stay.
    eventually("an empty outbox", || stack.messages_to_send(), |messages| *messages == 0);
}

#[test]
fn roles_refuse_other_calls() {
    let stack = Stack::deploy_to(IAM, &[]);
    assert_eq!(
        allowed(&stack, "ApiRole"),
        [
            "BatchGetItem",
            "GetItem",
            "PutItem",
            "Query",
            "Query of the index",
            "DeleteItem",
            "SendMessage",
            "read OrganiserKey",
            "read TokenSecret",
            "read ContactSecret"
        ]
    );
    assert_eq!(
        allowed(&stack, "IngestRole"),
        [
            "BatchGetItem",
            "GetItem",
            "PutItem",
            "UpdateItem",
            "Query",
            "SendMessage",
            "ReceiveMessage",
            "ReceiveMessage of dead letters"
        ]
    );
    assert_eq!(allowed(&stack, "ImportRole"), ["SendMessage"]);
    assert_eq!(
        allowed(&stack, "AlexaRole"),
        ["BatchGetItem", "GetItem", "PutItem", "Query", "SendMessage", "read ContactSecret"]
    );
    assert_eq!(
        allowed(&stack, "FanoutRole"),
        [
            "BatchGetItem",
            "GetItem",
            "PutItem",
            "UpdateItem",
            "Query",
            "Query of the index",
            "DeleteItem",
            "SendMessage to the outbox",
            "ReceiveMessage of the outbox's dead letters",
            "read ContactSecret"
        ]
    );
    assert_eq!(
        allowed(&stack, "DeliverRole"),
        [
            "BatchGetItem",
            "GetItem",
            "PutItem",
            "UpdateItem",
            "Query",
            "SendMessage to the outbox",
            "ReceiveMessage of the outbox",
            "read TokenSecret",
            "read ContactSecret"
        ]
    );
}

/// The calls that a role is allowed, out of all calls of any function and some calls of none. All others are
/// refused with a missing permission.
fn allowed(stack: &Stack, role: &str) -> Vec<&'static str> {
    let config = session(stack, role);
    stack.wait(async {
        let mut allowed = Vec::new();
        for (call, result) in calls(stack, &config) {
            match result.await {
                Ok(()) => allowed.push(call),
                Err(code) => assert!(code.starts_with("AccessDenied"), "{role}, {call}: {code}"),
            }
        }
        allowed
    })
}

type Call = Pin<Box<dyn Future<Output = Result<(), String>>>>;

fn calls(stack: &Stack, config: &SdkConfig) -> Vec<(&'static str, Call)> {
    let (table, queue, dead) = (stack.output("TableName"), stack.output("QueueUrl"), stack.output("DeadLettersUrl"));
    let (outbox, outbox_dead) = (stack.output("OutboxUrl"), stack.output("OutboxDeadLettersUrl"));
    let (organiser, token) = (stack.output("OrganiserKeySecret"), stack.output("TokenSecretArn"));
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let key = HashMap::from([("event".to_owned(), text("dance")), ("name".to_owned(), text("melvin"))]);
    let dynamodb = aws_sdk_dynamodb::Client::new(config);
    let sqs = aws_sdk_sqs::Client::new(config);
    let secrets = aws_sdk_secretsmanager::Client::new(config);

    let query = dynamodb.query().table_name(table).key_condition_expression("event = :event");
    let due = dynamodb.query().table_name(table).index_name("due").key_condition_expression("waiting = :waiting");
    let receive = |queue: &str| sqs.receive_message().queue_url(queue).visibility_timeout(0);
    let read = |secret: &str| secrets.get_secret_value().secret_id(secret);
    let keys = aws_sdk_dynamodb::types::KeysAndAttributes::builder().keys(key.clone()).build().expect("it has keys");
    vec![
        ("BatchGetItem", call(dynamodb.batch_get_item().request_items(table, keys).send())),
        ("GetItem", call(dynamodb.get_item().table_name(table).set_key(Some(key.clone())).send())),
        ("PutItem", call(dynamodb.put_item().table_name(table).set_item(Some(key.clone())).send())),
        ("UpdateItem", call(dynamodb.update_item().table_name(table).set_key(Some(key.clone())).send())),
        ("Query", call(query.expression_attribute_values(":event", text("dance")).send())),
        ("Query of the index", call(due.expression_attribute_values(":waiting", text("yes")).send())),
        ("Scan", call(dynamodb.scan().table_name(table).send())),
        ("DeleteItem", call(dynamodb.delete_item().table_name(table).set_key(Some(key)).send())),
        ("DescribeTable", call(dynamodb.describe_table().table_name(table).send())),
        ("SendMessage", call(sqs.send_message().queue_url(queue).message_body("{}").send())),
        ("SendMessage to dead letters", call(sqs.send_message().queue_url(dead).message_body("{}").send())),
        ("ReceiveMessage", call(receive(queue).send())),
        ("ReceiveMessage of dead letters", call(receive(dead).send())),
        ("SendMessage to the outbox", call(sqs.send_message().queue_url(outbox).message_body("{}").send())),
        ("ReceiveMessage of the outbox", call(receive(outbox).send())),
        ("ReceiveMessage of the outbox's dead letters", call(receive(outbox_dead).send())),
        ("PurgeQueue", call(sqs.purge_queue().queue_url(queue).send())),
        ("read OrganiserKey", call(read(organiser).send())),
        ("read TokenSecret", call(read(token).send())),
        ("read ContactSecret", call(read("countmein-staging-contact-secret").send())),
        ("ListSecrets", call(secrets.list_secrets().send())),
        ("DeleteTable", call(dynamodb.delete_table().table_name(table).send())),
    ]
}

/// The error's code, if it fails.
fn call<T, E, R>(call: impl Future<Output = Result<T, SdkError<E, R>>> + 'static) -> Call
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    Box::pin(async {
        let failed = |error: SdkError<E, R>| error.code().map_or_else(|| format!("{error:?}"), ToOwned::to_owned);
        call.await.map(drop).map_err(failed)
    })
}

/// The configuration of a function with this role.
fn session(stack: &Stack, role: &str) -> SdkConfig {
    let account = &stack.account.id;
    let described = stack.aws(&[
        "cloudformation",
        "describe-stack-resource",
        "--stack-name",
        "countmein-staging",
        "--logical-resource-id",
        role,
    ]);
    let name = described["StackResourceDetail"]["PhysicalResourceId"].as_str().expect("the role has a name");
    // So far only Lambda may assume the role.
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{account}:root") }, "Action": "sts:AssumeRole" },
    ] });
    stack.aws(&["iam", "update-assume-role-policy", "--role-name", name, "--policy-document", &trust.to_string()]);
    let arn = format!("arn:aws:iam::{account}:role/{name}");
    let assumed = stack.aws(&["sts", "assume-role", "--role-arn", &arn, "--role-session-name", "test"]);
    let credential = |name: &str| assumed["Credentials"][name].as_str().expect("a session has credentials").to_owned();
    let credentials = Credentials::new(
        credential("AccessKeyId"),
        credential("SecretAccessKey"),
        Some(credential("SessionToken")),
        None,
        "test",
    );
    let config = stack.config.to_builder().credentials_provider(SharedCredentialsProvider::new(credentials));
    config.retry_config(RetryConfig::disabled()).build()
}
