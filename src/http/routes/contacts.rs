//! Where the owner of an address says whether they want messages there. GET shows; only POST acts.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::invalid::FieldProblem;
use crate::domain::opt_in::{ContactId, ContactToken, OptIn};
use crate::http::bodies::OptInState;
use crate::http::client::wants_page;
use crate::http::middleware::body::Fields;
use crate::http::problem::{Kind, Problem};
use crate::http::{App, pages};
use crate::notify::links::contact_path;
use crate::ports::{Contacts, Unavailable, Write};

#[derive(Serialize, ToSchema)]
pub struct OptInBody {
    pub opt_in: OptInState,
}

/// Give `action` `confirm` or `stop`. A mail program's one click (RFC 8058) stops too.
#[derive(Serialize, ToSchema)]
pub struct OptInAction {
    #[schema(example = "confirm")]
    pub action: String,
}

/// Whether messages are sent to the address that this link was sent to.
#[utoipa::path(
    get, path = "/contacts/{token}", operation_id = "showConsent", tag = "contacts", params(("token" = String, Path)),
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
    let contact = verify(&app, &token).await?;
    let opt_in = state(app.backend.contacts.opt_in(&contact).await?);
    if wants_page(&headers) {
        return Ok(pages::opt_in(opt_in).into_response());
    }
    Ok(Json(OptInBody { opt_in }).into_response())
}

/// Confirms that messages are wanted at this address, or stops them all.
#[utoipa::path(
    post, path = "/contacts/{token}", operation_id = "setConsent", tag = "contacts", params(("token" = String, Path)),
    request_body = OptInAction,
    responses(
        (status = 200, body = OptInBody),
        (status = 303, description = "To the same page, after a form"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn act(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let contact = verify(&app, &token).await?;
    let contacts = &*app.backend.contacts;
    if is_one_click(&body) {
        set(contacts, &contact, OptIn::OptedOut).await?;
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
    set(contacts, &contact, wanted).await?;
    if fields.by_form {
        return Ok(Redirect::to(&contact_path(&token)).into_response());
    }
    Ok((StatusCode::OK, Json(OptInBody { opt_in: state(Some(wanted)) })).into_response())
}

/// RFC 8058, section 3.2: the pair, as a form or in one of several parts.
fn is_one_click(body: &[u8]) -> bool {
    let holds = |text: &[u8]| body.windows(text.len()).any(|window| window == text);
    holds(b"List-Unsubscribe") && holds(b"One-Click")
}

async fn verify(app: &App, token: &str) -> Result<ContactId, Problem> {
    let unknown = || Problem::new(Kind::NotFound, "this link is not whole; use it just as it was sent to you");
    if let Some(contact) = ContactToken::verify(token, &app.token_secret) {
        return Ok(contact);
    }
    let previous = app.secrets.previous_token_secret().await?;
    previous.and_then(|secret| ContactToken::verify(token, &secret)).ok_or_else(unknown)
}

/// The latest word of the owner counts, whatever else was stored meanwhile.
async fn set(contacts: &dyn Contacts, contact: &ContactId, wanted: OptIn) -> Result<(), Unavailable> {
    for _ in 0..5 {
        let before = contacts.opt_in(contact).await?;
        if before == Some(wanted) || contacts.set_opt_in(contact, before, wanted).await? == Write::Stored {
            return Ok(());
        }
    }
    Err(Unavailable { doing: "storing a consent", cause: "others keep storing it".to_owned() })
}

fn state(opt_in: Option<OptIn>) -> OptInState {
    match opt_in {
        None | Some(OptIn::Pending { .. }) => OptInState::Pending,
        Some(OptIn::Confirmed) => OptInState::Confirmed,
        Some(OptIn::OptedOut) => OptInState::OptedOut,
    }
}
