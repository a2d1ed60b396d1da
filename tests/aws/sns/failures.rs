//! Calls that SNS refuses: retried or rejected, and reported without an address.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use countmein::adapters::sns::{Sns, SnsSms};
use countmein::domain::opt_in::OptIn;
use countmein::ports::{Asked, Broadcaster as _, Mailer, SendError, SmsSender, WebhookCaller};

use super::canned::{Call, CannedSns, done, done_with, once, refused};
use super::stage::topics;
use super::{MAIL, PHONE, WEBHOOK, broadcast, call, mail, text};
use crate::support::http::Message;
use crate::support::ministack::Account;

/// Makes every call that the adapter knows, and returns the outcomes.
pub async fn everything(config: &SdkConfig, account: &Account) -> Vec<Result<(), SendError>> {
    let (sns, phones) = (&Sns::new(config, topics(account)), &SnsSms::new(config));
    let (mail, text, call) = (mail(), text(), call(WEBHOOK));
    let asked = [
        Mailer::request_opt_in(sns, &mail).await.map(drop),
        sns.request_further_opt_in(&mail).await,
        SmsSender::request_opt_in(phones, &text).await.map(drop),
        WebhookCaller::request_opt_in(sns, &call.contact, &call.to, "text").await.map(drop),
    ];
    let sent =
        [sns.send(&mail).await, phones.send(&text).await, sns.call(&call).await, sns.broadcast(&broadcast()).await];
    asked.into_iter().chain(sent).collect()
}

fn all_failed(outcomes: Vec<Result<(), SendError>>) -> impl Iterator<Item = SendError> {
    outcomes.into_iter().map(|outcome| outcome.expect_err("SNS does nothing"))
}

#[track_caller]
pub fn holds_no_address(text: &str) {
    for part in ["ana@", "ana%40", "4155552671", "hooks.example", "/ana", "%2Fana"] {
        assert!(!text.contains(part), "{text}");
    }
}

/// An error as SNS words it, with the address in it.
pub fn worded() -> String {
    format!("SNS:Publish on resource: {PHONE}, {MAIL}, {WEBHOOK}")
}

#[tokio::test]
async fn transient_errors_are_retried_without_addresses() {
    for (status, code) in [
        (429, "Throttled"),
        (400, "Throttling"),
        (400, "KMSThrottling"),
        (500, "InternalError"),
        (503, "ServiceUnavailable"),
        (403, "AuthorizationError"),
        (403, "ExpiredToken"),
        (403, "InvalidClientTokenId"),
        (403, "TopicLimitExceeded"),
    ] {
        let canned = CannedSns::refusing(status, code, &worded());
        for failure in all_failed(canned.everything().await) {
            let (SendError::Unavailable(unavailable) | SendError::NotSent(unavailable)) = &failure else {
                panic!("{code}: {failure}")
            };
            assert!(unavailable.cause.starts_with(code), "{failure}");
            // The creation of a topic contains no address.
            if unavailable.doing != "creating a contact's topic" {
                holds_no_address(&format!("{failure:?}"));
            }
        }
    }
}

#[tokio::test]
async fn permanent_errors_are_rejected_without_addresses() {
    for code in ["InvalidParameter", "ParameterValueInvalid", "EndpointDisabled", "OptedOut", "UserError"] {
        let canned = CannedSns::answering(move |call: &Call| match call["Action"].as_str() {
            "CreateTopic" => done(call),
            _ => refused(400, code, &worded()),
        });
        for failure in all_failed(canned.everything().await) {
            assert!(matches!(&failure, SendError::Rejected(reason) if reason.ends_with(code)), "{failure}");
            holds_no_address(&format!("{failure:?}"));
        }
    }
}

#[tokio::test]
async fn unreadable_answer_is_retried_and_not_logged() {
    for status in [200, 400, 502] {
        let canned = CannedSns::answering(move |_| Message::answer(status, worded()));
        let failure = canned.phones().send(&text()).await.unwrap_err();
        assert!(matches!(&failure, SendError::Unavailable(_)), "{failure}");
        holds_no_address(&format!("{failure:?}"));
    }
}

#[tokio::test]
async fn timeout_is_retried() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let away = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    for address in [silent.local_addr().unwrap(), away] {
        let account = Account { id: "123456789012".to_owned(), endpoint: format!("http://{address}") };
        let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_millis(200)).build();
        let config = once(&account).into_builder().timeout_config(timeouts).build();
        for failure in all_failed(everything(&config, &account).await) {
            // Calls before the subscription send no opt-in request.
            assert!(matches!(&failure, SendError::Unavailable(_) | SendError::NotSent(_)), "{failure}");
            holds_no_address(&format!("{failure:?}"));
        }
    }
}

#[tokio::test]
async fn opted_out_phone_gets_no_opt_in() {
    let canned = CannedSns::answering(|call| match call["Action"].as_str() {
        "CheckIfPhoneNumberIsOptedOut" => done_with(call, "<isOptedOut>true</isOptedOut>"),
        _ => done(call),
    });
    assert_eq!(SmsSender::request_opt_in(&canned.phones(), &text()).await.unwrap(), Some(OptIn::OptedOut));
    let [check] = &canned.calls()[..] else { panic!("a text was sent") };
    assert_eq!((check["Action"].as_str(), check["phoneNumber"].as_str()), ("CheckIfPhoneNumberIsOptedOut", PHONE));
}

#[tokio::test]
async fn requests_depend_on_the_subscription() {
    let not_sent = |failure: &SendError| matches!(failure, SendError::NotSent(_));
    let rejected = |failure: &SendError| matches!(failure, SendError::Rejected(_));
    for (confirmed, pending, deleted, first, further) in [
        (0, 0, 0, Some(Asked::ByProvider), Some(&not_sent as &dyn Fn(&SendError) -> bool)),
        (0, 1, 0, None, Some(&not_sent)),
        (0, 0, 1, Some(Asked::ByProvider), Some(&rejected)),
        (1, 0, 0, Some(Asked::WithLink), None),
        (1, 0, 1, Some(Asked::WithLink), None),
    ] {
        let canned = CannedSns::answering(move |call| match call["Action"].as_str() {
            "GetTopicAttributes" => {
                let counts = [("Confirmed", confirmed), ("Pending", pending), ("Deleted", deleted)];
                let entries = counts.map(|(name, count)| {
                    format!("<entry><key>Subscriptions{name}</key><value>{count}</value></entry>")
                });
                done_with(call, &format!("<Attributes>{}</Attributes>", entries.concat()))
            }
            _ => done(call),
        });
        let asked = Mailer::request_opt_in(&canned.sns(), &mail()).await;
        match first {
            Some(first) => assert_eq!(asked.unwrap(), first),
            None => assert!(not_sent(&asked.unwrap_err())),
        }
        let last = match first {
            Some(Asked::ByProvider) => "Subscribe",
            Some(Asked::WithLink) => "Publish",
            None => "GetTopicAttributes",
        };
        assert_eq!(canned.calls().last().unwrap()["Action"], last);
        let asked = canned.sns().request_further_opt_in(&mail()).await;
        match further {
            Some(fails) => assert!(fails(&asked.unwrap_err())),
            None => asked.unwrap(),
        }
    }
}

#[tokio::test]
async fn unknown_phone_gets_an_opt_in_text() {
    let canned = CannedSns::answering(done);
    assert_eq!(SmsSender::request_opt_in(&canned.phones(), &text()).await.unwrap(), None);
    let calls = canned.calls();
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert_eq!(calls[1]["Message"], text().body);
}

#[tokio::test]
async fn refused_subject_moves_into_the_body() {
    let canned = CannedSns::answering(|call| match call.get("Subject") {
        Some(_) => refused(400, "InvalidParameter", "Invalid parameter: Subject"),
        None => done(call),
    });
    canned.sns().send(&mail()).await.unwrap();
    let calls = canned.calls();
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert_eq!(calls[1]["Message"], format!("{}\n\n{}", mail().subject, mail().body));
}

#[tokio::test]
async fn topic_with_other_tags_is_subscribed() {
    let canned = CannedSns::answering(|call| match call["Action"].as_str() {
        "CreateTopic" => {
            refused(400, "InvalidParameter", "Invalid parameter: Tags Reason: Topic already exists with different tags")
        }
        "GetTopicAttributes" => done_with(call, "<Attributes></Attributes>"),
        _ => done(call),
    });
    assert_eq!(Mailer::request_opt_in(&canned.sns(), &mail()).await.unwrap(), Asked::ByProvider);
    assert_eq!(canned.calls().last().unwrap()["Action"], "Subscribe");
}

#[tokio::test]
async fn broadcast_to_people_is_text() {
    let canned = CannedSns::answering(done);
    canned.sns().broadcast(&broadcast()).await.unwrap();
    let [published] = &canned.calls()[..] else { panic!("it is published once") };
    let messages: serde_json::Value = serde_json::from_str(&published["Message"]).unwrap();
    let (words, program) = (broadcast().text, broadcast().cloud_event);
    assert_eq!(messages, serde_json::json!({ "default": program, "sms": words, "email": words }));
}
