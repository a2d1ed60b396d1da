//! Errors as RFC 9457 problem details.

use std::time::Instant;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::event_details::SignupRefusal;
use crate::domain::invalid::{FieldProblem, InvalidField};
use crate::domain::schedule::Zone;
use crate::formats::message::Malformed;
use crate::http::log_limit::LogLimit;
use crate::ports::Unavailable;

/// The media type of RFC 9457.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A problem document (RFC 9457): what went wrong and what to do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// The kind of problem. The value is stable, so programs can rely on it.
    #[serde(rename = "type")]
    #[schema(example = "urn:countmein:problem:invalid-field")]
    pub type_uri: String,
    /// A short summary; the same for every problem of this kind.
    pub title: &'static str,
    /// The HTTP status code.
    pub status: u16,
    /// What happened in this request, and what to do.
    pub detail: String,
    /// The name of the invalid field, if the problem is in a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'static str>,
    #[serde(skip)]
    #[schema(ignore)]
    pub kind: ProblemKind,
    /// What a page says instead of `detail`, which is written for programs. `None` if the kind says enough.
    #[serde(skip)]
    #[schema(ignore)]
    pub cause: Option<Box<Cause>>,
}

/// Why a request was refused, for the people who see a page.
#[derive(Debug, Clone)]
pub enum Cause {
    Field(FieldProblem),
    /// The zone is that of the event.
    Refused(SignupRefusal, Option<Zone>),
    /// There is no place for a party unless the number of places is raised.
    NoPlace {
        needed: u32,
    },
    /// The id of a message.
    Message(&'static str),
}

/// The kinds of problems. Each has a type, a title and a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    MalformedRequest,
    OrganiserKeyNeeded,
    HostLinkNeeded,
    WrongButtonSecret,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    TooSlow,
    Conflict,
    /// There is no place for a party, unless the number of places is raised.
    NoPlace,
    /// The version in `If-Match` is not the current one.
    Outdated,
    /// The header `If-Match` is missing.
    VersionNeeded,
    /// The request does not say what it deletes for good.
    ConfirmationNeeded,
    TooLarge,
    UnsupportedMediaType,
    InvalidField,
    IdempotencyKeyReused,
    TooManyRequests,
    Unavailable,
    Internal,
}

impl ProblemKind {
    fn slug_title_status(self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::MalformedRequest => ("malformed-request", "Malformed request", StatusCode::BAD_REQUEST),
            Self::OrganiserKeyNeeded => ("login-needed", "Organiser key required", StatusCode::UNAUTHORIZED),
            Self::HostLinkNeeded => ("host-link-needed", "Host link required", StatusCode::UNAUTHORIZED),
            Self::WrongButtonSecret => ("wrong-secret", "Button credentials required", StatusCode::UNAUTHORIZED),
            Self::Forbidden => ("forbidden", "Forbidden", StatusCode::FORBIDDEN),
            Self::NotFound => ("not-found", "Not found", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => ("method-not-allowed", "Method not allowed", StatusCode::METHOD_NOT_ALLOWED),
            Self::TooSlow => ("too-slow", "Request timed out", StatusCode::REQUEST_TIMEOUT),
            Self::Conflict => ("conflict", "Conflict", StatusCode::CONFLICT),
            Self::NoPlace => ("no-place", "No free place", StatusCode::CONFLICT),
            Self::Outdated => ("outdated", "Outdated", StatusCode::PRECONDITION_FAILED),
            Self::VersionNeeded => ("version-needed", "Version required", StatusCode::PRECONDITION_REQUIRED),
            Self::ConfirmationNeeded => {
                ("confirmation-needed", "Confirmation required", StatusCode::PRECONDITION_REQUIRED)
            }
            Self::TooLarge => ("too-large", "Request too large", StatusCode::PAYLOAD_TOO_LARGE),
            Self::UnsupportedMediaType => {
                ("unsupported-media-type", "Unsupported media type", StatusCode::UNSUPPORTED_MEDIA_TYPE)
            }
            Self::InvalidField => ("invalid-field", "Invalid field", StatusCode::UNPROCESSABLE_ENTITY),
            Self::IdempotencyKeyReused => {
                ("idempotency-key-reused", "Idempotency key reused", StatusCode::UNPROCESSABLE_ENTITY)
            }
            Self::TooManyRequests => ("too-many-requests", "Too many requests", StatusCode::TOO_MANY_REQUESTS),
            Self::Unavailable => ("unavailable", "Temporarily unavailable", StatusCode::SERVICE_UNAVAILABLE),
            Self::Internal => ("internal", "Internal error", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// The kind for an error response without a problem document.
    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::TooSlow,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            status if status.is_client_error() => Self::MalformedRequest,
            _ => Self::Internal,
        }
    }
}

impl Problem {
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        let (slug, title, status) = kind.slug_title_status();
        Self {
            type_uri: format!("urn:countmein:problem:{slug}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            field: None,
            kind,
            cause: None,
        }
    }

    /// The problem for an error response that the web framework generated, such as for an unknown path.
    pub fn of_status(status: StatusCode) -> Self {
        let kind = ProblemKind::of_status(status);
        let detail = match kind {
            ProblemKind::NotFound => {
                "There is no page or resource at this address. /openapi.json lists the API's addresses."
            }
            ProblemKind::MethodNotAllowed => "Use one of the methods in the header `Allow`.",
            ProblemKind::TooSlow => {
                "The request took longer than 10 seconds. It may still succeed, so check before you try again."
            }
            ProblemKind::TooLarge => "Send at most 16 KiB, or 1 MiB for an import.",
            ProblemKind::Internal => {
                "The server failed to handle this request and logged the error. Please try again later."
            }
            _ => "The address or a header is malformed. Correct it and try again.",
        };
        Self::new(kind, detail)
    }

    /// Adds the message with this id, which pages show instead of the detail.
    #[must_use]
    pub fn on_page(self, message: &'static str) -> Self {
        Self { cause: Some(Box::new(Cause::Message(message))), ..self }
    }

    pub fn as_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a problem is plain data")
    }
}

impl From<InvalidField> for Problem {
    fn from(invalid: InvalidField) -> Self {
        let detail = invalid.to_string();
        let InvalidField { field, problem } = invalid;
        Self {
            field: Some(field),
            cause: Some(Box::new(Cause::Field(problem))),
            ..Self::new(ProblemKind::InvalidField, detail)
        }
    }
}

impl From<Malformed> for Problem {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::InvalidField(invalid) => invalid.into(),
            other => Self::new(ProblemKind::MalformedRequest, other.to_string()),
        }
    }
}

impl From<Unavailable> for Problem {
    fn from(unavailable: Unavailable) -> Self {
        static LOG_LIMIT: LogLimit = LogLimit::new();
        if let Some(left_out) = LOG_LIMIT.left_out(Instant::now()) {
            let Unavailable { doing, cause } = unavailable;
            tracing::error!(doing, cause, left_out, "backend unavailable");
        }
        Self::new(
            ProblemKind::Unavailable,
            "The server cannot handle this request at the moment. Please try again in a moment.",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).expect("every kind has a valid status");
        let mut response = (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], self.as_json()).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        // The middleware `response` renders it as a page for browsers.
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the text of an error as a sentence.
pub fn sentence(error: &str) -> String {
    let mut characters = error.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters).chain(['.']).collect()
}
