//! Server addresses and request URLs, and the parsers of the arguments that they are built from.

use url::{Host, Url};

use super::error::CliError;
use crate::domain::attendee_name::AttendeeName;
use crate::domain::event::Event;

/// Arguments of every command that sends requests to a server.
#[derive(Debug, clap::Args)]
pub struct ServerArgs {
    /// Address of the server
    #[arg(long, env = "COUNTMEIN_URL", default_value = "http://127.0.0.1:8100", value_parser = parse_server_url)]
    pub url: Url,

    /// Print one JSON object on stdout; an error is a problem document (RFC 9457) on stderr
    #[arg(long)]
    pub json: bool,
}

/// Parses the address of a server. A path can be appended to it.
pub fn parse_server_url(text: &str) -> Result<Url, String> {
    let url = parse_web_url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("remove the `?` or `#` and everything after it".into());
    }
    Ok(url)
}

/// Parses an http or https address without user name and password.
pub fn parse_web_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or("use a complete address, such as https://example.org")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("remove the user name and password".into());
    }
    Ok(url)
}

/// Whether the address is on this machine. The host name is not looked up in DNS, because DNS answers can be forged.
/// The name `localhost` always means this machine (RFC 6761, section 6.3).
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

/// The URL of a request: the server's address, one percent-encoded path segment for each item of `path`, and the query.
pub fn request_url(base: &Url, path: &[&str], query: &[(&str, &str)]) -> Result<Url, CliError> {
    let mut url = base.clone();
    for segment in path {
        // The URL parser removes such segments, so the URL would name another resource.
        if matches!(*segment, "" | "." | "..") || segment.contains(char::is_control) {
            return Err(CliError::Usage(format!("`{segment}` cannot be part of a URL; check its spelling")));
        }
    }
    if let (false, Ok(mut segments)) = (path.is_empty(), url.path_segments_mut()) {
        segments.pop_if_empty().extend(path);
    }
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url)
}

pub fn parse_event(text: &str) -> Result<Event, String> {
    Event::parse(text).map_err(|problem| format!("it {problem}"))
}

pub fn parse_name(text: &str) -> Result<AttendeeName, String> {
    AttendeeName::parse(text).map_err(|problem| format!("it {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_invalid_server_addresses() {
        assert_eq!(parse_server_url("https://example.org/club/").unwrap().as_str(), "https://example.org/club/");
        for text in ["", "example.org", "localhost:8100", "ftp://example.org", "http://u:p@example.org", "http://"] {
            assert!(parse_server_url(text).is_err(), "{text}");
        }
        for text in ["http://example.org/?a", "http://example.org/#a"] {
            assert!(parse_server_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn recognises_loopback_addresses() {
        for text in ["http://127.0.0.1:8100", "http://127.9.9.9", "http://[::1]:1", "http://[::ffff:127.0.0.1]"] {
            assert!(is_loopback(&Url::parse(text).unwrap()), "{text}");
        }
        assert!(is_loopback(&Url::parse("http://LOCALHOST:8100").unwrap()));
        for text in [
            "http://0.0.0.0",
            "http://10.0.0.1",
            "http://127.0.0.1.example.org",
            "http://localhost.example.org",
            "http://[2001:db8::1]",
        ] {
            assert!(!is_loopback(&Url::parse(text).unwrap()), "{text}");
        }
    }

    fn url(base: &str, path: &[&str], query: &[(&str, &str)]) -> Result<String, CliError> {
        request_url(&Url::parse(base).unwrap(), path, query).map(String::from)
    }

    #[test]
    fn encodes_each_path_segment() {
        let path = ["events", "Pizza Night/../?x#y%2e", "signups"];
        assert_eq!(
            url("http://127.0.0.1:8100", &path, &[("cursor", "a&b=c")]).unwrap(),
            "http://127.0.0.1:8100/events/Pizza%20Night%2F..%2F%3Fx%23y%252e/signups?cursor=a%26b%3Dc"
        );
        for segment in ["", ".", "..", "a\nb"] {
            assert!(url("http://127.0.0.1:8100", &["rejects", segment], &[]).is_err(), "{segment:?}");
        }
    }

    #[test]
    fn server_address_may_have_a_path() {
        for base in ["https://example.org/club", "https://example.org/club/"] {
            assert_eq!(url(base, &["events"], &[]).unwrap(), "https://example.org/club/events");
        }
        assert_eq!(url("https://example.org/a?b", &[], &[]).unwrap(), "https://example.org/a?b");
    }
}
