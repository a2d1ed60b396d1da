//! The page of a personal link.

use serde::Deserialize;

use super::{find_attendee, manage_body};
use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::contact::Contact;
use crate::domain::event_details::EventDetails;
use crate::domain::language::Language;
use crate::domain::manage_link::{ManageToken, RegistrationState};
use crate::domain::place::Place;
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::Viewer;
use crate::http::App;
use crate::http::address_state::{AddressState, address_state};
use crate::http::bodies::ManageBody;
use crate::http::event_view::read_details;
use crate::http::messages::messages_to;
use crate::http::pages::{Form, ManagePage, Page};
use crate::http::paging::{DEFAULT_LIMIT, PageQuery};
use crate::http::place_bodies::PlacesBody;
use crate::http::problem::Problem;
use crate::http::roster_view::RosterView;
use crate::notify::links::event_path;

/// The part of a personal page's query that a repeated sign-up adds.
#[derive(Default, Deserialize)]
pub struct RepeatQuery {
    /// Present if the same person had signed up before in the same browser.
    pub repeat: Option<String>,
    /// Present if this browser had another link for the same name before.
    pub again: Option<String>,
    /// Present after a form has changed something.
    pub saved: Option<String>,
    /// Present after a form has cancelled the sign-up.
    pub cancelled: Option<String>,
}

pub async fn body_with_messages(
    app: &App,
    token: &ManageToken,
    details: Option<&EventDetails>,
    attendee: Option<&Attendee>,
    language: Option<Language>,
) -> Result<(ManageBody, Option<Place>), Problem> {
    let (mut body, place) = manage_body(app, token, details, attendee).await?;
    if let Some(attendee) = attendee.filter(|_| body.state == RegistrationState::In) {
        body.messages = messages_to(app, attendee, language).await?;
    }
    Ok((body, place))
}

/// Returns the page of a personal link. `event` is how the link spells the event.
pub async fn manage_page(
    app: &App,
    event: &str,
    token: &ManageToken,
    page: &PageQuery,
    repeat: &RepeatQuery,
    form: &Form,
) -> Result<Page, Problem> {
    let (_, attendee) = find_attendee(app, token).await?;
    let details = read_details(app, &token.key.event).await?;
    let details = details.as_deref();
    let (body, place) =
        body_with_messages(app, token, details, attendee.as_ref(), Some(form.locale.language())).await?;
    let title = match details {
        Some(details) => details.content.title.to_string(),
        None => app.backend.roster.roster(&token.key.event, 1, None).await?.title.unwrap_or(event.to_owned()),
    };
    let roster = match body.state {
        RegistrationState::In => roster_for_attendees(app, token, details, page).await?,
        RegistrationState::Pending | RegistrationState::Out | RegistrationState::NotYours => None,
    };
    let viewer = match (body.state, place) {
        (RegistrationState::Out, _) => Some(Viewer::Public),
        (RegistrationState::In, Some(Place::Waiting { .. })) => Some(Viewer::Attendee),
        _ => None,
    };
    let counts = if viewer.is_some_and(|viewer| viewer.view(details).count) {
        let page = app.backend.roster.roster(&token.key.event, 1, None).await?;
        PlacesBody::of(details, page.count, page.seats)
    } else {
        None
    };
    let registration = attendee.as_ref().and_then(Attendee::registration);
    let registration = registration.filter(|_| body.state == RegistrationState::In);
    let page = ManagePage {
        title: &title,
        event_path: &event_path(&token.key.event, &[]),
        details,
        body: &body,
        place,
        masked_contact: registration.and_then(|registration| registration.contact.as_ref()).map(Contact::masked),
        address: match registration {
            Some(registration) => address_state(app, registration).await?,
            None => AddressState::None,
        },
        delivery: app.delivery,
        roster: roster.as_ref(),
        counts: counts.as_ref(),
        is_repeat: repeat.repeat.is_some(),
        refusal: details.and_then(|details| details.check_open(Timestamp::now()).err()),
        is_saved: repeat.saved.is_some(),
        is_cancelled: repeat.cancelled.is_some(),
        is_new_link: repeat.again.is_some(),
        form,
    };
    Ok(page.page())
}

/// Returns a page of the roster if attendees see it, but not everybody.
async fn roster_for_attendees(
    app: &App,
    token: &ManageToken,
    details: Option<&EventDetails>,
    query: &PageQuery,
) -> Result<Option<RosterView>, Problem> {
    if !Viewer::Attendee.view(details).roster || Viewer::Public.view(details).roster {
        return Ok(None);
    }
    let after = query.cursor()?.map(NameKey::from_stored);
    let view = Viewer::Attendee.view(details);
    Ok(Some(RosterView::read(app, &token.key.event, details, view, DEFAULT_LIMIT, after.as_ref()).await?))
}
