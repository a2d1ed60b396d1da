//! The IP address of the client: from the connection, or from a reverse proxy's header.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Once;

use axum::http::HeaderMap;
use sha2::{Digest as _, Sha256};

/// Returns the client's address. Behind a proxy, it is the last entry of `X-Forwarded-For`: the proxy added that entry,
/// while the client may have forged the entries before it. Some proxies add a port.
///
/// An entry that is not an IP address is mapped to a made-up address, so that clients with different entries do not share the
/// limits of the proxy. The first such entry is logged.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, behind_proxy: bool) -> IpAddr {
    if !behind_proxy {
        return peer;
    }
    let values = headers.get_all("x-forwarded-for").into_iter().filter_map(|value| value.to_str().ok());
    let last = values.flat_map(|value| value.split(',')).next_back();
    match last.map(|entry| entry.trim().trim_matches('"')) {
        None | Some("") => peer,
        Some(entry) => parse_address(entry).unwrap_or_else(|| hidden_address(entry)),
    }
}

/// Parses `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:4711`.
fn parse_address(entry: &str) -> Option<IpAddr> {
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || entry.parse::<SocketAddr>().map(|address| address.ip()).ok();
    entry.parse().ok().or_else(with_port).or_else(bracketed)
}

/// Returns an address of `fd00::/8`, which no client on the internet has, for an entry that is no address.
fn hidden_address(entry: &str) -> IpAddr {
    static LOG: Once = Once::new();
    LOG.call_once(|| {
        tracing::warn!("the last entry of X-Forwarded-For is no IP address; configure the proxy, or limits cannot tell its clients apart");
    });
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Sha256::digest(entry)[..16]);
    bytes[0] = 0xfd;
    Ipv6Addr::from(bytes).into()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn trusts_only_last_forwarded_entry() {
        let peer: IpAddr = "127.0.0.1".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("6.6.6.6, 203.0.113.9"));
        assert_eq!(client_address(peer, &headers, false), peer);
        assert_eq!(client_address(peer, &headers, true), "203.0.113.9".parse::<IpAddr>().unwrap());
        assert_eq!(client_address(peer, &HeaderMap::new(), true), peer);
    }

    #[test]
    fn understands_what_proxies_write() {
        let peer: IpAddr = "127.0.0.1".parse().unwrap();
        let of = |entry: &'static str| {
            let mut headers = HeaderMap::new();
            headers.append("x-forwarded-for", HeaderValue::from_static(entry));
            client_address(peer, &headers, true)
        };
        for entry in ["203.0.113.9", "203.0.113.9:4711", "\"203.0.113.9:4711\"", "6.6.6.6, 203.0.113.9:80"] {
            assert_eq!(of(entry), "203.0.113.9".parse::<IpAddr>().unwrap(), "{entry}");
        }
        for entry in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711"] {
            assert_eq!(of(entry), "2001:db8::1".parse::<IpAddr>().unwrap(), "{entry}");
        }
        assert_eq!(of(""), peer);
        let hidden = ["unknown", "_hidden", "[2001:db8::1", "203.0.113.999"].map(of);
        assert_eq!(of("unknown"), hidden[0]);
        for (index, address) in hidden.iter().enumerate() {
            assert!(*address != peer && !hidden[..index].contains(address), "{hidden:?}");
        }
    }
}
