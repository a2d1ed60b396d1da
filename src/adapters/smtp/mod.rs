//! Mail over SMTP: to one server, which brings it to everybody's.
//!
//! `server` knows where that is and how it lets us in, `letter` what a mail looks like on the wire, `trouble` what a
//! refusal means, `silence` when it is not worth while to try. What a server says in words is passed on to nobody, since
//! the address may be among them.

mod letter;
mod server;
mod silence;
mod trouble;

use std::env;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use async_trait::async_trait;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Noop, Rcpt, Rset};
use tokio::sync::Semaphore;
use url::Url;

use self::letter::{Letter, Sender};
use self::server::Server;
use self::silence::Silence;
use self::trouble::{Trouble, within};
use crate::ports::{Mail, Mailer, SendError};

/// For each step but the last.
const STEP: Duration = Duration::from_secs(10);
/// For what a server says when it has all of a mail. Whoever stops waiting too soon sends a mail twice: RFC 5321,
/// section 4.5.3.2.6, would have us wait for ten minutes.
const VERDICT: Duration = Duration::from_mins(1);

/// For a server that did not answer over any connection.
const REST: Duration = Duration::from_secs(30);

/// Few enough for any server's limit on one client.
const CONNECTIONS: usize = 4;

/// What sends mail.
pub struct Smtp {
    server: Server,
    sender: Sender,
    settings: Settings,
    slots: Semaphore,
    silence: Silence,
    /// Connections that wait for the next mail. One that owes an answer is never among them, or that would be taken for
    /// the answer to the next mail.
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

/// How mail is sent.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The certificates, in PEM, that are trusted instead of Mozilla's.
    pub roots: Option<Vec<u8>>,
    /// How long each step may take: the connection with its TLS and login, the sender, the recipient.
    pub step: Duration,
    /// How long the server may think about a mail that it has been given.
    pub verdict: Duration,
    /// How long a server is left alone that did not answer over any connection.
    pub rest: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { roots: None, step: STEP, verdict: VERDICT, rest: REST }
    }
}

impl Smtp {
    /// Sends over the server at `url`, from an address as mails show it: `Count Me In <events@example.org>`.
    ///
    /// | `url` | how | without a port |
    /// |---|---|---|
    /// | `smtps://user:password@host` | TLS from the start | 465 |
    /// | `smtp://user:password@host`, also with `?tls=required` | TLS by STARTTLS; without it nothing is said | 587 |
    /// | `smtp://host?tls=none` | in clear, a login too: for a server on this machine | 25 |
    ///
    /// User and password are percent-encoded; without them there is no login. Trusts the certificates in
    /// `SSL_CERT_FILE`, where somebody sets it, else Mozilla's.
    pub fn new(url: &Url, from: &str) -> anyhow::Result<Self> {
        let roots = match env::var_os("SSL_CERT_FILE").map(PathBuf::from) {
            Some(file) => {
                Some(std::fs::read(&file).with_context(|| format!("cannot read SSL_CERT_FILE, {}", file.display()))?)
            }
            None => None,
        };
        Self::with(url, from, Settings { roots, ..Settings::default() })
    }

    pub fn with(url: &Url, from: &str, settings: Settings) -> anyhow::Result<Self> {
        let sender = Sender::parse(from)?;
        let server = Server::parse(url, sender.domain(), settings.roots.as_deref())?;
        let silence = Silence::new(CONNECTIONS, settings.rest);
        Ok(Self { server, sender, settings, slots: Semaphore::new(CONNECTIONS), silence, idle: Mutex::default() })
    }

    /// One that waits and still works, or a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, Trouble> {
        while let Some(mut connection) = self.take_idle() {
            if within(self.settings.step, connection.command(Noop)).await.is_ok() {
                return Ok(connection);
            }
        }
        within(self.settings.step, self.server.connect(self.settings.step)).await
    }

    async fn send(&self, connection: &mut AsyncSmtpConnection, letter: Letter) -> Result<(), Trouble> {
        let Settings { step, verdict, .. } = self.settings;
        let from = MailFrom::new(Some(letter.from), Vec::new());
        within(step, connection.command(from)).await.map_err(Trouble::about_us)?;
        within(step, connection.command(Rcpt::new(letter.to, Vec::new()))).await?;
        within(step, connection.command(Data)).await?;
        within(verdict, connection.message(&letter.text)).await?;
        Ok(())
    }

    /// To what came of a mail.
    fn listen(&self, trouble: Option<&Trouble>) {
        if trouble.is_some_and(Trouble::is_silence) {
            self.silence.lasts(Instant::now());
        } else {
            self.silence.ends();
        }
    }

    fn take_idle(&self) -> Option<AsyncSmtpConnection> {
        self.idle.lock().expect("nobody panics with it").pop()
    }

    fn nack(&self, connection: AsyncSmtpConnection) {
        self.idle.lock().expect("nobody panics with it").push(connection);
    }
}

#[async_trait]
impl Mailer for Smtp {
    async fn mail(&self, mail: &Mail) -> Result<(), SendError> {
        let letter = self.sender.letter(mail)?;
        let _slot = self.slots.acquire().await.expect("nobody closes it");
        if self.silence.rests(Instant::now()) {
            return Err(SendError::from(Trouble::rest()).before_sending());
        }
        let connected = self.connection().await.inspect_err(|trouble| self.listen(Some(trouble)));
        let mut connection = connected.map_err(|trouble| SendError::from(trouble.about_us()).before_sending())?;
        let sent = self.send(&mut connection, letter).await;
        self.listen(sent.as_ref().err());
        let usable = match &sent {
            Ok(()) => true,
            Err(trouble) => trouble.is_answer() && within(self.settings.step, connection.command(Rset)).await.is_ok(),
        };
        if usable {
            self.nack(connection);
        }
        Ok(sent?)
    }
}
