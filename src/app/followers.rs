//! Three loops that bring the changes of the roster to people while the server serves: what one waits for holds up none
//! of the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::adapters::sqlite::Follower;
use crate::app::notifications::NotificationTasks;
use crate::domain::change::Change;
use crate::domain::event::EventId;
use crate::domain::notification::Notification;
use crate::domain::timestamp::Timestamp;
use crate::fanout::{DigestSender, add_to_digests};
use crate::ports::{
    ChangeFeed as _, Digests as _, NotificationCounts, Notified, Notifier, Position, SendError, Unavailable,
};

/// Changes taken in at once: fewer than a digest remembers, so that those of the last time count once when the program
/// was stopped before it wrote down how far it had come.
const BATCH: usize = 200;

/// Events looked at in one turn.
const DUE: usize = 100;

/// For one turn of telling, after which others have theirs, and the program may stop.
const TURN: Duration = Duration::from_secs(2);

/// Between two looks at a feed that told nothing.
const PAUSE: Duration = Duration::from_millis(500);

/// How long a message that is on its way may take when the program stops, and all that has begun. Who was told and not
/// noted down is told again.
const LAST_MESSAGE: Duration = Duration::from_secs(2);
const GRACE: Duration = Duration::from_secs(3);

/// Notifications on their way at once.
const AT_ONCE: usize = 32;

/// What is done for people, each part at its own pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Takes the changes into the digests.
    TakeIn,
    /// Asks the owners of new addresses, and sends links again.
    Answer,
    /// Tells what is due.
    Tell,
}

/// Does its part until `stop` says so.
pub async fn follow_until(announcements: Arc<NotificationTasks>, part: Part, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let turn = tokio::select! {
            turn = announcements.turn(part, &stop) => turn,
            () = after(GRACE, stop.clone()) => return,
        };
        match turn {
            Ok(true) => continue,
            Ok(false) => {}
            Err(unavailable) => tracing::error!(%unavailable, "people are told in a moment"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = announcements.stirred.notified(), if part == Part::Tell => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Some time after the stop.
async fn after(grace: Duration, stop: CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(grace).await;
}

/// Tells people, and gives up on who takes long when the program stops, so that the others are noted down as told.
struct Stoppable<'a> {
    notifier: &'a dyn Notifier,
    stop: &'a CancellationToken,
}

#[async_trait]
impl Notifier for Stoppable<'_> {
    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError> {
        tokio::select! {
            outcome = self.notifier.notify(notification) => outcome,
            () = after(LAST_MESSAGE, self.stop.clone()) => {
                Err(Unavailable { doing: "telling somebody", cause: "the program stops".to_owned() }.into())
            }
        }
    }
}

impl NotificationTasks {
    /// Whether there may be more to do at once.
    async fn turn(&self, part: Part, stop: &CancellationToken) -> Result<bool, Unavailable> {
        match part {
            Part::TakeIn => self.follow(Follower::Digests, stop).await,
            Part::Answer => self.follow(Follower::Answers, stop).await,
            Part::Tell => self.tell(stop).await,
        }
    }

    async fn follow(&self, follower: Follower, stop: &CancellationToken) -> Result<bool, Unavailable> {
        let position = self.sqlite.position(follower).await?;
        let page = self.sqlite.changes(&position, BATCH).await?;
        let is_full = page.len() == BATCH;
        let (positions, changes): (Vec<Position>, Vec<Change>) = page.into_iter().unzip();
        if changes.is_empty() {
            return Ok(false);
        }
        let followed = match follower {
            Follower::Digests => {
                add_to_digests(&changes, &self.sqlite, &self.noise, Timestamp::now()).await?;
                self.stirred.notify_one();
                changes.len()
            }
            Follower::Answers => {
                self.sender.answer_changes(&changes, &|| (!stop.is_cancelled()).then(Timestamp::now)).await
            }
        };
        if let Some(last) = positions[..followed].last() {
            self.sqlite.set_position(follower, last).await?;
        }
        Ok(is_full)
    }

    async fn tell(&self, stop: &CancellationToken) -> Result<bool, Unavailable> {
        let now = Timestamp::now();
        let due: Vec<EventId> = self.sqlite.due(now, DUE).await?.into_iter().map(|(event, _)| event).collect();
        if due.is_empty() {
            return Ok(false);
        }
        let digest_sender = DigestSender {
            digests: &self.sqlite,
            roster: &self.sqlite,
            notifier: &Stoppable { notifier: &self.sender, stop },
            backoff: self.noise,
            concurrency: AT_ONCE,
            clock: &Timestamp::now,
            is_stopping: &|| stop.is_cancelled(),
        };
        let has_told = AtomicBool::new(false);
        let ended = |event: &EventId, tally: Result<NotificationCounts, Unavailable>| match tally {
            Ok(tally) => {
                has_told.fetch_or(tally.delivered > 0, Ordering::Relaxed);
                self.metrics.notified(&tally);
            }
            Err(unavailable) => tracing::error!(%unavailable, event.id = %event, "people are told in a moment"),
        };
        digest_sender.send_digests(due, now.plus(TURN), ended).await;
        // Where nobody was reached, a moment does no harm.
        Ok(has_told.into_inner())
    }
}
