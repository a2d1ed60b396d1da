//! The Lambda function `ingest`: the Signups queue onto the roster.
#![forbid(unsafe_code)]

use aws_lambda_events::sqs::SqsEvent;
use countmein::adapters::metrics::emf as telemetry;
use countmein::lambda::Ingest;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start_log()?;
    let ingest = &Ingest::from_environment()?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<SqsEvent>| async {
        ingest.handle(event.payload).await.map_err(Error::from)
    }))
    .await
}
