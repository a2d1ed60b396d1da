//! Applies deliveries from the Signups queue to the roster, and gives each delivery an outcome.

mod outcome;
pub mod presses;
mod retry;

pub use self::outcome::{Outcome, Processed, count_outcomes};
pub use self::retry::RetrySchedule;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use crate::domain::signup::{AttendeeKey, Signup};
use crate::domain::timestamp::Timestamp;
use crate::formats::button::message::ButtonMessage;
use crate::formats::{message, panic};
use crate::ingest::presses::{PressResolver, ResolvedPress};
use crate::ports::{
    AttendeeSignups, Backend, Delivery, MAX_RECEIVES, RejectedMessage, RejectedMessages, STOPPED_REASON,
};

/// What a delivery's body says.
enum Parsed {
    /// The roster must apply this request.
    Signup(Signup),
    /// The roster has nothing to do.
    Done(Outcome),
}

/// Deferrals after which a request is rejected because its registration has still not begun. Even with the longest delays
/// of SQS they take more than half an hour, and the sign-up is on the same queue.
const MAX_EARLY_ATTEMPTS: u32 = 8;

/// Receives after which a dead letter is rejected without another attempt. SQS may count those before it moved the message.
const MAX_DEAD_LETTER_RECEIVES: u32 = MAX_RECEIVES + 3;

/// Gives every delivery an outcome, in the order of the deliveries. A bad message does not affect the others, even if it
/// causes a panic.
///
/// All requests for one attendee go to the roster together, oldest first, and cost one write. A transient failure never
/// becomes a rejected message.
pub async fn ingest(deliveries: Vec<Delivery>, backend: &Backend, now: Timestamp) -> Vec<Processed> {
    let mut outcomes = match catch_panic(process_batch(&deliveries, backend, now)).await {
        Ok(outcomes) => outcomes,
        Err(_) => process_each(&deliveries, backend, now).await,
    };
    for (outcome, delivery) in outcomes.iter_mut().zip(&deliveries) {
        match outcome {
            Outcome::TooEarly if delivery.deferrals.early_attempts >= MAX_EARLY_ATTEMPTS => {
                *outcome = Outcome::Rejected("the sign-up that this request refers to did not arrive".to_owned());
            }
            Outcome::Panicked(panic) if delivery.receive_count >= MAX_RECEIVES => {
                *outcome = Outcome::Rejected(format!("the program panicked on this message: {panic}"));
            }
            _ => {}
        }
    }
    store_rejects(deliveries, outcomes, &*backend.rejected, now).await
}

/// Ingests a message from the dead-letter queue, on which no earlier attempt ended with an outcome. After several more
/// such attempts it is rejected instead.
pub async fn ingest_dead_letter(delivery: Delivery, backend: &Backend, now: Timestamp) -> Vec<Processed> {
    if delivery.receive_count <= MAX_DEAD_LETTER_RECEIVES {
        return ingest(vec![delivery], backend, now).await;
    }
    let outcomes = vec![Outcome::Rejected(STOPPED_REASON.to_owned())];
    store_rejects(vec![delivery], outcomes, &*backend.rejected, now).await
}

/// Processes each delivery alone, so that only the message that panics fails.
async fn process_each(deliveries: &[Delivery], backend: &Backend, now: Timestamp) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        match catch_panic(process_batch(std::slice::from_ref(delivery), backend, now)).await {
            Ok(outcome) => outcomes.extend(outcome),
            Err(panic) => outcomes.push(Outcome::Panicked(panic)),
        }
    }
    outcomes
}

/// Returns the future's output, or the message of its panic.
async fn catch_panic<T>(work: impl Future<Output = T>) -> Result<T, String> {
    // A batch shares state with the rest of the program only through the ports. They survive a panic as they survive a
    // crash.
    AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .map_err(|panic| panic::message(&*panic).unwrap_or("for an unknown reason").to_owned())
}

async fn process_batch(deliveries: &[Delivery], backend: &Backend, now: Timestamp) -> Vec<Outcome> {
    let mut outcomes: Vec<Option<Outcome>> = vec![None; deliveries.len()];
    let mut by_attendee: BTreeMap<AttendeeKey, Vec<(Signup, usize)>> = BTreeMap::new();
    for (index, parsed) in parse(deliveries, backend).await.into_iter().enumerate() {
        match parsed {
            Parsed::Signup(signup) => by_attendee.entry(signup.key()).or_default().push((signup, index)),
            Parsed::Done(outcome) => outcomes[index] = Some(outcome),
        }
    }

    let mut batches = Vec::with_capacity(by_attendee.len());
    let mut batch_indices = Vec::with_capacity(by_attendee.len());
    for (key, mut requests) in by_attendee {
        requests.sort_by(|(one, _), (other, _)| one.version.cmp(&other.version));
        let (signups, indices): (Vec<_>, Vec<_>) = requests.into_iter().unzip();
        batches.push(AttendeeSignups { key, signups });
        batch_indices.push(indices);
    }
    let results = if batches.is_empty() { Vec::new() } else { backend.roster.apply(batches, now).await };
    for (result, indices) in results.into_iter().zip(batch_indices) {
        match result {
            Ok(applied) => {
                for (applied, index) in applied.into_iter().zip(indices) {
                    outcomes[index] = Some(applied.into());
                }
            }
            Err(error) => {
                for index in indices {
                    outcomes[index] = Some(Outcome::from(&error));
                }
            }
        }
    }
    let no_result = || Outcome::Failed("the storage backend returned no result for this message".to_owned());
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(no_result)).collect()
}

async fn parse(deliveries: &[Delivery], backend: &Backend) -> Vec<Parsed> {
    let mut parsed = Vec::with_capacity(deliveries.len());
    let (mut press_indices, mut envelopes) = (Vec::new(), Vec::new());
    for delivery in deliveries {
        parsed.push(match message::parse_json(&delivery.body) {
            Ok(fields) if ButtonMessage::matches(&fields) => match ButtonMessage::parse(&fields) {
                Ok(envelope) => {
                    press_indices.push(parsed.len());
                    envelopes.push((envelope, delivery.arrived_at));
                    // All presses are resolved together below.
                    Parsed::Done(Outcome::Ignored)
                }
                Err(invalid) => Parsed::Done(Outcome::Rejected(invalid.to_string())),
            },
            Ok(fields) => match message::parse_fields(&fields, delivery) {
                Ok(signup) => Parsed::Signup(signup),
                Err(malformed) => Parsed::Done(Outcome::Rejected(malformed.to_string())),
            },
            Err(malformed) => Parsed::Done(Outcome::Rejected(malformed.to_string())),
        });
    }
    let resolver = PressResolver { buttons: &*backend.buttons, idempotency: &*backend.idempotency };
    for (index, resolved) in press_indices.into_iter().zip(resolver.resolve(&envelopes).await) {
        parsed[index] = match resolved {
            Ok(ResolvedPress::Signup(signup)) => Parsed::Signup(signup),
            Ok(ResolvedPress::NoAction) => Parsed::Done(Outcome::Ignored),
            Ok(ResolvedPress::Rejected(reason)) => Parsed::Done(Outcome::Rejected(reason)),
            Err(unavailable) => Parsed::Done(Outcome::Failed(unavailable.to_string())),
        };
    }
    parsed
}

/// Stores the rejected messages and pairs each delivery with its outcome. If storing fails, the rejected messages are
/// deferred, so that none is lost.
async fn store_rejects(
    deliveries: Vec<Delivery>,
    mut outcomes: Vec<Outcome>,
    rejects: &dyn RejectedMessages,
    now: Timestamp,
) -> Vec<Processed> {
    let rejected: Vec<RejectedMessage> = deliveries
        .iter()
        .zip(&outcomes)
        .filter_map(|(delivery, outcome)| match outcome {
            Outcome::Rejected(reason) => Some(RejectedMessage::new(delivery, reason.clone(), now)),
            _ => None,
        })
        .collect();
    if !rejected.is_empty()
        && let Err(unavailable) = rejects.put(rejected).await
    {
        for outcome in outcomes.iter_mut().filter(|outcome| matches!(outcome, Outcome::Rejected(_))) {
            *outcome = Outcome::Failed(unavailable.to_string());
        }
    }
    deliveries.into_iter().zip(outcomes).map(|(delivery, outcome)| Processed { delivery, outcome }).collect()
}
