//! A limit on the memory of the requests in flight: of each client, and of all clients together.
//!
//! Memory is reserved before a request is read, for its body and an estimate of its response. It is released when the
//! response has been written to the connection, so a client that reads slowly cannot make further responses pile up.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::http::client::ClientAddress;
use crate::http::middleware::body::max_body_bytes;
use crate::http::middleware::page_stream::EVENT_STREAM;
use crate::http::problem::{Problem, ProblemKind};

/// The maximum size of a page or list, in bytes. This much is reserved for the response to a GET.
pub const MAX_PAGE_BYTES: usize = 256 * 1_024;

/// Reserved for all other responses. Most of them are much smaller.
const SMALL_RESPONSE_BYTES: usize = 4 * 1_024;

/// The maximum for one client, in bytes.
const CLIENT_BYTES: usize = 1_024 * 1_024;

/// The maximum for all clients, in bytes. Sign-ups and other small requests have a share of their own, so that clients
/// that read pages slowly cannot keep others from signing up.
const ALL_PAGES_BYTES: usize = 48 * 1_024 * 1_024;
const ALL_OTHERS_BYTES: usize = 16 * 1_024 * 1_024;

const MAX_WAIT: Duration = Duration::from_secs(5);

pub struct MemoryLimit {
    pages: Arc<Semaphore>,
    others: Arc<Semaphore>,
    clients: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
    /// How long a request waits for its client's memory, and then for that of all.
    max_wait: Duration,
}

/// The part of the memory of all clients for which a request counts.
#[derive(Debug, Clone, Copy)]
enum Share {
    Pages,
    Others,
}

/// The memory of one request. It is released when this is dropped.
struct Reservation {
    of_client: OwnedSemaphorePermit,
    of_all: OwnedSemaphorePermit,
}

/// A part of a response, which keeps its request's memory reserved.
struct Reserved {
    data: Bytes,
    _reservation: Arc<Reservation>,
}

impl AsRef<[u8]> for Reserved {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

impl Default for MemoryLimit {
    fn default() -> Self {
        let semaphore = |bytes| Arc::new(Semaphore::new(bytes));
        Self {
            pages: semaphore(ALL_PAGES_BYTES),
            others: semaphore(ALL_OTHERS_BYTES),
            clients: Mutex::default(),
            max_wait: MAX_WAIT,
        }
    }
}

impl MemoryLimit {
    /// Frees the memory of clients without requests.
    pub fn forget_idle(&self) {
        self.clients().retain(|_, semaphore| Arc::strong_count(semaphore) > 1);
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<IpAddr, Arc<Semaphore>>> {
        self.clients.lock().expect("no thread panics while it holds the lock")
    }

    fn of_client(&self, network: IpAddr) -> Arc<Semaphore> {
        Arc::clone(self.clients().entry(network).or_insert_with(|| Arc::new(Semaphore::new(CLIENT_BYTES))))
    }

    /// Reserves memory for a request.
    async fn reserve(&self, network: IpAddr, share: Share, bytes: usize) -> Result<Reservation, Problem> {
        let all = match share {
            Share::Pages => &self.pages,
            Share::Others => &self.others,
        };
        let of_client = timeout(self.max_wait, acquire(self.of_client(network), bytes)).await.map_err(|_| {
            let detail = "Too many requests from your network are waiting. Please try again in a moment.";
            Problem::new(ProblemKind::TooManyRequests, detail)
        })?;
        let of_all = timeout(self.max_wait, acquire(Arc::clone(all), bytes)).await.map_err(|_| {
            let detail = "Too many requests are waiting. Please try again in a moment.";
            Problem::new(ProblemKind::Unavailable, detail)
        })?;
        Ok(Reservation { of_client, of_all })
    }
}

/// Returns the memory to reserve for a request, and for which share it counts.
fn demand(request: &Request) -> (Share, usize) {
    let (share, response) = match *request.method() {
        Method::GET | Method::HEAD => (Share::Pages, MAX_PAGE_BYTES),
        // Not a GET, because the name or address must not be in the URL.
        Method::POST if request.uri().path() == "/organiser/person/export" => (Share::Pages, MAX_PAGE_BYTES),
        _ => (Share::Others, SMALL_RESPONSE_BYTES),
    };
    (share, (body_bytes(request) + response).min(CLIENT_BYTES))
}

async fn acquire(semaphore: Arc<Semaphore>, bytes: usize) -> OwnedSemaphorePermit {
    let permits = u32::try_from(bytes).expect("a request reserves at most CLIENT_BYTES");
    semaphore.acquire_many_owned(permits).await.expect("the semaphore is never closed")
}

/// The size of the request's body: as the client declares it, but at most the maximum, since a longer body is refused.
fn body_bytes(request: &Request) -> usize {
    if request.body().is_end_stream() {
        return 0;
    }
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let limit = max_body_bytes(request.uri().path());
    declared.map_or(limit, |length: usize| length.min(limit))
}

impl Reservation {
    /// Releases everything beyond `bytes`.
    fn shrink_to(&mut self, bytes: usize) {
        for permit in [&mut self.of_client, &mut self.of_all] {
            drop(permit.split(permit.num_permits().saturating_sub(bytes)));
        }
    }
}

/// Lets a request wait until there is memory for it, or responds with 429 or 503.
pub async fn enforce(State(limit): State<Arc<MemoryLimit>>, request: Request, next: Next) -> Response {
    let Some(address) = request.extensions().get::<ClientAddress>().copied() else { return next.run(request).await };
    let (share, bytes) = demand(&request);
    match limit.reserve(address.network(), share, bytes).await {
        Ok(reservation) => hold_until_written(next.run(request).await, reservation).await,
        Err(problem) => problem.into_response(),
    }
}

/// Attaches the reservation to the data of the response. The server drops the data after it has written it. A stream of events
/// needs almost no memory, and stays open: the number of streams has its own limit.
async fn hold_until_written(response: Response, mut reservation: Reservation) -> Response {
    if response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == EVENT_STREAM) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let exact_size = body.size_hint().exact().and_then(|size| usize::try_from(size).ok());
    if let Some(size) = exact_size {
        reservation.shrink_to(size);
    }
    let reservation = Arc::new(reservation);
    let reserve = move |data| Bytes::from_owner(Reserved { data, _reservation: Arc::clone(&reservation) });
    let body = match exact_size {
        Some(0) => Body::empty(),
        // The body is in memory already. It keeps its exact size, which a mapped body would not.
        Some(_) => match body.collect().await {
            Ok(collected) => Body::from(reserve(collected.to_bytes())),
            Err(error) => {
                tracing::error!(%error, "reading a response failed");
                return Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response();
            }
        },
        None => Body::new(body.map_frame(move |frame| frame.map_data(&reserve))),
    };
    Response::from_parts(parts, body)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn impatient() -> MemoryLimit {
        MemoryLimit { max_wait: Duration::from_millis(1), ..MemoryLimit::default() }
    }

    fn client(number: usize) -> IpAddr {
        Ipv4Addr::from_bits(u32::try_from(number).unwrap()).into()
    }

    #[tokio::test]
    async fn client_cannot_use_more_than_its_share() {
        let limit = impatient();
        let mut reservations = Vec::new();
        for _ in 0..CLIENT_BYTES / MAX_PAGE_BYTES {
            reservations.push(limit.reserve(client(1), Share::Pages, MAX_PAGE_BYTES).await.unwrap());
        }
        let refused = limit.reserve(client(1), Share::Others, 1).await.err().expect("the client has no memory left");
        assert_eq!(refused.status, 429);
        assert!(limit.reserve(client(2), Share::Pages, MAX_PAGE_BYTES).await.is_ok());

        reservations[0].shrink_to(MAX_PAGE_BYTES - 10);
        assert!(limit.reserve(client(1), Share::Others, 10).await.is_ok());
        drop(reservations);
        limit.forget_idle();
        assert!(limit.clients().is_empty());
    }

    #[tokio::test]
    async fn pages_leave_memory_for_other_requests() {
        let limit = impatient();
        let mut reservations = Vec::new();
        for number in 0..ALL_PAGES_BYTES / CLIENT_BYTES {
            reservations.push(limit.reserve(client(number), Share::Pages, CLIENT_BYTES).await.unwrap());
        }
        let refused = limit.reserve(client(1_000), Share::Pages, 1).await.err().expect("no memory is left for pages");
        assert_eq!(refused.status, 503);
        assert!(limit.reserve(client(1_000), Share::Others, SMALL_RESPONSE_BYTES).await.is_ok());
    }
}
