//! The ways to people on SNS.
//!
//! A phone is texted directly ([`Phones`]). A mail address or a webhook has a topic of its own, named by its [`ContactId`], with one
//! subscription: SNS asks the owner itself, and keeps everything back until they have said yes. Who listens to a
//! whole stage subscribes to its topic of announcements.

mod phones;

pub use self::phones::Phones;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sns::Client;
use aws_sdk_sns::error::SdkError;
use aws_sdk_sns::operation::publish::{PublishError, PublishOutput};
use aws_sdk_sns::types::{MessageAttributeValue, Tag};
use serde_json::json;
use tracing::Dispatch;
use tracing::instrument::WithSubscriber as _;
use url::Url;

use crate::adapters::aws::error::{names_parameter, send_error, unavailable};
use crate::domain::opt_in::{ContactId, OptIn};
use crate::ports::{Broadcast, Broadcaster, Call, Mail, Mailer, SendError, Unavailable, WebhookCaller};

/// A subject must be shorter (SNS API reference, Publish, "Subject").
const SUBJECT_CHARS: usize = 100;

/// Without it a webhook is sent its JSON as `text/plain` (SNS developer guide, "Creating an HTTP/S delivery policy").
const AS_JSON: &str = r#"{"requestPolicy":{"headerContentType":"application/json"}}"#;

const MAILING: &str = "mailing over SNS";
const CALLING: &str = "calling a webhook over SNS";
const BROADCASTING: &str = "publishing to the topic of announcements";
const MAKING: &str = "making a contact's topic";
const SUBSCRIBING: &str = "subscribing a contact to its topic";

/// The topics of a stage.
#[derive(Debug, Clone)]
pub struct Topics {
    /// The ARN of the one for everybody.
    pub announcements: String,
    /// What the ARN of a contact's topic begins with; the contact's id follows.
    pub contact_prefix: String,
    /// Keys and values by which whoever removes the stage finds the contacts' topics, which no template knows.
    pub tags: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
pub struct Sns {
    client: Client,
    topics: Topics,
}

/// Who listens to a contact's topic.
#[derive(Clone, Copy)]
enum Subscriber<'a> {
    Mailbox(&'a str),
    Webhook(&'a Url),
}

impl Topics {
    fn of(&self, contact: &ContactId) -> String {
        format!("{}{}", self.contact_prefix, contact.as_str())
    }
}

impl Sns {
    pub fn new(config: &SdkConfig, topics: Topics) -> Self {
        Self { client: Client::new(config), topics }
    }

    /// Makes a contact's topic and subscribes the contact, whichever of it is not done yet. SNS then asks its owner.
    async fn enrol(&self, contact: &ContactId, subscriber: Subscriber<'_>) -> Result<(), SendError> {
        let arn = self.topics.of(contact);
        let name = arn.rsplit(':').next().unwrap_or_default();
        let created = quietly(self.client.create_topic().name(name).set_tags(Some(self.tags())).send()).await;
        if let Err(error) = created {
            // It was made with other tags, or others were added: it is there.
            if !names_parameter(&error, "Tags") {
                return Err(SendError::NotSent(unavailable(MAKING, &error)));
            }
        }
        let subscribe = self.client.subscribe().topic_arn(&arn).return_subscription_arn(false);
        let subscribe = match subscriber {
            Subscriber::Mailbox(address) => subscribe.protocol("email").endpoint(address),
            Subscriber::Webhook(url) => subscribe
                .protocol(url.scheme())
                .endpoint(url.as_str())
                .attributes("RawMessageDelivery", "true")
                .attributes("DeliveryPolicy", AS_JSON),
        };
        quietly(subscribe.send()).await.map_err(|error| send_error(SUBSCRIBING, &error))?;
        Ok(())
    }

    fn tags(&self) -> Vec<Tag> {
        let tag = |(key, value): &(String, String)| {
            Tag::builder().key(key).value(value).build().expect("a tag has a key and a value")
        };
        self.topics.tags.iter().map(tag).collect()
    }

    /// What became of something published to a contact's topic. Where somebody deleted the topic, it is made again.
    async fn ack(
        &self,
        doing: &'static str,
        published: Result<PublishOutput, SdkError<PublishError>>,
        contact: &ContactId,
        subscriber: Subscriber<'_>,
    ) -> Result<(), SendError> {
        match published {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(PublishError::is_not_found_exception) => {
                self.enrol(contact, subscriber).await?;
                let cause = "the contact's topic was gone, and is made again".to_owned();
                Err(Unavailable { doing, cause }.into())
            }
            Err(error) => Err(send_error(doing, &error)),
        }
    }
}

#[async_trait]
impl Mailer for Sns {
    /// SNS puts its own link below, by which the owner ends such mails.
    async fn mail(&self, mail: &Mail) -> Result<(), SendError> {
        let publish = self.client.publish().topic_arn(self.topics.of(&mail.contact));
        let without_subject = publish.clone().message(format!("{}\n\n{}", mail.subject, mail.body));
        let mut published = if is_subject(&mail.subject) {
            quietly(publish.subject(&mail.subject).message(&mail.body).send()).await
        } else {
            quietly(without_subject.clone().send()).await
        };
        // Its reference takes UTF-8 today, and took nothing but ASCII for years.
        if published.as_ref().is_err_and(|error| names_parameter(error, "Subject")) {
            published = quietly(without_subject.send()).await;
        }
        self.ack(MAILING, published, &mail.contact, Subscriber::Mailbox(&mail.to)).await
    }

    /// The question is SNS's own.
    async fn ask(&self, question: &Mail) -> Result<Option<OptIn>, SendError> {
        self.enrol(&question.contact, Subscriber::Mailbox(&question.to)).await?;
        Ok(Some(OptIn::Confirmed))
    }
}

#[async_trait]
impl WebhookCaller for Sns {
    async fn call(&self, call: &Call) -> Result<(), SendError> {
        let publish = self.client.publish().topic_arn(self.topics.of(&call.contact)).message(&call.body);
        self.ack(CALLING, quietly(publish.send()).await, &call.contact, Subscriber::Webhook(&call.to)).await
    }

    /// The challenge is SNS's own, and so is the text to be echoed.
    async fn ask(&self, contact: &ContactId, to: &Url, _text: &str) -> Result<Option<OptIn>, SendError> {
        self.enrol(contact, Subscriber::Webhook(to)).await?;
        Ok(Some(OptIn::Confirmed))
    }
}

#[async_trait]
impl Broadcaster for Sns {
    /// Programs get the CloudEvent, people the text. By the attributes a subscription may choose what it wants.
    async fn broadcast(&self, broadcast: &Broadcast) -> Result<(), SendError> {
        let messages =
            json!({ "default": broadcast.cloud_event, "sms": broadcast.text, "email": broadcast.text }).to_string();
        let publish = self.client.publish().topic_arn(&self.topics.announcements);
        let publish = publish
            .message_structure("json")
            .message(messages)
            .message_attributes("event", attribute(broadcast.event.as_str()))
            .message_attributes("kind", attribute(broadcast.kind));
        quietly(publish.send()).await.map_err(|error| send_error(BROADCASTING, &error))?;
        Ok(())
    }
}

/// The SDK logs answers for whoever asks for its details, and SNS repeats addresses in them.
async fn quietly<T>(call: impl Future<Output = T>) -> T {
    call.with_subscriber(Dispatch::none()).await
}

/// Whether SNS takes it as a subject: short, without line breaks and control characters, something at its beginning.
fn is_subject(text: &str) -> bool {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    !text.is_empty()
        && !text.starts_with(char::is_whitespace)
        && !text.contains(breaks)
        && text.chars().count() < SUBJECT_CHARS
}

fn attribute(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(value)
        .build()
        .expect("an attribute has a data type")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_short_and_one_line() {
        for text in ["Pizza Night", "Grillfest: Jörg ist dabei", "👋", &"x".repeat(99)] {
            assert!(is_subject(text), "{text:?}");
        }
        for text in ["", " Pizza Night", "Pizza\nNight", "Pizza\u{2028}Night", "Pizza\u{7}", &"ü".repeat(100)] {
            assert!(!is_subject(text), "{text:?}");
        }
    }
}
