//! The buttons: list, register, remove.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::button::{Button, Serial};
use crate::formats;
use crate::formats::button::registration;
use crate::formats::fields;
use crate::http::bodies::ButtonBody;
use crate::http::client::wants_page;
use crate::http::middleware::body::Fields;
use crate::http::paging::{PageQuery, cut};
use crate::http::problem::{Kind, Problem};
use crate::http::routes::organiser::Organiser;
use crate::http::{App, pages};
use crate::ports::Deletion;

#[derive(Serialize, ToSchema)]
pub struct ButtonsBody {
    buttons: Vec<ButtonBody>,
    /// The cursor of the next page; null on the last.
    next: Option<String>,
}

/// As in [`ButtonBody`]; by default a single press signs up, a long one cancels, others do nothing.
#[derive(Serialize, ToSchema)]
pub struct Registration {
    #[schema(example = "shellybutton1-A4CF12F45A2B")]
    pub serial: String,
    #[schema(example = "Dance")]
    pub event: String,
    #[schema(example = "Melvin")]
    pub name: String,
    pub single: Option<String>,
    pub double: Option<String>,
    pub triple: Option<String>,
    pub long: Option<String>,
    #[schema(value_type = Option<Object>, example = json!({"email": "ana@example.org"}))]
    pub contact: Option<Value>,
}

#[derive(Serialize, ToSchema)]
pub struct ButtonRemoval {
    pub serial: String,
}

/// The buttons, by serial number. For the organiser.
#[utoipa::path(
    get, path = "/organiser/buttons", operation_id = "listButtons", tag = "organiser", params(PageQuery), security(("organiser" = [])),
    responses(
        (status = 200, body = ButtonsBody),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = query.limit()?;
    let after = query.cursor()?.map(Serial::from_stored);
    let buttons = app.backend.buttons.registered(limit + 1, after.as_ref()).await?;
    let (buttons, next) = cut(buttons, limit, |button| button.serial.as_str());
    let buttons = buttons.iter().map(|button| body(&app, button)).collect();
    let body = ButtonsBody { buttons, next };
    if wants_page(&headers) {
        return Ok(pages::buttons(&body.buttons, body.next.as_deref()).into_response());
    }
    Ok(Json(body).into_response())
}

/// Registers a button, in place of what was registered under its serial number.
#[utoipa::path(
    post, path = "/organiser/buttons", operation_id = "registerButton", tag = "organiser", security(("organiser" = [])), request_body = Registration,
    responses(
        (status = 200, body = ButtonBody),
        (status = 303, description = "To the list, after a form"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn register(State(app): State<Arc<App>>, _organiser: Organiser, fields: Fields) -> Result<Response, Problem> {
    let button = registration::button(&fields.map)?;
    let answer = body(&app, &button);
    app.backend.buttons.register(button).await?;
    if fields.by_form {
        return Ok(Redirect::to("/organiser/buttons").into_response());
    }
    Ok(Json(answer).into_response())
}

/// Removes a button; its presses are rejects from then on.
#[utoipa::path(
    post, path = "/organiser/buttons/remove", operation_id = "removeButton", tag = "organiser", security(("organiser" = [])),
    request_body = ButtonRemoval,
    responses(
        (status = 204, description = "It is gone"),
        (status = 303, description = "To the list, after a form"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn remove(State(app): State<Arc<App>>, _organiser: Organiser, fields: Fields) -> Result<Response, Problem> {
    let serial = fields::parsed(&fields.map, "serial", Serial::parse)?;
    let deletion = app.backend.buttons.unregister(&serial).await?;
    if fields.by_form {
        return Ok(Redirect::to("/organiser/buttons").into_response());
    }
    if deletion == Deletion::NotFound {
        return Err(Problem::new(Kind::NotFound, "no button of this serial number is registered"));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn body(app: &App, button: &Button) -> ButtonBody {
    ButtonBody {
        serial: button.serial.to_string(),
        event: button.event.title().to_owned(),
        name: button.attendee.to_string(),
        single: button.actions.single.as_str(),
        double: button.actions.double.as_str(),
        triple: button.actions.triple.as_str(),
        long: button.actions.long.as_str(),
        contact: button.contact.as_ref().map(formats::contact::to_json),
        secret: button.serial.secret(&app.token_secret),
    }
}
