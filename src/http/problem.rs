//! Errors as RFC 9457 problem details, or as a page for a browser.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::invalid::InvalidField;
use crate::formats::message::Malformed;
use crate::ports::Unavailable;

/// The media type of RFC 9457.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What went wrong and what to do about it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// Stable: the same for every problem of this kind.
    #[serde(rename = "type")]
    #[schema(example = "urn:countmein:problem:invalid-field")]
    pub kind: String,
    pub title: &'static str,
    pub status: u16,
    /// For this occurrence: what happened, and what to do.
    pub detail: String,
    /// The field that is wrong, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'static str>,
}

/// The kinds, each with its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    MalformedRequest,
    LoginNeeded,
    WrongSecret,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    TooSlow,
    Conflict,
    TooLarge,
    UnsupportedMediaType,
    InvalidField,
    KeyReused,
    TooManyRequests,
    Unavailable,
    Internal,
}

impl Kind {
    fn parts(self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::MalformedRequest => ("malformed-request", "The request cannot be read", StatusCode::BAD_REQUEST),
            Self::LoginNeeded => ("login-needed", "This needs the organiser's key", StatusCode::UNAUTHORIZED),
            Self::WrongSecret => ("wrong-secret", "This needs the button's secret", StatusCode::UNAUTHORIZED),
            Self::Forbidden => ("forbidden", "This is not allowed", StatusCode::FORBIDDEN),
            Self::NotFound => ("not-found", "There is nothing here", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => {
                ("method-not-allowed", "This address does not take that method", StatusCode::METHOD_NOT_ALLOWED)
            }
            Self::TooSlow => ("too-slow", "The request took too long", StatusCode::REQUEST_TIMEOUT),
            Self::Conflict => ("conflict", "This does not fit how things stand", StatusCode::CONFLICT),
            Self::TooLarge => ("too-large", "The request is too large", StatusCode::PAYLOAD_TOO_LARGE),
            Self::UnsupportedMediaType => {
                ("unsupported-media-type", "This media type is not understood", StatusCode::UNSUPPORTED_MEDIA_TYPE)
            }
            Self::InvalidField => ("invalid-field", "A field cannot be taken", StatusCode::UNPROCESSABLE_ENTITY),
            Self::KeyReused => {
                ("idempotency-key-reused", "The key belongs to another request", StatusCode::UNPROCESSABLE_ENTITY)
            }
            Self::TooManyRequests => ("too-many-requests", "Too many requests", StatusCode::TOO_MANY_REQUESTS),
            Self::Unavailable => ("unavailable", "Not available just now", StatusCode::SERVICE_UNAVAILABLE),
            Self::Internal => ("internal", "Something broke here", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// The problem that an answer without a problem of its own stands for.
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
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let (slug, title, status) = kind.parts();
        Self {
            kind: format!("urn:countmein:problem:{slug}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            field: None,
        }
    }

    /// The problem of an answer that the framework gave by itself.
    pub fn of_status(status: StatusCode) -> Self {
        let kind = Kind::of_status(status);
        let detail = match kind {
            Kind::NotFound => "no page or resource has this address; see /openapi.json for those that there are",
            Kind::MethodNotAllowed => "use one of the methods in the header `Allow`",
            Kind::TooSlow => "it was not done within 10 seconds, but may yet be; look before you try again",
            Kind::TooLarge => "send at most 16 KiB",
            Kind::Internal => "the server failed at this request and has logged why; try again later",
            _ => "the address or a header is not well-formed",
        };
        Self::new(kind, detail)
    }

    pub fn as_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a problem is plain data")
    }
}

impl From<InvalidField> for Problem {
    fn from(invalid: InvalidField) -> Self {
        Self { field: Some(invalid.field), ..Self::new(Kind::InvalidField, invalid.to_string()) }
    }
}

impl From<Malformed> for Problem {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::InvalidField(invalid) => invalid.into(),
            other => Self::new(Kind::MalformedRequest, other.to_string()),
        }
    }
}

impl From<Unavailable> for Problem {
    fn from(unavailable: Unavailable) -> Self {
        tracing::error!(doing = unavailable.doing, cause = %unavailable.cause, "backend unavailable");
        Self::new(Kind::Unavailable, "the server could not do it just now; try again in a moment")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).expect("kinds have valid statuses");
        let mut response = (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], self.as_json()).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        // For whoever shows it as a page.
        response.extensions_mut().insert(self);
        response
    }
}
