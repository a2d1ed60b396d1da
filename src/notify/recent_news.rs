//! The news that were sent last. Most recipients of an event get the same.

use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::event::EventId;
use crate::domain::event_news::EventNews;
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::View;

/// Keeps the news that were put together last.
#[derive(Default)]
pub struct RecentNews(Mutex<Option<(NewsKey, Arc<EventNews>)>>);

/// What an event has announced after a time, as far as recipients may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewsKey {
    pub event: EventId,
    pub after: Timestamp,
    pub view: View,
}

impl RecentNews {
    /// Returns the news if they contain the announcement that was made at `until`. Later ones may be missing.
    pub(super) fn get(&self, key: &NewsKey, until: Timestamp) -> Option<Arc<EventNews>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, news) = kept.as_ref().filter(|(kept, _)| kept == key)?;
        (news.latest_at() >= Some(until)).then(|| Arc::clone(news))
    }

    pub(super) fn keep(&self, key: NewsKey, news: &Arc<EventNews>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((key, Arc::clone(news)));
    }
}
