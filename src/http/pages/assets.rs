//! The style sheet, the script, the icon and the files that browsers look for at fixed paths.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

const STYLE: &str = include_str!("../assets/style.css");
const SCRIPT: &str = include_str!("../assets/page.js");
const ICON: &str = include_str!("../assets/icon.svg");
const MANIFEST: &str = include_str!("../assets/manifest.webmanifest");
/// Events are found by their links alone.
const ROBOTS: &str = "User-agent: *\nDisallow: /\n";

pub const ICON_PATH: &str = "/favicon.ico";
pub const MANIFEST_PATH: &str = "/manifest.webmanifest";

/// The file at a path with its hash never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";
const ONE_DAY: &str = "public, max-age=86400";

static STYLE_PATH: LazyLock<String> = LazyLock::new(|| format!("/assets/{}/style.css", hash(STYLE)));
static SCRIPT_PATH: LazyLock<String> = LazyLock::new(|| format!("/assets/{}/page.js", hash(SCRIPT)));

pub fn style_path() -> &'static str {
    &STYLE_PATH
}

pub fn script_path() -> &'static str {
    &SCRIPT_PATH
}

fn hash(content: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(content.as_bytes())[..6])
}

/// The routes of these files.
pub fn assets<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let file = |content_type: &'static str, content: &'static str| {
        get(async move || ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, ONE_DAY)], content))
    };
    Router::new()
        .route("/assets/{hash}/{file}", get(hashed))
        .route(ICON_PATH, file("image/svg+xml", ICON))
        .route(MANIFEST_PATH, file("application/manifest+json", MANIFEST))
        .route("/robots.txt", file("text/plain; charset=utf-8", ROBOTS))
}

/// During a deployment, a page may name the file of another version. It gets the current one, which is not kept.
async fn hashed(Path((requested, file)): Path<(String, String)>) -> Response {
    let (content_type, content) = match file.as_str() {
        "style.css" => ("text/css; charset=utf-8", STYLE),
        "page.js" => ("text/javascript; charset=utf-8", SCRIPT),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let kept = if requested == hash(content) { FOREVER } else { "no-store" };
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, kept)], content).into_response()
}
