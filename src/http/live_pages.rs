//! Pages that stay up to date: which of them are still as they were rendered, and which browsers wait for a change.
//!
//! A page is rendered again after something was stored, after ten minutes, and at the time at which it changes by itself. Until
//! then, everybody who sees the same gets the same page, and browsers that have it already get "not modified".

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::http::{HeaderMap, Uri, header};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use crate::http::client::{DefaultForm, wants_page};
use crate::http::locale::Locale;
use crate::http::{App, cookies, organiser_session, own_registrations};

/// A page is rendered again after this time, even if nothing was stored.
const MAX_AGE: Duration = Duration::from_secs(10 * 60);

/// The number of pages that are known. If there are more, all are forgotten.
const MAX_KNOWN: usize = 16_384;

/// The maximum size of all pages that are kept to be sent again, in bytes.
const MAX_KEPT_BYTES: usize = 8 * 1_024 * 1_024;

/// The number of browsers that are told of changes at once: half of the connections, so that the other half is left for
/// requests. Further browsers ask from time to time.
const MAX_STREAMS: usize = 2_048;

/// The number of open streams of one client's network.
const MAX_STREAMS_OF_NETWORK: usize = 64;

/// The number of pages that are rendered at once to see whether they have changed.
const MAX_RENDERINGS: usize = 4;

/// The pages that stay up to date.
pub struct LivePages {
    /// The number of commits that have stored something. It is increased after a commit.
    commits: watch::Receiver<u64>,
    known: Mutex<Known>,
    streams: Mutex<HashMap<IpAddr, usize>>,
    /// Limits how many pages are rendered at once for streams.
    pub renderings: Semaphore,
    is_closing: watch::Sender<bool>,
}

#[derive(Default)]
struct Known {
    pages: HashMap<PageId, KnownPage>,
    /// The size of the pages that are kept.
    bytes: usize,
}

/// A page as it was when it was rendered.
#[derive(Clone)]
pub struct KnownPage {
    /// A hash of its HTML.
    pub tag: Arc<str>,
    /// Its HTML, if many people see the same.
    pub html: Option<Arc<str>>,
    /// The number of commits before it was rendered.
    pub commits: u64,
    /// When it changes by itself.
    pub until: Instant,
}

/// What a page depends on, except for what is stored: its address, and who looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageId([u8; 16]);

impl PageId {
    pub fn of(app: &App, uri: &Uri, headers: &HeaderMap) -> Self {
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        };
        add(uri.to_string().as_bytes());
        add(Locale::of_request(app, headers, uri).chosen().map_or("", |language| language.as_str()).as_bytes());
        let kinds = [DefaultForm::Page, DefaultForm::Json].map(|default| u8::from(wants_page(headers, default)));
        add(&kinds);
        for name in [header::HOST.as_str(), "x-forwarded-proto", header::AUTHORIZATION.as_str()] {
            let values: Vec<&[u8]> = headers.get_all(name).into_iter().map(|value| value.as_bytes()).collect();
            add(&values.join(&b'\n'));
        }
        // The cookie of the language is part of the locale. Other programs on the same host have cookies of their own.
        for name in [own_registrations::COOKIE, organiser_session::COOKIE] {
            add(cookies::values(app, name, headers).join("\n").as_bytes());
        }
        let digest: [u8; 32] = hash.finalize().into();
        Self(std::array::from_fn(|index| digest[index]))
    }
}

/// Whether a request says who asks, so that nobody else may see the page.
pub fn is_personal(app: &App, headers: &HeaderMap) -> bool {
    let has_cookie = |name: &str| !cookies::values(app, name, headers).is_empty();
    headers.contains_key(header::AUTHORIZATION)
        || has_cookie(own_registrations::COOKIE)
        || has_cookie(organiser_session::COOKIE)
}

/// An open stream. Dropping it makes room for another one.
pub struct Stream {
    pages: Arc<LivePages>,
    network: IpAddr,
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut streams = self.pages.streams();
        if let Some(number) = streams.get_mut(&self.network) {
            *number -= 1;
            if *number == 0 {
                streams.remove(&self.network);
            }
        }
    }
}

impl LivePages {
    /// `commits` is the number of commits that have stored something, increased after each.
    #[must_use]
    pub fn new(commits: watch::Receiver<u64>) -> Self {
        Self {
            commits,
            known: Mutex::default(),
            streams: Mutex::default(),
            renderings: Semaphore::new(MAX_RENDERINGS),
            is_closing: watch::Sender::new(false),
        }
    }

    /// Ends all streams, because the server stops.
    pub fn close(&self) {
        self.is_closing.send_replace(true);
    }

    /// Completes when the server stops.
    pub async fn closed(&self) {
        // The sender lives as long as `self`.
        let _ = self.is_closing.subscribe().wait_for(|is_closing| *is_closing).await;
    }

    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.clone()
    }

    /// Returns a page if it is still as it was when it was rendered.
    pub fn current(&self, id: &PageId, now: Instant) -> Option<KnownPage> {
        let commits = *self.commits.borrow();
        let known = self.known();
        known.pages.get(id).filter(|page| page.commits == commits && now < page.until).cloned()
    }

    /// Remembers a page until something is stored.
    pub fn remember(&self, id: PageId, page: KnownPage) {
        let mut known = self.known();
        let bytes = page.html.as_ref().map_or(0, |html| html.len());
        if known.pages.len() >= MAX_KNOWN || known.bytes + bytes > MAX_KEPT_BYTES {
            *known = Known::default();
        }
        known.bytes += bytes;
        let replaced = known.pages.insert(id, page).and_then(|page| page.html);
        known.bytes -= replaced.map_or(0, |html| html.len());
    }

    /// Returns the time until which a page is as it is, if it changes by itself after `change`.
    pub fn until(change: Option<Duration>, now: Instant) -> Instant {
        now + change.map_or(MAX_AGE, |change| change.min(MAX_AGE))
    }

    /// Lets another browser be told of changes. `None` if there are too many of them.
    pub fn open_stream(self: &Arc<Self>, network: IpAddr) -> Option<Stream> {
        let mut streams = self.streams();
        if streams.values().sum::<usize>() >= MAX_STREAMS {
            return None;
        }
        let number = streams.entry(network).or_insert(0);
        if *number >= MAX_STREAMS_OF_NETWORK {
            return None;
        }
        *number += 1;
        Some(Stream { pages: Arc::clone(self), network })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect(NEVER_POISONED)
    }

    fn streams(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.streams.lock().expect(NEVER_POISONED)
    }
}

const NEVER_POISONED: &str = "nothing panics while it holds the lock";

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn pages() -> (watch::Sender<u64>, Arc<LivePages>) {
        let (sender, commits) = watch::channel(0);
        (sender, Arc::new(LivePages::new(commits)))
    }

    fn id(number: u8) -> PageId {
        PageId([number; 16])
    }

    fn page(commits: u64, html: Option<&str>) -> KnownPage {
        KnownPage {
            tag: "tag".into(),
            html: html.map(Into::into),
            commits,
            until: LivePages::until(None, Instant::now()),
        }
    }

    #[test]
    fn page_is_current_until_something_is_stored() {
        let (commits, pages) = pages();
        pages.remember(id(1), page(0, None));
        assert!(pages.current(&id(1), Instant::now()).is_some());
        assert!(pages.current(&id(2), Instant::now()).is_none());
        commits.send_replace(1);
        assert!(pages.current(&id(1), Instant::now()).is_none());
        // Something was stored while this page was rendered.
        pages.remember(id(1), page(0, None));
        assert!(pages.current(&id(1), Instant::now()).is_none());
    }

    #[test]
    fn page_is_current_until_it_changes_by_itself() {
        let (_commits, pages) = pages();
        let now = Instant::now();
        pages
            .remember(id(1), KnownPage { until: LivePages::until(Some(Duration::from_secs(5)), now), ..page(0, None) });
        pages.remember(id(2), KnownPage { until: LivePages::until(Some(2 * MAX_AGE), now), ..page(0, None) });
        let is_current = |number, millis| pages.current(&id(number), now + Duration::from_millis(millis)).is_some();
        assert!(is_current(1, 4_999));
        assert!(!is_current(1, 5_000));
        assert!(is_current(2, 599_999));
        assert!(!is_current(2, 600_000));
    }

    #[test]
    fn kept_pages_have_a_maximum_size() {
        let (_commits, pages) = pages();
        let large = "x".repeat(MAX_KEPT_BYTES / 2);
        for number in 1..=3 {
            pages.remember(id(1), page(0, Some(&large)));
            assert_eq!(pages.known().bytes, large.len(), "stored {number} times");
        }
        pages.remember(id(2), page(0, Some(&large)));
        assert!(pages.current(&id(1), Instant::now()).is_some());
        pages.remember(id(3), page(0, Some("x")));
        assert!(pages.current(&id(1), Instant::now()).is_none());
        assert_eq!(pages.known().bytes, 1);
    }

    #[test]
    fn streams_are_limited_in_each_network_and_together() {
        let (_commits, pages) = pages();
        let network = |number: usize| IpAddr::from(Ipv4Addr::from_bits(u32::try_from(number).unwrap()));
        let mut open: Vec<Stream> = (0..MAX_STREAMS_OF_NETWORK).filter_map(|_| pages.open_stream(network(0))).collect();
        assert_eq!(open.len(), MAX_STREAMS_OF_NETWORK);
        assert!(pages.open_stream(network(0)).is_none());
        open.pop();
        open.extend(pages.open_stream(network(0)));
        open.extend((1..).map_while(|number| pages.open_stream(network(number))));
        assert_eq!(open.len(), MAX_STREAMS);
        drop(open);
        assert!(pages.streams().is_empty());
    }
}
