//! HTTP/1.1 on a socket: connections in, requests to the router, an orderly end.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
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
use tower::ServiceExt;

use crate::http::client::ClientAddress;
use crate::http::middleware::client_address::client_address;

/// How long a client may take for the head of a request; also how long an idle connection is kept.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);

/// Connections at once at the most; more wait in the system's backlog. Bounds memory.
const CONNECTIONS: u64 = 4_096;

/// File handles that are not connections: the database, its readers, the runtime.
const OTHER_HANDLES: u64 = 64;

/// How long running requests have to finish once the end was asked for.
const DRAIN: Duration = Duration::from_secs(3);

/// Serves until `stop` is ready; then takes no more connections, finishes what runs, and returns.
pub async fn serve(listener: TcpListener, router: Router, behind_proxy: bool, stop: impl Future<Output = ()>) {
    let connections = Arc::new(Semaphore::new(connections()));
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let permit = tokio::select! {
            () = &mut stop => break,
            permit = Arc::clone(&connections).acquire_owned() => permit.expect("the semaphore is never closed"),
        };
        let (stream, peer) = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => (stream, peer.ip()),
                Err(error) => {
                    // Out of file handles, most likely: those that are open will end.
                    tracing::warn!(%error, "cannot take a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let connection = graceful.watch(connection(stream, peer, router.clone(), behind_proxy));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time and were cut off");
    }
}

/// As many as the system's limit on file handles allows, which is raised as far as it can be.
fn connections() -> usize {
    let handles = rlimit::increase_nofile_limit(CONNECTIONS + OTHER_HANDLES).unwrap_or(OTHER_HANDLES * 2);
    let connections = CONNECTIONS.min(handles.saturating_sub(OTHER_HANDLES)).max(1);
    usize::try_from(connections).expect("a few thousand fit")
}

fn connection(
    stream: TcpStream,
    peer: IpAddr,
    router: Router,
    behind_proxy: bool,
) -> http1::Connection<
    TokioIo<TcpStream>,
    impl hyper::service::HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send>,
> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "answers on a connection may be delayed");
    }
    let service = service_fn(move |mut request: Request<Incoming>| {
        let address = ClientAddress(client_address(peer, request.headers(), behind_proxy));
        request.extensions_mut().insert(address);
        let answer = router.clone().oneshot(request.map(Body::new));
        async move { answer.await as Result<Response, Infallible> }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
}
