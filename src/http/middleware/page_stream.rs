//! Tells a browser when the page that it shows has changed, with server-sent events.
//!
//! A browser asks for the stream at the address of the page. Each event is the tag of the page as it is then.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::http::App;
use crate::http::client::ClientAddress;
use crate::http::live_pages::{LivePages, Stream};
use crate::http::middleware::page::{self, respond};

/// The media type of a stream of server-sent events.
pub const EVENT_STREAM: &str = "text/event-stream";

/// The routes of the pages that stay up to date.
const ROUTES: [&str; 3] = ["/events/{event}", "/events/{event}/manage/{token}", "/events/{event}/host/{token}"];

/// What a page depends on besides its address. Everything else in a request is forgotten while its stream is open.
const HEADERS: [HeaderName; 5] = [
    header::HOST,
    header::COOKIE,
    header::AUTHORIZATION,
    header::ACCEPT_LANGUAGE,
    HeaderName::from_static("x-forwarded-proto"),
];

/// How long a stream waits after something was stored, because one sign-up causes several writes.
const MIN_PAUSE: Duration = Duration::from_millis(200);

/// A stream waits this many times as long as its page took, with the wait for its turn, so that all streams together leave
/// most of the processor for requests.
const PAUSE_FACTOR: u32 = 10;
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// A page that changes by itself is looked at after this time at the latest.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// An empty line is sent this often, so that proxies do not end the stream, and the server notices when the browser is gone.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Time limit for rendering the page.
const RENDER_TIMEOUT: Duration = Duration::from_secs(10);

/// Whether a browser asks to be told of the changes of a page.
pub fn is_asked_for(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    *request.method() == Method::GET
        && request.headers().get(header::ACCEPT).is_some_and(|kind| kind == EVENT_STREAM)
        && route.is_some_and(|route| ROUTES.contains(&route))
}

/// Opens the stream. With "no content", the browser does not try again, and asks for the page from time to time instead. A page
/// with a query has no stream, so that the streams of many people are about few pages.
pub async fn open(app: Arc<App>, request: Request, next: Next) -> Response {
    let network = request.extensions().get::<ClientAddress>().map(|address| address.network());
    let network = network.filter(|_| request.uri().query().is_none());
    let place = app.live.as_ref().zip(network).and_then(|(live, network)| live.open_stream(network));
    let (Some(place), Some(live)) = (place, app.live.clone()) else { return StatusCode::NO_CONTENT.into_response() };
    let (mut parts, _) = request.into_parts();
    let kept = HEADERS.into_iter().flat_map(|name| {
        let values: Vec<HeaderValue> = parts.headers.get_all(&name).into_iter().cloned().collect();
        values.into_iter().map(move |value| (name.clone(), value))
    });
    let mut headers: HeaderMap = kept.collect();
    headers.insert(header::ACCEPT, HeaderValue::from_static("text/html"));
    parts.headers = headers;
    let commits = live.commits();
    let viewer = Viewer { app, live, parts, next, commits, _place: place };
    // A request must not wait for its turn, because it holds memory.
    let tag = match viewer.live.renderings.try_acquire() {
        Ok(_permit) => viewer.page().await,
        Err(_) => return StatusCode::NO_CONTENT.into_response(),
    };
    let tag = match tag {
        Ok(tag) => tag,
        Err(response) => return response,
    };
    // The first event is the page as it is now: it may have changed since the browser loaded it.
    let state = Watched { viewer, tag, pause: MIN_PAUSE, is_told: false };
    let mut response = Sse::new(stream::unfold(state, Watched::next_tag))
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response();
    // nginx would wait for more before it passes an event on.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response.headers_mut().insert(header::VARY, page::VARY);
    response
}

/// Who looks at a page.
struct Viewer {
    app: Arc<App>,
    live: Arc<LivePages>,
    parts: Parts,
    next: Next,
    commits: watch::Receiver<u64>,
    /// Frees the place among the streams.
    _place: Stream,
}

impl Viewer {
    /// Returns the tag of the page, or the response if it is no page that stays up to date.
    async fn page(&self) -> Result<String, Response> {
        let request = Request::from_parts(self.parts.clone(), Body::empty());
        let render = respond(&self.app, request, self.next.clone());
        let response =
            timeout(RENDER_TIMEOUT, render).await.map_err(|_| StatusCode::REQUEST_TIMEOUT.into_response())?;
        page::tag(&response).ok_or(response)
    }

    /// Waits until the page may have changed. `None` if the server stops.
    async fn wait(&mut self) -> Option<()> {
        tokio::select! {
            changed = self.commits.changed() => changed.ok(),
            () = sleep(MAX_WAIT) => Some(()),
            () = self.live.closed() => None,
        }
    }
}

/// A page, and what its viewer has been told of it.
struct Watched {
    viewer: Viewer,
    tag: String,
    /// How long to wait after something was stored.
    pause: Duration,
    is_told: bool,
}

impl Watched {
    /// Returns the next event. The stream ends if the server stops, or if there is no such page any more.
    async fn next_tag(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        while self.is_told {
            self.viewer.wait().await?;
            tokio::select! {
                () = sleep(self.pause) => {}
                () = self.viewer.live.closed() => return None,
            }
            // A commit after this line ends the next wait at once.
            self.viewer.commits.mark_unchanged();
            let began = Instant::now();
            let permit = self.viewer.live.renderings.acquire().await;
            let tag = self.viewer.page().await.ok()?;
            drop(permit);
            self.pause = (began.elapsed() * PAUSE_FACTOR).clamp(MIN_PAUSE, MAX_PAUSE);
            self.is_told = tag == self.tag;
            self.tag = tag;
        }
        self.is_told = true;
        Some((Ok(Event::default().data(&self.tag)), self))
    }
}
