//! MiniStack, the emulator of AWS that `tests/run` starts.

#[cfg(feature = "standalone")]
pub mod stream;
pub mod texts;

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_sqs::types::QueueAttributeName;

/// An account of a test's own: MiniStack takes an access key of 12 digits for the account's number.
#[derive(Clone)]
pub struct Account {
    pub id: String,
    pub endpoint: String,
}

/// The secret access key of every account.
pub const SECRET_KEY: &str = "test";

/// Where everything is.
pub const REGION: &str = "us-east-1";

impl Account {
    pub fn new() -> Self {
        Self::on("COUNTMEIN_MINISTACK")
    }

    /// On the server that a variable of `tests/with-ministack` names.
    pub fn on(server: &str) -> Self {
        let endpoint = std::env::var(server)
            .unwrap_or_else(|_| panic!("{server} is not set: run the tests with tests/run, which starts MiniStack"));
        let id = format!("{:012}", fastrand::u64(..1_000_000_000_000));
        Self { id, endpoint }
    }

    pub fn config(&self) -> SdkConfig {
        let credentials = Credentials::new(&self.id, SECRET_KEY, None, None, "tests");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .endpoint_url(&self.endpoint)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .retry_config(RetryConfig::standard())
            .build()
    }
}

/// Creates a queue with the given visibility timeout and five receives, and its dead-letter queue; returns both URLs.
pub async fn queues(config: &SdkConfig, visibility: Duration) -> (String, String) {
    queues_named(config, ("Signups", "DeadLetters"), visibility).await
}

/// Like [`queues`], with the names of queue and dead-letter queue.
pub async fn queues_named(config: &SdkConfig, names: (&str, &str), visibility: Duration) -> (String, String) {
    let sqs = aws_sdk_sqs::Client::new(config);
    let dead = sqs.create_queue().queue_name(names.1).send().await.expect("MiniStack makes the queue");
    let dead = dead.queue_url.expect("a queue has a URL");
    let arn = sqs.get_queue_attributes().queue_url(&dead).attribute_names(QueueAttributeName::QueueArn);
    let arn = arn.send().await.expect("the queue is there").attributes.expect("it has attributes");
    let arn = &arn[&QueueAttributeName::QueueArn];
    let redrive = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"5"}}"#);
    let queue = sqs
        .create_queue()
        .queue_name(names.0)
        .attributes(QueueAttributeName::VisibilityTimeout, visibility.as_secs().to_string())
        .attributes(QueueAttributeName::RedrivePolicy, redrive);
    let queue = queue.send().await.expect("MiniStack makes the queue");
    (queue.queue_url.expect("a queue has a URL"), dead)
}
