//! The Lambda function `api`: serves the HTTP API and the pages behind API Gateway.
#![forbid(unsafe_code)]

use countmein::lambda::{self, log};
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    log::start()?;
    lambda_http::run(lambda::router().await?).await
}
