//! Deletes what belongs to an event, in steps that each delete a limited amount. The marker of the deletion is stored before
//! the first step, and a step can be repeated, so a deletion can be interrupted anywhere.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::position::Position;
use crate::domain::button::Serial;
use crate::domain::deleted_event::{DeletedEvent, DeletionState};
use crate::domain::event::EventId;
use crate::domain::new_event_id::for_log;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Backend, DeletedAttendees, StoredDetails, Unavailable, Write};

/// No step begins after this time, so that a request ends within the timeout of the server and of a Lambda function.
const MAX_TIME: Duration = Duration::from_secs(3);

/// How much the clocks of two processes may differ.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(1);

/// What one step deletes or reads at most.
const ATTENDEES: usize = 250;
const BUTTONS: usize = 250;
/// Each rejected message has up to 256 KiB.
const REJECTS: usize = 8;

/// What a request has deleted, and where the next request continues. `next` is `None` if the deletion is complete.
pub struct Part {
    pub removed: u64,
    pub next: Option<Position>,
}

/// What follows a step.
enum Next {
    Step(Position),
    /// Everything but the marker is deleted.
    Complete,
}

/// A deletion in progress.
pub struct EventDeletion<'a> {
    pub backend: &'a Backend,
    /// The marker as it is stored.
    pub deleted: Arc<DeletedEvent>,
}

impl EventDeletion<'_> {
    /// Takes steps until the deletion is complete, or [`MAX_TIME`] is over. A request that begins or repeats the deletion has
    /// no position.
    pub async fn part(&mut self, from: Option<Position>) -> Result<Part, Unavailable> {
        let began = Instant::now();
        let mut removed = 0;
        let mut position = match from {
            Some(position) => position,
            None => {
                // First, so that no list shows the event and no notification is sent.
                self.backend.deletions.delete_event_state(&self.deleted.event, Timestamp::now()).await?;
                Position::Attendees
            }
        };
        loop {
            match self.step(&position, &mut removed).await? {
                Next::Step(next) => position = next,
                Next::Complete if self.complete(&mut removed).await? == DeletionState::Complete => {
                    tracing::info!(event.id = for_log(&self.deleted.event), "event deleted");
                    return Ok(Part { removed, next: None });
                }
                Next::Complete => position = Position::Attendees,
            }
            if began.elapsed() >= MAX_TIME {
                return Ok(Part { removed, next: Some(position) });
            }
        }
    }

    async fn step(&mut self, position: &Position, removed: &mut u64) -> Result<Next, Unavailable> {
        match position {
            Position::Attendees => self.attendees(removed).await,
            Position::Buttons { after } => self.buttons(after.clone(), removed).await,
            Position::Rejects { after } => self.rejects(after.as_deref(), removed).await,
        }
    }

    async fn attendees(&mut self, removed: &mut u64) -> Result<Next, Unavailable> {
        let page = self.delete_attendees(removed).await?;
        Ok(Next::Step(match page.newest_left {
            _ if page.count == ATTENDEES => Position::Attendees,
            // The sign-up was accepted by a process that did not know of the deletion yet, or by one whose clock is ahead.
            Some(newest) => {
                self.store(DeletedEvent { deleted_at: newest, ..(*self.deleted).clone() }).await?;
                Position::Attendees
            }
            None => Position::Buttons { after: None },
        }))
    }

    async fn delete_attendees(&self, removed: &mut u64) -> Result<DeletedAttendees, Unavailable> {
        let page = self.backend.deletions.delete_attendees(&self.deleted, ATTENDEES).await?;
        *removed += u64::try_from(page.count).expect("a count fits 64 bits");
        Ok(page)
    }

    async fn buttons(&self, after: Option<String>, removed: &mut u64) -> Result<Next, Unavailable> {
        let after = after.map(Serial::from_stored);
        let buttons = self.backend.buttons.registered(BUTTONS, after.as_ref()).await?;
        for button in buttons.iter().filter(|button| *button.event.id() == self.deleted.event) {
            *removed += self.backend.buttons.unregister(&button.serial).await?.count();
        }
        Ok(Next::Step(match buttons.last() {
            Some(last) => Position::Buttons { after: Some(last.serial.to_string()) },
            None => Position::Rejects { after: None },
        }))
    }

    async fn rejects(&self, after: Option<&str>, removed: &mut u64) -> Result<Next, Unavailable> {
        let rejects = self.backend.rejected.list(REJECTS, after).await?;
        for reject in rejects.iter().filter(|reject| reject.event().as_ref() == Some(&self.deleted.event)) {
            *removed += self.backend.rejected.delete(&reject.id).await?.count();
        }
        Ok(match rejects.last() {
            Some(last) => Next::Step(Position::Rejects { after: Some(last.id.clone()) }),
            None => Next::Complete,
        })
    }

    /// Stores that the deletion is complete, unless attendees have been stored since the first step. Returns the state that is
    /// stored then: another request may have found more attendees.
    async fn complete(&mut self, removed: &mut u64) -> Result<DeletionState, Unavailable> {
        let late = self.delete_attendees(removed).await?;
        if late.count > 0 || late.newest_left.is_some() {
            return Ok(DeletionState::InProgress);
        }
        let covered = self.covered_until(Timestamp::now());
        self.backend.deletions.delete_event_state(&self.deleted.event, Timestamp::now()).await?;
        self.store(DeletedEvent { deleted_at: covered, state: DeletionState::Complete, ..(*self.deleted).clone() })
            .await?;
        Ok(self.deleted.state)
    }

    /// Until when requests are about the deleted event, if its deletion is complete `now`. Another process may admit requests
    /// until it no longer uses the details from before.
    fn covered_until(&self, now: Timestamp) -> Timestamp {
        let max_age = self.backend.events.max_age();
        let margin = if max_age.is_zero() { Duration::ZERO } else { max_age + CLOCK_DIFFERENCE };
        self.deleted.deleted_at.max(now.plus(margin))
    }

    /// Stores the next marker, unless another request has stored one in the meantime. Takes over what is stored then.
    async fn store(&mut self, next: DeletedEvent) -> Result<(), Unavailable> {
        if self.backend.events.store_deletion(&next, Timestamp::now()).await? == Write::Stored {
            self.deleted = Arc::new(DeletedEvent { version: next.version + 1, ..next });
            return Ok(());
        }
        let stored = stored_deletion(self.backend, &next.event).await?;
        // Without a marker, another request has completed the deletion, and somebody has created the event anew.
        self.deleted = stored.unwrap_or_else(|| Arc::new(DeletedEvent { state: DeletionState::Complete, ..next }));
        Ok(())
    }
}

async fn stored_deletion(backend: &Backend, event: &EventId) -> Result<Option<Arc<DeletedEvent>>, Unavailable> {
    Ok(match backend.events.stored(event).await? {
        StoredDetails::Deleted(deleted) => Some(deleted),
        StoredDetails::None | StoredDetails::Some(_) | StoredDetails::Damaged(_) => None,
    })
}
