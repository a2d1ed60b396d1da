//! The Lambda function `fanout`: the table's stream into the digests.
#![forbid(unsafe_code)]

use countmein::adapters::metrics::emf as telemetry;
use countmein::lambda::Fanout;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start_log()?;
    let fanout = &Fanout::from_environment()?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async {
        fanout.handle(event.payload).await.map_err(Error::from)
    }))
    .await
}
