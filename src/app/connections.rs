//! The HTTP/1.1 server: accepts connections, passes requests to the router, and shuts down gracefully.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutWriter;
use tower::ServiceExt;

use crate::http::base_path::BasePath;
use crate::http::client::ClientAddress;
use crate::http::middleware::client_address::client_address;

/// Time limit for receiving the head of a request. It also closes idle connections.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);

/// A client that takes nothing of a response for this long is cut off.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum size of a request's head, and of the part of a response that waits to be written while more is read from a
/// streamed body.
const MAX_BUFFER_BYTES: usize = 16 * 1_024;

/// Maximum number of open connections, which limits the use of memory. Further connections wait in the listen backlog
/// of the operating system.
const MAX_CONNECTIONS: u64 = 4_096;

/// Number of file descriptors reserved for the database and the runtime.
const RESERVED_DESCRIPTORS: u64 = 64;

/// Time that running requests get to finish when the server stops.
const SHUTDOWN_GRACE_PERIOD: Duration = Duration::from_secs(3);

/// Delay before retrying after a failed accept.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(50);

/// A connection whose writes have a time limit.
type LimitedStream = TokioIo<Pin<Box<TimeoutWriter<TcpStream>>>>;

/// Serves until `stop` completes. It then accepts no more connections, finishes running requests, and returns.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    base: BasePath,
    behind_proxy: bool,
    stop: impl Future<Output = ()>,
) {
    let permits = Arc::new(Semaphore::new(max_connections()));
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let permit = tokio::select! {
            () = &mut stop => break,
            permit = Arc::clone(&permits).acquire_owned() => permit.expect("the semaphore is never closed"),
        };
        let (stream, peer) = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => (stream, peer.ip()),
                Err(error) => {
                    // The most likely cause is a lack of file descriptors. Connections that end free theirs.
                    tracing::warn!(%error, "accepting a connection failed; retrying in 50 ms");
                    tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                    continue;
                }
            },
        };
        let connection = graceful.watch(serve_connection(stream, peer, router.clone(), base.clone(), behind_proxy));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended early");
            }
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(SHUTDOWN_GRACE_PERIOD, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish within 3 s and were cut off");
    }
}

/// Raises the process's limit on file descriptors, and returns the number of connections that the new limit allows.
fn max_connections() -> usize {
    let descriptors =
        rlimit::increase_nofile_limit(MAX_CONNECTIONS + RESERVED_DESCRIPTORS).unwrap_or(RESERVED_DESCRIPTORS * 2);
    let connections = MAX_CONNECTIONS.min(descriptors.saturating_sub(RESERVED_DESCRIPTORS)).max(1);
    usize::try_from(connections).expect("MAX_CONNECTIONS fits in a usize")
}

fn serve_connection(
    stream: TcpStream,
    peer: IpAddr,
    router: Router,
    base: BasePath,
    behind_proxy: bool,
) -> http1::Connection<
    LimitedStream,
    impl hyper::service::HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send>,
> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY not set; small responses may be delayed");
    }
    let mut stream = TimeoutWriter::new(stream);
    stream.set_timeout(Some(WRITE_TIMEOUT));
    let service = service_fn(move |mut request: Request<Incoming>| {
        let address = ClientAddress(client_address(peer, request.headers(), behind_proxy));
        request.extensions_mut().insert(address);
        if let Some(uri) = base.strip(request.uri()) {
            *request.uri_mut() = uri;
        }
        let response = router.clone().oneshot(request.map(Body::new));
        async move { response.await as Result<Response, Infallible> }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_BUFFER_BYTES)
        .serve_connection(TokioIo::new(Box::pin(stream)), service)
}
