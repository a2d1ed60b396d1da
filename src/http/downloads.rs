//! Responses that are files to download.

use axum::body::{Body, to_bytes};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};

use crate::http::App;
use crate::http::problem::Problem;
use crate::ports::{Download, Unavailable};

/// Maximum size of a file in a response, if the program must not send larger ones. A Lambda function's response has at most
/// 6 MB (Lambda quotas), and text can double in size when it is escaped as JSON.
const MAX_INLINE_BYTES: usize = 2 * 1_024 * 1_024;

/// Responds with a file. If it is too large, stores it and redirects to its address.
pub async fn respond(
    app: &App,
    name: &'static str,
    content_type: &'static str,
    body: Body,
) -> Result<Response, Problem> {
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    let Some(downloads) = &app.downloads else { return Ok((headers, body).into_response()) };
    let content = to_bytes(body, usize::MAX)
        .await
        .map_err(|error| Unavailable { doing: "writing a file", cause: error.to_string() })?;
    if content.len() <= MAX_INLINE_BYTES {
        return Ok((headers, content).into_response());
    }
    let address = downloads.store(Download { name, content_type, content: content.into() }).await?;
    Ok(Redirect::to(address.as_str()).into_response())
}
