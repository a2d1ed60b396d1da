//! Events which would begin with an import or a button. Most likely, their names are not spelled right.

use std::collections::BTreeMap;

use crate::domain::event::{Event, EventId};
use crate::http::App;
use crate::ports::{StoredDetails, Unavailable};

/// The events that are looked up. More names are not checked, because each may need a read.
const MAX_CHECKED: usize = 100;

/// Returns those of `events` that have no details and for which nobody has signed up, each once, sorted by id.
///
/// Only the first 100 events, in the order of their ids, are looked up.
pub async fn new_events<'a>(app: &App, events: impl Iterator<Item = &'a Event>) -> Result<Vec<&'a Event>, Unavailable> {
    let mut by_id: BTreeMap<EventId, &Event> = BTreeMap::new();
    for event in events {
        by_id.entry(event.id().clone()).or_insert(event);
    }
    let ids: Vec<EventId> = by_id.keys().take(MAX_CHECKED).cloned().collect();
    let details = app.backend.events.details(&ids).await?;
    let mut new = Vec::new();
    for (id, details) in ids.iter().zip(details) {
        let has_details = matches!(details, StoredDetails::Some(_) | StoredDetails::Damaged(_));
        if !has_details && app.backend.roster.roster(id, 1, None).await?.title.is_none() {
            new.push(by_id[id]);
        }
    }
    Ok(new)
}
