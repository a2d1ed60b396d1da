//! How to reach AWS: one configuration, made once at the start and shared by all clients.

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

/// To open a connection; within a region it takes a few milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// For one try. Also what a connection costs that died while the function was frozen.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1_500);

/// For a call with all its tries, below every function's own timeout.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(4);

const ATTEMPTS: u32 = 3;

/// What all AWS endpoints' certificates chain up to; reading the system's folder of roots file by file takes
/// a function's start some milliseconds.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// In a function: region and credentials as Lambda sets them in the environment, and nothing else is asked.
pub fn of_function() -> anyhow::Result<SdkConfig> {
    let set = |name| env::var(name).with_context(|| format!("{name} is not set; Lambda sets it"));
    let credentials = Credentials::new(
        set("AWS_ACCESS_KEY_ID")?,
        set("AWS_SECRET_ACCESS_KEY")?,
        env::var("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    );
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(set("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client()?)
        .retry_config(retries())
        .timeout_config(timeouts())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    config.set_endpoint_url(env::var("AWS_ENDPOINT_URL").ok());
    Ok(config.build())
}

/// On any other machine: the environment, the profile, the instance's role, as every AWS tool reads them.
pub async fn of_machine() -> anyhow::Result<SdkConfig> {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client()?)
        .retry_config(retries())
        .timeout_config(timeouts())
        .load()
        .await;
    anyhow::ensure!(
        config.region().is_some(),
        "no AWS region is set; set AWS_REGION, or choose a profile with AWS_PROFILE"
    );
    Ok(config)
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(Duration::from_millis(50))
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

/// HTTP/1.1 or 2 over rustls with ring, which starts ten times faster than AWS-LC.
fn http_client() -> anyhow::Result<SharedHttpClient> {
    let trusted = TrustStore::empty().with_pem_certificate(roots()?);
    let tls = TlsContext::builder().with_trust_store(trusted).build().context("the TLS client")?;
    Ok(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(tls).build_https())
}

/// `SSL_CERT_FILE`, where somebody sets it, else Amazon's.
fn roots() -> anyhow::Result<Vec<u8>> {
    match env::var_os("SSL_CERT_FILE").map(PathBuf::from) {
        Some(file) => std::fs::read(&file).with_context(|| format!("cannot read SSL_CERT_FILE, {}", file.display())),
        None => Ok(AMAZON_ROOTS.to_owned()),
    }
}
