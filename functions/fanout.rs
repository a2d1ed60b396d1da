//! The Lambda function `fanout`: adds the changes of the table's stream to the digests, and puts the digests that are due
//! into the outbox.
#![forbid(unsafe_code)]

use countmein::lambda::{Fanout, log};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log::start()?;
    let fanout = &Fanout::from_environment().await?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| async {
        fanout.handle(event.payload).await.map_err(Error::from)
    }))
    .await
}
