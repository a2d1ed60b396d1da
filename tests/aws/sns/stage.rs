//! The topics of a stage in a MiniStack account of its own, and their subscribers.

use aws_sdk_sns::Client;
use countmein::adapters::sns::{Sns, SnsSms, SnsTopics};
use countmein::domain::contact_id::ContactId;
use serde_json::Value;

use super::PATIENCE;
use crate::support::ministack::{self, Account, REGION};

/// What a stage has on SNS before its first opt-in.
pub struct Stage {
    pub account: Account,
    pub aws: Client,
    pub sns: Sns,
    pub phones: SnsSms,
}

impl Stage {
    pub async fn new() -> Self {
        let account = Account::new();
        let aws = Client::new(&account.config());
        aws.create_topic().name("countmein-staging-announcements").send().await.unwrap();
        let sns = Sns::new(&account.config(), topics(&account));
        let phones = SnsSms::new(&account.config());
        Self { account, aws, sns, phones }
    }

    /// A queue that is subscribed to a topic with `attributes`.
    pub async fn queue_on(&self, topic: &str, attributes: &[(&str, &str)]) -> Queue {
        let (url, _) = ministack::queues(&self.account.config(), PATIENCE).await;
        let arn = format!("arn:aws:sqs:{REGION}:{}:Signups", self.account.id);
        let mut subscribe = self.aws.subscribe().topic_arn(topic).protocol("sqs").endpoint(arn);
        for (name, value) in attributes {
            subscribe = subscribe.attributes(*name, *value);
        }
        subscribe.send().await.unwrap();
        Queue { sqs: aws_sdk_sqs::Client::new(&self.account.config()), url }
    }

    /// The subscribers of a contact's topic, by protocol and endpoint.
    pub async fn subscribers(&self, contact: &ContactId) -> Vec<(String, String)> {
        let list = self.aws.list_subscriptions_by_topic().topic_arn(topic_of(&self.account, contact));
        let listed = list.send().await.unwrap().subscriptions.unwrap_or_default();
        listed.into_iter().map(|each| (each.protocol.unwrap(), each.endpoint.unwrap())).collect()
    }

    pub async fn topics(&self) -> Vec<String> {
        let listed = self.aws.list_topics().send().await.unwrap().topics.unwrap_or_default();
        listed.into_iter().map(|topic| topic.topic_arn.unwrap()).collect()
    }
}

pub struct Queue {
    sqs: aws_sdk_sqs::Client,
    url: String,
}

impl Queue {
    /// What SNS has delivered to the queue so far.
    pub async fn messages(&self) -> Vec<Value> {
        let receive = self.sqs.receive_message().queue_url(&self.url).max_number_of_messages(10);
        let received = receive.send().await.unwrap().messages.unwrap_or_default();
        received.into_iter().map(|message| serde_json::from_str(&message.body.unwrap()).unwrap()).collect()
    }

    pub async fn only_message(&self) -> Value {
        let mut messages = self.messages().await;
        assert_eq!(messages.len(), 1, "{messages:#?}");
        messages.remove(0)
    }
}

pub fn topics(account: &Account) -> SnsTopics {
    let stage = format!("arn:aws:sns:{REGION}:{}:countmein-staging-", account.id);
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    SnsTopics {
        announcements_arn: format!("{stage}announcements"),
        contact_arn_prefix: format!("{stage}contact-"),
        tags: vec![tag("project", "countmein"), tag("stage", "staging")],
    }
}

pub fn topic_of(account: &Account, contact: &ContactId) -> String {
    format!("{}{}", topics(account).contact_arn_prefix, contact.as_str())
}
