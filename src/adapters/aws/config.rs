//! The configuration of all AWS clients. It is loaded once, at startup.

use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use std::env;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

/// Timeout for a new connection. Within a region, connecting takes a few milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Timeout for one attempt of a call. If a connection broke while Lambda had frozen the function, the first attempt
/// fails only after this time.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1_500);

/// Timeout for a call with all its attempts. It is shorter than the timeout of every Lambda function.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(4);

/// Maximum attempts of a call, including the first.
const MAX_ATTEMPTS: u32 = 3;

/// The root certificates of all AWS endpoints. Reading the system's root certificates instead would delay a function's
/// start by some milliseconds.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// Loads the configuration in a Lambda function. Region and credentials come only from environment variables, which
/// Lambda sets.
pub fn load_for_function() -> anyhow::Result<SdkConfig> {
    let variable = |name| env::var(name).with_context(|| format!("{name} is not set; Lambda sets it"));
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        env::var("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    );
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(variable("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client()?)
        .retry_config(retry_config())
        .timeout_config(timeout_config())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .service_config(Environment);
    config.set_endpoint_url(env::var("AWS_ENDPOINT_URL").ok());
    Ok(config.build())
}

/// The settings of single services in environment variables, such as `AWS_ENDPOINT_URL_DYNAMODB` (AWS SDKs and tools reference
/// guide, "Service-specific endpoints").
#[derive(Debug)]
struct Environment;

impl LoadServiceConfig for Environment {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        env::var(format!("{}_{service}", key.env())).ok()
    }
}

/// Loads the configuration outside of Lambda from the usual sources of AWS tools: the environment, the profile or the
/// instance's role.
pub async fn load_for_machine() -> anyhow::Result<SdkConfig> {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client()?)
        .retry_config(retry_config())
        .timeout_config(timeout_config())
        .load()
        .await;
    anyhow::ensure!(
        config.region().is_some(),
        "no AWS region is set; set AWS_REGION, or choose a profile with AWS_PROFILE"
    );
    Ok(config)
}

fn retry_config() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS).with_initial_backoff(Duration::from_millis(50))
}

fn timeout_config() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

/// Creates a client for HTTP/1.1 and HTTP/2 over rustls with ring, which starts faster than AWS-LC.
fn http_client() -> anyhow::Result<SharedHttpClient> {
    let trusted = TrustStore::empty().with_pem_certificate(root_certificates()?);
    let tls = TlsContext::builder().with_trust_store(trusted).build().context("cannot set up TLS for AWS")?;
    Ok(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(tls).build_https())
}

/// Returns the certificates in `SSL_CERT_FILE` if it is set, otherwise Amazon's.
fn root_certificates() -> anyhow::Result<Vec<u8>> {
    match env::var_os("SSL_CERT_FILE").map(PathBuf::from) {
        Some(file) => std::fs::read(&file).with_context(|| format!("cannot read SSL_CERT_FILE, {}", file.display())),
        None => Ok(AMAZON_ROOTS.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_certificates_are_trusted() {
        let certificates = String::from_utf8(root_certificates().unwrap()).unwrap();
        assert!(certificates.contains("-----BEGIN CERTIFICATE-----"));
    }
}
