//! Sign-ups with the form of a page.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Map, Value};

use crate::domain::attendee::Attendee;
use crate::domain::contact::Contact;
use crate::domain::event::Event;
use crate::domain::invalid::FieldProblem;
use crate::domain::manage_link::{ManageToken, RegistrationState};
use crate::domain::signup::Version;
use crate::domain::timestamp::Timestamp;
use crate::formats::http_signup as http;
use crate::http::event_view::{Credentials, find_begun_event};
use crate::http::locale::Locale;
use crate::http::own_registrations::OwnRegistration;
use crate::http::pages::{EARLIER_LINK_FIELD, Form};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::events;
use crate::http::routes::public_signup::{Accepted, RequestKey, Sender, enqueue_public};
use crate::http::wait::{wait_for_place, wait_for_roster};
use crate::http::{App, form_token, own_registrations};
use crate::notify::links::event_path;

/// Signs up the person who filled in the form of an event's page, and leads to their personal page.
pub async fn sign_up_with_form(
    app: &App,
    event: &Event,
    sender: &Sender<'_>,
    fields: &Map<String, Value>,
) -> Result<Response, Problem> {
    find_begun_event(app, event.id()).await?;
    let fields = with_phone_as_contact(fields)?;
    let signup = http::signup(event.clone(), &fields, Version::now())?;
    // The form may have been sent before from this browser, and its token lost with the page.
    for (token, text) in own_registrations::of_event(app, sender.headers, event.id()).await? {
        if token.key == signup.key() {
            let attendee = app.backend.roster.attendee(&token.key).await?;
            let state = token.state(attendee.as_ref(), Timestamp::now());
            if matches!(state, RegistrationState::In | RegistrationState::Pending) {
                return Ok(
                    Redirect::to(&format!("{}?repeat", event_path(event.id(), &["manage", &text]))).into_response()
                );
            }
        }
    }
    let key = form_token::of_form(app, sender.headers, &fields)
        .map(|token| RequestKey::Form { token, name: signup.key().name });
    let accepted = enqueue_public(app, sender, key, |version| http::signup(event.clone(), &fields, version)).await?;
    let attendee = wait_for_roster(app, &accepted.signup).await;
    let state = ManageToken::of(&accepted.signup).state(attendee.as_ref(), Timestamp::now());
    if state == RegistrationState::NotYours {
        let detail = "There is already somebody with this name on the list.";
        let problem = Problem::new(ProblemKind::Conflict, detail).on_page("signup-name-taken");
        return Err(Problem { field: Some("name"), ..problem });
    }
    let had_link = fields.contains_key(EARLIER_LINK_FIELD);
    lead_to_personal_page(app, sender.headers, &accepted, attendee.as_ref(), had_link).await
}

/// Waits a moment for the place of an attendee, and leads to the personal page of the sign-up, which this browser remembers.
/// `had_link` says whether the form was on the page of an earlier personal link.
pub async fn lead_to_personal_page(
    app: &App,
    headers: &HeaderMap,
    accepted: &Accepted,
    attendee: Option<&Attendee>,
    had_link: bool,
) -> Result<Response, Problem> {
    let signup = &accepted.signup;
    if !accepted.is_other_repeat {
        let details = app.backend.events.stored(signup.event.id()).await?;
        wait_for_place(app, details.details(), attendee).await;
    }
    let earlier = own_registrations::of_event(app, headers, signup.event.id()).await?;
    let new = ManageToken::of(signup);
    let has_earlier_link = earlier.iter().any(|(earlier, _)| earlier.key == new.key && *earlier != new);
    let repeat = match accepted.is_other_repeat {
        true => "?repeat",
        false if has_earlier_link || had_link => "?again",
        false => "",
    };
    let token = new.sign(&app.token_secret);
    let path = event_path(signup.event.id(), &["manage", &token]) + repeat;
    let own = OwnRegistration { event: signup.event.id().clone(), token };
    let cookie = own_registrations::add(app, headers, own);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&path)).into_response())
}

/// Shows the page of the event again, with what was typed and what is wrong with it.
pub async fn show_form_again(
    app: &App,
    event: &Event,
    credentials: &Credentials,
    headers: &HeaderMap,
    locale: Locale,
    typed: Map<String, Value>,
    problem: Problem,
) -> Result<Response, Problem> {
    let form = Form::refused(locale, typed, problem.clone());
    // There may be no such page. Then the problem says so.
    let page = events::event_page(app, event, credentials, headers, &form, None).await.map_err(|_| problem)?;
    Ok((form.status(), page).into_response())
}

/// A page has one field for each kind of address.
pub fn with_phone_as_contact(fields: &Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    let text = |field| fields.get(field).and_then(Value::as_str).map_or("", str::trim);
    let mut fields = fields.clone();
    match (text("contact"), text("phone")) {
        (_, "") => {}
        ("", phone) => {
            Contact::sms(phone).map_err(|problem| problem.in_field("phone"))?;
            fields.insert("contact".to_owned(), phone.into());
        }
        (_, _) => return Err(FieldProblem::NotOneContact.in_field("phone").into()),
    }
    Ok(fields)
}
