//! A limit on the requests per second of each client.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::{DefaultKeyedRateLimiter, Quota};

use crate::http::client::ClientAddress;
use crate::http::problem::{Problem, ProblemKind};

/// A burst may contain the requests allowed in this many seconds, because one page loads several files, and the
/// computers of an office may share an address.
const BURST_SECONDS: u32 = 10;

pub struct RateLimit {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
}

impl RateLimit {
    pub fn new(per_second: NonZeroU32) -> Self {
        let burst = per_second.saturating_mul(NonZeroU32::new(BURST_SECONDS).expect("BURST_SECONDS is not zero"));
        Self { limiter: DefaultKeyedRateLimiter::keyed(Quota::per_second(per_second).allow_burst(burst)) }
    }

    /// For logins: ten at once, then one every 30 seconds.
    pub fn for_logins() -> Self {
        let interval = Quota::with_period(Duration::from_secs(30)).expect("the period is not zero");
        let burst = NonZeroU32::new(10).expect("it is not zero");
        Self { limiter: DefaultKeyedRateLimiter::keyed(interval.allow_burst(burst)) }
    }

    /// Counts a request from this address, and returns whether it is allowed.
    pub fn allows(&self, address: ClientAddress) -> bool {
        self.limiter.check_key(&address.network()).is_ok()
    }

    /// Frees the memory of clients that sent no request for a while.
    pub fn forget_idle(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

/// Responds with 429 to clients that exceed the limit.
pub async fn enforce(State(limit): State<Arc<RateLimit>>, request: Request, next: Next) -> Response {
    match request.extensions().get::<ClientAddress>() {
        Some(address) if !limit.allows(*address) => {
            let detail = "Too many requests. Please wait a moment and try again.";
            Problem::new(ProblemKind::TooManyRequests, detail).into_response()
        }
        _ => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_each_network_separately() {
        let limit = RateLimit::new(NonZeroU32::new(1).unwrap());
        let [first, neighbour, other] =
            ["2001:db8::1", "2001:db8::ffff", "2001:db8:0:1::1"].map(|text| ClientAddress(text.parse().unwrap()));
        for _ in 0..BURST_SECONDS {
            assert!(limit.allows(first));
        }
        assert!(!limit.allows(neighbour));
        assert!(limit.allows(other));
    }
}
