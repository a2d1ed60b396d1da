//! Text messages over SNS.

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sns::Client;

use super::{attribute, without_logging};
use crate::adapters::aws::error::send_error;
use crate::domain::opt_in::OptIn;
use crate::ports::{SendError, Sms, SmsSender};

const SENDING: &str = "sending a text message over SNS";
const CHECKING: &str = "checking whether a phone number opted out of text messages";

/// Sends text messages directly to phone numbers. This needs no topic and no deployed stack.
#[derive(Debug, Clone)]
pub struct SnsSms {
    client: Client,
}

impl SnsSms {
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }
}

#[async_trait]
impl SmsSender for SnsSms {
    async fn send(&self, text: &Sms) -> Result<(), SendError> {
        let publish = self.client.publish().phone_number(&text.to).message(&text.body);
        let publish = publish.message_attributes("AWS.SNS.SMS.SMSType", attribute("Transactional"));
        without_logging(publish.send()).await.map_err(|error| send_error(SENDING, &error))?;
        Ok(())
    }

    /// Sends nothing to a phone number that opted out with STOP, because SNS would accept the request but not deliver
    /// it.
    async fn request_opt_in(&self, request: &Sms) -> Result<Option<OptIn>, SendError> {
        let check = self.client.check_if_phone_number_is_opted_out().phone_number(&request.to);
        let checked =
            without_logging(check.send()).await.map_err(|error| send_error(CHECKING, &error).as_not_sent())?;
        if checked.is_opted_out() {
            return Ok(Some(OptIn::OptedOut));
        }
        self.send(request).await?;
        Ok(None)
    }
}
