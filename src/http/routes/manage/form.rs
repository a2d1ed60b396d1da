//! The forms on the page of a personal link.

use super::find_attendee;

use axum::response::Response;
use serde_json::{Map, Value};

use crate::domain::event::Event;
use crate::domain::invalid::FieldProblem;
use crate::domain::manage_link::{ManageToken, RegistrationState};
use crate::domain::timestamp::Timestamp;
use crate::formats::http_signup as http;
use crate::http::App;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::public_signup::{RequestKey, Sender, enqueue_public};
use crate::http::routes::signup_form::{form_token, lead_to_personal_page};

/// Reads the form of an address. An empty field changes nothing, and another button removes the address.
pub fn with_typed_contact(fields: &Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    let text = |field| fields.get(field).and_then(Value::as_str).map(str::trim);
    let mut fields = fields.clone();
    match text("action") {
        Some("contact") if text("contact").is_none_or(str::is_empty) => {
            return Err(FieldProblem::Missing.in_field("contact").into());
        }
        Some("remove_contact") => {
            fields.insert("action".to_owned(), "contact".into());
            fields.insert("contact".to_owned(), Value::Null);
        }
        _ => {}
    }
    Ok(fields)
}

/// Signs up the person of a personal link again, who had cancelled.
pub async fn sign_up_again(
    app: &App,
    event: &str,
    token: &ManageToken,
    sender: &Sender<'_>,
    fields: &Map<String, Value>,
) -> Result<Response, Problem> {
    let (_, attendee) = find_attendee(app, token).await?;
    if token.state(attendee.as_ref(), Timestamp::now()) != RegistrationState::Out {
        return Err(Problem::new(ProblemKind::Conflict, "This sign-up is still on the list."));
    }
    let name = attendee.map_or_else(|| token.key.name.as_str().to_owned(), |attendee| attendee.name.to_string());
    let event = Event::parse(event).map_err(|problem| problem.in_field("event"))?;
    let body = Map::from_iter([("name".to_owned(), Value::from(name))]);
    let key = form_token(fields).map(|form| RequestKey::Form { token: form, name: token.key.name.clone() });
    let accepted = enqueue_public(app, sender, key, |version| http::signup(event.clone(), &body, version)).await?;
    lead_to_personal_page(app, sender.headers, &accepted).await
}
