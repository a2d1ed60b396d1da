use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sns::Client;

use super::{attribute, quietly};
use crate::adapters::aws::error::send_error;
use crate::domain::opt_in::OptIn;
use crate::ports::{SendError, SmsSender, Text};

const TEXTING: &str = "texting over SNS";
const CHECKING: &str = "asking SNS whether a phone opted out";

/// Texts phones directly; needs no topic and no stack.
#[derive(Debug, Clone)]
pub struct Phones {
    client: Client,
}

impl Phones {
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }
}

#[async_trait]
impl SmsSender for Phones {
    async fn text(&self, text: &Text) -> Result<(), SendError> {
        let publish = self.client.publish().phone_number(&text.to).message(&text.body);
        let publish = publish.message_attributes("AWS.SNS.SMS.SMSType", attribute("Transactional"));
        quietly(publish.send()).await.map_err(|error| send_error(TEXTING, &error))?;
        Ok(())
    }

    /// A phone whose owner answered STOP is not asked: SNS would take the question, and drop it.
    async fn ask(&self, question: &Text) -> Result<Option<OptIn>, SendError> {
        let check = self.client.check_if_phone_number_is_opted_out().phone_number(&question.to);
        let checked = quietly(check.send()).await.map_err(|error| send_error(CHECKING, &error).before_sending())?;
        if checked.is_opted_out() {
            return Ok(Some(OptIn::OptedOut));
        }
        self.text(question).await?;
        Ok(None)
    }
}
