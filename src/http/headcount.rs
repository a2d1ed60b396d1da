//! How many people are coming, with their guests, and what they answered.

use std::collections::BTreeMap;

use crate::domain::event_details::EventDetails;
use crate::domain::place::Place;
use crate::domain::text::{fold_case, nfkc};
use crate::domain::viewer::View;
use crate::http::App;
use crate::http::roster_view::{RosterPerson, RosterView};
use crate::ports::Unavailable;

/// The number of attendees that are read at a time.
const PART: usize = 500;

/// An event with more attendees is not counted for a page: reading it would take too long.
pub const MAX_COUNTED: u64 = 2_000;

/// The answers that a page shows, most frequent first.
const MAX_ANSWERS: usize = 5;

/// How many people are coming.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Headcount {
    /// Those on the list who have a place, without their guests.
    pub names: u64,
    /// The guests who have a place.
    pub guests: u64,
    /// Those on the waiting list, without their guests.
    pub waiting: u64,
    /// The guests on the waiting list.
    pub waiting_guests: u64,
    /// The sign-ups for which this is not decided.
    pub pending: u64,
    /// The most frequent answers of those who are coming, and how many gave them.
    pub answers: Vec<(String, u64)>,
    /// Those who are coming and gave no answer.
    pub unanswered: u64,
}

impl Headcount {
    pub fn of<'a>(people: impl Iterator<Item = RosterPerson<'a>>) -> Self {
        let mut count = Self::default();
        let mut answers: BTreeMap<String, (String, u64)> = BTreeMap::new();
        for person in people {
            match person.place {
                Some(Place::Waiting { .. }) => {
                    count.waiting += 1;
                    count.waiting_guests += u64::from(person.guests());
                }
                Some(Place::Pending) => count.pending += 1,
                None | Some(Place::Confirmed { .. }) => {
                    count.names += 1;
                    count.guests += u64::from(person.guests());
                    match &person.registration.details.answer {
                        Some(answer) => {
                            let key = fold_case(&nfkc(answer.as_str())).to_string();
                            answers.entry(key).or_insert_with(|| (answer.to_string(), 0)).1 += 1;
                        }
                        None => count.unanswered += 1,
                    }
                }
            }
        }
        count.answers = answers.into_values().collect();
        count.answers.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
        count.answers.truncate(MAX_ANSWERS);
        count
    }
}

/// Returns the whole roster of an event as hosts see it, in parts. `None` if it has more than [`MAX_COUNTED`] attendees.
pub async fn whole_roster(
    app: &App,
    details: &EventDetails,
    view: View,
) -> Result<Option<Vec<RosterView>>, Unavailable> {
    let mut parts: Vec<RosterView> = Vec::new();
    loop {
        let after = parts.last().and_then(|part| part.page.next.clone());
        let part = RosterView::read(app, &details.event, Some(details), view, PART, after.as_ref()).await?;
        if part.page.count > MAX_COUNTED {
            return Ok(None);
        }
        let is_last = part.page.next.is_none();
        parts.push(part);
        if is_last {
            return Ok(Some(parts));
        }
    }
}
