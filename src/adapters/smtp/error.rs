//! Classifies the errors of an SMTP session as transient (a retry may help) or permanent.

use std::error::Error as _;
use std::iter;
use std::time::Duration;

use lettre::transport::smtp::Error;
use tokio::time::timeout;

use crate::ports::{SendError, Unavailable};

/// Permanent replies that are caused by this client, not by the recipient: a command out of sequence (503), and the
/// login errors of RFC 4954, section 6.
const CLIENT_ERRORS: [u16; 5] = [503, 530, 534, 535, 538];

/// Why an email was not sent. The text never includes the server's reply, because it may contain the recipient's
/// address.
pub struct SmtpError {
    text: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The server rejected the recipient or the email permanently.
    PermanentReply,
    /// The server rejected a command, but a retry may help.
    TransientReply,
    Timeout,
    /// The connection failed, or the reply was not valid SMTP.
    NoReply,
}

/// Runs one step of the SMTP session, for at most `limit`. If the step fails without a valid reply, the connection must
/// not be used again.
pub async fn with_timeout<T>(limit: Duration, step: impl Future<Output = Result<T, Error>>) -> Result<T, SmtpError> {
    match timeout(limit, step).await {
        Ok(done) => done.map_err(|error| SmtpError::from(&error)),
        Err(_) => Err(SmtpError { text: "the server did not answer in time".to_owned(), kind: Kind::Timeout }),
    }
}

impl SmtpError {
    /// The error of an email that was not sent because the circuit breaker is open.
    pub fn circuit_open() -> Self {
        let text = "the server did not answer recent emails; sending is paused".to_owned();
        Self { text, kind: Kind::NoReply }
    }

    /// The error of an email to an address that the server cannot take.
    pub fn without_smtputf8() -> Self {
        let text = "the server does not support addresses with other letters than a to z (SMTPUTF8)".to_owned();
        Self { text, kind: Kind::PermanentReply }
    }

    /// Turns a permanent reply into a transient one. Used for steps in which the reply is not about the recipient.
    pub fn into_transient(self) -> Self {
        match self.kind {
            Kind::PermanentReply => Self { kind: Kind::TransientReply, ..self },
            Kind::TransientReply | Kind::Timeout | Kind::NoReply => self,
        }
    }

    /// Returns whether the server sent a valid reply, so that the connection can be used again.
    pub fn is_reply(&self) -> bool {
        matches!(self.kind, Kind::PermanentReply | Kind::TransientReply)
    }

    pub fn is_timeout(&self) -> bool {
        self.kind == Kind::Timeout
    }
}

impl From<&Error> for SmtpError {
    fn from(error: &Error) -> Self {
        let Some(code) = error.status().map(u16::from) else {
            // The SMTP client's error text would include the reply.
            let text =
                if error.is_response() { "the server's answer is not SMTP".to_owned() } else { root_cause(error) };
            return Self { text, kind: if error.is_timeout() { Kind::Timeout } else { Kind::NoReply } };
        };
        let status = enhanced_status(error, code);
        let is_final = code >= 500 && !CLIENT_ERRORS.contains(&code) && is_about_recipient(code, status.as_deref());
        let kind = if is_final { Kind::PermanentReply } else { Kind::TransientReply };
        let text = match status {
            Some(status) => format!("the server answered {code} {status}"),
            None => format!("the server answered {code}"),
        };
        Self { text, kind }
    }
}

impl From<SmtpError> for SendError {
    fn from(error: SmtpError) -> Self {
        let unavailable = |cause| Unavailable { doing: "sending mail", cause };
        match error.kind {
            Kind::PermanentReply => Self::Rejected(error.text),
            Kind::TransientReply => Self::NotSent(unavailable(error.text)),
            Kind::Timeout | Kind::NoReply => Self::Unavailable(unavailable(error.text)),
        }
    }
}

/// Returns whether a permanent reply is about the recipient, so that another attempt is in vain. The enhanced status code decides
/// (RFC 3463, section 3; RFC 7505); without one, only the replies that are about a mailbox count (RFC 5321, section 4.2.3).
///
/// Other causes may pass: a full mailbox (x.2.2), trouble of the mail system or of the network (x.3, x.4.3 to
/// x.4.5), what the server does not understand of us (x.5.1 to x.5.5), our address (x.1.7, x.1.8), and policies (x.7), which large
/// providers also name when a daily limit is exceeded or the sender's reputation is low.
fn is_about_recipient(code: u16, status: Option<&str>) -> bool {
    let detail = status.and_then(|status| Some(status.split_once('.')?.1));
    match detail {
        None | Some("0.0") => matches!(code, 550 | 551 | 553),
        Some("1.7" | "1.8" | "2.2" | "4.3" | "4.4" | "4.5" | "5.1" | "5.2" | "5.3" | "5.4" | "5.5") => false,
        Some(detail) => !detail.starts_with("3.") && !detail.starts_with("7."),
    }
}

/// Returns the enhanced status code (RFC 3463), such as `5.1.1`, at the beginning of a reply.
fn enhanced_status(error: &Error, code: u16) -> Option<String> {
    let reply = error.source()?.to_string();
    let status = reply.split_whitespace().next()?;
    let parts: Vec<&str> = status.split('.').collect();
    let is_number = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_status = parts.len() == 3 && parts.iter().all(is_number) && parts[0] == (code / 100).to_string();
    is_status.then(|| status.to_owned())
}

/// Returns the text of the innermost error, which comes from the network, from TLS or from the SMTP client. None of
/// these texts contains the recipient's address.
fn root_cause(error: &Error) -> String {
    let sources = iter::successors(error.source(), |error| (*error).source());
    sources.last().map_or_else(|| error.to_string(), ToString::to_string)
}
