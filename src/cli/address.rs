//! Where the server is, and what the path to it is made of.

use url::{Host, Url};

use super::failure::Failure;
use crate::domain::attendee_name::AttendeeName;
use crate::domain::event::Event;

/// What every command that talks to a server is told.
#[derive(Debug, clap::Args)]
pub struct ServerArgs {
    /// The server to talk to
    #[arg(long, env = "COUNTMEIN_URL", default_value = "http://127.0.0.1:8100", value_parser = server_url)]
    pub url: Url,

    /// Print one JSON object on stdout; an error is a problem document (RFC 9457) on stderr
    #[arg(long)]
    pub json: bool,
}

/// An address that paths can be put behind.
pub fn server_url(text: &str) -> Result<Url, String> {
    let url = web_url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("leave out everything from `?` or `#` on".into());
    }
    Ok(url)
}

/// Any http or https address without user name and password.
pub fn web_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or("write a whole address, like https://example.org")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("leave out user name and password".into());
    }
    Ok(url)
}

/// Whether the address is on this machine by its form alone, since what a name server says can be forged; `localhost`
/// is not asked of one (RFC 6761, section 6.3).
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

/// The address of what lies behind a server's: a segment of the path for each text, whatever is in it.
pub fn below(base: &Url, path: &[&str], query: &[(&str, &str)]) -> Result<Url, Failure> {
    let mut url = base.clone();
    for segment in path {
        // An address has no form for these: they would be dropped, and the request would be another one.
        if matches!(*segment, "" | "." | "..") || segment.contains(char::is_control) {
            return Err(Failure::Usage(format!("`{segment}` cannot stand in an address; check its spelling")));
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

pub fn event(text: &str) -> Result<Event, String> {
    Event::parse(text).map_err(|problem| format!("it {problem}"))
}

pub fn name(text: &str) -> Result<AttendeeName, String> {
    AttendeeName::parse(text).map_err(|problem| format!("it {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_a_server_and_nothing_else() {
        assert_eq!(server_url("https://example.org/club/").unwrap().as_str(), "https://example.org/club/");
        for text in ["", "example.org", "localhost:8100", "ftp://example.org", "http://u:p@example.org", "http://"] {
            assert!(server_url(text).is_err(), "{text}");
        }
        for text in ["http://example.org/?a", "http://example.org/#a"] {
            assert!(server_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn loopback_is_told_by_its_form() {
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

    fn address_below(base: &str, path: &[&str], query: &[(&str, &str)]) -> Result<String, Failure> {
        below(&Url::parse(base).unwrap(), path, query).map(String::from)
    }

    #[test]
    fn what_is_typed_stays_in_its_place() {
        let path = ["events", "Pizza Night/../?x#y%2e", "signups"];
        assert_eq!(
            address_below("http://127.0.0.1:8100", &path, &[("cursor", "a&b=c")]).unwrap(),
            "http://127.0.0.1:8100/events/Pizza%20Night%2F..%2F%3Fx%23y%252e/signups?cursor=a%26b%3Dc"
        );
        for segment in ["", ".", "..", "a\nb"] {
            assert!(address_below("http://127.0.0.1:8100", &["rejects", segment], &[]).is_err(), "{segment:?}");
        }
    }

    #[test]
    fn a_server_may_live_under_a_path() {
        for base in ["https://example.org/club", "https://example.org/club/"] {
            assert_eq!(address_below(base, &["events"], &[]).unwrap(), "https://example.org/club/events");
        }
        assert_eq!(address_below("https://example.org/a?b", &[], &[]).unwrap(), "https://example.org/a?b");
    }
}
