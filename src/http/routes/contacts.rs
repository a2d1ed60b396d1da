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

use crate::domain::invalid::Problem as FieldProblem;
use crate::domain::opt_in::{Consent, ConsentToken, ContactId};
use crate::http::bodies::ConsentState;
use crate::http::client::wants_page;
use crate::http::middleware::body::Fields;
use crate::http::problem::{Kind, Problem};
use crate::http::{App, pages};
use crate::notify::links::consent_path;
use crate::ports::{Contacts, Unavailable};

#[derive(Serialize, ToSchema)]
pub struct ConsentBody {
    pub consent: ConsentState,
}

/// Give `action` `confirm` or `stop`. A mail program's one click (RFC 8058) stops too.
#[derive(Serialize, ToSchema)]
pub struct ConsentAction {
    #[schema(example = "confirm")]
    pub action: String,
}

/// Whether messages are sent to the address that this link was sent to.
#[utoipa::path(
    get, path = "/contacts/{token}", operation_id = "showConsent", tag = "contacts", params(("token" = String, Path)),
    responses(
        (status = 200, content((ConsentBody = "application/json"), (String = "text/html"))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn show(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let contact = verify(&app, &token).await?;
    let consent = state(app.backend.contacts.consent(&contact).await?);
    if wants_page(&headers) {
        return Ok(pages::consent(consent).into_response());
    }
    Ok(Json(ConsentBody { consent }).into_response())
}

/// Confirms that messages are wanted at this address, or stops them all.
#[utoipa::path(
    post, path = "/contacts/{token}", operation_id = "setConsent", tag = "contacts", params(("token" = String, Path)),
    request_body = ConsentAction,
    responses(
        (status = 200, body = ConsentBody),
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
        set(contacts, &contact, Consent::Refused).await?;
        return Ok(Json(ConsentBody { consent: ConsentState::Refused }).into_response());
    }
    let mut request = Request::new(body.into());
    *request.headers_mut() = headers;
    let fields = Fields::from_request(request, &()).await?;
    let wanted = match fields.map.get("action").and_then(Value::as_str) {
        Some("confirm") => Consent::Given,
        Some("stop") => Consent::Refused,
        _ => return Err(FieldProblem::NotAChoice { choices: "`confirm` and `stop`" }.in_field("action").into()),
    };
    set(contacts, &contact, wanted).await?;
    if fields.by_form {
        return Ok(Redirect::to(&consent_path(&token)).into_response());
    }
    Ok((StatusCode::OK, Json(ConsentBody { consent: state(Some(wanted)) })).into_response())
}

/// RFC 8058, section 3.2: the pair, as a form or in one of several parts.
fn is_one_click(body: &[u8]) -> bool {
    let holds = |text: &[u8]| body.windows(text.len()).any(|window| window == text);
    holds(b"List-Unsubscribe") && holds(b"One-Click")
}

async fn verify(app: &App, token: &str) -> Result<ContactId, Problem> {
    let unknown = || Problem::new(Kind::NotFound, "this link is not whole; use it just as it was sent to you");
    if let Some(contact) = ConsentToken::verify(token, &app.token_secret) {
        return Ok(contact);
    }
    let previous = app.secrets.previous_token_secret().await?;
    previous.and_then(|secret| ConsentToken::verify(token, &secret)).ok_or_else(unknown)
}

/// The latest word of the owner counts, whatever else was stored meanwhile.
async fn set(contacts: &dyn Contacts, contact: &ContactId, wanted: Consent) -> Result<(), Unavailable> {
    for _ in 0..5 {
        let before = contacts.consent(contact).await?;
        if before == Some(wanted) || contacts.set_consent(contact, before, wanted).await? {
            return Ok(());
        }
    }
    Err(Unavailable { doing: "storing a consent", cause: "others keep storing it".to_owned() })
}

fn state(consent: Option<Consent>) -> ConsentState {
    match consent {
        None | Some(Consent::Asked { .. }) => ConsentState::Asked,
        Some(Consent::Given) => ConsentState::Given,
        Some(Consent::Refused) => ConsentState::Refused,
    }
}
