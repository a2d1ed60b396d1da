//! The Lambda function `ingest`: applies the messages of the Signups queue to the roster, and rejects dead letters.
#![forbid(unsafe_code)]

use aws_lambda_events::sqs::SqsEvent;
use countmein::lambda::{Ingest, log};
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log::start()?;
    let ingest = &Ingest::from_environment()?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| async move {
        ingest.handle(event.payload, event.context.deadline()).await.map_err(Error::from)
    }))
    .await
}
