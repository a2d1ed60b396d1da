//! The organiser's list of events.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::invalid::choice;
use crate::http::client::{DefaultForm, wants_page};
use crate::http::event_list::{Listed, ListedEvent};
use crate::http::locale::Locale;
use crate::http::paging::PageQuery;
use crate::http::problem::Problem;
use crate::http::routes::organiser::Organiser;
use crate::http::{App, event_list, pages};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// The events to list: `upcoming`, `past`, `archived` or `all`. Default: `upcoming`.
    show: Option<String>,
    /// Lists only events whose title or id contains this text, in whatever case.
    search: Option<String>,
}

/// One page of the list of events. It may have fewer events than `limit`, although another page follows.
#[derive(Serialize, ToSchema)]
pub struct EventsBody {
    events: Vec<ListedEvent>,
    /// The cursor of the next page; null on the last page.
    next: Option<String>,
}

/// Lists events with their number of attendees: upcoming, past, archived or all.
///
/// Only for the organiser. A new event may be missing for some seconds, except among all events.
#[utoipa::path(
    get, path = "/events", operation_id = "listEvents", tag = "organiser", params(ListQuery, PageQuery), security(("organiser" = [])),
    responses(
        (status = 200, body = EventsBody),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    _organiser: Organiser,
    Query(query): Query<ListQuery>,
    Query(page): Query<PageQuery>,
    locale: Locale,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let listed = match query.show.as_deref().filter(|show| !show.is_empty()) {
        Some(show) => choice(show).map_err(|problem| problem.in_field("show"))?,
        None => Listed::default(),
    };
    let search = query.search.unwrap_or_default();
    let (events, next) = event_list::find(&app, listed, &search, &page).await?;
    if wants_page(&headers, DefaultForm::Json) {
        return Ok(pages::events(locale, &events, listed, &search, next.as_deref()).into_response());
    }
    Ok(Json(EventsBody { events, next }).into_response())
}
