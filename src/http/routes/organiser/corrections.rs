//! Corrections to rejected messages, and the sign-ups that are sent again.

use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::domain::contact::Contact;
use crate::domain::invalid::FieldProblem;
use crate::domain::signup::Signup;
use crate::formats;
use crate::http::App;
use crate::http::named_event::named_event;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::signups;
use crate::ingest::admission::needs_admission;
use crate::ingest::presses::{PressResolver, ResolvedPress};
use crate::ports::RejectedMessage;

/// Time for resolving a rejected press again. It is shorter than the timeout of the Lambda function `api`.
const PRESS_TIME: Duration = Duration::from_secs(5);

/// The sign-up to send again. It is refused if its event would refuse it, because it would only be rejected again.
///
/// A button press without corrections is resolved again, because its button may have been registered or changed since.
pub async fn corrected_signup(
    app: &App,
    reject: &RejectedMessage,
    corrections: Map<String, Value>,
) -> Result<Signup, Problem> {
    let Some(envelope) = reject.button_message().filter(|_| corrections.is_empty()) else {
        let signup = reject.corrected(corrections)?;
        let event = named_event(app, signup.event).await?;
        return if_accepted(app, Signup { event, ..signup }).await;
    };
    let resolver = PressResolver {
        buttons: &*app.backend.buttons,
        idempotency: &*app.backend.idempotency,
        deadline: Instant::now() + PRESS_TIME,
    };
    let resolved = resolver.resolve(&[(envelope, reject.arrived_at)]).await.remove(0)?;
    match resolved {
        ResolvedPress::Signup(signup) => if_accepted(app, *signup).await,
        ResolvedPress::Rejected(reason) => {
            Err(Problem::new(ProblemKind::Conflict, &reason).on_page("attention-still-wrong"))
        }
        ResolvedPress::NoAction => {
            let detail = "The button is registered to do nothing on this kind of press. Discard the press, or register \
                          the button differently.";
            Err(Problem::new(ProblemKind::Conflict, detail).on_page("attention-no-action"))
        }
    }
}

async fn if_accepted(app: &App, signup: Signup) -> Result<Signup, Problem> {
    if needs_admission(&signup.request) { signups::admitted(app, signup).await } else { Ok(signup) }
}

pub fn parse_json_corrections(mut fields: Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    match fields.remove("set") {
        None => Ok(Map::new()),
        Some(Value::Object(set)) => Ok(set),
        Some(_) => {
            let problem = FieldProblem::WrongType { expected: "an object", found: "something else" };
            Err(problem.in_field("set").into())
        }
    }
}

/// An empty event, name or contact leaves that of the message unchanged.
pub fn parse_form_corrections(fields: &Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    let text = |field| fields.get(field).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let mut set = Map::new();
    for field in ["event", "name"] {
        if let Some(text) = text(field) {
            set.insert(field.to_owned(), Value::from(text));
        }
    }
    // The form shows what the message has in these fields, so who empties one wants it to be empty.
    for field in ["guests", "answer", "note"].into_iter().filter(|field| fields.contains_key(*field)) {
        let number = text(field).filter(|_| field == "guests").and_then(|text| text.parse::<u64>().ok());
        set.insert(field.to_owned(), number.map_or_else(|| text(field).into(), Value::from));
    }
    if fields.contains_key("no_contact") {
        set.insert("contact".to_owned(), Value::Null);
    } else if let Some(text) = text("contact") {
        let contact = Contact::from_line(text).map_err(|problem| problem.in_field("contact"))?;
        set.insert("contact".to_owned(), formats::contact::to_json(&contact));
    }
    Ok(set)
}
