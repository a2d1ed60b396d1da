//! Delivery over SNS: on MiniStack, and where MiniStack differs from AWS, on a fake SNS with prepared answers.

use std::time::Duration;

use countmein::domain::contact_id::ContactId;
use countmein::domain::event::EventId;
use countmein::domain::opt_in::{OptIn, Scope};
use countmein::ports::{
    Asked, Broadcast, Broadcaster as _, Mail, Mailer, SendError, Sms, SmsSender as _, WebhookCall, WebhookCaller,
};
use serde_json::{Value, json};
use url::Url;

use crate::support::http::Message;
use server::{Server, get};
use stage::{Stage, topic_of, topics};

mod canned;
mod failures;
mod logs;
mod server;
mod stage;

/// Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(60);

const MAIL: &str = "ana@example.org";
const PHONE: &str = "+14155552671";
const WEBHOOK: &str = "https://hooks.example.org/ana";

/// With every kind of character that an id may have.
fn contact() -> ContactId {
    ContactId::from_stored("Ab1-_xyzXYZ0123456789Q".to_owned())
}

fn mail() -> Mail {
    Mail {
        id: "news-1".to_owned(),
        contact: contact(),
        to: MAIL.to_owned(),
        subject: "Grillfest: Jörg ist dabei".to_owned(),
        body: "Jörg & Ben are in.\n\nhttps://club.example/m?t=1+2\n".to_owned(),
        unsubscribe: None,
    }
}

fn text() -> Sms {
    Sms { to: PHONE.to_owned(), body: "Melvin is in: Pizza Night & more".to_owned() }
}

fn call(to: &str) -> WebhookCall {
    let body = json!({ "specversion": "1.0", "id": "news-1", "data": { "text": "Jörg is in" } }).to_string();
    WebhookCall { id: "news-1".to_owned(), contact: contact(), to: to.parse().unwrap(), body }
}

fn broadcast() -> Broadcast {
    Broadcast {
        id: "news-1".to_owned(),
        event: EventId::parse("Pizza Night").unwrap(),
        kind: "joined",
        cloud_event: json!({ "specversion": "1.0", "id": "news-1" }).to_string(),
        text: "Pizza Night: Melvin is in; 2 are coming".to_owned(),
    }
}

#[tokio::test]
async fn text_reaches_the_phone_as_transactional() {
    let stage = Stage::new().await;
    stage.phones.send(&text()).await.unwrap();
    let mut url: Url = format!("{}/_ministack/sns/sms-messages", stage.account.endpoint).parse().unwrap();
    url.query_pairs_mut().append_pair("account", &stage.account.id);
    let sent: Value = serde_json::from_slice(&get(&url).body).unwrap();
    let [sent] = &sent["sms_messages"][PHONE].as_array().unwrap()[..] else { panic!("{sent:#}") };
    assert_eq!(sent["Message"], text().body);
    assert_eq!(sent["MessageAttributes"]["AWS.SNS.SMS.SMSType"]["StringValue"], "Transactional");
}

#[tokio::test]
async fn repeated_opt_in_subscribes_once() {
    let stage = Stage::new().await;
    // MiniStack counts an email address as confirmed at once.
    for asked in [Asked::ByProvider, Asked::WithLink] {
        assert_eq!(Mailer::request_opt_in(&stage.sns, &mail()).await.unwrap(), asked);
    }
    let topic = topic_of(&stage.account, &contact());
    assert_eq!(stage.topics().await, [topics(&stage.account).announcements_arn, topic.clone()]);
    assert_eq!(stage.subscribers(&contact()).await, [("email".to_owned(), MAIL.to_owned())]);
    let tags = stage.aws.list_tags_for_resource().resource_arn(topic).send().await.unwrap().tags.unwrap();
    let tags: Vec<_> = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    assert_eq!(tags, topics(&stage.account).tags);
}

#[tokio::test]
async fn mail_goes_to_the_contact_topic() {
    let stage = Stage::new().await;
    Mailer::request_opt_in(&stage.sns, &mail()).await.unwrap();
    let queue = stage.queue_on(&topic_of(&stage.account, &contact()), &[]).await;
    stage.sns.send(&mail()).await.unwrap();
    let published = queue.only_message().await;
    assert_eq!(published["Subject"], mail().subject);
    assert_eq!(published["Message"], mail().body);
}

#[tokio::test]
async fn further_request_goes_to_a_confirmed_topic() {
    let stage = Stage::new().await;
    Mailer::request_opt_in(&stage.sns, &mail()).await.unwrap();
    // A queue needs no confirmation, and MiniStack asks for none of an email address.
    let queue = stage.queue_on(&topic_of(&stage.account, &contact()), &[]).await;
    stage.sns.request_further_opt_in(&mail()).await.unwrap();
    assert_eq!(queue.only_message().await["Message"], mail().body);

    stage.aws.delete_topic().topic_arn(topic_of(&stage.account, &contact())).send().await.unwrap();
    let missing = stage.sns.request_further_opt_in(&mail()).await.unwrap_err();
    assert!(matches!(&missing, SendError::NotSent(_)), "{missing}");
}

#[tokio::test]
async fn long_subject_becomes_the_first_line() {
    let stage = Stage::new().await;
    Mailer::request_opt_in(&stage.sns, &mail()).await.unwrap();
    let queue = stage.queue_on(&topic_of(&stage.account, &contact()), &[]).await;
    let subject = "Grillfest ".repeat(10);
    stage.sns.send(&Mail { subject: subject.clone(), ..mail() }).await.unwrap();
    let published = queue.only_message().await;
    assert_eq!(published.get("Subject"), None);
    assert_eq!(published["Message"], format!("{subject}\n\n{}", mail().body));
}

#[tokio::test]
async fn deleted_topic_is_created_again() {
    let stage = Stage::new().await;
    Mailer::request_opt_in(&stage.sns, &mail()).await.unwrap();
    for confirmed_later in ["email", "https"] {
        stage.aws.delete_topic().topic_arn(topic_of(&stage.account, &contact())).send().await.unwrap();
        let send = async || match confirmed_later {
            "email" => stage.sns.send(&mail()).await,
            _ => stage.sns.call(&call(WEBHOOK)).await,
        };
        let failure = send().await.unwrap_err();
        assert!(matches!(&failure, SendError::Unavailable(_)), "{failure}");
        let [(protocol, _)] = &stage.subscribers(&contact()).await[..] else { panic!("one is subscribed") };
        assert_eq!(protocol, confirmed_later);
        send().await.unwrap();
    }
}

#[tokio::test]
async fn webhook_is_called_once_confirmed() {
    let stage = Stage::new().await;
    let receiver = Server::answering(|_| Message::answer(200, ""));
    let call = WebhookCall { id: "news-2".to_owned(), ..call(&receiver.url()) };
    assert_eq!(
        WebhookCaller::request_opt_in(&stage.sns, &call.contact, &call.to, "text").await.unwrap(),
        Some(OptIn::Confirmed(Scope::All))
    );
    let question: Value = serde_json::from_slice(&receiver.request().body).unwrap();
    assert_eq!(question["Type"], "SubscriptionConfirmation");
    let too_early = WebhookCall { body: json!({ "id": "news-1" }).to_string(), ..call.clone() };
    stage.sns.call(&too_early).await.unwrap();

    get(&question["SubscribeURL"].as_str().unwrap().parse().unwrap());
    stage.sns.call(&call).await.unwrap();

    assert_eq!(String::from_utf8(receiver.request().body).unwrap(), call.body);
}

#[tokio::test]
async fn webhook_receives_the_cloud_event() {
    let stage = Stage::new().await;
    let call = call(WEBHOOK);
    WebhookCaller::request_opt_in(&stage.sns, &call.contact, &call.to, "text").await.unwrap();
    let list = stage.aws.list_subscriptions_by_topic().topic_arn(topic_of(&stage.account, &contact()));
    let [listed] = &list.send().await.unwrap().subscriptions.unwrap()[..] else { panic!("one is subscribed") };
    assert_eq!((listed.protocol(), listed.endpoint()), (Some("https"), Some(WEBHOOK)));
    let get = stage.aws.get_subscription_attributes().subscription_arn(listed.subscription_arn().unwrap());
    let attributes = get.send().await.unwrap().attributes.unwrap();
    assert_eq!(attributes["RawMessageDelivery"], "true");
    assert_eq!(attributes["DeliveryPolicy"], r#"{"requestPolicy":{"headerContentType":"application/json"}}"#);
}

#[tokio::test]
async fn stage_topic_subscribers_filter_by_event() {
    let stage = Stage::new().await;
    let filter = r#"{"event": ["pizza-night"], "kind": ["joined", "both"]}"#;
    let queue = stage.queue_on(&topics(&stage.account).announcements_arn, &[("FilterPolicy", filter)]).await;
    let elsewhere = Broadcast { event: EventId::parse("Dance").unwrap(), ..broadcast() };
    for broadcast in [elsewhere, Broadcast { kind: "left", ..broadcast() }, broadcast()] {
        stage.sns.broadcast(&broadcast).await.unwrap();
    }
    let published = queue.only_message().await;
    assert_eq!(published["Message"], broadcast().cloud_event);
    assert_eq!(published["MessageAttributes"]["event"], json!({ "Type": "String", "Value": "pizza-night" }));
    assert_eq!(published["MessageAttributes"]["kind"], json!({ "Type": "String", "Value": "joined" }));
}
