//! Sends mail, text messages, webhook calls and announcements over SNS.
//!
//! Each email address and each webhook has its own topic, named by its [`ContactId`], with one subscription. SNS sends
//! the opt-in request itself, and delivers nothing before the subscription is confirmed. Text messages go directly to
//! the phone number ([`SnsSms`]). One more topic receives a copy of every notification, for other systems.

mod sms;

pub use self::sms::SnsSms;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sns::Client;
use aws_sdk_sns::error::SdkError;
use aws_sdk_sns::operation::get_topic_attributes::GetTopicAttributesError;
use aws_sdk_sns::operation::publish::{PublishError, PublishOutput};
use aws_sdk_sns::types::{MessageAttributeValue, Tag};
use serde_json::json;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber as _;
use url::Url;

use crate::adapters::aws::error::{is_invalid_parameter, send_error, unavailable};
use crate::domain::contact_id::ContactId;
use crate::domain::opt_in::{OptIn, Scope};
use crate::ports::{Asked, Broadcast, Broadcaster, Mail, Mailer, SendError, Unavailable, WebhookCall, WebhookCaller};

/// SNS requires fewer than 100 characters (SNS API reference, Publish, "Subject").
const MAX_SUBJECT_CHARS: usize = 99;

/// Without this policy SNS sends `text/plain` (SNS developer guide, "Creating an HTTP/S delivery policy").
const JSON_DELIVERY_POLICY: &str = r#"{"requestPolicy":{"headerContentType":"application/json"}}"#;

const MAILING: &str = "sending mail over SNS";
const CALLING: &str = "calling a webhook over SNS";
const BROADCASTING: &str = "publishing to the announcements topic";
const CREATING_TOPIC: &str = "creating a contact's topic";
const READING_TOPIC: &str = "reading the state of a contact's topic";
const SUBSCRIBING: &str = "subscribing a contact to its topic";

/// The topics of a stage.
#[derive(Debug, Clone)]
pub struct SnsTopics {
    /// The ARN of the topic with the announcements of all events.
    pub announcements_arn: String,
    /// The ARN of a contact's topic is this prefix followed by the contact's id.
    pub contact_arn_prefix: String,
    /// Tags (key and value) of the contacts' topics. CloudFormation does not manage these topics, so the teardown of a
    /// stage finds them by their tags.
    pub tags: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
pub struct Sns {
    client: Client,
    topics: SnsTopics,
}

/// The endpoint that is subscribed to a contact's topic.
#[derive(Clone, Copy)]
enum Subscriber<'a> {
    Email(&'a str),
    Webhook(&'a Url),
}

/// The state of the subscription to a contact's topic.
enum Subscription {
    /// There is no topic, or its subscription was not confirmed in time.
    Missing,
    Pending,
    Confirmed,
    /// The subscriber has ended it.
    Ended,
}

impl SnsTopics {
    fn contact_arn(&self, contact: &ContactId) -> String {
        format!("{}{}", self.contact_arn_prefix, contact.as_str())
    }
}

impl Sns {
    pub fn new(config: &SdkConfig, topics: SnsTopics) -> Self {
        Self { client: Client::new(config), topics }
    }

    /// Creates a contact's topic and subscribes the contact to it, if this has not been done before. SNS then sends the
    /// opt-in request.
    async fn subscribe(&self, contact: &ContactId, subscriber: Subscriber<'_>) -> Result<(), SendError> {
        let arn = self.topics.contact_arn(contact);
        let name = arn.rsplit(':').next().unwrap_or_default();
        let created = without_logging(self.client.create_topic().name(name).set_tags(Some(self.tags())).send()).await;
        if let Err(error) = created {
            // This error means that the topic exists with other tags, so it can be used.
            if !is_invalid_parameter(&error, "Tags") {
                return Err(SendError::NotSent(unavailable(CREATING_TOPIC, &error)));
            }
        }
        let subscribe = self.client.subscribe().topic_arn(&arn).return_subscription_arn(false);
        let subscribe = match subscriber {
            Subscriber::Email(address) => subscribe.protocol("email").endpoint(address),
            Subscriber::Webhook(url) => subscribe
                .protocol(url.scheme())
                .endpoint(url.as_str())
                .attributes("RawMessageDelivery", "true")
                .attributes("DeliveryPolicy", JSON_DELIVERY_POLICY),
        };
        without_logging(subscribe.send()).await.map_err(|error| send_error(SUBSCRIBING, &error))?;
        Ok(())
    }

    /// Returns the state of the subscription to a contact's topic.
    async fn subscription(&self, contact: &ContactId) -> Result<Subscription, SendError> {
        let get = self.client.get_topic_attributes().topic_arn(self.topics.contact_arn(contact));
        let attributes = match without_logging(get.send()).await {
            Ok(found) => found.attributes.unwrap_or_default(),
            Err(error) if error.as_service_error().is_some_and(GetTopicAttributesError::is_not_found_exception) => {
                return Ok(Subscription::Missing);
            }
            Err(error) => return Err(send_error(READING_TOPIC, &error).as_not_sent()),
        };
        let has = |name| attributes.get(name).is_some_and(|count| count != "0");
        Ok(match ["SubscriptionsConfirmed", "SubscriptionsPending", "SubscriptionsDeleted"].map(has) {
            [true, ..] => Subscription::Confirmed,
            [_, true, _] => Subscription::Pending,
            [_, _, true] => Subscription::Ended,
            [false, false, false] => Subscription::Missing,
        })
    }

    fn tags(&self) -> Vec<Tag> {
        let tag = |(key, value): &(String, String)| {
            Tag::builder().key(key).value(value).build().expect("key and value are set")
        };
        self.topics.tags.iter().map(tag).collect()
    }

    /// Handles the result of publishing to a contact's topic. If the topic was deleted, creates it again and returns an
    /// error, so that the caller retries.
    async fn handle_published(
        &self,
        doing: &'static str,
        published: Result<PublishOutput, SdkError<PublishError>>,
        contact: &ContactId,
        subscriber: Subscriber<'_>,
    ) -> Result<(), SendError> {
        match published {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(PublishError::is_not_found_exception) => {
                self.subscribe(contact, subscriber).await?;
                let cause = "the contact's topic did not exist; it was created again".to_owned();
                Err(Unavailable { doing, cause }.into())
            }
            Err(error) => Err(send_error(doing, &error)),
        }
    }
}

#[async_trait]
impl Mailer for Sns {
    /// Ignores [`Mail::unsubscribe`], because SNS adds its own unsubscribe link.
    async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        let publish = self.client.publish().topic_arn(self.topics.contact_arn(&mail.contact));
        let without_subject = publish.clone().message(format!("{}\n\n{}", mail.subject, mail.body));
        let mut published = if is_subject(&mail.subject) {
            without_logging(publish.subject(&mail.subject).message(&mail.body).send()).await
        } else {
            without_logging(without_subject.clone().send()).await
        };
        // SNS may reject a subject that is not ASCII, although its documentation allows UTF-8.
        if published.as_ref().is_err_and(|error| is_invalid_parameter(error, "Subject")) {
            published = without_logging(without_subject.send()).await;
        }
        self.handle_published(MAILING, published, &mail.contact, Subscriber::Email(&mail.to)).await
    }

    /// SNS sends its own text instead of `request`, unless the owner has confirmed the subscription before.
    async fn request_opt_in(&self, request: &Mail) -> Result<Asked, SendError> {
        match self.subscription(&request.contact).await? {
            Subscription::Confirmed => self.send(request).await.map(|()| Asked::WithLink),
            Subscription::Pending => Err(not_confirmed_yet()),
            Subscription::Missing | Subscription::Ended => {
                self.subscribe(&request.contact, Subscriber::Email(&request.to)).await?;
                Ok(Asked::ByProvider)
            }
        }
    }

    /// SNS would discard the request before the owner has confirmed the subscription, so it must be sent later.
    async fn request_further_opt_in(&self, request: &Mail) -> Result<(), SendError> {
        match self.subscription(&request.contact).await? {
            Subscription::Confirmed => self.send(request).await,
            // What SNS says may be from before the first request.
            Subscription::Pending | Subscription::Missing => Err(not_confirmed_yet()),
            Subscription::Ended => Err(SendError::Rejected("the owner of the address has unsubscribed".to_owned())),
        }
    }
}

#[async_trait]
impl WebhookCaller for Sns {
    async fn call(&self, call: &WebhookCall) -> Result<(), SendError> {
        let publish = self.client.publish().topic_arn(self.topics.contact_arn(&call.contact)).message(&call.body);
        self.handle_published(
            CALLING,
            without_logging(publish.send()).await,
            &call.contact,
            Subscriber::Webhook(&call.to),
        )
        .await
    }

    /// SNS sends its own challenge instead of `_text`.
    async fn request_opt_in(&self, contact: &ContactId, to: &Url, _text: &str) -> Result<Option<OptIn>, SendError> {
        self.subscribe(contact, Subscriber::Webhook(to)).await?;
        Ok(Some(OptIn::Confirmed(Scope::All)))
    }
}

#[async_trait]
impl Broadcaster for Sns {
    /// Subscriptions by email and text message receive the text, all others the CloudEvent. A subscription can filter
    /// by the message attributes.
    async fn broadcast(&self, broadcast: &Broadcast) -> Result<(), SendError> {
        let messages =
            json!({ "default": broadcast.cloud_event, "sms": broadcast.text, "email": broadcast.text }).to_string();
        let publish = self.client.publish().topic_arn(&self.topics.announcements_arn);
        let publish = publish
            .message_structure("json")
            .message(messages)
            .message_attributes("event", attribute(broadcast.event.as_str()))
            .message_attributes("kind", attribute(broadcast.kind));
        without_logging(publish.send()).await.map_err(|error| send_error(BROADCASTING, &error))?;
        Ok(())
    }
}

fn not_confirmed_yet() -> SendError {
    let cause = "the owner of the address has not confirmed the subscription yet".to_owned();
    SendError::NotSent(Unavailable { doing: MAILING, cause })
}

/// Runs a call without logging. At log level `debug` the SDK would log SNS's responses, which contain addresses.
async fn without_logging<T>(call: impl Future<Output = T>) -> T {
    call.with_subscriber(Dispatch::none()).await
}

/// Returns whether SNS accepts a text as a subject: not empty, short, without line breaks and control characters, and
/// not beginning with a space.
fn is_subject(text: &str) -> bool {
    let is_forbidden = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    !text.is_empty()
        && !text.starts_with(char::is_whitespace)
        && !text.contains(is_forbidden)
        && text.chars().count() <= MAX_SUBJECT_CHARS
}

fn attribute(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().expect("the data type is set")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_only_short_subjects_on_one_line() {
        for text in ["Pizza Night", "Grillfest: Jörg ist dabei", "👋", &"x".repeat(99)] {
            assert!(is_subject(text), "{text:?}");
        }
        for text in ["", " Pizza Night", "Pizza\nNight", "Pizza\u{2028}Night", "Pizza\u{7}", &"ü".repeat(100)] {
            assert!(!is_subject(text), "{text:?}");
        }
    }
}
