//! The Lambda function `deliver`: sends the messages of the outbox.
#![forbid(unsafe_code)]

use aws_lambda_events::sqs::SqsEvent;
use countmein::lambda::{Deliver, log};
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log::start()?;
    let deliver = &Deliver::from_environment().await?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(deliver.handle(event.payload, event.context.deadline()).await)
    }))
    .await
}
