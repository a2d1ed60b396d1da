//! What it means that a server refused, or said nothing.

use std::error::Error as _;
use std::iter;
use std::time::Duration;

use lettre::transport::smtp::Error;
use tokio::time::timeout;

use crate::ports::{SendError, Unavailable};

/// Refusals for what we are or did, whomever we name: a command out of turn, and those about logins of RFC 4954,
/// section 6.
const ABOUT_US: [u16; 5] = [503, 530, 534, 535, 538];

/// Why a mail did not go, with nothing in it of what a server said in words.
pub struct Trouble {
    text: String,
    /// What a server answered, if it did.
    code: Option<u16>,
    lasting: bool,
    is_silence: bool,
}

/// Does a step of a conversation; after anything but an answer, the conversation cannot go on.
pub async fn within<T>(limit: Duration, step: impl Future<Output = Result<T, Error>>) -> Result<T, Trouble> {
    match timeout(limit, step).await {
        Ok(done) => done.map_err(|error| Trouble::from(&error)),
        Err(_) => Err(Trouble::silence()),
    }
}

impl Trouble {
    /// Nothing came in time.
    pub fn silence() -> Self {
        Self { text: "the server takes too long".to_owned(), code: None, lasting: false, is_silence: true }
    }

    /// It was not tried.
    pub fn rest() -> Self {
        let text = "the server is let rest, since it did not answer".to_owned();
        Self { text, code: None, lasting: false, is_silence: false }
    }

    /// It says nothing of the recipient, and may be over later.
    pub fn about_us(self) -> Self {
        Self { lasting: false, ..self }
    }

    pub fn is_answer(&self) -> bool {
        self.code.is_some()
    }

    /// Whether nothing came in time.
    pub fn is_silence(&self) -> bool {
        self.is_silence
    }
}

impl From<&Error> for Trouble {
    fn from(error: &Error) -> Self {
        let code = error.status().map(u16::from);
        let status = code.and_then(|code| enhanced_status(error, code));
        let lasting = code.is_some_and(|code| code >= 500 && !ABOUT_US.contains(&code))
            && !status.as_deref().is_some_and(is_about_us);
        let text = match code {
            Some(code) => match status {
                Some(status) => format!("the server answered {code} {status}"),
                None => format!("the server answered {code}"),
            },
            // It would be quoted.
            None if error.is_response() => "the server's answer is not SMTP".to_owned(),
            None => root(error),
        };
        Self { text, code, lasting, is_silence: error.is_timeout() }
    }
}

impl From<Trouble> for SendError {
    fn from(trouble: Trouble) -> Self {
        if trouble.lasting {
            Self::Rejected(trouble.text)
        } else {
            let was_refused = trouble.is_answer();
            let unavailable = Unavailable { doing: "sending mail", cause: trouble.text };
            if was_refused { Self::NotSent(unavailable) } else { Self::Unavailable(unavailable) }
        }
    }
}

/// The sender's address, the mail system, a limit, policy: RFC 3463, section 3, and what large providers make of it when
/// a day's mails are spent, or they do not want ours.
fn is_about_us(status: &str) -> bool {
    let detail = status.split_once('.').map_or(status, |(_, detail)| detail);
    matches!(detail, "1.7" | "1.8" | "4.5") || detail.starts_with("3.") || detail.starts_with("7.")
}

/// The digits of RFC 3463 with which an answer begins, as in `5.1.1`.
fn enhanced_status(error: &Error, code: u16) -> Option<String> {
    let words = error.source()?.to_string();
    let status = words.split_whitespace().next()?;
    let parts: Vec<&str> = status.split('.').collect();
    let digits = |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_one = parts.len() == 3 && parts.iter().all(digits) && parts[0] == (code / 100).to_string();
    is_one.then(|| status.to_owned())
}

/// What the network, TLS or the client itself has to say: none of them reads addresses.
fn root(error: &Error) -> String {
    let sources = iter::successors(error.source(), |error| (*error).source());
    sources.last().map_or_else(|| error.to_string(), ToString::to_string)
}
