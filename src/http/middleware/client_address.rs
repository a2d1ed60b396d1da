//! The IP address of the client: from the connection, or from a reverse proxy's header.

use std::net::IpAddr;

use axum::http::HeaderMap;

/// Returns the client's address. Behind a proxy, it is the last entry of `X-Forwarded-For`: the proxy added that entry,
/// while the client may have forged the entries before it.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, behind_proxy: bool) -> IpAddr {
    if !behind_proxy {
        return peer;
    }
    let values = headers.get_all("x-forwarded-for").into_iter().filter_map(|value| value.to_str().ok());
    let last = values.flat_map(|value| value.split(',')).next_back();
    last.and_then(|entry| entry.trim().parse().ok()).unwrap_or(peer)
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
}
