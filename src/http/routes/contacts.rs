//! The opt-in page of a contact: its owner confirms or stops notifications. A GET request changes nothing; a POST
//! request changes the opt-in.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::contact_id::ContactId;
use crate::domain::invalid::FieldProblem;
use crate::domain::opt_in::{ContactToken, OptIn};
use crate::http::bodies::OptInState;
use crate::http::client::wants_page;
use crate::http::middleware::body::Fields;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::{App, pages};
use crate::notify::links::contact_path;
use crate::ports::{Contacts, Unavailable, Write};

/// Maximum attempts to store an opt-in if concurrent writes conflict.
const MAX_WRITE_ATTEMPTS: u32 = 5;

/// Whether the owner of an address wants notifications.
#[derive(Serialize, ToSchema)]
pub struct OptInBody {
    pub opt_in: OptInState,
}

/// The owner's answer. A one-click unsubscribe of a mail program (RFC 8058) is accepted too and means `stop`.
#[derive(Serialize, ToSchema)]
pub struct OptInRequest {
    /// `confirm` or `stop`.
    #[schema(example = "confirm")]
    pub action: String,
}

/// Shows whether notifications are sent to an address.
#[utoipa::path(
    get, path = "/contacts/{token}", operation_id = "showConsent", tag = "contacts", params(("token" = String, Path, description = "The token at the end of the opt-in link")),
    responses(
        (status = 200, content((OptInBody = "application/json"), (String = "text/html"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn show(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let contact = verify_token(&app, &token).await?;
    let opt_in = opt_in_state(app.backend.contacts.opt_in(&contact).await?);
    if wants_page(&headers) {
        return Ok(pages::opt_in(opt_in).into_response());
    }
    Ok(Json(OptInBody { opt_in }).into_response())
}

/// Confirms notifications to an address, or stops them.
#[utoipa::path(
    post, path = "/contacts/{token}", operation_id = "setConsent", tag = "contacts", params(("token" = String, Path, description = "The token at the end of the opt-in link")),
    request_body = OptInRequest,
    responses(
        (status = 200, body = OptInBody),
        (status = 303, description = "Redirect to the same page, after a form"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn change(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let contact = verify_token(&app, &token).await?;
    let contacts = &*app.backend.contacts;
    if is_one_click(&body) {
        store_opt_in(contacts, &contact, OptIn::OptedOut).await?;
        return Ok(Json(OptInBody { opt_in: OptInState::OptedOut }).into_response());
    }
    let mut request = Request::new(body.into());
    *request.headers_mut() = headers;
    let fields = Fields::from_request(request, &()).await?;
    let wanted = match fields.map.get("action").and_then(Value::as_str) {
        Some("confirm") => OptIn::Confirmed,
        Some("stop") => OptIn::OptedOut,
        _ => {
            return Err(FieldProblem::NotAChoice { choices: "`confirm` and `stop`".to_owned() }
                .in_field("action")
                .into());
        }
    };
    store_opt_in(contacts, &contact, wanted).await?;
    if fields.is_form {
        return Ok(Redirect::to(&contact_path(&token)).into_response());
    }
    Ok((StatusCode::OK, Json(OptInBody { opt_in: opt_in_state(Some(wanted)) })).into_response())
}

/// Whether the body is a one-click unsubscribe: the pair `List-Unsubscribe=One-Click`, as a form or as multipart
/// (RFC 8058, section 3.2).
fn is_one_click(body: &[u8]) -> bool {
    let contains = |text: &[u8]| body.windows(text.len()).any(|window| window == text);
    contains(b"List-Unsubscribe") && contains(b"One-Click")
}

async fn verify_token(app: &App, token: &str) -> Result<ContactId, Problem> {
    app.verify(|secret| ContactToken::verify(token, secret)).await?.ok_or_else(|| {
        let detail = "This link is incomplete. Copy the whole link from your message and try again.";
        Problem::new(ProblemKind::NotFound, detail)
    })
}

/// Stores the owner's choice. It replaces any choice stored since the page was shown.
async fn store_opt_in(contacts: &dyn Contacts, contact: &ContactId, wanted: OptIn) -> Result<(), Unavailable> {
    for _ in 0..MAX_WRITE_ATTEMPTS {
        let before = contacts.opt_in(contact).await?;
        if before == Some(wanted) || contacts.set_opt_in(contact, before, wanted).await? == Write::Stored {
            return Ok(());
        }
    }
    Err(Unavailable { doing: "storing an opt-in", cause: "concurrent writes kept conflicting".to_owned() })
}

fn opt_in_state(opt_in: Option<OptIn>) -> OptInState {
    match opt_in {
        None | Some(OptIn::Pending { .. }) => OptInState::Pending,
        Some(OptIn::Confirmed) => OptInState::Confirmed,
        Some(OptIn::OptedOut) => OptInState::OptedOut,
    }
}
