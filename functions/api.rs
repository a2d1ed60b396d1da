//! The Lambda function `api`: the HTTP API and its pages behind API Gateway.
#![forbid(unsafe_code)]

use countmein::aws::{function, telemetry};
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start_log()?;
    lambda_http::run(function::router().await?).await
}
