//! The Lambda function `import`: tables of people in a bucket onto the Signups queue.
#![forbid(unsafe_code)]

use countmein::adapters::metrics::emf as telemetry;
use countmein::lambda::{Importer, ObjectsMade};
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start_log()?;
    let importer = &Importer::from_environment()?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<ObjectsMade>| async {
        importer.handle(event.payload).await.map_err(Error::from)
    }))
    .await
}
