//! Classifies the errors of webhook calls as transient (a retry may help) or permanent.
//!
//! A webhook's address is a contact, so the error texts contain no part of it. The HTTP client's own error texts are
//! not used, because they may contain a URL, a `Location` header or the names in a certificate.

use std::io::ErrorKind;

use ureq::http::StatusCode;
use ureq::{Error, Timeout};

use super::resolver::NoPublicAddress;
use crate::ports::{SendError, Unavailable};

pub const CHALLENGE_NOT_ECHOED: &str = "the webhook did not echo the challenge";

const TLS_NOT_ACCEPTED: &str = "the webhook's certificate or TLS version is not accepted";

/// The purpose of a request to a webhook. It determines which errors are transient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Notification,
    /// Not retried after the webhook has responded, whatever the status.
    Challenge,
}

impl Purpose {
    /// Returns an error unless the status means that the webhook accepted the request.
    pub fn check_status(self, status: StatusCode) -> Result<(), SendError> {
        match self {
            Self::Notification => check_notification(status),
            Self::Challenge if status.is_success() => Ok(()),
            Self::Challenge => Err(SendError::Rejected(answered(status))),
        }
    }

    /// Classifies the error of a request that got no complete response.
    pub fn no_response(self, error: &Error) -> SendError {
        match self {
            Self::Challenge if is_before_sending(error) => no_response(error).as_not_sent(),
            Self::Notification | Self::Challenge => no_response(error),
        }
    }
}

fn check_notification(status: StatusCode) -> Result<(), SendError> {
    match status.as_u16() {
        200..=299 => Ok(()),
        300..=399 => Err(SendError::Rejected("the webhook answered with a redirect, which is not followed".into())),
        410 => Err(SendError::Rejected("the webhook is gone (410)".into())),
        // Request Timeout, Too Early and Too Many Requests: the webhook asks for a retry.
        408 | 425 | 429 => Err(transient(answered(status))),
        400..=499 => Err(SendError::Rejected(answered(status))),
        _ => Err(transient(answered(status))),
    }
}

fn answered(status: StatusCode) -> String {
    format!("the webhook answered {}", status.as_u16())
}

/// Creates an error for which a retry may help.
pub fn transient(cause: impl Into<String>) -> SendError {
    SendError::RecipientUnavailable(Unavailable { doing: "calling a webhook", cause: cause.into() })
}

/// Classifies the error of a request that got no complete response.
pub fn no_response(error: &Error) -> SendError {
    match error {
        Error::Other(error) if error.is::<NoPublicAddress>() => {
            SendError::Rejected("the webhook's address is not public".into())
        }
        Error::RequireHttpsOnly(_) => SendError::Rejected("the webhook's address is not https".into()),
        Error::BadUri(_) | Error::Http(_) => SendError::Rejected("the webhook's address cannot be called".into()),
        Error::HostNotFound => transient("the webhook's host was not found"),
        Error::Timeout(step) => transient(format!("timed out ({step})")),
        // The TLS client reports an untrusted certificate as invalid data.
        Error::Io(error) if error.kind() == ErrorKind::InvalidData => transient(TLS_NOT_ACCEPTED),
        Error::Tls(_) | Error::Rustls(_) => transient(TLS_NOT_ACCEPTED),
        Error::Io(error) => transient(error.kind().to_string()),
        Error::Protocol(_) | Error::LargeResponseHeader(..) => transient("the webhook's response is not valid HTTP"),
        _ => transient("the request failed"),
    }
}

/// Returns whether certainly no part of the request reached the webhook.
fn is_before_sending(error: &Error) -> bool {
    match error {
        Error::HostNotFound | Error::ConnectionFailed | Error::Timeout(Timeout::Resolve | Timeout::Connect) => true,
        Error::Io(error) => error.kind() == ErrorKind::ConnectionRefused,
        _ => false,
    }
}
