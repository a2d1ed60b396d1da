//! Calls webhooks over HTTPS.
//!
//! Anybody can enter a webhook address. So only public IP addresses are called (`resolver`, `address`), redirects are
//! not followed, and the time and size of a response are limited. `signature` signs each call, so that the receiver can
//! verify the sender.

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
use crate::domain::opt_in::{OptIn, Scope};
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::ports::{SendError, WebhookCall, WebhookCaller};

/// Timeout for connecting, including the TLS handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Timeout for a whole call, from the DNS query to the end of the response.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum concurrent calls. Each call occupies a thread and a few buffers until the receiver responds.
const MAX_CONCURRENT_CALLS: usize = 16;

/// Maximum bytes of a response that are read: many times the length of a challenge.
const MAX_RESPONSE_BYTES: u64 = 4 * 1_024;

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
    /// Root certificates, in PEM, to trust instead of Mozilla's.
    pub roots: Option<Vec<u8>>,
    /// Timeout for connecting, including the TLS handshake.
    pub connect_timeout: Duration,
    /// Timeout for a whole call, from the DNS query to the end of the response.
    pub call_timeout: Duration,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self { allow_private: false, roots: None, connect_timeout: CONNECT_TIMEOUT, call_timeout: CALL_TIMEOUT }
    }
}

impl WebhookClient {
    /// Creates a client that trusts the certificates in `SSL_CERT_FILE` if it is set, otherwise Mozilla's.
    ///
    /// # Errors
    /// Returns an error if `SSL_CERT_FILE` cannot be read or contains no certificate.
    pub fn new(secret: Secret, allow_private: bool) -> anyhow::Result<Self> {
        let read =
            |file: PathBuf| fs::read(&file).with_context(|| format!("cannot read SSL_CERT_FILE, {}", file.display()));
        let roots = env::var_os("SSL_CERT_FILE").map(PathBuf::from).map(read).transpose()?;
        Self::with_settings(secret, &WebhookSettings { allow_private, roots, ..WebhookSettings::default() })
            .context("cannot use the certificates of SSL_CERT_FILE")
    }

    /// Creates a client with other timeouts or certificates.
    ///
    /// # Errors
    /// Returns an error if `settings.roots` contains no certificate.
    pub fn with_settings(secret: Secret, settings: &WebhookSettings) -> anyhow::Result<Self> {
        let tls = TlsConfig::builder().root_certs(settings.roots.as_deref().map_or(Ok(RootCerts::WebPki), root_certs)?);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(!settings.allow_private)
            .tls_config(tls.build())
            // A proxy would connect to addresses that the resolver has not checked.
            .proxy(None)
            .max_redirects(0)
            // A reused connection would skip the resolver's check.
            .max_idle_connections(0)
            .user_agent(concat!("CountMeIn/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(settings.connect_timeout))
            .timeout_global(Some(settings.call_timeout))
            .build();
        let agent = Agent::with_parts(config, DefaultConnector::new(), PublicResolver::new(settings.allow_private));
        Ok(Self { agent, secret, call_slots: Arc::new(Semaphore::new(MAX_CONCURRENT_CALLS)) })
    }

    /// Returns the key with which the receiver at `to` verifies calls. It begins with `whsec_`, as libraries for
    /// Standard Webhooks expect.
    pub fn signing_key(&self, to: &Url) -> String {
        SigningKey::new(&self.secret, to).to_text()
    }

    /// Sends a challenge. Succeeds if the webhook echoes `text`.
    pub async fn challenge(&self, to: &Url, text: &str) -> Result<(), SendError> {
        let body = json!({ "type": "countmein.challenge", "challenge": text }).to_string();
        let text = text.to_owned();
        let check_echo = move |response: Body| {
            let mut bytes = Vec::new();
            response
                .into_reader()
                .take(MAX_RESPONSE_BYTES)
                .read_to_end(&mut bytes)
                .map_err(|error| error::no_response(&error.into()))?;
            if is_echo(&bytes, &text) { Ok(()) } else { Err(SendError::Rejected(error::CHALLENGE_NOT_ECHOED.into())) }
        };
        self.post(to, "application/json", &Uuid::now_v7().to_string(), body, Purpose::Challenge, check_echo).await
    }

    /// Posts a signed body. If the status of the response means success, passes the response's body to `read`.
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
        // The request is signed only after waiting for the slot, because receivers reject old timestamps.
        let request = self
            .signed_request(to, content_type, id, body)
            .map_err(|error| error::no_response(&ureq::Error::Http(error)))?;
        let agent = self.agent.clone();
        let call = move || {
            // The thread owns the slot, because the call continues even if the caller stops waiting for it.
            let _slot = slot;
            let response = agent.run(request).map_err(|error| purpose.no_response(&error))?;
            purpose.check_status(response.status())?;
            read(response.into_body())
        };
        // At log level `debug` the HTTP client would log hosts and paths, which are contacts.
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
        // Only the status matters. The body is not read, because it may be endless.
        let ignore_body = |_| Ok(());
        let (content_type, body) = ("application/cloudevents+json", call.body.clone());
        self.post(&call.to, content_type, &call.id, body, Purpose::Notification, ignore_body).await
    }

    async fn request_opt_in(&self, _: &ContactId, to: &Url, text: &str) -> Result<Option<OptIn>, SendError> {
        self.challenge(to, text).await.map(|()| Some(OptIn::Confirmed(Scope::All)))
    }
}

/// Returns whether a response is the challenge's text, or a JSON object whose only field is `challenge` with that text.
/// A copy of the whole request is no echo: some servers return every request, without knowing about challenges.
fn is_echo(response: &[u8], text: &str) -> bool {
    response.trim_ascii() == text.as_bytes()
        || serde_json::from_slice::<Value>(response).is_ok_and(|json| json == json!({ "challenge": text }))
}

fn root_certs(pem: &[u8]) -> anyhow::Result<RootCerts> {
    let mut certificates = Vec::new();
    for item in parse_pem(pem) {
        if let PemItem::Certificate(certificate) = item.context("the file is not PEM")? {
            certificates.push(certificate);
        }
    }
    ensure!(!certificates.is_empty(), "the file contains no certificate");
    Ok(RootCerts::new_with_certs(&certificates))
}
