//! A batch of deliveries onto the roster.

use std::collections::BTreeMap;

use crate::attendee::Applied;
use crate::channel::message;
use crate::ports::{AttendeeBatch, Delivery, Rejects, Roster};
use crate::reject::Reject;
use crate::signup::{AttendeeKey, Signup};
use crate::timestamp::Timestamp;

/// What became of one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Stored,
    /// Applied before: the message came twice.
    Duplicate,
    /// A newer request was applied before.
    Stale,
    /// It never will succeed and is among the rejects, for this reason.
    Rejected(String),
    /// It may succeed later; this is why it did not now.
    Retry(String),
}

/// The outcome of one delivery, by its ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    pub message_id: String,
    pub receipt: String,
    pub outcome: Outcome,
}

/// Brings every delivery to an outcome; one bad message harms no other.
///
/// Several requests for one attendee are handed to the roster together, oldest first, and cost one write.
pub async fn ingest(
    deliveries: &[Delivery],
    roster: &dyn Roster,
    rejects: &dyn Rejects,
    now: Timestamp,
) -> Vec<Settlement> {
    let mut outcomes: Vec<Option<Outcome>> = vec![None; deliveries.len()];
    let mut by_attendee: BTreeMap<AttendeeKey, Vec<(Signup, usize)>> = BTreeMap::new();
    for (index, delivery) in deliveries.iter().enumerate() {
        match message::parse(delivery) {
            Ok(signup) => by_attendee.entry(signup.key()).or_default().push((signup, index)),
            Err(malformed) => outcomes[index] = Some(Outcome::Rejected(malformed.to_string())),
        }
    }

    let mut batches = Vec::with_capacity(by_attendee.len());
    let mut indices = Vec::with_capacity(by_attendee.len());
    for (key, mut requests) in by_attendee {
        requests.sort_by(|(one, _), (other, _)| one.version.cmp(&other.version));
        let (signups, of_batch): (Vec<_>, Vec<_>) = requests.into_iter().unzip();
        batches.push(AttendeeBatch { key, signups });
        indices.push(of_batch);
    }
    let applied = if batches.is_empty() { Vec::new() } else { roster.apply(batches, now).await };
    for (result, of_batch) in applied.into_iter().zip(indices) {
        match result {
            Ok(applied) => {
                for (applied, index) in applied.into_iter().zip(of_batch) {
                    outcomes[index] = Some(outcome(applied));
                }
            }
            Err(unavailable) => {
                for index in of_batch {
                    outcomes[index] = Some(Outcome::Retry(unavailable.to_string()));
                }
            }
        }
    }

    let mut settlements: Vec<Settlement> = deliveries
        .iter()
        .zip(outcomes)
        .map(|(delivery, outcome)| Settlement {
            message_id: delivery.message_id.clone(),
            receipt: delivery.receipt.clone(),
            outcome: outcome.unwrap_or_else(|| Outcome::Retry("the backend gave no answer for it".to_owned())),
        })
        .collect();
    keep_rejects(deliveries, &mut settlements, rejects, now).await;
    settlements
}

fn outcome(applied: Applied) -> Outcome {
    match applied {
        Applied::Stored => Outcome::Stored,
        Applied::Duplicate => Outcome::Duplicate,
        Applied::Stale => Outcome::Stale,
        Applied::NotOwner => {
            Outcome::Rejected("the stay belongs to somebody else; only its owner may change it".to_owned())
        }
        Applied::TooEarly => Outcome::Retry("the sign-up that it is about has not arrived yet".to_owned()),
    }
}

/// Writes the rejects; if that fails they are tried again, so that nothing is lost.
async fn keep_rejects(deliveries: &[Delivery], settlements: &mut [Settlement], rejects: &dyn Rejects, now: Timestamp) {
    let kept: Vec<Reject> = deliveries
        .iter()
        .zip(&*settlements)
        .filter_map(|(delivery, settlement)| match &settlement.outcome {
            Outcome::Rejected(reason) => Some(Reject::new(delivery, reason.clone(), now)),
            _ => None,
        })
        .collect();
    if kept.is_empty() {
        return;
    }
    if let Err(unavailable) = rejects.put(kept).await {
        for settlement in settlements {
            if matches!(settlement.outcome, Outcome::Rejected(_)) {
                settlement.outcome = Outcome::Retry(unavailable.to_string());
            }
        }
    }
}
