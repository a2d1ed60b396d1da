//! Details of events, read again only after some seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::domain::deleted_event::DeletedEvent;
use crate::domain::event::EventId;
use crate::domain::event_details::EventDetails;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Backend, Events, StoredDetails, Unavailable, Write};

/// How long details are used without reading them again. An edit by another process takes effect after this time.
pub const MAX_AGE: Duration = Duration::from_secs(5);

/// The number of events of which details are kept. If there are more, all are read again.
const MAX_EVENTS: usize = 1_000;

/// Reads details from another port at most every five seconds. Writes of this process take effect at once.
pub struct CachedEvents {
    events: Arc<dyn Events>,
    cache: Arc<Mutex<Cache>>,
}

#[derive(Default)]
struct Cache {
    entries: HashMap<EventId, (Instant, StoredDetails)>,
    /// The number of times that a write by this process has begun or ended. Details that were read meanwhile are not kept.
    writes: u64,
    /// The number of them that have not ended.
    unfinished: usize,
}

impl CachedEvents {
    /// Returns the ports with cached details.
    #[must_use]
    pub fn of(backend: Backend) -> Backend {
        let events = Self { events: backend.events, cache: Arc::default() };
        Backend { events: Arc::new(events), ..backend }
    }

    async fn details_at(&self, events: &[EventId], now: Instant) -> Result<Vec<StoredDetails>, Unavailable> {
        let (mut found, writes) = {
            let cache = self.cache();
            let fresh = |event| cache.entries.get(event).filter(|(read_at, _)| now.duration_since(*read_at) < MAX_AGE);
            let found: Vec<Option<StoredDetails>> =
                events.iter().map(|event| fresh(event).map(|(_, details)| details.clone())).collect();
            (found, cache.writes)
        };
        let missing: Vec<EventId> =
            events.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(event, _)| event.clone()).collect();
        if !missing.is_empty() {
            let read = self.events.details(&missing).await?;
            let mut cache = self.cache();
            let is_kept = cache.writes == writes && cache.unfinished == 0;
            if cache.entries.len() + missing.len() > MAX_EVENTS {
                cache.entries.clear();
            }
            for ((event, details), place) in
                missing.into_iter().zip(read).zip(found.iter_mut().filter(|found| found.is_none()))
            {
                if is_kept && cache.entries.len() < MAX_EVENTS {
                    cache.entries.insert(event, (now, details.clone()));
                }
                *place = Some(details);
            }
        }
        Ok(found.into_iter().map(|found| found.unwrap_or(StoredDetails::None)).collect())
    }

    /// Runs a write. While it runs, nothing is kept: it may be stored before it returns. It runs to its end even if nobody waits
    /// for it any more.
    async fn write(
        &self,
        event: &EventId,
        write: impl Future<Output = Result<Write, Unavailable>> + Send + 'static,
    ) -> Result<Write, Unavailable> {
        let running = OwnWrite::begin(Arc::clone(&self.cache), event.clone());
        let write = tokio::spawn(async move {
            let result = write.await;
            drop(running);
            result
        });
        write.await.unwrap_or_else(|error| {
            Err(Unavailable { doing: "storing the details of an event", cause: error.to_string() })
        })
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().expect(NEVER_POISONED)
    }
}

#[async_trait]
impl Events for CachedEvents {
    async fn details(&self, events: &[EventId]) -> Result<Vec<StoredDetails>, Unavailable> {
        self.details_at(events, Instant::now()).await
    }

    fn max_age(&self) -> Duration {
        self.events.max_age()
    }

    async fn create_event(&self, details: &EventDetails, now: Timestamp) -> Result<Write, Unavailable> {
        let (events, new) = (Arc::clone(&self.events), details.clone());
        self.write(&details.event, async move { events.create_event(&new, now).await }).await
    }

    async fn store_details(&self, details: &EventDetails, now: Timestamp) -> Result<Write, Unavailable> {
        let (events, new) = (Arc::clone(&self.events), details.clone());
        self.write(&details.event, async move { events.store_details(&new, now).await }).await
    }

    async fn store_deletion(&self, deleted: &DeletedEvent, now: Timestamp) -> Result<Write, Unavailable> {
        let (events, new) = (Arc::clone(&self.events), deleted.clone());
        self.write(&deleted.event, async move { events.store_deletion(&new, now).await }).await
    }
}

/// A write of this process, until it is dropped.
struct OwnWrite {
    cache: Arc<Mutex<Cache>>,
    event: EventId,
}

impl OwnWrite {
    fn begin(cache: Arc<Mutex<Cache>>, event: EventId) -> Self {
        let write = Self { cache, event };
        write.cache().unfinished += 1;
        write.forget();
        write
    }

    fn forget(&self) {
        let mut cache = self.cache();
        cache.entries.remove(&self.event);
        cache.writes += 1;
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().expect(NEVER_POISONED)
    }
}

impl Drop for OwnWrite {
    fn drop(&mut self) {
        self.forget();
        self.cache().unfinished -= 1;
    }
}

const NEVER_POISONED: &str = "nothing panics while it holds the lock";

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::domain::deleted_event::DeletionState;
    use crate::domain::event_details::{Content, Title};
    use crate::domain::host_link::LinkGenerations;

    /// Knows every event, and counts what is read.
    #[derive(Default)]
    struct Counter {
        read: AtomicUsize,
        version: AtomicUsize,
    }

    #[async_trait]
    impl Events for Counter {
        async fn details(&self, events: &[EventId]) -> Result<Vec<StoredDetails>, Unavailable> {
            self.read.fetch_add(events.len(), Ordering::Relaxed);
            Ok(events.iter().map(|event| StoredDetails::Some(Arc::new(self.details_of(event)))).collect())
        }

        async fn create_event(&self, _: &EventDetails, _: Timestamp) -> Result<Write, Unavailable> {
            Ok(Write::Stored)
        }

        async fn store_details(&self, _: &EventDetails, _: Timestamp) -> Result<Write, Unavailable> {
            self.version.fetch_add(1, Ordering::Relaxed);
            Ok(Write::Stored)
        }

        async fn store_deletion(&self, _: &DeletedEvent, _: Timestamp) -> Result<Write, Unavailable> {
            self.version.fetch_add(1, Ordering::Relaxed);
            Ok(Write::Stored)
        }
    }

    impl Counter {
        fn details_of(&self, event: &EventId) -> EventDetails {
            let version = self.version.load(Ordering::Relaxed) as u64;
            let content = Content::titled(Title::parse(event.as_str()).unwrap());
            EventDetails { version, ..EventDetails::new(event.clone(), content, Timestamp::EARLIEST) }
        }
    }

    fn ids(names: &[&str]) -> Vec<EventId> {
        names.iter().map(|name| EventId::parse(name).unwrap()).collect()
    }

    fn cached() -> (Arc<Counter>, CachedEvents) {
        let counter = Arc::new(Counter::default());
        (counter.clone(), CachedEvents { events: counter, cache: Arc::default() })
    }

    async fn versions(events: &CachedEvents, names: &[&str], now: Instant) -> Vec<(String, u64)> {
        let details = events.details_at(&ids(names), now).await.unwrap();
        let version = |details: &StoredDetails| match details {
            StoredDetails::Some(details) => (details.event.to_string(), details.version),
            other => panic!("{other:?}"),
        };
        details.iter().map(version).collect()
    }

    #[tokio::test]
    async fn details_are_read_once_in_five_seconds() {
        let (counter, events) = cached();
        let start = Instant::now();
        let read = || counter.read.load(Ordering::Relaxed);
        assert_eq!(versions(&events, &["dance"], start).await.len(), 1);
        let found = versions(&events, &["ball", "dance", "party"], start).await;
        assert_eq!(found.iter().map(|(event, _)| event.as_str()).collect::<Vec<_>>(), ["ball", "dance", "party"]);
        assert_eq!(read(), 3);
        versions(&events, &["dance", "ball"], start + Duration::from_millis(4_999)).await;
        assert_eq!(read(), 3);
        versions(&events, &["dance"], start + MAX_AGE).await;
        assert_eq!(read(), 4);
    }

    #[tokio::test]
    async fn details_that_were_read_during_a_write_are_not_kept() {
        let (_, events) = cached();
        let before = events.cache().writes;
        let write = OwnWrite::begin(Arc::clone(&events.cache), ids(&["dance"])[0].clone());
        let during = events.cache().writes;
        versions(&events, &["dance"], Instant::now()).await;
        assert!(events.cache().entries.is_empty(), "kept while the write runs");
        drop(write);
        let after = events.cache().writes;
        assert!(before != during && during != after, "a read that ends after the write does not know that it ran");
        versions(&events, &["dance"], Instant::now()).await;
        assert_eq!(events.cache().entries.len(), 1);
    }

    #[tokio::test]
    async fn own_writes_take_effect_at_once() {
        let (counter, events) = cached();
        let dance = &ids(&["dance"])[0];
        assert_eq!(versions(&events, &["dance"], Instant::now()).await, [("dance".to_owned(), 0)]);
        let _ = events.store_details(&counter.details_of(dance), Timestamp::EARLIEST).await.unwrap();
        assert_eq!(versions(&events, &["dance"], Instant::now()).await, [("dance".to_owned(), 1)]);
        let links = LinkGenerations::default();
        let (event, deleted_at, state) = (dance.clone(), Timestamp::EARLIEST, DeletionState::InProgress);
        let deleted = DeletedEvent { event, deleted_at, state, links, version: 1 };
        let _ = events.store_deletion(&deleted, Timestamp::EARLIEST).await.unwrap();
        assert_eq!(versions(&events, &["dance"], Instant::now()).await, [("dance".to_owned(), 2)]);
    }

    #[tokio::test]
    async fn memory_is_bounded() {
        let (_, events) = cached();
        let many: Vec<EventId> = (0..MAX_EVENTS * 2).map(|n| EventId::parse(&format!("event {n}")).unwrap()).collect();
        for chunk in many.chunks(300) {
            assert_eq!(events.details(chunk).await.unwrap().len(), chunk.len());
        }
        assert_eq!(events.details(&many).await.unwrap().len(), many.len());
        assert!(events.cache().entries.len() <= MAX_EVENTS);
    }
}
