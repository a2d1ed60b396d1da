//! The Lambda function `alexa`: what is said to an Echo.
#![forbid(unsafe_code)]

use countmein::adapters::metrics::emf as telemetry;
use countmein::lambda::AlexaSkill;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start_log()?;
    let skill = &AlexaSkill::from_environment().await?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async move {
        skill.handle(&event.payload).await.map_err(Error::from)
    }))
    .await
}
