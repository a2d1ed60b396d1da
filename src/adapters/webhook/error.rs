//! Errors of webhook calls: which of them a retry may help.
//!
//! A webhook's address is a contact, so no text here contains a part of it. The HTTP client's own texts may (the names
//! in a certificate, a URL, a `Location`) and are not passed on.

use std::io::ErrorKind;

use ureq::http::StatusCode;
use ureq::{Error, Timeout};

use super::resolver::NotPublic;
use crate::ports::{SendError, Unavailable};

pub const NOT_ECHOED: &str = "the webhook did not echo the challenge";

const UNTRUSTED: &str = "its certificate or its TLS version is not accepted";

/// What a request to a webhook is for. It decides which errors a retry may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Notification,
    /// Never retried after an answer, whatever its status.
    Challenge,
}

impl Purpose {
    pub fn check_status(self, status: StatusCode) -> Result<(), SendError> {
        match self {
            Self::Notification => check_notification(status),
            Self::Challenge if status.is_success() => Ok(()),
            Self::Challenge => Err(SendError::Rejected(format!("the webhook {}", answered(status)))),
        }
    }

    pub fn no_answer(self, error: &Error) -> SendError {
        match self {
            Self::Challenge if is_before_sending(error) => no_answer(error).before_sending(),
            Self::Notification | Self::Challenge => no_answer(error),
        }
    }
}

fn check_notification(status: StatusCode) -> Result<(), SendError> {
    match status.as_u16() {
        200..=299 => Ok(()),
        300..=399 => Err(SendError::Rejected("the webhook answered with a redirect, which is not followed".into())),
        410 => Err(SendError::Rejected("the webhook is gone (410)".into())),
        // Request Timeout, Too Early and Too Many Requests ask for a retry.
        408 | 425 | 429 => Err(transient(answered(status))),
        400..=499 => Err(SendError::Rejected(format!("the webhook {}", answered(status)))),
        _ => Err(transient(answered(status))),
    }
}

fn answered(status: StatusCode) -> String {
    format!("answered {}", status.as_u16())
}

/// An error that is worth a retry.
pub fn transient(cause: impl Into<String>) -> SendError {
    SendError::RecipientUnavailable(Unavailable { doing: "calling a webhook", cause: cause.into() })
}

/// Why there was no answer.
pub fn no_answer(error: &Error) -> SendError {
    match error {
        Error::Other(error) if error.is::<NotPublic>() => {
            SendError::Rejected("the webhook's address is not public".into())
        }
        Error::RequireHttpsOnly(_) => SendError::Rejected("the webhook's address is not https".into()),
        Error::BadUri(_) | Error::Http(_) => SendError::Rejected("the webhook's address cannot be called".into()),
        Error::HostNotFound => transient("its host was not found"),
        Error::Timeout(step) => transient(format!("timed out ({step})")),
        // The TLS client reports an untrusted certificate as invalid data.
        Error::Io(error) if error.kind() == ErrorKind::InvalidData => transient(UNTRUSTED),
        Error::Tls(_) | Error::Rustls(_) => transient(UNTRUSTED),
        Error::Io(error) => transient(error.kind().to_string()),
        Error::Protocol(_) | Error::LargeResponseHeader(..) => transient("its answer is not valid HTTP"),
        _ => transient("the request failed"),
    }
}

/// Whether it is certain that no part of the request reached the webhook.
fn is_before_sending(error: &Error) -> bool {
    match error {
        Error::HostNotFound | Error::ConnectionFailed | Error::Timeout(Timeout::Resolve | Timeout::Connect) => true,
        Error::Io(error) => error.kind() == ErrorKind::ConnectionRefused,
        _ => false,
    }
}
