//! Webhooks: calls to addresses that strangers gave us.
//!
//! Such an address may be a trap, so only what is public is called (`lookup`, `address`), no redirect is followed, no
//! answer is waited for long or read far. `signature` shows a receiver that a call is ours.

mod address;
mod failure;
mod lookup;
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

use self::failure::Means;
use self::lookup::Lookup;
use self::signature::SigningKey;
use crate::domain::opt_in::{ContactId, OptIn};
use crate::domain::secret::Secret;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Call, SendError, WebhookCaller};

/// For the connection with its TLS.
const CONNECT: Duration = Duration::from_secs(3);
/// For all of a call, from the name to the answer.
const WHOLE: Duration = Duration::from_secs(10);

/// Each takes a thread and a few buffers while its receiver takes its time.
const CALLS_AT_ONCE: usize = 16;

/// How much of an answer is read: many times any echo.
const ANSWER_BYTES: u64 = 4 * 1_024;

/// What calls webhooks.
pub struct Webhooks {
    agent: Agent,
    secret: Secret,
    slots: Arc<Semaphore>,
}

/// How webhooks are called.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether an address may be on this machine or in its network, and plain `http`.
    pub allow_private: bool,
    /// The certificates, in PEM, that are trusted instead of Mozilla's.
    pub roots: Option<Vec<u8>>,
    /// For the connection with its TLS.
    pub connect: Duration,
    /// For all of a call.
    pub whole: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { allow_private: false, roots: None, connect: CONNECT, whole: WHOLE }
    }
}

impl Webhooks {
    /// Trusts the certificates in `SSL_CERT_FILE`, where somebody sets it, else Mozilla's.
    ///
    /// # Errors
    /// Where that file cannot be read or holds none.
    pub fn new(secret: Secret, allow_private: bool) -> anyhow::Result<Self> {
        let read =
            |file: PathBuf| fs::read(&file).with_context(|| format!("cannot read SSL_CERT_FILE, {}", file.display()));
        let roots = env::var_os("SSL_CERT_FILE").map(PathBuf::from).map(read).transpose()?;
        Self::with(secret, &Settings { allow_private, roots, ..Settings::default() })
            .context("cannot trust what SSL_CERT_FILE names")
    }

    /// # Errors
    /// Where the certificates to trust are none.
    pub fn with(secret: Secret, settings: &Settings) -> anyhow::Result<Self> {
        let tls = TlsConfig::builder().root_certs(settings.roots.as_deref().map_or(Ok(RootCerts::WebPki), trusted)?);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .https_only(!settings.allow_private)
            .tls_config(tls.build())
            // It would connect on our behalf, to addresses that we have not seen.
            .proxy(None)
            .max_redirects(0)
            // A connection that was kept is one to an address of another day.
            .max_idle_connections(0)
            .user_agent(concat!("CountMeIn/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(settings.connect))
            .timeout_global(Some(settings.whole))
            .build();
        let agent = Agent::with_parts(config, DefaultConnector::new(), Lookup::new(settings.allow_private));
        Ok(Self { agent, secret, slots: Arc::new(Semaphore::new(CALLS_AT_ONCE)) })
    }

    /// What calls to an address are signed with, for its receiver: `whsec_…`, as libraries for Standard Webhooks
    /// take it.
    pub fn signing_key(&self, to: &Url) -> String {
        SigningKey::new(&self.secret, to).to_text()
    }

    /// Posts a body, signed, and gives the body of an answer that is a yes to `read`.
    async fn post(
        &self,
        to: &Url,
        content_type: &'static str,
        id: &str,
        body: String,
        means: Means,
        read: impl FnOnce(Body) -> Result<(), SendError> + Send + 'static,
    ) -> Result<(), SendError> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.expect("nobody closes it");
        // Signed when it is sent, since receivers take no old timestamps.
        let request =
            self.signed(to, content_type, id, body).map_err(|error| failure::unanswered(&ureq::Error::Http(error)))?;
        let agent = self.agent.clone();
        let call = move || {
            // It ends with the thread, which goes on where nobody waits for it any more.
            let _slot = slot;
            let response = agent.run(request).map_err(|error| (means.no_answer)(&error))?;
            (means.status)(response.status())?;
            read(response.into_body())
        };
        // The client logs hosts and paths for whoever asks for its details.
        spawn_blocking(|| with_default(NoSubscriber::new(), call))
            .await
            .unwrap_or_else(|_| Err(failure::retry("the call was broken off")))
    }

    fn signed(&self, to: &Url, content_type: &str, id: &str, body: String) -> http::Result<Request<String>> {
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

impl Webhooks {
    /// Asks whoever answers at an address to echo a text.
    pub async fn challenge(&self, to: &Url, text: &str) -> Result<(), SendError> {
        let body = json!({ "type": "countmein.challenge", "challenge": text }).to_string();
        let text = text.to_owned();
        let read = move |answer: Body| {
            let mut bytes = Vec::new();
            answer
                .into_reader()
                .take(ANSWER_BYTES)
                .read_to_end(&mut bytes)
                .map_err(|error| failure::unanswered(&error.into()))?;
            if echoes(&bytes, &text) { Ok(()) } else { Err(SendError::Rejected(failure::NOT_ECHOED.into())) }
        };
        self.post(to, "application/json", &Uuid::now_v7().to_string(), body, failure::OF_QUESTION, read).await
    }
}

#[async_trait]
impl WebhookCaller for Webhooks {
    async fn call(&self, call: &Call) -> Result<(), SendError> {
        // The status says it all; the body may never end.
        let unread = |_| Ok(());
        self.post(&call.to, "application/cloudevents+json", &call.id, call.body.clone(), failure::OF_NEWS, unread).await
    }

    async fn ask(&self, _: &ContactId, to: &Url, text: &str) -> Result<Option<OptIn>, SendError> {
        self.challenge(to, text).await.map(|()| Some(OptIn::Confirmed))
    }
}

/// Whether an answer is the text, or the text as JSON. What sends back all that it is sent has not understood the
/// question.
fn echoes(answer: &[u8], text: &str) -> bool {
    answer.trim_ascii() == text.as_bytes()
        || serde_json::from_slice::<Value>(answer).is_ok_and(|answer| answer == json!({ "challenge": text }))
}

fn trusted(pem: &[u8]) -> anyhow::Result<RootCerts> {
    let mut certificates = Vec::new();
    for item in parse_pem(pem) {
        if let PemItem::Certificate(certificate) = item.context("not PEM")? {
            certificates.push(certificate);
        }
    }
    ensure!(!certificates.is_empty(), "no certificate in it");
    Ok(RootCerts::new_with_certs(&certificates))
}
