//! What each contact was told about each event.

use std::time::Duration;

use countmein::domain::contact_id::ContactId;
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{Claimed, LastAttempt, WatermarkClaim, WatermarkKey, WatermarkRecipient};

use crate::backend::Backend;
use crate::people::{event_id, unique};

fn claim(title: &str, mailbox: &str, holder: u64, ends_at: Timestamp) -> WatermarkClaim {
    let recipient = WatermarkRecipient::Mailbox(ContactId::from_stored(mailbox.to_owned()));
    WatermarkClaim { key: WatermarkKey { event: event_id(title), recipient }, holder, ends_at }
}

fn granted(told_until: Option<Timestamp>) -> Claimed {
    Claimed::Granted { told_until, is_in_doubt: false }
}

const MINUTE: Duration = Duration::from_secs(60);

pub async fn watermark_is_kept_for_each_event_and_recipient(backend: &Backend) {
    let (dance, choir, now) = (unique("Dance"), unique("Choir"), Timestamp::now());
    let until = now.plus(MINUTE);
    let ana = claim(&dance, "ana", u64::MAX, until);
    assert_eq!(backend.watermarks.claim(&ana, now).await.unwrap(), granted(None));
    backend.watermarks.advance(&ana, now).await.unwrap();
    for (title, mailbox, expected) in [(&dance, "ana", Some(now)), (&choir, "ana", None), (&dance, "ben", None)] {
        let claimed = backend.watermarks.claim(&claim(title, mailbox, 2, until), now).await.unwrap();
        assert_eq!(claimed, granted(expected), "{title} {mailbox}");
    }
    let key = WatermarkKey { event: event_id(&dance), recipient: WatermarkRecipient::Everybody };
    let everybody = WatermarkClaim { key, holder: 1, ends_at: until };
    assert_eq!(backend.watermarks.claim(&everybody, now).await.unwrap(), granted(None));
}

pub async fn claim_is_exclusive_until_it_ends(backend: &Backend) {
    let (title, now) = (unique("Dance"), Timestamp::now());
    let (first, second) = (claim(&title, "ana", 1, now.plus(MINUTE)), claim(&title, "ana", 2, now.plus(MINUTE * 3)));
    assert_eq!(backend.watermarks.claim(&first, now).await.unwrap(), granted(None));
    assert_eq!(backend.watermarks.claim(&first, now).await.unwrap(), granted(None), "it is safe to repeat");
    assert_eq!(backend.watermarks.claim(&second, now).await.unwrap(), Claimed::Held);
    assert_eq!(
        backend.watermarks.claim(&second, now.plus(MINUTE - Duration::from_millis(1))).await.unwrap(),
        Claimed::Held
    );

    // The first worker has stopped, and may have sent something.
    let doubtful = Claimed::Granted { told_until: None, is_in_doubt: true };
    assert_eq!(backend.watermarks.claim(&second, now.plus(MINUTE)).await.unwrap(), doubtful);
    // It is too late for the first one.
    backend.watermarks.advance(&first, now).await.unwrap();
    backend.watermarks.release(&first, LastAttempt::Resolved, now).await.unwrap();
    let third = claim(&title, "ana", 3, now.plus(MINUTE * 9));
    assert_eq!(backend.watermarks.claim(&third, now.plus(MINUTE * 2)).await.unwrap(), Claimed::Held);
    backend.watermarks.advance(&second, now).await.unwrap();
    assert_eq!(backend.watermarks.claim(&third, now.plus(MINUTE * 2)).await.unwrap(), granted(Some(now)));
}

pub async fn released_claim_is_free(backend: &Backend) {
    let (title, now) = (unique("Dance"), Timestamp::now());
    for told_until in [None, Some(now)] {
        let first = claim(&title, "ana", 1, now.plus(MINUTE));
        assert_eq!(backend.watermarks.claim(&first, now).await.unwrap(), granted(told_until));
        backend.watermarks.release(&first, LastAttempt::Resolved, now).await.unwrap();
        let second = claim(&title, "ana", 2, now.plus(MINUTE));
        assert_eq!(backend.watermarks.claim(&second, now).await.unwrap(), granted(told_until));
        backend.watermarks.release(&second, LastAttempt::Unresolved, now).await.unwrap();
        let third = claim(&title, "ana", 3, now.plus(MINUTE));
        let doubtful = Claimed::Granted { told_until, is_in_doubt: true };
        assert_eq!(backend.watermarks.claim(&third, now).await.unwrap(), doubtful);
        backend.watermarks.advance(&third, now).await.unwrap();
    }
}

pub async fn one_of_several_workers_gets_the_claim(backend: &Backend) {
    let (title, now) = (unique("Dance"), Timestamp::now());
    let claims = (1..=8).map(|holder| {
        let claim = claim(&title, "ana", holder, now.plus(MINUTE));
        async move { backend.watermarks.claim(&claim, now).await.unwrap() }
    });
    let claimed = futures_util::future::join_all(claims).await;
    assert_eq!(claimed.iter().filter(|claimed| **claimed != Claimed::Held).count(), 1, "{claimed:?}");
}
