//! The Lambda function `import`: imports CSV files from a bucket; their sign-ups go through the Signups queue.
#![forbid(unsafe_code)]

use countmein::lambda::{Importer, ObjectsCreated, log};
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log::start()?;
    let importer = &Importer::from_environment()?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<ObjectsCreated>| async move {
        importer.handle(event.payload, event.context.deadline()).await.map_err(Error::from)
    }))
    .await
}
