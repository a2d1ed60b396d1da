//! Webhooks that do not answer delay no other recipient.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::notification::{Notification, Recipient};
use countmein::domain::signup::Request;
use countmein::ports::{Notified, Notifier, SendError, Unavailable};

use crate::memory::Memory;
use crate::{DANCE, start};

/// More failed recipients than are stored by name, and before all others in the roster's order.
const SILENT: usize = 150;
const OTHERS: usize = 700;

/// A notifier some of whose webhooks never answer.
struct Webhooks<'a>(&'a Memory);

#[async_trait]
impl Notifier for Webhooks<'_> {
    async fn notify(&self, notification: &Notification) -> Result<Notified, SendError> {
        match &notification.to {
            Recipient::Attendee(attendee) if attendee.name.as_str().starts_with('!') => {
                let cause = "it answers 503".to_owned();
                Err(SendError::RecipientUnavailable(Unavailable { doing: "calling a webhook", cause }))
            }
            _ => self.0.notify(notification).await,
        }
    }
}

#[test]
fn silent_webhooks_delay_nobody_else() {
    let memory = Memory::new(start());
    for number in 0..SILENT {
        memory.request(DANCE, &format!("!{number:03}"), Request::trusted_sign_up(None));
    }
    for number in 0..OTHERS {
        memory.request(DANCE, &format!("Guest {number:03}"), Request::trusted_sign_up(None));
    }
    let tally = memory.work_with(&Webhooks(&memory), BackoffPolicy::default()).expect("nothing crashes");
    assert_eq!((tally.deferred, tally.expired), (50, 100), "half of the room is for webhooks that do not answer");
    assert_eq!(tally.delivered, OTHERS as u64 + 1);
    for round in 0..3 {
        memory.advance(Duration::from_secs(12 * 60 * 60));
        memory.state().notified.clear();
        memory.request(DANCE, &format!("Zoe {round}"), Request::trusted_sign_up(None));

        let tally = memory.work_with(&Webhooks(&memory), BackoffPolicy::default()).expect("nothing crashes");

        let notified: BTreeSet<String> = memory.state().notified.iter().map(|(_, name, _)| name.clone()).collect();
        assert!(
            (0..OTHERS).all(|number| notified.contains(&format!("Guest {number:03}"))),
            "round {round}: {}",
            notified.len()
        );
        assert!(tally.expired > 0, "who is given up is counted: {tally:?}");
    }
}
