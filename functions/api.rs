//! The Lambda function `api`: the HTTP API and its pages behind API Gateway.
#![forbid(unsafe_code)]

use countmein::adapters::metrics::emf as telemetry;
use countmein::lambda as function;
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::start_log()?;
    lambda_http::run(function::router().await?).await
}
