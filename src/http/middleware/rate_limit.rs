//! So many requests a second for one client, and no more.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::{DefaultKeyedRateLimiter, Quota};

use crate::http::client::ClientAddress;
use crate::http::problem::{Kind, Problem};

/// How many seconds' worth of requests may come at once: a page with its files, an office behind one address.
const BURST_SECONDS: u32 = 10;

/// A client may take any address of its IPv6 /64, so that is what is limited.
const IPV6_PREFIX: u32 = 64;

pub struct RateLimit {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
}

impl RateLimit {
    pub fn new(per_second: NonZeroU32) -> Self {
        let burst = per_second.saturating_mul(NonZeroU32::new(BURST_SECONDS).expect("it is not zero"));
        Self { limiter: DefaultKeyedRateLimiter::keyed(Quota::per_second(per_second).allow_burst(burst)) }
    }

    fn allows(&self, address: IpAddr) -> bool {
        self.limiter.check_key(&network(address)).is_ok()
    }

    /// Forgets clients that have not asked for a while.
    pub fn forget_idle(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

pub async fn limit(State(limit): State<Arc<RateLimit>>, request: Request, next: Next) -> Response {
    match request.extensions().get::<ClientAddress>() {
        Some(address) if !limit.allows(address.0) => {
            let detail = "your address asks more often than this server allows; wait a second";
            Problem::new(Kind::TooManyRequests, detail).into_response()
        }
        _ => next.run(request).await,
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let mask = u128::MAX << (u128::BITS - IPV6_PREFIX);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_network_has_its_own_allowance() {
        let limit = RateLimit::new(NonZeroU32::new(1).unwrap());
        let first: IpAddr = "2001:db8::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8::ffff".parse().unwrap();
        let other: IpAddr = "2001:db8:0:1::1".parse().unwrap();
        for _ in 0..BURST_SECONDS {
            assert!(limit.allows(first));
        }
        assert!(!limit.allows(neighbour));
        assert!(limit.allows(other));
    }
}
