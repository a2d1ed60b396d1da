//! A batch of deliveries onto the roster.

pub mod presses;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use crate::domain::attendee::Applied;
use crate::domain::signup::{AttendeeKey, Signup};
use crate::domain::timestamp::Timestamp;
use crate::formats::button::envelope::Envelope;
use crate::formats::{message, panic};
use crate::ingest::presses::{Asked, Presses};
use crate::ports::{ApplyError, AttendeeBatch, Backend, Delivery, IngestCounts, MAX_RECEIVES, Reject, Rejects};

/// What became of one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Stored,
    /// Applied before: the message came twice.
    Duplicate,
    /// A newer request was applied before.
    Stale,
    /// A button said something that asks for nothing.
    Ignored,
    /// It never will succeed and is among the rejects, for this reason.
    Rejected(String),
    /// It may succeed later; this is why it did not now.
    Retry(String),
}

/// The outcome of one delivery, by its ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processed {
    pub message_id: String,
    pub receipt: String,
    pub outcome: Outcome,
}

impl Processed {
    /// Says in the log what became of the message.
    pub fn log(&self) {
        let id = &self.message_id;
        match &self.outcome {
            Outcome::Stored => tracing::debug!(message.id = id, "signup stored"),
            Outcome::Duplicate | Outcome::Stale | Outcome::Ignored => {
                tracing::debug!(message.id = id, "signup changed nothing")
            }
            Outcome::Rejected(reason) => tracing::warn!(message.id = id, reason, "message rejected"),
            Outcome::Retry(why) => tracing::warn!(message.id = id, why, "message given back"),
        }
    }
}

/// The outcomes of a batch, counted.
#[must_use]
pub fn counts(processed: &[Processed]) -> IngestCounts {
    let mut counts = IngestCounts::default();
    for each in processed {
        *match each.outcome {
            Outcome::Stored => &mut counts.stored,
            Outcome::Duplicate => &mut counts.duplicate,
            Outcome::Stale => &mut counts.stale,
            Outcome::Ignored => &mut counts.ignored,
            Outcome::Rejected(_) => &mut counts.rejected,
            Outcome::Retry(_) => &mut counts.retried,
        } += 1;
    }
    counts
}

/// Brings every delivery to an outcome; one bad message harms no other, not even by a panic.
///
/// Several requests for one attendee are handed to the roster together, oldest first, and cost one write. What fails
/// at its last try is kept among the rejects with that failure.
pub async fn ingest(deliveries: &[Delivery], backend: &Backend, now: Timestamp) -> Vec<Processed> {
    let mut outcomes = match caught(together(deliveries, backend, now)).await {
        Ok(outcomes) => outcomes,
        Err(_) => one_by_one(deliveries, backend, now).await,
    };
    for (outcome, delivery) in outcomes.iter_mut().zip(deliveries) {
        if let Outcome::Retry(why) = outcome
            && delivery.receive_count >= MAX_RECEIVES
        {
            *outcome = Outcome::Rejected(format!("failed {MAX_RECEIVES} times; the last time: {why}"));
        }
    }
    settled(deliveries, outcomes, &*backend.rejects, now).await
}

/// Brings what came to the dead-letter queue among the rejects: messages whose every try ended without an outcome.
pub async fn reject_dead_letters(deliveries: &[Delivery], rejects: &dyn Rejects, now: Timestamp) -> Vec<Processed> {
    let reason =
        format!("failed {MAX_RECEIVES} times and left no outcome: the program or its storage broke down each time");
    let outcomes = vec![Outcome::Rejected(reason); deliveries.len()];
    settled(deliveries, outcomes, rejects, now).await
}

/// Should a message make the batch panic, each is ingested alone, so that it fails alone.
async fn one_by_one(deliveries: &[Delivery], backend: &Backend, now: Timestamp) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        match caught(together(std::slice::from_ref(delivery), backend, now)).await {
            Ok(outcome) => outcomes.extend(outcome),
            Err(panic) => outcomes.push(Outcome::Retry(format!("the program failed at it: {panic}"))),
        }
    }
    outcomes
}

/// What the future comes to, or the message of its panic.
async fn caught<T>(work: impl Future<Output = T>) -> Result<T, String> {
    // A batch changes nothing that outlives it but through the ports, which stand after a panic as after a crash.
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .map_err(|panic| panic::message(&*panic).unwrap_or("for an unknown reason").to_owned())
}

async fn together(deliveries: &[Delivery], backend: &Backend, now: Timestamp) -> Vec<Outcome> {
    let mut outcomes: Vec<Option<Outcome>> = vec![None; deliveries.len()];
    let mut by_attendee: BTreeMap<AttendeeKey, Vec<(Signup, usize)>> = BTreeMap::new();
    for (index, read) in read(deliveries, backend).await.into_iter().enumerate() {
        match read {
            Ok(signup) => by_attendee.entry(signup.key()).or_default().push((signup, index)),
            Err(outcome) => outcomes[index] = Some(outcome),
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
    let applied = if batches.is_empty() { Vec::new() } else { backend.roster.apply(batches, now).await };
    for (result, of_batch) in applied.into_iter().zip(indices) {
        match result {
            Ok(applied) => {
                for (applied, index) in applied.into_iter().zip(of_batch) {
                    outcomes[index] = Some(outcome(applied));
                }
            }
            Err(failure) => {
                for index in of_batch {
                    outcomes[index] = Some(failed(&failure));
                }
            }
        }
    }
    let no_answer = || Outcome::Retry("the backend gave no answer for it".to_owned());
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(no_answer)).collect()
}

/// What each delivery asks, or its outcome where it asks nothing.
async fn read(deliveries: &[Delivery], backend: &Backend) -> Vec<Result<Signup, Outcome>> {
    let mut read = Vec::with_capacity(deliveries.len());
    let (mut places, mut envelopes) = (Vec::new(), Vec::new());
    for delivery in deliveries {
        let fields = message::open(&delivery.body);
        read.push(match fields {
            Ok(fields) if Envelope::is_meant(&fields) => match Envelope::open(&fields) {
                Ok(envelope) => {
                    places.push(read.len());
                    envelopes.push((envelope, delivery.arrived_at));
                    Err(Outcome::Ignored)
                }
                Err(invalid) => Err(Outcome::Rejected(invalid.to_string())),
            },
            Ok(fields) => {
                message::read(&fields, delivery).map_err(|malformed| Outcome::Rejected(malformed.to_string()))
            }
            Err(malformed) => Err(Outcome::Rejected(malformed.to_string())),
        });
    }
    let presses = Presses { buttons: &*backend.buttons, idempotency: &*backend.idempotency };
    for (place, asked) in places.into_iter().zip(presses.read(&envelopes).await) {
        read[place] = match asked {
            Ok(Asked::Signup(signup)) => Ok(signup),
            Ok(Asked::Nothing) => Err(Outcome::Ignored),
            Ok(Asked::Never(reason)) => Err(Outcome::Rejected(reason)),
            Err(unavailable) => Err(Outcome::Retry(unavailable.to_string())),
        };
    }
    read
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

fn failed(failure: &ApplyError) -> Outcome {
    match failure {
        ApplyError::Unavailable(unavailable) => Outcome::Retry(unavailable.to_string()),
        ApplyError::Rejected(reason) => Outcome::Rejected(reason.clone()),
    }
}

/// Keeps the rejects, and gives each delivery its outcome; rejects that cannot be kept are tried again, so that nothing
/// is lost.
async fn settled(
    deliveries: &[Delivery],
    mut outcomes: Vec<Outcome>,
    rejects: &dyn Rejects,
    now: Timestamp,
) -> Vec<Processed> {
    let kept: Vec<Reject> = deliveries
        .iter()
        .zip(&outcomes)
        .filter_map(|(delivery, outcome)| match outcome {
            Outcome::Rejected(reason) => Some(Reject::new(delivery, reason.clone(), now)),
            _ => None,
        })
        .collect();
    if !kept.is_empty()
        && let Err(unavailable) = rejects.put(kept).await
    {
        for outcome in outcomes.iter_mut().filter(|outcome| matches!(outcome, Outcome::Rejected(_))) {
            *outcome = Outcome::Retry(unavailable.to_string());
        }
    }
    let ids = deliveries.iter().map(|delivery| (delivery.message_id.clone(), delivery.receipt.clone()));
    ids.zip(outcomes).map(|((message_id, receipt), outcome)| Processed { message_id, receipt, outcome }).collect()
}
