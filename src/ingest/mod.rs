//! Applies deliveries from the Signups queue to the roster, and gives each delivery an outcome.

pub mod admission;
mod outcome;
pub mod presses;
mod retry;

pub use self::outcome::{Outcome, Processed, count_outcomes, log_outcomes};

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::{Instant, timeout_at};

use crate::domain::event_creators::EventCreators;
use crate::domain::signup::{AttendeeKey, Signup};
use crate::domain::timestamp::Timestamp;
use crate::formats::button::message::ButtonMessage;
use crate::formats::message::Malformed;
use crate::formats::{message, panic};
use crate::ingest::admission::admit;
use crate::ingest::presses::{PressResolver, ResolvedPress};
use crate::ports::{
    AttendeeSignups, Backend, Delivery, MAX_RECEIVES, RejectedMessage, RejectedMessages, STOPPED_REASON, Unavailable,
};

/// What a delivery's body says.
enum Parsed {
    Signup(Signup),
    /// The message of a button.
    Press(ButtonMessage),
    Malformed(Malformed),
}

/// Time for storing rejected messages after the deadline of a batch.
pub const REJECT_TIME: Duration = Duration::from_secs(2);

/// Deferrals after which a request is rejected because its registration has still not begun. Even with the longest delays
/// of SQS they take more than half an hour, and the sign-up is on the same queue.
const MAX_EARLY_ATTEMPTS: u32 = 8;

/// Receives after which a dead letter is rejected without another attempt. SQS may count those before it moved the message.
const MAX_DEAD_LETTER_RECEIVES: u32 = MAX_RECEIVES + 3;

/// Gives every delivery an outcome, in the order of the deliveries. A bad message does not affect the others, even if it
/// causes a panic.
///
/// All sign-ups for one attendee go to the roster together, oldest first, and cost one write. A transient failure never
/// becomes a rejected message.
///
/// What is not finished at `deadline` is deferred. Storing rejected messages may take [`REJECT_TIME`] longer.
pub async fn ingest(
    deliveries: Vec<Delivery>,
    backend: &Backend,
    creators: EventCreators,
    now: Timestamp,
    deadline: Instant,
) -> Vec<Processed> {
    let mut outcomes = match catch_panic(process_batch(&deliveries, backend, creators, now, deadline)).await {
        Ok(outcomes) => outcomes,
        Err(_) => process_each(&deliveries, backend, creators, now, deadline).await,
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
    store_rejects(deliveries, outcomes, &*backend.rejected, now, deadline).await
}

/// Ingests a message from the dead-letter queue, on which no earlier attempt ended with an outcome. After several more
/// such attempts it is rejected instead.
pub async fn ingest_dead_letter(
    delivery: Delivery,
    backend: &Backend,
    creators: EventCreators,
    now: Timestamp,
    deadline: Instant,
) -> Vec<Processed> {
    if delivery.receive_count <= MAX_DEAD_LETTER_RECEIVES {
        return ingest(vec![delivery], backend, creators, now, deadline).await;
    }
    let outcomes = vec![Outcome::Rejected(STOPPED_REASON.to_owned())];
    store_rejects(vec![delivery], outcomes, &*backend.rejected, now, deadline).await
}

/// Processes each delivery alone, so that only the message that panics fails.
async fn process_each(
    deliveries: &[Delivery],
    backend: &Backend,
    creators: EventCreators,
    now: Timestamp,
    deadline: Instant,
) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        match catch_panic(process_batch(std::slice::from_ref(delivery), backend, creators, now, deadline)).await {
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

async fn process_batch(
    deliveries: &[Delivery],
    backend: &Backend,
    creators: EventCreators,
    now: Timestamp,
    deadline: Instant,
) -> Vec<Outcome> {
    let mut outcomes: Vec<Option<Outcome>> = vec![None; deliveries.len()];
    let (mut signups, mut presses) = (Vec::new(), Vec::new());
    for (index, delivery) in deliveries.iter().enumerate() {
        match parse(delivery) {
            Parsed::Signup(signup) => signups.push((index, signup)),
            Parsed::Press(message) => presses.push((index, (message, delivery.arrived_at))),
            Parsed::Malformed(malformed) => outcomes[index] = Some(Outcome::Rejected(malformed.to_string())),
        }
    }
    // Sign-ups do not wait for the look-ups of presses.
    let (of_signups, of_presses) = tokio::join!(
        apply_signups(signups, backend, creators, now, deadline),
        apply_presses(presses, backend, creators, now, deadline)
    );
    for (index, outcome) in of_signups.into_iter().chain(of_presses) {
        outcomes[index] = Some(outcome);
    }
    let no_result = || Outcome::Failed("the storage backend returned no result for this message".to_owned());
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(no_result)).collect()
}

fn parse(delivery: &Delivery) -> Parsed {
    let parsed = message::parse_json(&delivery.body).and_then(|fields| {
        if ButtonMessage::matches(&fields) {
            return Ok(Parsed::Press(ButtonMessage::parse(&fields)?));
        }
        Ok(Parsed::Signup(message::parse_fields(&fields, delivery)?))
    });
    parsed.unwrap_or_else(Parsed::Malformed)
}

/// Applies sign-ups to the roster. Each is given and returned with the index of its delivery.
async fn apply_signups(
    signups: Vec<(usize, Signup)>,
    backend: &Backend,
    creators: EventCreators,
    now: Timestamp,
    deadline: Instant,
) -> Vec<(usize, Outcome)> {
    let (admitted, mut outcomes) = admit_each(signups, backend, creators, deadline).await;
    let mut by_attendee: BTreeMap<AttendeeKey, Vec<(usize, Signup)>> = BTreeMap::new();
    for (index, signup) in admitted {
        by_attendee.entry(signup.key()).or_default().push((index, signup));
    }
    let mut batches = Vec::with_capacity(by_attendee.len());
    let mut batch_indices = Vec::with_capacity(by_attendee.len());
    for (key, mut requests) in by_attendee {
        requests.sort_by(|(_, one), (_, other)| one.version.cmp(&other.version));
        let (indices, signups): (Vec<usize>, Vec<Signup>) = requests.into_iter().unzip();
        batches.push(AttendeeSignups { key, signups });
        batch_indices.push(indices);
    }
    if batches.is_empty() {
        return outcomes;
    }
    let results = backend.roster.apply(batches, now, deadline).await;
    for (result, indices) in results.into_iter().zip(batch_indices) {
        match result {
            Ok(applied) => outcomes.extend(indices.into_iter().zip(applied.into_iter().map(Outcome::from))),
            Err(error) => outcomes.extend(indices.into_iter().map(|index| (index, Outcome::from(&error)))),
        }
    }
    outcomes
}

/// Returns the sign-ups that may be applied, and the outcomes of the others.
async fn admit_each(
    signups: Vec<(usize, Signup)>,
    backend: &Backend,
    creators: EventCreators,
    deadline: Instant,
) -> (Vec<(usize, Signup)>, Vec<(usize, Outcome)>) {
    if signups.is_empty() {
        return (signups, Vec::new());
    }
    let (indices, signups): (Vec<usize>, Vec<Signup>) = signups.into_iter().unzip();
    let decisions = timeout_at(deadline, admit(signups, backend, creators)).await;
    let decisions = decisions.unwrap_or_else(|_| Err(Unavailable::timed_out("reading the details of events")));
    let (mut admitted, mut outcomes) = (Vec::new(), Vec::new());
    match decisions {
        Ok(decisions) => {
            for (index, decision) in indices.into_iter().zip(decisions) {
                match decision {
                    Ok(signup) => admitted.push((index, signup)),
                    Err(refusal) => outcomes.push((index, Outcome::Rejected(refusal.to_string()))),
                }
            }
        }
        Err(unavailable) => {
            let failed = Outcome::Failed(unavailable.to_string());
            outcomes.extend(indices.into_iter().map(|index| (index, failed.clone())));
        }
    }
    (admitted, outcomes)
}

/// Resolves presses of buttons, and applies the resulting sign-ups.
async fn apply_presses(
    presses: Vec<(usize, (ButtonMessage, Timestamp))>,
    backend: &Backend,
    creators: EventCreators,
    now: Timestamp,
    deadline: Instant,
) -> Vec<(usize, Outcome)> {
    let (indices, messages): (Vec<usize>, Vec<_>) = presses.into_iter().unzip();
    let resolver = PressResolver { buttons: &*backend.buttons, idempotency: &*backend.idempotency, deadline };
    let (mut outcomes, mut signups) = (Vec::new(), Vec::new());
    for (index, resolved) in indices.into_iter().zip(resolver.resolve(&messages).await) {
        match resolved {
            Ok(ResolvedPress::Signup(signup)) => signups.push((index, *signup)),
            Ok(ResolvedPress::NoAction) => outcomes.push((index, Outcome::Ignored)),
            Ok(ResolvedPress::Rejected(reason)) => outcomes.push((index, Outcome::Rejected(reason))),
            Err(unavailable) => outcomes.push((index, Outcome::Failed(unavailable.to_string()))),
        }
    }
    outcomes.extend(apply_signups(signups, backend, creators, now, deadline).await);
    outcomes
}

/// Stores the rejected messages and pairs each delivery with its outcome. If storing fails, the rejected messages are
/// deferred, so that none is lost.
async fn store_rejects(
    deliveries: Vec<Delivery>,
    mut outcomes: Vec<Outcome>,
    rejects: &dyn RejectedMessages,
    now: Timestamp,
    deadline: Instant,
) -> Vec<Processed> {
    let rejected: Vec<RejectedMessage> = deliveries
        .iter()
        .zip(&outcomes)
        .filter_map(|(delivery, outcome)| match outcome {
            Outcome::Rejected(reason) => {
                let reject = RejectedMessage::new(delivery, reason.clone(), now);
                Some(match reject.button_message() {
                    Some(ButtonMessage { topic, .. }) => reject.of_device(&topic),
                    None => reject,
                })
            }
            _ => None,
        })
        .collect();
    let stored = match rejected.is_empty() {
        true => Ok(()),
        false => timeout_at(deadline + REJECT_TIME, rejects.put(rejected))
            .await
            .unwrap_or_else(|_| Err(Unavailable::timed_out("storing rejected messages"))),
    };
    if let Err(unavailable) = stored {
        for outcome in outcomes.iter_mut().filter(|outcome| matches!(outcome, Outcome::Rejected(_))) {
            *outcome = Outcome::Failed(unavailable.to_string());
        }
    }
    deliveries.into_iter().zip(outcomes).map(|(delivery, outcome)| Processed { delivery, outcome }).collect()
}
