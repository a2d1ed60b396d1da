//! Registered buttons: list, register, remove.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::domain::button::{Button, Serial};
use crate::domain::event::{Event, EventId};
use crate::formats;
use crate::formats::button::registration;
use crate::formats::fields;
use crate::http::bodies::ButtonBody;
use crate::http::client::{DefaultForm, wants_page};
use crate::http::locale::Locale;
use crate::http::middleware::body::Fields;
use crate::http::named_event::named_event;
use crate::http::new_events::new_events;
use crate::http::pages::{Form, Page};
use crate::http::paging::{PageQuery, split_page};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::organiser::rejects::attention_page;
use crate::http::routes::organiser::{Organiser, about_any_contact};
use crate::http::{App, pages};
use crate::ports::{Deletion, Unavailable};

/// One page of the list of buttons.
#[derive(Serialize, ToSchema)]
pub struct ButtonsBody {
    buttons: Vec<ButtonBody>,
    /// The cursor of the next page; null on the last page.
    next: Option<String>,
}

/// A button to register. Each kind of press is `sign_up`, `cancel` or `nothing`. By default, a single press signs up,
/// a long press cancels, and other presses do nothing.
#[derive(Serialize, ToSchema)]
pub struct ButtonRequest {
    /// The serial number that the device sends or its maker prints; `…:2` for the second button of a device.
    #[schema(example = "shellybutton1-A4CF12F45A2B")]
    pub serial: String,
    #[schema(example = "Dance")]
    pub event: String,
    /// The attendee whom the button signs up.
    #[schema(example = "Melvin")]
    pub name: String,
    pub single: Option<String>,
    pub double: Option<String>,
    pub triple: Option<String>,
    pub long: Option<String>,
    /// The contact to store with each sign-up.
    #[schema(value_type = Option<Object>, example = json!({"email": "ana@example.org"}))]
    pub contact: Option<Value>,
}

/// The button to remove.
#[derive(Serialize, ToSchema)]
pub struct RemoveButtonRequest {
    pub serial: String,
}

/// Lists the registered buttons, sorted by serial number.
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
    locale: Locale,
) -> Result<Response, Problem> {
    let (buttons, next) = read_page(&app, &query).await?;
    if wants_page(&headers, DefaultForm::Json) {
        let form = Form::empty(locale);
        return Ok(buttons_page(&app, &buttons, next.as_deref(), &form).await?.into_response());
    }
    let buttons = buttons.iter().map(|button| button_body(&app, button)).collect();
    Ok(Json(ButtonsBody { buttons, next }).into_response())
}

async fn read_page(app: &App, query: &PageQuery) -> Result<(Vec<Button>, Option<String>), Problem> {
    let limit = query.limit()?;
    let after = query.cursor()?.map(Serial::from_stored);
    let buttons = app.backend.buttons.registered(limit + 1, after.as_ref()).await?;
    Ok(split_page(buttons, limit, |button| button.attendee.as_str(), |button| button.serial.as_str()))
}

async fn buttons_page(app: &App, buttons: &[Button], next: Option<&str>, form: &Form) -> Result<Page, Unavailable> {
    let new: Vec<&EventId> =
        new_events(app, buttons.iter().map(|button| &button.event)).await?.into_iter().map(Event::id).collect();
    let ids: Vec<EventId> = buttons.iter().map(|button| button.event.id().clone()).collect();
    let details = app.backend.events.details(&ids).await?;
    let shown: Vec<(ButtonBody, bool)> = buttons
        .iter()
        .zip(details)
        .map(|(button, details)| {
            let body = button_body(app, button);
            let event =
                details.details().map_or_else(|| body.event.clone(), |details| details.content.title.to_string());
            (ButtonBody { event, ..body }, new.contains(&button.event.id()))
        })
        .collect();
    Ok(pages::buttons(&shown, next, form))
}

/// Registers a button. A button with the same serial number is replaced.
#[utoipa::path(
    post, path = "/organiser/buttons", operation_id = "registerButton", tag = "organiser", security(("organiser" = [])), request_body = ButtonRequest,
    responses(
        (status = 200, body = ButtonBody),
        (status = 303, description = "Redirect to the list, after a form"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn register(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    headers: HeaderMap,
    locale: Locale,
    fields: Fields,
) -> Result<Response, Problem> {
    if fields.is_form && wants_page(&headers, DefaultForm::Json) {
        return register_by_form(&app, locale, fields.map).await;
    }
    let button = with_named_event(&app, registration::button(&fields.map)?).await?;
    let body = button_body(&app, &button);
    app.backend.buttons.register(button).await?;
    if fields.is_form {
        return Ok(Redirect::to("/organiser/buttons").into_response());
    }
    Ok(Json(body).into_response())
}

async fn with_named_event(app: &App, button: Button) -> Result<Button, Problem> {
    Ok(Button { event: named_event(app, button.event).await?, ..button })
}

/// Registers a button by the form on the page of buttons, or on the page of a press that needs attention. Then the field
/// `message` has its id, and the page of the press offers to send it again.
async fn register_by_form(app: &App, locale: Locale, typed: Map<String, Value>) -> Result<Response, Problem> {
    let press = match typed.get("message").and_then(Value::as_str).filter(|id| !id.is_empty()) {
        Some(id) => app.backend.rejected.get(id).await?,
        None => None,
    };
    let button = match registration::button(&typed) {
        Ok(button) => with_named_event(app, button).await,
        Err(invalid) => Err(about_any_contact(invalid.into())),
    };
    let problem = match button {
        Ok(button) => {
            app.backend.buttons.register(button).await?;
            let path =
                press.map_or("/organiser/buttons".to_owned(), |press| format!("/organiser/rejects/{}", press.id));
            return Ok(Redirect::to(&path).into_response());
        }
        Err(problem) => problem,
    };
    let form = Form::refused(locale, typed, problem);
    let page = match press {
        Some(press) => attention_page(app, &press, &Form::empty(locale), &form).await?,
        None => {
            let (buttons, next) = read_page(app, &PageQuery::default()).await?;
            buttons_page(app, &buttons, next.as_deref(), &form).await?
        }
    };
    Ok((form.status(), page).into_response())
}

/// Removes a button. Its later presses are rejected.
#[utoipa::path(
    post, path = "/organiser/buttons/remove", operation_id = "removeButton", tag = "organiser", security(("organiser" = [])),
    request_body = RemoveButtonRequest,
    responses(
        (status = 204, description = "The button is removed"),
        (status = 303, description = "Redirect to the list, after a form"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn remove(State(app): State<Arc<App>>, _organiser: Organiser, fields: Fields) -> Result<Response, Problem> {
    let serial = fields::parsed(&fields.map, "serial", Serial::parse)?;
    let deletion = app.backend.buttons.unregister(&serial).await?;
    if fields.is_form {
        return Ok(Redirect::to("/organiser/buttons").into_response());
    }
    if deletion == Deletion::NotFound {
        return Err(Problem::new(ProblemKind::NotFound, "No button with this serial number is registered."));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn button_body(app: &App, button: &Button) -> ButtonBody {
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
