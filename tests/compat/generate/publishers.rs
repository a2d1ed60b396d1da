//! What publishers, buttons and Echos put on the queue, taken by the program's own ingest.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countmein::channel::alexa::Skill;
use countmein::channel::button::envelope::Envelope;
use countmein::ingest::{Ports as IngestPorts, ingest};
use countmein::ports::Queue as _;
use countmein::secret::Secret;
use serde_json::json;

use super::record::Record;
use crate::code::{self, Ports, Sqlite};

const SKILL: &str = "amzn1.ask.skill.01234567-89ab-cdef-0123-456789abcdef";
const HOUSEHOLD: &str = "amzn1.ask.account.AHOUSEHOLD";

pub async fn publish(record: &mut Record) {
    let sqlite = Sqlite::open(&record.path()).unwrap();
    for name in ["token", "contact", "webhook"] {
        sqlite.secret(name).await.unwrap();
    }
    let now = record.written_at;
    let rfc3339 = code::time(now - 600_000).to_string();
    send(&sqlite, record, "smallest", r#"{"event": "Dance", "name": "Melvin"}"#).await;
    let everything = json!({
        "event": "Pizza Night", "name": "Fay", "action": "sign_up", "contact": {"email": "Fay@Example.ORG"},
        "requested_at": rfc3339, "id": "order-17", "channel": "import", "plus_one": true,
    });
    send(&sqlite, record, "everything", &everything.to_string()).await;
    let public = json!({"event": "Dance", "name": "Ada", "contact": {"sms": "+1 415 555 2671"}, "channel": "http"});
    send(&sqlite, record, "public", &public.to_string()).await;
    send(&sqlite, record, "queue-join", r#"{"event": "Dance", "name": "Ben"}"#).await;
    let cancel = json!({"event": "dance", "name": "BEN", "action": "cancel", "requested_at": code::now().as_millis()});
    send(&sqlite, record, "queue-cancel", &cancel.to_string()).await;
    let rio =
        json!({"event": "Pizza Night", "name": "Rio", "id": "removed-rio", "contact": {"email": "rio@example.org"}});
    send(&sqlite, record, "queue-join-rio", &rio.to_string()).await;
    let sns = json!({
        "Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic", "Subject": "My First Message",
        "Message": r#"{"event": "Choir", "name": "Ana"}"#, "Timestamp": rfc3339, "SignatureVersion": "1",
        "Signature": "EXAMPLEw6JRN",
        "SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService.pem",
        "UnsubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe",
    });
    send(&sqlite, record, "sns", &sns.to_string()).await;
    let mut event = json!({
        "specversion": "1.0", "type": "org.example.signup", "source": "https://example.org/door",
        "id": "A234-1234-1234", "time": rfc3339, "datacontenttype": "application/json",
        "data": {"event": "Choir", "name": "Bea"},
    });
    send(&sqlite, record, "cloud-event", &event.to_string()).await;
    event.as_object_mut().unwrap().remove("data");
    event["id"] = json!("A234-1234-1235");
    event["data_base64"] = json!(STANDARD.encode(r#"{"event": "Choir", "name": "Cem"}"#));
    send(&sqlite, record, "cloud-event-base64", &event.to_string()).await;
    let inner = json!({
        "specversion": "1.0", "type": "org.example.signup", "source": "/door", "id": "A234-1234-1236",
        "data": r#"{"event": "Choir", "name": "Dov"}"#,
    });
    let outer = json!({
        "Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf325", "Message": inner.to_string(),
        "Timestamp": rfc3339,
    });
    send(&sqlite, record, "cloud-event-in-sns", &outer.to_string()).await;
    presses(&sqlite, record).await;
    alexa(&sqlite, record).await;
    rejects(&sqlite, record).await;
}

async fn presses(sqlite: &Sqlite, record: &mut Record) {
    let ports = Ports::of(sqlite.clone());
    record.buttons = vec![
        json!({"serial": "shellybutton1-A4CF12F45A2B", "event": "Pizza Night", "name": "Emil",
               "contact": {"email": "emil@example.org"}}),
        json!({"serial": "G030JF055364XVRB", "event": "Dance", "name": "Nils", "single": "sign_up", "double": "cancel",
               "triple": "nothing", "long": "nothing"}),
        json!({"serial": "kitchen/event/door:2", "event": "Fête d été", "name": "Zoë 小林", "triple": "sign_up"}),
    ];
    for button in &record.buttons {
        ports.register(button).await;
    }
    let received_at = code::now();
    let press = |topic: &str, payload: &str| {
        Envelope { topic: topic.to_owned(), payload: payload.as_bytes().to_vec(), received_at }.write()
    };
    let topic = "shellies/shellybutton1-A4CF12F45A2B/input_event/0";
    let first = press(topic, r#"{"event":"S","event_cnt":2}"#);
    send(sqlite, record, "mqtt-press", &first).await;
    send(sqlite, record, "mqtt-press-again", &first).await;
    // As the template's rule writes it: SELECT encode(*, 'base64') AS payload, topic() AS topic, timestamp() AS received_at.
    let rule = |click: &str| {
        let payload =
            format!(r#"{{"serialNumber":"G030JF055364XVRB","clickType":"{click}","batteryVoltage":"1567mV"}}"#);
        let (payload, at) = (STANDARD.encode(payload), code::now().as_millis());
        format!(r#"{{"payload":"{payload}","topic":"iotbutton/G030JF055364XVRB","received_at":{at}}}"#)
    };
    send(sqlite, record, "iot-rule-press", &rule("SINGLE")).await;
    send(sqlite, record, "iot-rule-press-that-cancels", &rule("DOUBLE")).await;
    let release = press("zigbee2mqtt/kitchen", r#"{"action":"release"}"#);
    send(sqlite, record, "mqtt-no-press", &release).await;
}

async fn alexa(sqlite: &Sqlite, record: &mut Record) {
    let secret = record.secret("contact");
    for (number, (intent, name, file)) in [
        ("SignUpIntent", "änna müller", "alexa-sign-up"),
        ("SignUpIntent", "otto", "alexa-sign-up-another"),
        ("TakeOutIntent", "otto", "alexa-cancel"),
    ]
    .into_iter()
    .enumerate()
    {
        let request_id = format!("amzn1.echo-api.request.{number}");
        let slot = |slot: &str, value: &str| json!({"name": slot, "confirmationStatus": "NONE", "value": value});
        let request = json!({
            "version": "1.0",
            "context": {"System": {"application": {"applicationId": SKILL}, "user": {"userId": HOUSEHOLD}}},
            "request": {
                "type": "IntentRequest", "requestId": request_id, "timestamp": code::now().to_string(),
                "locale": "de-DE",
                "intent": {"name": intent, "confirmationStatus": "NONE",
                           "slots": {"Event": slot("Event", "pizza night"), "Name": slot("Name", name)}},
            },
        });
        let user_secret = Secret::new(secret.clone()).unwrap();
        let skill =
            Skill { skill_id: SKILL, queue: sqlite, roster: sqlite, households: sqlite, user_secret: &user_secret };
        skill.answer(request.to_string().as_bytes(), code::now()).await.unwrap();
        take(sqlite).await;
        record.keep(&[file]);
        let (household, signup) = code::household(HOUSEHOLD, &request_id, &secret);
        record
            .alexa
            .push(json!({"user_id": HOUSEHOLD, "request_id": request_id, "household": household, "signup": signup}));
    }
    let (neighbours, signup) = code::household("amzn1.ask.account.NEXTDOOR", "amzn1.echo-api.request.9", &secret);
    record.alexa.push(json!({
        "user_id": "amzn1.ask.account.NEXTDOOR", "request_id": "amzn1.echo-api.request.9", "household": neighbours,
        "signup": signup,
    }));
}

async fn rejects(sqlite: &Sqlite, record: &mut Record) {
    let unknown = Envelope {
        topic: "shellies/shellybutton1-000000000001/input_event/0".to_owned(),
        payload: br#"{"event":"S","event_cnt":7}"#.to_vec(),
        received_at: code::now(),
    };
    let not_theirs = json!({
        "event": "Dance", "name": "Melvin", "action": "cancel", "channel": "http",
        "stay": "019ab0d5-8f80-7000-8000-000000000001",
    });
    for (file, body) in [
        ("rejected-no-json", "Dance, please".to_owned()),
        ("rejected-no-name", json!({"event": "Dance", "requested_at": code::now().as_millis()}).to_string()),
        ("rejected-contact", json!({"event": "Dance", "name": "Max", "contact": {"fax": "1"}}).to_string()),
        ("rejected-press-of-an-unknown-button", unknown.write()),
        ("rejected-not-the-owner", not_theirs.to_string()),
    ] {
        send(sqlite, record, file, &body).await;
    }
}

pub async fn send(sqlite: &Sqlite, record: &mut Record, file: &str, body: &str) {
    sqlite.send(vec![body.to_owned()]).await.unwrap();
    take(sqlite).await;
    record.keep(&[file]);
}

async fn take(sqlite: &Sqlite) {
    let deliveries = sqlite.receive(10).await.unwrap();
    assert_eq!(deliveries.len(), 1);
    let ports = IngestPorts { roster: sqlite, rejects: sqlite, buttons: sqlite, idempotency: sqlite };
    let settlements = ingest(&deliveries, ports, code::now()).await;
    sqlite.settle(settlements.into_iter().map(|settlement| settlement.receipt).collect()).await.unwrap();
    // No two messages of one millisecond, so that their order is told by their times too.
    tokio::time::sleep(std::time::Duration::from_millis(3)).await;
}
