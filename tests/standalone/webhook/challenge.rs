//! The challenge that confirms a webhook.

use std::net::TcpListener;

use countmein::ports::SendError;
use serde_json::{Value, json};

use super::{NOT_ECHOED, is_reject, is_signed, patient, webhooks};
use crate::support::http::Message;
use crate::support::receiver::Receiver;

#[tokio::test]
async fn echoed_challenge_confirms() {
    let webhooks = webhooks(&patient());
    for answer in ["4711-abc".to_owned(), "4711-abc\r\n".into(), json!({ "challenge": "4711-abc" }).to_string()] {
        let receiver = Receiver::answering(Message::answer(200, answer));
        let to = receiver.url("/hook");

        webhooks.challenge(&to, "4711-abc").await.unwrap();

        let request = receiver.only_request();
        assert_eq!(request.header("content-type"), Some("application/json"));
        let asked: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(asked, json!({ "type": "countmein.challenge", "challenge": "4711-abc" }));
        let key = webhooks.signing_key(&to);
        assert!(is_signed(&request, &key));
        assert!(!format!("{:?}", request.headers).contains(key.strip_prefix("whsec_").unwrap()));
    }
}

#[tokio::test]
async fn missing_echo_does_not_confirm() {
    let webhooks = webhooks(&patient());
    for answer in [
        "",
        "ok",
        "4711-abcd",
        "<p>4711-abc</p>",
        "\"4711-abc\"",
        r#"{"challenge": "4712"}"#,
        r#"{"challenge": null}"#,
        r#"["4711-abc"]"#,
        "\u{0}\u{ff}",
    ] {
        let receiver = Receiver::answering(Message::answer(200, answer));
        let outcome = webhooks.challenge(&receiver.url("/"), "4711-abc").await;
        assert!(is_reject(&outcome, NOT_ECHOED), "{answer}: {outcome:?}");
    }
    // A receiver that echoes whatever it gets.
    let mirror = Receiver::writing(|request, mut stream| Message::answer(200, request.body.clone()).write(&mut stream));
    let outcome = webhooks.challenge(&mirror.url("/"), "4711-abc").await;
    assert!(is_reject(&outcome, NOT_ECHOED), "{outcome:?}");
    // An echo counts only with a success status.
    let missing = Receiver::answering(Message::answer(404, "4711-abc"));
    let outcome = webhooks.challenge(&missing.url("/"), "4711-abc").await;
    assert!(is_reject(&outcome, "the webhook answered 404"), "{outcome:?}");
    // A receiver that answered is not challenged again soon.
    let busy = Receiver::answering(Message::answer(503, "4711-abc"));
    let outcome = webhooks.challenge(&busy.url("/"), "4711-abc").await;
    assert!(is_reject(&outcome, "the webhook answered 503"), "{outcome:?}");
    // A receiver that was not reached may be challenged again.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let outcome = webhooks.challenge(&format!("http://{gone}/").parse().unwrap(), "4711-abc").await;
    assert!(matches!(outcome, Err(SendError::NotSent(_))), "{outcome:?}");
}
