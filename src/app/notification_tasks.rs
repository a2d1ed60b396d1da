//! The background tasks for notifications. They are separate loops, so that none of them delays another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use strum::VariantArray;
use tokio_util::sync::CancellationToken;

use crate::adapters::sqlite::FeedConsumer;
use crate::app::notification_context::NotificationContext;
use crate::domain::change::Change;
use crate::domain::clock;
use crate::domain::event::EventId;
use crate::domain::new_event_id::for_log;
use crate::domain::outbox_message::OutboxMessage;
use crate::domain::timestamp::Timestamp;
use crate::fanout::{Announcer, EventPorts, take_in};
use crate::notify::{CLAIM_DURATION, DigestSender, MessageSender, OutboxSender};
use crate::ports::{ChangeFeed as _, Digests as _, Lane, Outbox as _, ReadError, Unavailable};

/// Maximum number of changes read from the feed in one batch. A batch is repeated if the program stops before it has
/// stored its position. A digest recognises repeated changes by remembering the latest ones, so a batch must be smaller
/// than the number of changes that a digest remembers.
const CHANGES_BATCH_SIZE: usize = 200;

/// Maximum number of due digests read in one batch.
const EVENTS_BATCH_SIZE: usize = 100;

/// Time limit for one batch of announcements. After each batch the loop reads the due digests again, or ends if the program
/// is stopping.
const BATCH_TIME_LIMIT: Duration = Duration::from_secs(2);

/// Time between two reads of a loop that found no work.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Time that a batch in progress gets when the program stops. A message whose sending is cut off is sent again after the
/// next start.
const GRACE_PERIOD: Duration = Duration::from_secs(3);

/// A background task for notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray)]
pub enum NotificationTask {
    /// Adds changes of the roster to the digests.
    UpdateDigests,
    /// Puts opt-in requests to new contacts, and manage links that are sent again, into the outbox.
    PutDirectMessages,
    /// Makes the announcements that are due, and puts them into the outbox for each recipient.
    Announce,
    /// Sends the opt-in requests, manage links and news about seats in the outbox.
    SendDirectMessages,
    /// Sends the digests in the outbox.
    SendDigests,
}

/// Whether the next batch can run without a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// There may be more work.
    MoreWork,
    /// There is no work, or the last batch delivered nothing.
    Idle,
}

/// Runs a task until `stop` is cancelled.
pub async fn run_until(context: Arc<NotificationContext>, task: NotificationTask, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let progress = tokio::select! {
            progress = context.run_batch(task, &stop) => progress,
            () = sleep_after_stop(GRACE_PERIOD, stop.clone()) => return,
        };
        match progress {
            Ok(Progress::MoreWork) => continue,
            Ok(Progress::Idle) => {}
            Err(unavailable) => tracing::error!(%unavailable, ?task, "notification task failed; retrying in 500 ms"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = context.wait_for_work(task) => {}
        }
    }
}

async fn sleep_after_stop(delay: Duration, stop: CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(delay).await;
}

impl NotificationContext {
    async fn run_batch(&self, task: NotificationTask, stop: &CancellationToken) -> Result<Progress, Unavailable> {
        match task {
            NotificationTask::UpdateDigests => self.process_changes(FeedConsumer::Digests).await,
            NotificationTask::PutDirectMessages => self.process_changes(FeedConsumer::DirectMessages).await,
            NotificationTask::Announce => self.announce(stop).await,
            NotificationTask::SendDirectMessages => self.send_messages(task, Lane::Direct, stop).await,
            NotificationTask::SendDigests => self.send_messages(task, Lane::Digests, stop).await,
        }
    }

    /// Waits until there may be work for a task.
    async fn wait_for_work(&self, task: NotificationTask) {
        let signalled = async {
            match task {
                NotificationTask::UpdateDigests | NotificationTask::PutDirectMessages => std::future::pending().await,
                NotificationTask::Announce => self.digests_updated.notified().await,
                NotificationTask::SendDirectMessages => self.direct_messages_put.notified().await,
                NotificationTask::SendDigests => self.digests_put.notified().await,
            }
        };
        // The timeout is the usual case.
        let _ = tokio::time::timeout(POLL_INTERVAL, signalled).await;
    }

    async fn process_changes(&self, consumer: FeedConsumer) -> Result<Progress, Unavailable> {
        let position = self.sqlite.position(consumer).await?;
        let page = self.sqlite.changes(&position, CHANGES_BATCH_SIZE).await?;
        let is_full = page.len() == CHANGES_BATCH_SIZE;
        let Some((end_of_page, _)) = page.last() else { return Ok(Progress::Idle) };
        let end_of_page = end_of_page.clone();
        let changes = page.into_iter().map(|(_, change)| change);
        let now = Timestamp::now();
        match consumer {
            FeedConsumer::Digests => {
                let ports = EventPorts::of(&self.sqlite, &self.sender.contact_secret);
                let (_, update) = take_in(changes.collect(), ports, &self.backoff, now).await?;
                self.metrics.parked(update.parked);
                self.digests_updated.notify_one();
                // Who has to wait for a place, or got one, is told.
                self.direct_messages_put.notify_one();
            }
            FeedConsumer::DirectMessages => {
                // The other consumer parks the events of damaged changes.
                let readable: Vec<Change> = changes.filter_map(Result::ok).collect();
                let of_attendees = readable.iter().filter_map(Change::attendee);
                let messages: Vec<OutboxMessage> = of_attendees.flat_map(OutboxMessage::after).collect();
                if !messages.is_empty() {
                    self.sqlite.put(messages, clock::now()).await?;
                    self.direct_messages_put.notify_one();
                }
            }
        }
        self.sqlite.set_position(consumer, &end_of_page).await?;
        Ok(if is_full { Progress::MoreWork } else { Progress::Idle })
    }

    async fn announce(&self, stop: &CancellationToken) -> Result<Progress, Unavailable> {
        let now = Timestamp::now();
        let due = self.sqlite.due(now, EVENTS_BATCH_SIZE).await?;
        if due.is_empty() {
            return Ok(Progress::Idle);
        }
        let events: Vec<EventId> = due.into_iter().map(|(event, _)| event).collect();
        let announcer = Announcer {
            ports: EventPorts::of(&self.sqlite, &self.sender.contact_secret),
            outbox: &self.sqlite,
            backoff: self.backoff,
            has_broadcaster: self.sender.broadcaster.is_some(),
            clock: &Timestamp::now,
            is_stopping: &|| stop.is_cancelled(),
        };
        let has_put = AtomicBool::new(false);
        let report = |event: &EventId, result| match result {
            Ok(messages) => drop(has_put.fetch_or(messages > 0, Ordering::Relaxed)),
            Err(ReadError::Damaged(_)) => self.metrics.parked(1),
            Err(ReadError::Unavailable(unavailable)) => {
                tracing::error!(%unavailable, event.id = for_log(event), "announcing failed; it will be retried");
            }
        };
        announcer.announce_all(events, now.plus(BATCH_TIME_LIMIT), report).await;
        self.digests_put.notify_one();
        Ok(if has_put.into_inner() { Progress::MoreWork } else { Progress::Idle })
    }

    async fn send_messages(
        &self,
        task: NotificationTask,
        lane: Lane,
        stop: &CancellationToken,
    ) -> Result<Progress, Unavailable> {
        let clock: &(dyn Fn() -> Timestamp + Sync) = &clock::now;
        // The clock with which announcements are made. It may be set back after it was wrong.
        let digest_clock: &(dyn Fn() -> Timestamp + Sync) = &Timestamp::now;
        let sender = MessageSender {
            digests: DigestSender::of(&self.sqlite, &self.sender, CLAIM_DURATION, digest_clock),
            seats: &self.sqlite,
            sender: &self.sender,
        };
        let sender = OutboxSender {
            outbox: &self.sqlite,
            lane,
            sender: &sender,
            metrics: &*self.metrics,
            clock,
            is_stopping: &|| stop.is_cancelled(),
        };
        let done = sender.send_due(&|| Box::pin(self.wait_for_work(task))).await?;
        Ok(if done > 0 { Progress::MoreWork } else { Progress::Idle })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;
    use crate::adapters::metrics::prometheus::PrometheusMetrics;
    use crate::adapters::sqlite::Sqlite;
    use crate::app::settings::{NotificationSettings, WebhookPolicy};
    use crate::domain::attendee_name::AttendeeName;
    use crate::domain::backoff::BackoffPolicy;
    use crate::domain::channel::Channel;
    use crate::domain::contact::Contact;
    use crate::domain::deleted_event::{DeletedEvent, DeletionState};
    use crate::domain::event::Event;
    use crate::domain::host_link::LinkGenerations;
    use crate::domain::language::Language;
    use crate::domain::secret::{Secret, generate};
    use crate::domain::signup::{Request, Signup, Version};
    use crate::notify::Limits;
    use crate::ports::{AttendeeSignups, Events as _, Mail, Mailer, OutboxTable as _, Roster as _, SendError, Write};

    /// The state of a program without a mail server, with one sign-up in the feed.
    async fn context(folder: &std::path::Path) -> NotificationContext {
        let sqlite = Sqlite::open(folder).unwrap();
        let signup = Signup {
            version: Version::now(),
            event: Event::parse("Dance").unwrap(),
            name: AttendeeName::parse("Ana").unwrap(),
            channel: Channel::Http,
            network: None,
            request: Request::sign_up(Some(Contact::email("ana@example.org").unwrap())),
        };
        let signups = AttendeeSignups { key: signup.key(), signups: vec![signup] };
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        assert!(sqlite.apply(vec![signups], Timestamp::now(), deadline).await[0].is_ok());
        let settings = NotificationSettings {
            backoff: BackoffPolicy::default(),
            language: Language::English,
            names_shown: 10,
            mail: None,
            webhooks: WebhookPolicy::Off,
            limits: Limits { opt_ins_per_hour: 1, sms: None },
        };
        let secret = Secret::new(generate()).unwrap();
        let url = "https://example.org".parse().unwrap();
        NotificationContext::new(sqlite, &settings, secret, url, Arc::new(PrometheusMetrics::new())).await.unwrap()
    }

    #[tokio::test]
    async fn messages_that_are_not_sent_before_a_stop_stay_in_the_outbox() {
        let folder = tempfile::tempdir().unwrap();
        let context = context(folder.path()).await;
        let stop = CancellationToken::new();
        stop.cancel();
        context.run_batch(NotificationTask::PutDirectMessages, &stop).await.unwrap();
        context.run_batch(NotificationTask::SendDirectMessages, &stop).await.unwrap();

        let left = async || context.sqlite.claim(Lane::Direct, 10, clock::now(), clock::now()).await.unwrap();
        let entries = left().await;
        assert_eq!(entries.len(), 1);
        assert_eq!((entries[0].attempts, entries[0].unresolved_since), (1, None));
        context.sqlite.release(&entries[0]).await.unwrap();
        let running = CancellationToken::new();
        assert_eq!(context.run_batch(NotificationTask::PutDirectMessages, &running).await.unwrap(), Progress::Idle);
        assert_eq!(
            context.run_batch(NotificationTask::SendDirectMessages, &running).await.unwrap(),
            Progress::MoreWork
        );
        assert_eq!(left().await, []);
    }

    /// Keeps what it sends.
    #[derive(Default)]
    struct SentMails(Mutex<Vec<Mail>>);

    #[async_trait]
    impl Mailer for SentMails {
        async fn send(&self, mail: &Mail) -> Result<(), SendError> {
            self.0.lock().unwrap().push(mail.clone());
            Ok(())
        }
    }

    #[tokio::test]
    async fn attendees_of_a_deleted_event_get_no_direct_messages() {
        for (is_deleted, expected) in [(false, 1), (true, 0)] {
            let folder = tempfile::tempdir().unwrap();
            let mails = Arc::new(SentMails::default());
            let mut context = context(folder.path()).await;
            context.sender.mailer = Some(mails.clone());
            let event = EventId::parse("dance").unwrap();
            if is_deleted {
                let deleted = DeletedEvent {
                    event: event.clone(),
                    deleted_at: Timestamp::now(),
                    state: DeletionState::InProgress,
                    links: LinkGenerations::default(),
                    version: 0,
                };
                assert_eq!(context.sqlite.store_deletion(&deleted, Timestamp::now()).await.unwrap(), Write::Stored);
            }
            let running = CancellationToken::new();
            for task in [NotificationTask::PutDirectMessages, NotificationTask::SendDirectMessages] {
                context.run_batch(task, &running).await.unwrap();
                assert_eq!(context.run_batch(task, &running).await.unwrap(), Progress::Idle, "it is done once");
            }
            assert_eq!(mails.0.lock().unwrap().len(), expected);
            assert_eq!(context.sqlite.roster(&event, 10, None).await.unwrap().count, 1, "nothing is deleted");
        }
    }
}
