//! Events as Lambda's triggers write them (AWS Lambda developer guide, "Using Lambda with …").

use serde_json::{Value, json};

/// When everything here happens, in milliseconds since 1970.
pub const AT: i64 = 1_795_431_600_000;

pub const QUEUE_ARN: &str = "arn:aws:sqs:us-east-1:000000000000:Signups";

/// A record of an SQS event, on its first try.
pub fn message(id: &str, body: &Value) -> Value {
    json!({
        "messageId": id,
        "receiptHandle": format!("receipt of {id}"),
        "body": body.as_str().map_or_else(|| body.to_string(), str::to_owned),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": AT.to_string(),
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": (AT + 2).to_string(),
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE_ARN,
        "awsRegion": "us-east-1",
    })
}

/// A record of a DynamoDB stream: what an item was, and what it is.
pub fn stream_record(sequence_number: u32, old: Option<&Value>, new: Option<&Value>) -> Value {
    let image = new.or(old).expect("a write leaves something or takes something away");
    let mut change = json!({
        "ApproximateCreationDateTime": AT / 1_000,
        "Keys": { "event": image["event"], "name": image["name"] },
        "SequenceNumber": format!("{sequence_number:021}"),
        "SizeBytes": 120,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    });
    for (name, image) in [("OldImage", old), ("NewImage", new)] {
        if let Some(image) = image {
            change[name] = image.clone();
        }
    }
    json!({
        "eventID": format!("{sequence_number:032x}"),
        "eventName": match (old, new) { (None, _) => "INSERT", (_, None) => "REMOVE", _ => "MODIFY" },
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": change,
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/Events/stream/2026-11-23T00:00:00.000",
    })
}

/// An attendee who is in, as the table's item.
pub fn attendee(event: &str, name: &str) -> Value {
    json!({
        "event": { "S": event }, "name": { "S": name.to_lowercase() }, "display_name": { "S": name },
        "title": { "S": event }, "status": { "S": "in" }, "requested_at": { "N": AT.to_string() },
        "signup_id": { "S": format!("signup-of-{}", name.to_lowercase().replace(' ', "-")) },
        "since": { "N": AT.to_string() },
        "owner": { "S": format!("signup-of-{}", name.to_lowercase().replace(' ', "-")) },
        "channel": { "S": "queue" },
    })
}

pub fn records(records: impl IntoIterator<Item = Value>) -> Value {
    json!({ "Records": records.into_iter().collect::<Vec<_>>() })
}

/// A request to an HTTP API, payload format 2.0.
pub fn http(method: &str, path: &str, body: Option<&Value>) -> Value {
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "application/json",
            "content-type": "application/json",
            "host": "api.example.org",
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "api-id",
            "domainName": "api.example.org",
            "domainPrefix": "api",
            "http": {
                "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "agent",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "$default",
            "stage": "$default",
            "time": "23/Nov/2026:11:00:00 +0000",
            "timeEpoch": AT,
        },
        "isBase64Encoded": false,
    });
    if let Some(body) = body {
        event["body"] = json!(body.to_string());
    }
    event
}

/// A rule of EventBridge that fires each minute.
pub fn schedule() -> Value {
    json!({
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "2026-11-23T11:00:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:000000000000:rule/EveryMinute"],
        "detail": {},
    })
}
