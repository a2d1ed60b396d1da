//! A running server, as its clients see it.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use ureq::Agent;

use super::{PATIENCE, Request};

/// The address of a running server, and a client for it.
pub struct Endpoint {
    pub address: SocketAddr,
    pub agent: Agent,
}

impl Endpoint {
    pub fn new(address: SocketAddr) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .build();
        Self { address, agent: agent.into() }
    }

    pub fn get<'a>(&'a self, path: &str) -> Request<'a> {
        Request::new(self, "GET", path)
    }

    pub fn head<'a>(&'a self, path: &str) -> Request<'a> {
        Request::new(self, "HEAD", path)
    }

    pub fn post<'a>(&'a self, path: &str) -> Request<'a> {
        Request::new(self, "POST", path)
    }

    pub fn patch<'a>(&'a self, path: &str) -> Request<'a> {
        Request::new(self, "PATCH", path)
    }

    pub fn delete<'a>(&'a self, path: &str) -> Request<'a> {
        Request::new(self, "DELETE", path)
    }

    /// Waits until the queue is empty.
    pub fn settled(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.metric("countmein_queue_messages") != 0 {
            assert!(Instant::now() < deadline, "the queue is never empty");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// The value of a metric, by its name and labels; 0 if it was never counted.
    pub fn metric(&self, name: &str) -> u64 {
        let metrics = self.get("/metrics").send().text();
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0, |value| value.parse().unwrap_or_else(|_| panic!("{name} is {value:?}")))
    }
}
