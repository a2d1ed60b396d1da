//! The changes of the roster into each event's digest, and the digests to those who are in.

mod announce;
mod announcer;
mod round;
mod telling;

pub use self::announcer::Announcer;

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::domain::backoff::Noise;
use crate::domain::change::{Change, Movements};
use crate::domain::digest::Digest;
use crate::domain::event::EventId;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Digests, Unavailable, Write};

/// Events worked on at once.
const AT_ONCE: usize = 16;

/// How often a digest is taken up again that somebody else has stored meanwhile.
const ATTEMPTS: u32 = 10;

/// What a batch of changes came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    pub movements: Movements,
    /// Events of it whose news may go out now.
    pub due: Vec<EventId>,
}

/// Takes changes into the digests of their events, each digest stored once.
///
/// A batch that was taken in before, in whole or in part, is taken in once.
pub async fn take_in(
    changes: &[Change],
    digests: &dyn Digests,
    noise: &Noise,
    now: Timestamp,
) -> Result<Taken, Unavailable> {
    let mut by_event: BTreeMap<&EventId, Vec<&Change>> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.movement().is_some()) {
        by_event.entry(&change.key.event).or_default().push(change);
    }
    let events: Vec<_> =
        by_event.into_iter().map(|(event, changes)| of_event(event, changes, digests, noise, now)).collect();
    stream::iter(events)
        .buffer_unordered(AT_ONCE)
        .try_fold(Taken::default(), async |mut sum, (movements, due)| {
            sum.movements.joined += movements.joined;
            sum.movements.left += movements.left;
            sum.due.extend(due);
            Ok(sum)
        })
        .await
}

async fn of_event(
    event: &EventId,
    changes: Vec<&Change>,
    digests: &dyn Digests,
    noise: &Noise,
    now: Timestamp,
) -> Result<(Movements, Option<EventId>), Unavailable> {
    for _ in 0..ATTEMPTS {
        let mut digest = match digests.digest(event).await? {
            Some(digest) if !digest.is_forgotten(now) => digest,
            // What it has seen may be in these changes again.
            Some(Digest { seen, version, .. }) => {
                Digest { seen, version, ..Digest::new(event.clone(), title(&changes)) }
            }
            None => Digest::new(event.clone(), title(&changes)),
        };
        let taken = digest.take_in(changes.iter().copied(), noise, now);
        if taken.is_none() || digests.store(&digest).await? == Write::Stored {
            let is_due = digest.due_at().is_some_and(|due_at| due_at <= now);
            return Ok((taken, is_due.then(|| event.clone())));
        }
    }
    Err(busy())
}

fn busy() -> Unavailable {
    Unavailable { doing: "storing a digest", cause: "others keep storing it".to_owned() }
}

fn title(changes: &[&Change]) -> String {
    let first = changes.iter().find_map(|change| change.movement());
    first.map_or_else(String::new, |(_, attendee)| attendee.title.clone())
}
