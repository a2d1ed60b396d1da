//! A fake SNS with prepared answers.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use countmein::adapters::sns::{Sns, SnsSms};
use countmein::ports::SendError;
use url::form_urlencoded;

use super::failures::everything;
use super::server::Server;
use super::stage::topics;
use crate::support::http::Message;
use crate::support::ministack::Account;

const ACCOUNT: &str = "123456789012";

pub struct CannedSns {
    server: Server,
    account: Account,
}

/// A call's parameters, by their names in the query protocol; its name is the one called `Action`.
pub type Call = BTreeMap<String, String>;

impl CannedSns {
    pub fn answering(answer: impl Fn(&Call) -> Message + Send + Sync + 'static) -> Self {
        let server = Server::answering(move |request| answer(&call(request)));
        let account = Account { id: ACCOUNT.to_owned(), endpoint: server.url() };
        Self { server, account }
    }

    /// Refuses everything.
    pub fn refusing(status: u16, code: &str, message: &str) -> Self {
        let answer = refused(status, code, message);
        Self::answering(move |_| answer.clone())
    }

    pub fn sns(&self) -> Sns {
        Sns::new(&once(&self.account), topics(&self.account))
    }

    pub fn phones(&self) -> SnsSms {
        SnsSms::new(&once(&self.account))
    }

    /// Makes every call that the adapter knows, and returns the outcomes.
    pub async fn everything(&self) -> Vec<Result<(), SendError>> {
        everything(&once(&self.account), &self.account).await
    }

    /// The calls since this was last called.
    pub fn calls(&self) -> Vec<Call> {
        self.server.more_requests().iter().map(call).collect()
    }
}

/// A configuration without retries.
pub fn once(account: &Account) -> SdkConfig {
    account.config().into_builder().retry_config(RetryConfig::disabled()).build()
}

/// The answer of SNS to a call that succeeded.
pub fn done(call: &Call) -> Message {
    let result = match call["Action"].as_str() {
        "Publish" => "<MessageId>1</MessageId>",
        "CreateTopic" => "<TopicArn>arn:aws:sns:us-east-1:123456789012:one</TopicArn>",
        "Subscribe" => "<SubscriptionArn>pending confirmation</SubscriptionArn>",
        "CheckIfPhoneNumberIsOptedOut" => "<isOptedOut>false</isOptedOut>",
        "GetTopicAttributes" => {
            "<Attributes><entry><key>SubscriptionsConfirmed</key><value>1</value></entry></Attributes>"
        }
        action => panic!("{action} is not called"),
    };
    done_with(call, result)
}

pub fn done_with(call: &Call, result: &str) -> Message {
    let action = &call["Action"];
    Message::answer(200, format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"))
}

pub fn refused(status: u16, code: &str, message: &str) -> Message {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
    Message::answer(status, format!("<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>"))
}

fn call(request: &Message) -> Call {
    form_urlencoded::parse(&request.body).into_owned().collect()
}
