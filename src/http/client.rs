//! Who asks, and for what kind of answer.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};
use strum::{EnumString, VariantNames};
use url::Url;

/// The address a request came from; the home puts it into the request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

/// Who gets everybody's names from `GET /`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum ListEveryone {
    /// Clients on this machine.
    Loopback,
    Anyone,
    Nobody,
}

impl ListEveryone {
    /// A request from this machine must also ask for it by a local name, so that no web page can make a browser
    /// fetch the list (DNS rebinding), and must not have come through a proxy.
    pub fn allows(self, address: Option<ClientAddress>, headers: &HeaderMap) -> bool {
        match self {
            Self::Anyone => true,
            Self::Nobody => false,
            Self::Loopback => {
                let marks = ["x-forwarded-for", "x-real-ip", "forwarded", "via"];
                let proxied = marks.into_iter().any(|mark| headers.contains_key(mark));
                address.is_some_and(|address| address.0.to_canonical().is_loopback())
                    && host(headers).is_some_and(is_loopback_name)
                    && !proxied
            }
        }
    }
}

/// What a browser says of where a request was made (Fetch Metadata). `SameSite` alone would let another
/// port of this host pass.
pub fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

/// Whether a person's browser asks: it lists `text/html` before any JSON.
pub fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut types = accept.split(',').map(|range| range.split(';').next().unwrap_or_default().trim());
    types.find(|range| matches!(*range, "text/html" | "application/json" | "application/*")) == Some("text/html")
}

/// The whole address of a path on this server, as the client reaches it.
pub fn link(public_url: Option<&Url>, headers: &HeaderMap, path: &str) -> String {
    match public_url {
        Some(url) => format!("{}{path}", url.as_str().trim_end_matches('/')),
        None => format!("{}://{}{path}", scheme(headers), host(headers).unwrap_or("localhost")),
    }
}

/// `https` where a proxy says that the client came so; who forges it gets a useless link, and nobody else does.
fn scheme(headers: &HeaderMap) -> &'static str {
    if headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https") { "https" } else { "http" }
}

/// The header `Host`, if nothing but a name or an address and a port is in it.
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
    fn a_browser_gets_a_page_and_a_program_gets_json() {
        assert!(wants_page(&headers(&[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")])));
        for accept in ["*/*", "application/json", "application/json, text/html", ""] {
            assert!(!wants_page(&headers(&[("accept", accept)])), "{accept:?}");
        }
    }

    #[test]
    fn the_list_is_given_to_this_machine_alone() {
        let local = Some(ClientAddress([127, 0, 0, 1].into()));
        let mapped = Some(ClientAddress("::ffff:127.0.0.1".parse().unwrap()));
        let other = Some(ClientAddress([192, 168, 1, 5].into()));
        let asked = |host| headers(&[("host", host)]);
        assert!(ListEveryone::Loopback.allows(local, &asked("localhost:8100")));
        assert!(ListEveryone::Loopback.allows(mapped, &asked("127.0.0.1:8100")));
        assert!(!ListEveryone::Loopback.allows(other, &asked("localhost:8100")));
        assert!(!ListEveryone::Loopback.allows(None, &asked("localhost:8100")));
        assert!(!ListEveryone::Loopback.allows(local, &asked("rebound.example.org:8100")));
        let proxied = headers(&[("host", "localhost"), ("x-forwarded-for", "192.168.1.5")]);
        assert!(!ListEveryone::Loopback.allows(local, &proxied));
        assert!(ListEveryone::Anyone.allows(other, &asked("example.org")));
        assert!(!ListEveryone::Nobody.allows(local, &asked("localhost")));
    }

    #[test]
    fn a_forged_host_is_not_used() {
        for host in ["evil.example/path", "user@evil.example", "a b"] {
            assert_eq!(super::host(&headers(&[("host", host)])), None, "{host:?}");
        }
    }
}
