//! Sends email over SMTP, through one relay server.
//!
//! `server` connects and logs in, `message` encodes an email, `error` classifies errors, and `circuit_breaker` stops
//! the attempts while the server does not respond. Errors never include the server's reply, because it may contain the
//! recipient's address.

mod circuit_breaker;
mod error;
mod message;
mod server;

use std::env;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use async_trait::async_trait;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Noop, Rcpt, Rset};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use url::Url;

use self::circuit_breaker::CircuitBreaker;
use self::error::{SmtpError, with_timeout};
use self::message::{EncodedMail, Sender};
use self::server::Server;
use crate::ports::{Mail, Mailer, SendError, Unavailable};

/// Timeout for each step except the last, which is the reply to the email itself.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);

/// Timeout for the server's reply after the whole email was sent. After a timeout it is unknown whether the server
/// accepted the email, and the retry may deliver it twice. RFC 5321, section 4.5.3.2.6, recommends ten minutes. One
/// minute is a compromise, because the connection is occupied while waiting.
const DATA_REPLY_TIMEOUT: Duration = Duration::from_mins(1);

/// How long an email waits for a connection that others use. Then it is tried again later. With the timeouts above, a message of
/// the outbox is finished before its claim ends.
const CONNECTION_WAIT: Duration = Duration::from_mins(2);

/// How long the circuit breaker stays open.
const RETRY_DELAY: Duration = Duration::from_secs(30);

/// Maximum concurrent connections, within the per-client limit of common servers.
const MAX_CONNECTIONS: usize = 4;

/// Sends email through one SMTP server.
pub struct SmtpMailer {
    server: Server,
    sender: Sender,
    settings: SmtpSettings,
    connection_slots: Semaphore,
    circuit_breaker: CircuitBreaker,
    /// Connections for reuse. A connection with an outstanding reply is not reused, because that reply would be
    /// mistaken for the reply to the next email.
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

/// Trusted certificates and timeouts of an [`SmtpMailer`].
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Root certificates, in PEM, to trust instead of Mozilla's.
    pub roots: Option<Vec<u8>>,
    /// Timeout for each step: connecting with TLS and login, the sender, the recipient, the command `DATA`.
    pub step_timeout: Duration,
    /// Timeout for the server's reply after the whole email was sent.
    pub data_reply_timeout: Duration,
    /// How long an email waits for a connection that others use.
    pub connection_wait: Duration,
    /// How long no email is sent to the server after several consecutive timeouts.
    pub retry_delay: Duration,
}

impl Default for SmtpSettings {
    fn default() -> Self {
        Self {
            roots: None,
            step_timeout: STEP_TIMEOUT,
            data_reply_timeout: DATA_REPLY_TIMEOUT,
            connection_wait: CONNECTION_WAIT,
            retry_delay: RETRY_DELAY,
        }
    }
}

impl SmtpMailer {
    /// Creates a mailer that uses the server at `url`. `from` is the sender, written as in a `From` header:
    /// `Count Me In <events@example.org>`.
    ///
    /// | `url` | encryption | default port |
    /// |---|---|---|
    /// | `smtps://user:password@host` | TLS from the start | 465 |
    /// | `smtp://user:password@host`, also with `?tls=required` | STARTTLS; fails if the server lacks it | 587 |
    /// | `smtp://host?tls=none` | none, even for the login; only for a server on this machine | 25 |
    ///
    /// User and password are percent-encoded. Without them, the client does not log in. Trusts the certificates in
    /// `SSL_CERT_FILE` if it is set, otherwise Mozilla's.
    pub fn new(url: &Url, from: &str) -> anyhow::Result<Self> {
        let roots = match env::var_os("SSL_CERT_FILE").map(PathBuf::from) {
            Some(file) => {
                Some(std::fs::read(&file).with_context(|| format!("cannot read SSL_CERT_FILE, {}", file.display()))?)
            }
            None => None,
        };
        Self::with_settings(url, from, SmtpSettings { roots, ..SmtpSettings::default() })
    }

    pub fn with_settings(url: &Url, from: &str, settings: SmtpSettings) -> anyhow::Result<Self> {
        let sender = Sender::parse(from)?;
        let server = Server::parse(url, sender.domain(), settings.roots.as_deref())?;
        let circuit_breaker = CircuitBreaker::new(MAX_CONNECTIONS, settings.retry_delay);
        let connection_slots = Semaphore::new(MAX_CONNECTIONS);
        Ok(Self { server, sender, settings, connection_slots, circuit_breaker, idle: Mutex::default() })
    }

    /// Returns an idle connection that still works, or a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let step_timeout = self.settings.step_timeout;
        while let Some(mut connection) = self.take_idle() {
            if with_timeout(step_timeout, connection.command(Noop)).await.is_ok() {
                return Ok(connection);
            }
        }
        with_timeout(step_timeout, self.server.connect(step_timeout)).await
    }

    async fn send(&self, connection: &mut AsyncSmtpConnection, mail: EncodedMail) -> Result<(), SmtpError> {
        let SmtpSettings { step_timeout, data_reply_timeout, .. } = self.settings;
        let parameters = if mail.needs_utf8 {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(SmtpError::without_smtputf8());
            }
            vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)]
        } else {
            Vec::new()
        };
        let from = MailFrom::new(Some(mail.from), parameters);
        with_timeout(step_timeout, connection.command(from)).await.map_err(SmtpError::into_transient)?;
        with_timeout(step_timeout, connection.command(Rcpt::new(mail.to, Vec::new()))).await?;
        with_timeout(step_timeout, connection.command(Data)).await?;
        with_timeout(data_reply_timeout, connection.message(&mail.text)).await?;
        Ok(())
    }

    /// Records the result of a step in the circuit breaker.
    fn record(&self, error: Option<&SmtpError>) {
        if error.is_some_and(SmtpError::is_timeout) {
            self.circuit_breaker.record_timeout(Instant::now());
        } else {
            self.circuit_breaker.record_reply();
        }
    }

    fn take_idle(&self) -> Option<AsyncSmtpConnection> {
        self.idle.lock().expect("no thread panics while it holds the lock").pop()
    }

    fn return_idle(&self, connection: AsyncSmtpConnection) {
        self.idle.lock().expect("no thread panics while it holds the lock").push(connection);
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        let mail = self.sender.encode(mail)?;
        let Ok(slot) = timeout(self.settings.connection_wait, self.connection_slots.acquire()).await else {
            return Err(SendError::NotSent(Unavailable::timed_out("waiting for a connection to the mail server")));
        };
        let _slot = slot.expect("the semaphore is never closed");
        if self.circuit_breaker.is_open(Instant::now()) {
            return Err(SendError::from(SmtpError::circuit_open()).as_not_sent());
        }
        let connected = self.connection().await.inspect_err(|error| self.record(Some(error)));
        let mut connection = connected.map_err(|error| SendError::from(error.into_transient()).as_not_sent())?;
        let sent = self.send(&mut connection, mail).await;
        self.record(sent.as_ref().err());
        let is_reusable = match &sent {
            Ok(()) => true,
            Err(error) => {
                error.is_reply() && with_timeout(self.settings.step_timeout, connection.command(Rset)).await.is_ok()
            }
        };
        if is_reusable {
            self.return_idle(connection);
        }
        Ok(sent?)
    }
}
