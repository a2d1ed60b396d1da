use countmein::ports::{Deletion, RejectEntry, RejectedMessage};

use crate::backend::Backend;
use crate::people::{at, unique};

fn reject(id: &str) -> RejectedMessage {
    RejectedMessage {
        id: id.to_owned(),
        latest_message: String::new(),
        count: 1,
        body: "{\"event\": \"Café\"}\r\n".to_owned(),
        reason: "`name` is missing; add it".to_owned(),
        arrived_at: at(1),
        rejected_at: at(2),
    }
}

/// An id of the case's own, without the space that a sign-up's id cannot have.
fn own_id() -> String {
    unique("reject").replace(' ', "-")
}

async fn put(backend: &Backend, rejects: Vec<RejectedMessage>) {
    backend.rejected.put(rejects).await.expect("the backend is there");
}

async fn get(backend: &Backend, id: &str) -> Option<RejectedMessage> {
    backend.rejected.get(id).await.expect("the backend is there")
}

pub async fn reject_is_stored_whole(backend: &Backend) {
    let (kept, empty) = (reject(&own_id()), RejectedMessage { body: String::new(), ..reject(&own_id()) });
    put(backend, vec![kept.clone(), empty.clone()]).await;
    put(backend, Vec::new()).await;
    assert_eq!(get(backend, &kept.id).await, Some(kept));
    assert_eq!(get(backend, &empty.id).await, Some(empty));
    assert_eq!(get(backend, &own_id()).await, None);
}

pub async fn second_put_keeps_the_first_reject(backend: &Backend) {
    let first = reject(&own_id());
    let second = RejectedMessage { reason: "another".to_owned(), rejected_at: at(9), ..first.clone() };
    put(backend, vec![first.clone(), second.clone()]).await;
    put(backend, vec![second]).await;
    assert_eq!(get(backend, &first.id).await, Some(first));
}

pub async fn messages_with_one_id_are_counted(backend: &Backend) {
    let id = own_id();
    let message = |latest: &str, second| RejectedMessage {
        latest_message: latest.to_owned(),
        body: latest.to_owned(),
        arrived_at: at(second),
        ..reject(&id)
    };
    put(backend, vec![message("m1", 1)]).await;
    put(backend, vec![message("m1", 1)]).await;
    assert_eq!(get(backend, &id).await, Some(message("m1", 1)));
    put(backend, vec![message("m2", 5), message("m3", 9)]).await;
    let stored = get(backend, &id).await.expect("it is stored");
    // Messages that are stored together have no order.
    assert!(stored.body == stored.latest_message && ["m2", "m3"].contains(&stored.body.as_str()), "{stored:?}");
    assert_eq!(stored.count, 3);
    let entries = backend.rejected.entries(10_000, None).await.expect("the backend is there");
    assert_eq!(entries.iter().find(|entry| entry.id == id).map(|entry| entry.count), Some(3));
    assert_eq!(backend.rejected.delete(&id).await.expect("the backend is there"), Deletion::Deleted);
    put(backend, vec![message("m4", 10)]).await;
    assert_eq!(get(backend, &id).await, Some(message("m4", 10)), "counting begins again");
}

pub async fn rejects_are_listed_by_id(backend: &Backend) {
    let prefix = own_id();
    let expected: Vec<RejectedMessage> = (0..7).map(|number| reject(&format!("{prefix}-{number}"))).collect();
    put(backend, expected.iter().rev().cloned().collect()).await;

    for size in 1..=8 {
        let mut found: Vec<RejectedMessage> = Vec::new();
        loop {
            let after = found.last().map_or(prefix.as_str(), |last| last.id.as_str());
            let page = backend.rejected.list(size, Some(after)).await.expect("the backend is there");
            assert!(page.len() <= size);
            let ours = page.iter().take_while(|reject| reject.id.starts_with(&prefix)).count();
            found.extend(page.into_iter().take(ours));
            assert!(found.len() <= expected.len(), "the pages overlap at {size} a page");
            if ours < size {
                break;
            }
        }
        assert_eq!(found, expected, "at {size} a page");
    }
    let entries = backend.rejected.entries(3, Some(&expected[1].id)).await.expect("the backend is there");
    let entry = |reject: &RejectedMessage| RejectEntry {
        id: reject.id.clone(),
        count: 1,
        reason: reject.reason.clone(),
        arrived_at: reject.arrived_at,
        rejected_at: reject.rejected_at,
    };
    assert_eq!(entries, expected[2..5].iter().map(entry).collect::<Vec<_>>());
    assert!(!backend.rejected.list(1, None).await.expect("the backend is there").is_empty());
}

pub async fn deleted_reject_is_gone(backend: &Backend) {
    let (gone, stays) = (reject(&own_id()), reject(&own_id()));
    put(backend, vec![gone.clone(), stays.clone()]).await;
    assert_eq!(backend.rejected.delete(&gone.id).await.expect("the backend is there"), Deletion::Deleted);
    assert_eq!(
        backend.rejected.delete(&gone.id).await.expect("the backend is there"),
        Deletion::NotFound,
        "there is nothing left to delete"
    );
    assert_eq!(get(backend, &gone.id).await, None);
    assert_eq!(get(backend, &stays.id).await, Some(stays));
}

/// A client may ask for any id, even for one that the backend cannot store.
pub async fn impossible_id_is_unknown(backend: &Backend) {
    for id in ["", "\0", "a/b", &"a".repeat(1_024), &"a".repeat(1_025), &"é".repeat(10_000)] {
        assert_eq!(get(backend, id).await, None);
        let deletion = backend.rejected.delete(id).await.expect("the backend is there");
        assert_eq!(deletion, Deletion::NotFound);
    }
}
