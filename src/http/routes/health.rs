//! Health and metrics, for monitoring.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::timestamp::Timestamp;
use crate::http::App;
use crate::http::problem::{Problem, ProblemKind};
use crate::ports::Depth;

#[derive(Serialize, ToSchema)]
pub struct HealthBody {
    #[schema(example = "ok")]
    status: &'static str,
    version: &'static str,
}

/// Checks that the server is up, and can read and write its storage.
#[utoipa::path(
    get, path = "/health", operation_id = "health", tag = "operation",
    responses((status = 200, body = HealthBody), (status = 503, body = Problem, content_type = "application/problem+json")),
)]
pub async fn health(State(app): State<Arc<App>>) -> Result<Json<HealthBody>, Problem> {
    app.backend.roster.events(1, None).await?;
    app.queue.check_writable().await?;
    Ok(Json(HealthBody { status: "ok", version: env!("CARGO_PKG_VERSION") }))
}

/// Shows metrics in the OpenMetrics format, for Prometheus.
///
/// They contain no personal data.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "operation",
    responses(
        (status = 200, body = String, content_type = "application/openmetrics-text"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let Some(metrics) = &app.exposition else {
        let detail = "This server has no metrics page. Its metrics are in its log.";
        return Err(Problem::new(ProblemKind::NotFound, detail));
    };
    let queue = app.queue.depth().await?;
    let outbox = match &app.backend.outbox {
        Some(outbox) => outbox.depth().await?,
        None => Depth::default(),
    };
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], metrics.encode(queue, outbox, Timestamp::now())).into_response())
}
