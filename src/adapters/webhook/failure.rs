//! What an answer means, or that none came, at this one place.
//!
//! The address is somebody's contact, so no text here may hold any of it; the client's own texts do (a certificate's
//! names, a URL, a `Location`) and are not passed on.

use std::io::ErrorKind;

use ureq::http::StatusCode;
use ureq::{Error, Timeout};

use super::lookup::NotPublic;
use crate::ports::{SendError, Unavailable};

pub const NOT_ECHOED: &str = "the webhook did not echo the challenge";

const UNTRUSTED: &str = "its certificate or its TLS is not accepted";

/// What comes of a post.
#[derive(Clone, Copy)]
pub struct Means {
    pub status: fn(StatusCode) -> Result<(), SendError>,
    pub no_answer: fn(&Error) -> SendError,
}

pub const OF_NEWS: Means = Means { status: judge, no_answer: unanswered };

/// Whoever answers was asked, and whom nothing reached was not.
pub const OF_QUESTION: Means = Means { status: judge_question, no_answer: unasked };

/// What may work later.
pub fn retry(cause: impl Into<String>) -> SendError {
    SendError::NoAnswer(Unavailable { doing: "calling a webhook", cause: cause.into() })
}

/// Whether an answer is a yes.
fn judge(status: StatusCode) -> Result<(), SendError> {
    match status.as_u16() {
        200..=299 => Ok(()),
        300..=399 => Err(SendError::Rejected("the webhook redirects, which is not followed".into())),
        410 => Err(SendError::Rejected("the webhook is gone (410)".into())),
        // A timeout, too early, too many: these say to come again.
        408 | 425 | 429 => Err(retry(answers(status))),
        400..=499 => Err(SendError::Rejected(format!("the webhook {}", answers(status)))),
        _ => Err(retry(answers(status))),
    }
}

fn judge_question(status: StatusCode) -> Result<(), SendError> {
    if status.is_success() { Ok(()) } else { Err(SendError::Rejected(format!("the webhook {}", answers(status)))) }
}

fn unasked(error: &Error) -> SendError {
    let is_not_sent = match error {
        Error::HostNotFound | Error::ConnectionFailed | Error::Timeout(Timeout::Resolve | Timeout::Connect) => true,
        Error::Io(error) => error.kind() == ErrorKind::ConnectionRefused,
        _ => false,
    };
    let failure = unanswered(error);
    if is_not_sent { failure.before_sending() } else { failure }
}

fn answers(status: StatusCode) -> String {
    format!("answers {}", status.as_u16())
}

/// Why no answer came.
pub fn unanswered(error: &Error) -> SendError {
    match error {
        Error::Other(error) if error.is::<NotPublic>() => {
            SendError::Rejected("the webhook's address is not public".into())
        }
        Error::RequireHttpsOnly(_) => SendError::Rejected("the webhook's address is not https".into()),
        Error::BadUri(_) | Error::Http(_) => SendError::Rejected("the webhook's address cannot be called".into()),
        Error::HostNotFound => retry("its name was not found"),
        Error::Timeout(step) => retry(format!("timed out ({step})")),
        // What the TLS client says of a certificate or a peer that it does not take.
        Error::Io(error) if error.kind() == ErrorKind::InvalidData => retry(UNTRUSTED),
        Error::Tls(_) | Error::Rustls(_) => retry(UNTRUSTED),
        Error::Io(error) => retry(error.kind().to_string()),
        Error::Protocol(_) | Error::LargeResponseHeader(..) => retry("its answer is not HTTP as we know it"),
        _ => retry("the request failed"),
    }
}
