use std::cell::RefCell;

use countmein::ports::Queue as _;
use serde_json::{Value, json};

use super::support::{Stack, eventually};
use crate::support::http::Message;
use crate::support::receiver::Receiver;

const OPEN: &str = "COUNTMEIN_MINISTACK";
const ANAS_PHONE: &str = "+14155552671";
const BENS_PHONE: &str = "+14155552672";

/// The path of the first link in a message.
fn link(text: &str) -> String {
    let link = text.split_whitespace().find(|word| word.starts_with("https://")).expect("it has a link");
    url::Url::parse(link).unwrap().path().to_owned()
}

#[test]
fn signup_notifies_others_but_not_the_actor() {
    let parameters = ["SmsCountries=US", "SmsHours=0-24 UTC", "BackoffInitial=0", "BackoffMaximum=0"];
    let stack = Stack::deploy_to(OPEN, &parameters);
    let listener = stack.listen();
    for (name, phone) in [("Ana", ANAS_PHONE), ("Ben", BENS_PHONE)] {
        let (status, accepted) =
            stack.post("/events/Dance/signups", &json!({ "name": name, "contact": { "sms": phone } }));
        assert_eq!(status, 202, "{accepted}");
        let question = eventually("a question", || stack.texts(phone), |texts| !texts.is_empty()).remove(0);
        let (status, answer) = stack.post(&link(&question), &json!({ "action": "confirm" }));
        assert_eq!((status, &answer["opt_in"]), (200, &json!("confirmed")));
    }
    // Ben may have signed up before or after Ana confirmed: the next text counts.
    let before = stack.texts(ANAS_PHONE).len();

    let (status, _) = stack.post("/events/Dance/signups", &json!({ "name": "Cleo" }));

    assert_eq!(status, 202);
    let texts = eventually("a text to Ana", || stack.texts(ANAS_PHONE), |texts| texts.len() > before);
    let news = texts.last().unwrap();
    assert!(news.starts_with("Dance: ") && news.contains("Cleo joined; 3 are in."), "{texts:?}");
    assert_eq!(stack.get(&link(news)).1["name"], "Ana");
    eventually("a text to Ben", || stack.texts(BENS_PHONE), |texts| texts.last().unwrap().contains("Cleo"));

    let heard = RefCell::new(Vec::new());
    let listen = || {
        heard.borrow_mut().extend(stack.take_from(&listener));
        heard.borrow().clone()
    };
    let cleo = |event: &Value| event["data"]["joined"].as_array().is_some_and(|names| names.contains(&json!("Cleo")));
    let heard = eventually("Cleo at the topic", listen, |heard| heard.iter().any(cleo));
    let event = heard.iter().find(|event| cleo(event)).unwrap();
    assert_eq!((&event["specversion"], &event["type"]), (&json!("1.0"), &json!("countmein.announcement")));
    assert_eq!((&event["data"]["count"], &event["data"]["manage"]), (&json!(3), &Value::Null));
}

#[test]
fn confirmed_webhook_hears_only_of_others() {
    // Confirms as the owner of a webhook would: by opening the URL that SNS sent.
    let said_yes = |request: &Message| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        if body["Type"] == "SubscriptionConfirmation" {
            ureq::get(body["SubscribeURL"].as_str().unwrap()).call().unwrap();
        }
        Message::answer(200, "")
    };
    let receiver = Receiver::over_tls_with(said_yes);
    let stack = Stack::deploy_to(OPEN, &["BackoffInitial=0", "BackoffMaximum=0"]);
    let ana = json!({ "name": "Ana", "contact": { "webhook": receiver.url("/ana").as_str() } });
    let (status, accepted) = stack.post("/events/Dance/signups", &ana);
    assert_eq!(status, 202, "{accepted}");
    let calls = || -> Vec<Value> {
        receiver.requests().iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
    };
    let question = eventually("a question", calls, |calls| !calls.is_empty()).remove(0);
    assert_eq!(question["Type"], "SubscriptionConfirmation");
    let topic = question["TopicArn"].as_str().unwrap();
    eventually(
        "Ana's yes",
        || stack.aws(&["sns", "list-subscriptions-by-topic", "--topic-arn", topic]),
        |listed| listed["Subscriptions"][0]["SubscriptionArn"].as_str().is_some_and(|arn| arn.starts_with("arn:")),
    );

    let (status, _) = stack.post("/events/Dance/signups", &json!({ "name": "Ben" }));

    assert_eq!(status, 202);
    let call = eventually("a call", calls, |calls| calls.len() > 1).remove(1);
    assert_eq!((&call["specversion"], &call["type"]), (&json!("1.0"), &json!("countmein.announcement")));
    assert_eq!((&call["data"]["joined"], &call["data"]["count"]), (&json!(["Ben"]), &json!(2)));
    let manage = url::Url::parse(call["data"]["manage"].as_str().unwrap()).unwrap();
    assert_eq!(stack.get(manage.path()).1["name"], "Ana");
}

#[test]
fn schedule_groups_ten_joins_in_one_digest() {
    let stack = Stack::deploy_to(OPEN, &["BackoffInitial=30"]);
    let listener = stack.listen();
    stack.publish(r#"{"event": "Dance", "name": "Ana"}"#);
    let heard = RefCell::new(Vec::new());
    let listen = || {
        heard.borrow_mut().extend(stack.take_from(&listener));
        heard.borrow().clone()
    };
    let first = eventually("Ana at once", listen, |heard| !heard.is_empty());
    assert_eq!(first[0]["data"]["joined"], json!(["Ana"]));

    let bodies = (0..10).map(|number| json!({ "event": "Dance", "name": format!("Guest {number}") }).to_string());
    stack.wait(stack.queue.send(bodies.collect())).unwrap();

    let all = eventually("the other ten", listen, |heard| heard.len() > 1);
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(all[1]["data"]["joined"].as_array().map(Vec::len), Some(10), "{all:?}");
    assert_eq!(all[1]["data"]["count"], 11);
}
