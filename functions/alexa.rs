//! The Lambda function `alexa`: answers requests of the Alexa skill.
#![forbid(unsafe_code)]

use countmein::lambda::{AlexaSkill, log};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log::start()?;
    let skill = &AlexaSkill::from_environment().await?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        skill.handle(&event.payload).await.map_err(Error::from)
    }))
    .await
}
