//! From a webhook's name to the addresses that may be called.

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::address::is_public;

/// Says which addresses a connection may be made to.
///
/// The client connects to these very addresses and does not ask again, so that a name cannot mean another address
/// in between (DNS rebinding).
#[derive(Debug)]
pub struct Lookup {
    allow_private: bool,
    resolver: DefaultResolver,
}

/// Every address of a name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no address is public")]
pub struct NotPublic;

impl Lookup {
    pub fn new(allow_private: bool) -> Self {
        Self { allow_private, resolver: DefaultResolver::default() }
    }
}

impl Resolver for Lookup {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.resolver.resolve(uri, config, timeout).map_err(|error| match error {
            // Elsewhere an I/O error is the connection's.
            Error::Io(_) => Error::HostNotFound,
            other => other,
        })?;
        let mut allowed = self.empty();
        for address in found.iter().filter(|address| self.allow_private || is_public(address.ip())) {
            allowed.push(*address);
        }
        if allowed.is_empty() { Err(Error::Other(Box::new(NotPublic))) } else { Ok(allowed) }
    }
}
