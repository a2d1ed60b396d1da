//! The client of a request: its address, what it may list, the kind of response it wants, and the URL it used.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::{HeaderMap, header};
use strum::{EnumString, VariantNames};
use url::Url;

use crate::domain::language::Language;

const IPV6_PREFIX_BITS: u32 = 64;

/// The IP address of the client. The program that accepts connections adds it to the request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The network of a client, which limits apply to: its IPv4 address, or the /64 of its IPv6 address, because an IPv6
    /// client can use any address of its /64.
    pub fn network(self) -> IpAddr {
        match self.0.to_canonical() {
            IpAddr::V6(address) => {
                let mask = u128::MAX << (u128::BITS - IPV6_PREFIX_BITS);
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
            }
            v4 => v4,
        }
    }
}

/// Which clients may list all attendees of all events with `GET /`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum ListEveryone {
    /// Clients on this machine.
    Loopback,
    Anyone,
    Nobody,
}

impl ListEveryone {
    /// Whether the client may list all attendees.
    ///
    /// A loopback address is not enough. The `Host` must be a local name too, so that a web page cannot make a browser
    /// fetch the list (DNS rebinding), and the request must not come through a proxy.
    pub fn allows(self, address: Option<ClientAddress>, headers: &HeaderMap) -> bool {
        match self {
            Self::Anyone => true,
            Self::Nobody => false,
            Self::Loopback => {
                let proxy_headers = ["x-forwarded-for", "x-real-ip", "forwarded", "via"];
                let is_proxied = proxy_headers.into_iter().any(|name| headers.contains_key(name));
                address.is_some_and(|address| address.0.to_canonical().is_loopback())
                    && host(headers).is_some_and(is_loopback_name)
                    && !is_proxied
            }
        }
    }
}

/// Returns the token in a header `Authorization: Bearer …`. The case of the scheme does not matter (RFC 9110, section
/// 11.1).
pub fn bearer_token(headers: &HeaderMap) -> Option<&[u8]> {
    let credentials = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = credentials.split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}

/// Whether another site made a browser send this request. The cookie attribute `SameSite` is not enough: it also accepts
/// other ports of this host.
///
/// Browsers send Fetch Metadata only to trustworthy origins (https and loopback), and older ones never do. Then the header
/// `Origin`, which every browser sends with a POST, must name the host of this server.
pub fn is_cross_site(public_url: Option<&Url>, headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let Some(origin) = origin.to_str().ok().and_then(|text| Url::parse(text).ok()) else { return true };
    let is_host = host(headers)
        .and_then(|host| Url::parse(&format!("{}://{host}", origin.scheme())).ok())
        .is_some_and(|url| url.origin() == origin.origin());
    !is_host && public_url.is_none_or(|url| url.origin() != origin.origin())
}

/// Returns the language that the client prefers, if messages are available in it.
pub fn preferred_language(headers: &HeaderMap) -> Option<Language> {
    Language::preferred(headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?)
}

/// What a client gets that asks neither for a page nor for JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultForm {
    /// At the addresses that people share, so that messengers show what is there.
    Page,
    Json,
}

/// Whether the client wants a page rather than JSON: browsers list `text/html` before any JSON in `Accept`.
pub fn wants_page(headers: &HeaderMap, default: DefaultForm) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut media_types = accept.split(',').map(|range| range.split(';').next().unwrap_or_default().trim());
    let is_json = |range: &str| range == "application/*" || range == "application/json" || range.ends_with("+json");
    match media_types.find(|range| *range == "text/html" || is_json(range)) {
        Some(range) => range == "text/html",
        None => default == DefaultForm::Page,
    }
}

/// The absolute URL of a path on this server, as the client can reach it.
pub fn absolute_url(public_url: Option<&Url>, headers: &HeaderMap, path: &str) -> String {
    match public_url {
        Some(url) => format!("{}{path}", url.as_str().trim_end_matches('/')),
        None => format!("{}://{}{path}", scheme(headers), host(headers).unwrap_or("localhost")),
    }
}

/// Returns `https` if a proxy reports that the client used it. A client that forges the header breaks only the links in
/// its own response.
fn scheme(headers: &HeaderMap) -> &'static str {
    if headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https") { "https" } else { "http" }
}

/// Returns the header `Host` if it contains only characters that host names, IP addresses and ports may contain.
fn host(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
    (!host.is_empty() && host.bytes().all(is_plain)).then_some(host)
}

fn is_loopback_name(host: &str) -> bool {
    let Ok(url) = Url::parse(&format!("http://{host}/")) else { return false };
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn other_sites_are_recognised() {
        let public = Url::parse("https://signup.example.org/").unwrap();
        for (pairs, expected) in [
            (vec![("host", "a.example")], false),
            (vec![("host", "a.example"), ("sec-fetch-site", "same-origin")], false),
            (vec![("host", "a.example"), ("sec-fetch-site", "none")], false),
            (vec![("host", "a.example"), ("sec-fetch-site", "same-site")], true),
            (vec![("host", "a.example"), ("sec-fetch-site", "cross-site"), ("origin", "http://a.example")], true),
            (vec![("host", "a.example"), ("origin", "http://a.example")], false),
            (vec![("host", "a.example:8100"), ("origin", "http://a.example:8100")], false),
            (vec![("host", "10.0.0.1"), ("origin", "https://signup.example.org")], false),
            (vec![("host", "a.example:8100"), ("origin", "http://a.example:8200")], true),
            (vec![("host", "a.example"), ("origin", "http://evil.example")], true),
            (vec![("host", "a.example"), ("origin", "null")], true),
            (vec![("origin", "http://a.example")], true),
        ] {
            assert_eq!(is_cross_site(Some(&public), &headers(&pairs)), expected, "{pairs:?}");
        }
        let own = headers(&[("host", "10.0.0.1"), ("origin", "https://signup.example.org")]);
        assert!(is_cross_site(None, &own));
    }

    #[test]
    fn page_or_json_is_what_the_client_asks_for() {
        let wants = |accept: &str, default| wants_page(&headers(&[("accept", accept)]), default);
        for default in [DefaultForm::Page, DefaultForm::Json] {
            assert!(wants("text/html,application/xhtml+xml,*/*;q=0.8", default));
            for accept in
                ["application/json", "application/json, text/html", "application/*", "application/problem+json"]
            {
                assert!(!wants(accept, default), "{accept:?}");
            }
        }
        for accept in ["*/*", "", "image/png"] {
            assert!(wants(accept, DefaultForm::Page), "{accept:?}");
            assert!(!wants(accept, DefaultForm::Json), "{accept:?}");
        }
    }

    #[test]
    fn loopback_list_rejects_other_clients() {
        let local = Some(ClientAddress([127, 0, 0, 1].into()));
        let mapped = Some(ClientAddress("::ffff:127.0.0.1".parse().unwrap()));
        let other = Some(ClientAddress([192, 168, 1, 5].into()));
        let request_to = |host| headers(&[("host", host)]);
        assert!(ListEveryone::Loopback.allows(local, &request_to("localhost:8100")));
        assert!(ListEveryone::Loopback.allows(mapped, &request_to("127.0.0.1:8100")));
        assert!(!ListEveryone::Loopback.allows(other, &request_to("localhost:8100")));
        assert!(!ListEveryone::Loopback.allows(None, &request_to("localhost:8100")));
        assert!(!ListEveryone::Loopback.allows(local, &request_to("rebound.example.org:8100")));
        let proxied = headers(&[("host", "localhost"), ("x-forwarded-for", "192.168.1.5")]);
        assert!(!ListEveryone::Loopback.allows(local, &proxied));
        assert!(ListEveryone::Anyone.allows(other, &request_to("example.org")));
        assert!(!ListEveryone::Nobody.allows(local, &request_to("localhost")));
    }

    #[test]
    fn ignores_malformed_host() {
        for host in ["evil.example/path", "user@evil.example", "a b"] {
            assert_eq!(super::host(&headers(&[("host", host)])), None, "{host:?}");
        }
    }
}
