//! What machines ask of the server itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::timestamp::Timestamp;
use crate::http::App;
use crate::http::problem::{Kind, Problem};

#[derive(Serialize, ToSchema)]
pub struct Health {
    #[schema(example = "ok")]
    status: &'static str,
    version: &'static str,
}

/// Whether the server is up and can read its storage.
#[utoipa::path(
    get, path = "/health", operation_id = "health", tag = "operation",
    responses((status = 200, body = Health), (status = 503, body = Problem, content_type = "application/problem+json")),
)]
pub async fn health(State(app): State<Arc<App>>) -> Result<Json<Health>, Problem> {
    app.backend.roster.events(1, None).await?;
    Ok(Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") }))
}

/// Counts for Prometheus; nothing in them is about a person.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "operation",
    responses(
        (status = 200, body = String, content_type = "application/openmetrics-text"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let Some(metrics) = &app.exposition else {
        return Err(Problem::new(Kind::NotFound, "this server has no metrics page; its metrics are in its log"));
    };
    let depth = app.queue.depth().await?;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], metrics.encode(depth, Timestamp::now())).into_response())
}
