//! The opt-in page of a contact: its owner confirms notifications about all its registrations, or stops them. A GET
//! request changes nothing; a POST request changes the opt-in.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::contact_id::ContactId;
use crate::domain::invalid::FieldProblem;
use crate::domain::opt_in::{ContactToken, OptIn, Scope};
use crate::http::client::{DefaultForm, wants_page};
use crate::http::locale::Locale;
use crate::http::middleware::body::Fields;
use crate::http::opt_in_bodies::{OptInScope, OptInState};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::{App, address_proof, pages};
use crate::notify::links::contact_path;
use crate::ports::{Contacts, Unavailable, Write};

/// Maximum attempts to store an opt-in if concurrent writes conflict.
const MAX_WRITE_ATTEMPTS: u32 = 5;

/// Whether the owner of an address wants notifications.
#[derive(Serialize, ToSchema)]
pub struct OptInBody {
    pub opt_in: OptInState,
    /// Null unless `opt_in` is `confirmed`.
    pub scope: Option<OptInScope>,
}

/// The owner's answer. A one-click unsubscribe of a mail program (RFC 8058) is accepted too and means `stop`.
#[derive(Serialize, ToSchema)]
pub struct OptInRequest {
    /// `confirm`, `confirm_all` or `stop`. `confirm` means the registration of the link, and all registrations if the link
    /// names none.
    #[schema(example = "confirm")]
    pub action: String,
}

/// What the owner of an address wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptInAction {
    /// Notifications about the registration of the link.
    Confirm,
    /// Notifications about all registrations with the address.
    ConfirmAll,
    /// No messages to the address.
    Stop,
}

/// The owner's answer, and whether it was sent with a form.
pub struct OptInAnswer {
    pub action: OptInAction,
    pub is_form: bool,
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
    locale: Locale,
) -> Result<Response, Problem> {
    let contact = verify_token(&app, &token).await?;
    let body = OptInBody::of(app.backend.contacts.opt_in(&contact).await?);
    if wants_page(&headers, DefaultForm::Page) {
        return Ok(pages::opt_in(locale, body.opt_in, body.scope).into_response());
    }
    Ok(Json(body).into_response())
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
    let answer = OptInAnswer::parse(&headers, body).await?;
    let wanted = match answer.action {
        OptInAction::Confirm | OptInAction::ConfirmAll => OptIn::Confirmed(Scope::All),
        OptInAction::Stop => OptIn::OptedOut,
    };
    store_opt_in(&*app.backend.contacts, &contact, |_| wanted).await?;
    if answer.is_form {
        return redirect_form(&app, &headers, &contact, answer.action, &contact_path(&token)).await;
    }
    Ok(Json(OptInBody::of(Some(wanted))).into_response())
}

impl OptInBody {
    fn of(opt_in: Option<OptIn>) -> Self {
        Self { opt_in: OptInState::of(opt_in), scope: OptInScope::of(opt_in) }
    }
}

impl OptInAnswer {
    pub async fn parse(headers: &HeaderMap, body: Bytes) -> Result<Self, Problem> {
        if is_one_click(&body) {
            return Ok(Self { action: OptInAction::Stop, is_form: false });
        }
        let mut request = Request::new(body.into());
        headers.clone_into(request.headers_mut());
        let fields = Fields::from_request(request, &()).await?;
        let action = match fields.map.get("action").and_then(Value::as_str) {
            Some("confirm") => OptInAction::Confirm,
            Some("confirm_all") => OptInAction::ConfirmAll,
            Some("stop") => OptInAction::Stop,
            _ => {
                let choices = "`confirm`, `confirm_all` and `stop`".to_owned();
                return Err(FieldProblem::NotAChoice { choices }.in_field("action").into());
            }
        };
        Ok(Self { action, is_form: fields.is_form })
    }
}

/// Redirects a browser to the page after a form. If the owner has confirmed, the browser has shown control of the address.
pub async fn redirect_form(
    app: &App,
    headers: &HeaderMap,
    contact: &ContactId,
    action: OptInAction,
    path: &str,
) -> Result<Response, Problem> {
    let redirect = Redirect::to(path);
    match action {
        OptInAction::Stop => Ok(redirect.into_response()),
        OptInAction::Confirm | OptInAction::ConfirmAll => {
            let cookie = address_proof::remember(app, headers, contact).await?;
            Ok(([(header::SET_COOKIE, cookie)], redirect).into_response())
        }
    }
}

/// Whether the body is a one-click unsubscribe: the pair `List-Unsubscribe=One-Click`, as a form or as multipart
/// (RFC 8058, section 3.2).
fn is_one_click(body: &[u8]) -> bool {
    let contains = |text: &[u8]| body.windows(text.len()).any(|window| window == text);
    contains(b"List-Unsubscribe") && contains(b"One-Click")
}

async fn verify_token(app: &App, token: &str) -> Result<ContactId, Problem> {
    app.verify(|secret| ContactToken::verify(token, secret)).await?.ok_or_else(incomplete_link)
}

pub fn incomplete_link() -> Problem {
    let detail = "This link is incomplete. Copy the whole link and try again.";
    Problem::new(ProblemKind::NotFound, detail).on_page("error-incomplete-link")
}

/// Stores the owner's choice, which may depend on the stored one. It replaces any choice stored since the page was shown.
pub async fn store_opt_in(
    contacts: &dyn Contacts,
    contact: &ContactId,
    choose: impl Fn(Option<OptIn>) -> OptIn,
) -> Result<OptIn, Unavailable> {
    for _ in 0..MAX_WRITE_ATTEMPTS {
        let before = contacts.opt_in(contact).await?;
        let wanted = choose(before);
        if before == Some(wanted) || contacts.set_opt_in(contact, before, wanted).await? == Write::Stored {
            return Ok(wanted);
        }
    }
    Err(Unavailable { doing: "storing an opt-in", cause: "concurrent writes kept conflicting".to_owned() })
}
