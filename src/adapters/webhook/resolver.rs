//! Resolves a webhook's host to the IP addresses that may be called.

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::address::is_public;

/// Resolves a host to the addresses that may be called: only the public ones, or all if `allow_private` is set.
///
/// The client connects to exactly these addresses and does not resolve the host a second time. So DNS rebinding cannot
/// replace them between the check and the connection.
#[derive(Debug)]
pub struct PublicResolver {
    allow_private: bool,
    resolver: DefaultResolver,
}

/// The host has no address that may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the host has no public address")]
pub struct NoPublicAddress;

impl PublicResolver {
    pub fn new(allow_private: bool) -> Self {
        Self { allow_private, resolver: DefaultResolver::default() }
    }
}

impl Resolver for PublicResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.resolver.resolve(uri, config, timeout).map_err(|error| match error {
            // The caller would mistake an I/O error of the resolver for a connection error.
            Error::Io(_) => Error::HostNotFound,
            other => other,
        })?;
        let mut allowed = self.empty();
        for address in found.iter().filter(|address| self.allow_private || is_public(address.ip())) {
            allowed.push(*address);
        }
        if allowed.is_empty() { Err(Error::Other(Box::new(NoPublicAddress))) } else { Ok(allowed) }
    }
}
