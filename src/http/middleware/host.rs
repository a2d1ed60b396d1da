//! Refuses requests without exactly one `Host` (RFC 9112, section 3.2).

use axum::extract::Request;
use axum::http::{Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::problem::{Problem, ProblemKind};

pub async fn require_one(request: Request, next: Next) -> Response {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    // HTTP/1.0 has no such header.
    if hosts == 1 || (hosts == 0 && request.version() < Version::HTTP_11) {
        return next.run(request).await;
    }
    Problem::new(ProblemKind::MalformedRequest, "Send exactly one `Host` header.").into_response()
}
