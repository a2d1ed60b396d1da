//! Calls webhooks over HTTPS.
//!
//! Webhook addresses come from strangers. So only public IP addresses are called (`resolver`, `address`), redirects are
//! not followed, and the time for an answer and its size are limited. `signature` signs each call for its receiver.

mod address;
mod error;
mod resolver;
mod signature;

use std::env;
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tracing::subscriber::{NoSubscriber, with_default};
use ureq::http::header::CONTENT_TYPE;
use ureq::http::{self, Request};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body};
use url::Url;
use uuid::Uuid;

use self::error::Purpose;
use self::resolver::PublicResolver;
use self::signature::SigningKey;
use crate::domain::contact_id::ContactId;
use crate::domain::opt_in::OptIn;
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::ports::{SendError, WebhookCall, WebhookCaller};

/// For the connection with TLS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// For a whole call, from the DNS query to the answer.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Each call occupies a thread and a few buffers while its receiver is slow.
const MAX_CONCURRENT_CALLS: usize = 16;

/// Bytes of an answer that are read: many times the length of a challenge.
const MAX_ANSWER_BYTES: u64 = 4 * 1_024;

/// Calls webhooks over HTTPS.
pub struct WebhookClient {
    agent: Agent,
    secret: Secret,
    call_slots: Arc<Semaphore>,
}

/// Allowed addresses, trusted certificates and timeouts of a [`WebhookClient`].
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// Also allows addresses on this machine and in its network, and plain `http`.
    pub allow_private: bool,
    /// The certificates, in PEM, to trust instead of Mozilla's.
    pub roots: Option<Vec<u8>>,
    /// For the connection with TLS.
    pub connect_timeout: Duration,
    /// For a whole call.
    pub call_timeout: Duration,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self { allow_private: false, roots: None, connect_timeout: CONNECT_TIMEOUT, call_timeout: CALL_TIMEOUT }
    }
}

impl WebhookClient {
    /// Trusts the certificates in `SSL_CERT_FILE` if it is set, otherwise Mozilla's.
    ///
    /// # Errors
    /// If that file cannot be read or contains no certificate.
    pub fn new(secret: Secret, allow_private: bool) -> anyhow::Result<Self> {
        let read =
            |file: PathBuf| fs::read(&file).with_context(|| format!("cannot read SSL_CERT_FILE, {}", file.display()));
        let roots = env::var_os("SSL_CERT_FILE").map(PathBuf::from).map(read).transpose()?;
        Self::with_settings(secret, &WebhookSettings { allow_private, roots, ..WebhookSettings::default() })
            .context("cannot use the certificates of SSL_CERT_FILE")
    }

    /// # Errors
    /// If `roots` contains no certificate.
    pub fn with_settings(secret: Secret, settings: &WebhookSettings) -> anyhow::Result<Self> {
        let tls = TlsConfig::builder().root_certs(settings.roots.as_deref().map_or(Ok(RootCerts::WebPki), root_certs)?);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(!settings.allow_private)
            .tls_config(tls.build())
            // A proxy would connect to addresses that the resolver has not checked.
            .proxy(None)
            .max_redirects(0)
            // A kept connection would skip the resolver's check.
            .max_idle_connections(0)
            .user_agent(concat!("CountMeIn/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(settings.connect_timeout))
            .timeout_global(Some(settings.call_timeout))
            .build();
        let agent = Agent::with_parts(config, DefaultConnector::new(), PublicResolver::new(settings.allow_private));
        Ok(Self { agent, secret, call_slots: Arc::new(Semaphore::new(MAX_CONCURRENT_CALLS)) })
    }

    /// The key with which the receiver at an address verifies calls: `whsec_…`, as libraries for Standard Webhooks
    /// accept it.
    pub fn signing_key(&self, to: &Url) -> String {
        SigningKey::new(&self.secret, to).to_text()
    }

    /// Sends a challenge. It succeeds if the answer is its echo.
    pub async fn challenge(&self, to: &Url, text: &str) -> Result<(), SendError> {
        let body = json!({ "type": "countmein.challenge", "challenge": text }).to_string();
        let text = text.to_owned();
        let check_echo = move |answer: Body| {
            let mut bytes = Vec::new();
            answer
                .into_reader()
                .take(MAX_ANSWER_BYTES)
                .read_to_end(&mut bytes)
                .map_err(|error| error::no_answer(&error.into()))?;
            if is_echo(&bytes, &text) { Ok(()) } else { Err(SendError::Rejected(error::NOT_ECHOED.into())) }
        };
        self.post(to, "application/json", &Uuid::now_v7().to_string(), body, Purpose::Challenge, check_echo).await
    }

    /// Posts a signed body. If the status of the answer is accepted, `read` gets its body.
    async fn post(
        &self,
        to: &Url,
        content_type: &'static str,
        id: &str,
        body: String,
        purpose: Purpose,
        read: impl FnOnce(Body) -> Result<(), SendError> + Send + 'static,
    ) -> Result<(), SendError> {
        let slot = Arc::clone(&self.call_slots).acquire_owned().await.expect("the semaphore is never closed");
        // Signed after the wait, since receivers reject old timestamps.
        let request = self
            .signed_request(to, content_type, id, body)
            .map_err(|error| error::no_answer(&ureq::Error::Http(error)))?;
        let agent = self.agent.clone();
        let call = move || {
            // The slot moves to the thread, which continues when the caller stops waiting.
            let _slot = slot;
            let response = agent.run(request).map_err(|error| purpose.no_answer(&error))?;
            purpose.check_status(response.status())?;
            read(response.into_body())
        };
        // At log level `debug` the HTTP client logs hosts and paths.
        spawn_blocking(|| with_default(NoSubscriber::new(), call))
            .await
            .unwrap_or_else(|_| Err(error::transient("the call was interrupted")))
    }

    fn signed_request(&self, to: &Url, content_type: &str, id: &str, body: String) -> http::Result<Request<String>> {
        let seconds = Timestamp::now().as_seconds();
        let signature = SigningKey::new(&self.secret, to).sign(id, seconds, &body);
        Request::post(to.as_str())
            .header(CONTENT_TYPE, content_type)
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
            .body(body)
    }
}

#[async_trait]
impl WebhookCaller for WebhookClient {
    async fn call(&self, call: &WebhookCall) -> Result<(), SendError> {
        // Only the status counts, and the body may never end.
        let ignore_body = |_| Ok(());
        let (content_type, body) = ("application/cloudevents+json", call.body.clone());
        self.post(&call.to, content_type, &call.id, body, Purpose::Notification, ignore_body).await
    }

    async fn request_opt_in(&self, _: &ContactId, to: &Url, text: &str) -> Result<Option<OptIn>, SendError> {
        self.challenge(to, text).await.map(|()| Some(OptIn::Confirmed))
    }
}

/// Whether an answer is the text itself, or a JSON object with only the text as `challenge`. A server that returns the
/// whole request has not understood it.
fn is_echo(answer: &[u8], text: &str) -> bool {
    answer.trim_ascii() == text.as_bytes()
        || serde_json::from_slice::<Value>(answer).is_ok_and(|answer| answer == json!({ "challenge": text }))
}

fn root_certs(pem: &[u8]) -> anyhow::Result<RootCerts> {
    let mut certificates = Vec::new();
    for item in parse_pem(pem) {
        if let PemItem::Certificate(certificate) = item.context("it is not PEM")? {
            certificates.push(certificate);
        }
    }
    ensure!(!certificates.is_empty(), "it contains no certificate");
    Ok(RootCerts::new_with_certs(&certificates))
}
