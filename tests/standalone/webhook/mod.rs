//! The program as a caller of webhooks, against receivers on this machine.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countmein::adapters::webhook::{WebhookClient, WebhookSettings};
use countmein::domain::contact_id::ContactId;
use countmein::domain::secret::Secret;
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{SendError, WebhookCall, WebhookCaller as _};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use url::Url;

use crate::support::http::Message;
use crate::support::receiver::Receiver;

mod caution;
mod challenge;
mod privacy;

/// Longer than any well-behaved receiver takes here.
const PATIENCE: Duration = Duration::from_secs(60);
const NOT_ECHOED: &str = "the webhook did not echo the challenge";

fn secret() -> Secret {
    Secret::new("correct-horse-battery").unwrap()
}

/// Calls receivers on this machine.
fn patient() -> WebhookSettings {
    WebhookSettings {
        allow_private: true,
        connect_timeout: PATIENCE,
        call_timeout: PATIENCE,
        ..WebhookSettings::default()
    }
}

fn impatient() -> WebhookSettings {
    WebhookSettings { call_timeout: Duration::from_millis(300), ..patient() }
}

fn webhooks(settings: &WebhookSettings) -> WebhookClient {
    WebhookClient::with_settings(secret(), settings).unwrap()
}

fn call(to: Url) -> WebhookCall {
    WebhookCall {
        id: "0198-announcement-7".into(),
        contact: ContactId::from_stored("a-contact".into()),
        to,
        body: r#"{"specversion": "1.0", "data": "Grüße"}"#.into(),
    }
}

fn is_retry(outcome: &Result<(), SendError>) -> bool {
    matches!(outcome, Err(SendError::RecipientUnavailable(unavailable)) if unavailable.doing == "calling a webhook")
}

fn is_reject(outcome: &Result<(), SendError>, reason: &str) -> bool {
    matches!(outcome, Err(SendError::Rejected(why)) if why == reason)
}

/// Verifies a signature as a receiver with its key does.
fn is_signed(request: &Message, key: &str) -> bool {
    let key = STANDARD.decode(key.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    for part in [request.header("webhook-id").unwrap(), ".", request.header("webhook-timestamp").unwrap(), "."] {
        mac.update(part.as_bytes());
    }
    mac.update(&request.body);
    let signature = request.header("webhook-signature").unwrap().strip_prefix("v1,").unwrap();
    mac.verify_slice(&STANDARD.decode(signature).unwrap()).is_ok()
}

#[tokio::test]
async fn call_is_signed_for_its_receiver() {
    let receiver = Receiver::answering(Message::answer(204, ""));
    let webhooks = webhooks(&patient());
    let to = receiver.url("/hook?for=ana");

    webhooks.call(&call(to.clone())).await.unwrap();

    let request = receiver.only_request();
    assert_eq!(request.first_line, "POST /hook?for=ana HTTP/1.1");
    assert_eq!(request.header("content-type"), Some("application/cloudevents+json"));
    assert_eq!(request.header("user-agent"), Some(concat!("CountMeIn/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(request.header("webhook-id"), Some("0198-announcement-7"));
    let sent_at: i64 = request.header("webhook-timestamp").unwrap().parse().unwrap();
    assert!((0..PATIENCE.as_secs().cast_signed()).contains(&(Timestamp::now().as_seconds() - sent_at)));
    assert_eq!(request.body, call(to.clone()).body.as_bytes());

    assert!(is_signed(&request, &webhooks.signing_key(&to)));
    assert!(!is_signed(&request, &webhooks.signing_key(&receiver.url("/hook?for=ben"))));
    let elsewhere =
        WebhookClient::with_settings(Secret::new("another secret of a stage").unwrap(), &patient()).unwrap();
    assert!(!is_signed(&request, &elsewhere.signing_key(&to)));
}

#[tokio::test]
async fn tls_uses_the_given_roots() {
    let receiver = Receiver::over_tls(Message::answer(200, ""));
    let trusting = webhooks(&WebhookSettings { roots: Some(receiver.roots()), ..patient() });

    trusting.call(&call(receiver.url("/"))).await.unwrap();
    let to_another_name = trusting.call(&call(receiver.url_at("127.0.0.1", "/"))).await;
    let to_a_stranger = webhooks(&patient()).call(&call(receiver.url("/"))).await;

    assert!(is_retry(&to_another_name), "{to_another_name:?}");
    assert!(is_retry(&to_a_stranger), "{to_a_stranger:?}");
    assert_eq!(receiver.requests().len(), 1);
}

#[test]
fn file_without_certificate_is_refused() {
    let roots = Some(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_vec());
    assert!(WebhookClient::with_settings(secret(), &WebhookSettings { roots, ..patient() }).is_err());
}

#[tokio::test]
async fn status_decides_about_retries() {
    let receiver = Receiver::writing(|request, mut stream| {
        let status = request.path().trim_start_matches('/').parse().unwrap();
        Message::answer(status, "").write(&mut stream)
    });
    let webhooks = webhooks(&patient());
    for status in [200, 201, 202, 204, 299] {
        let outcome = webhooks.call(&call(receiver.url(&format!("/{status}")))).await;
        assert!(outcome.is_ok(), "{status}: {outcome:?}");
    }
    for status in [408, 425, 429, 500, 501, 502, 503, 504, 599] {
        let outcome = webhooks.call(&call(receiver.url(&format!("/{status}")))).await;
        assert!(is_retry(&outcome), "{status}: {outcome:?}");
    }
    for status in [300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 409, 410, 413, 422, 451] {
        let outcome = webhooks.call(&call(receiver.url(&format!("/{status}")))).await;
        assert!(matches!(outcome, Err(SendError::Rejected(_))), "{status}: {outcome:?}");
    }
}

#[tokio::test]
async fn unreachable_receiver_is_retried() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://127.0.0.1:{}/", nobody.local_addr().unwrap().port());
    drop(nobody);
    let babbling = Receiver::writing(|_, stream| stream.write_all(b"220 mail ready\r\n\r\n"));
    let boasting = Receiver::writing(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nx: ")?;
        loop {
            stream.write_all(&[b'a'; 1_024])?;
        }
    });
    let hanging_up = Receiver::writing(|_, _| Err(io::ErrorKind::Other.into()));
    let without_tls = hanging_up.url("/").as_str().replace("http:", "https:").parse().unwrap();
    let webhooks = webhooks(&patient());
    for to in [closed.parse().unwrap(), babbling.url("/"), boasting.url("/"), hanging_up.url("/"), without_tls] {
        let outcome = webhooks.call(&call(to.clone())).await;
        assert!(is_retry(&outcome), "{to}: {outcome:?}");
    }
}
