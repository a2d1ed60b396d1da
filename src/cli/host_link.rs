//! The link of a host as an argument: the server's address, the event and the token.

use url::Url;

use super::address::parse_web_url;
use super::client::Client;
use super::error::CliError;
use crate::domain::secret::Secret;

/// A host's link, such as `https://signup.example.org/events/dinner/host/AbC…`.
#[derive(Debug, Clone)]
pub struct HostLink {
    server: Url,
    pub event: String,
    token: Secret,
}

impl HostLink {
    pub fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "use the whole link, such as https://example.org/events/dinner/host/AbC…";
        let mut server = parse_web_url(text)?;
        let segments: Vec<String> = server.path_segments().into_iter().flatten().map(decode).collect();
        let [before @ .., events, event, host, token] = &segments[..] else { return Err(FORM.into()) };
        if events != "events" || host != "host" {
            return Err(FORM.into());
        }
        let token = Secret::new(token.as_str()).map_err(|_| FORM)?;
        server.path_segments_mut().map_err(|()| FORM)?.clear().extend(before);
        Ok(Self { server, event: event.clone(), token })
    }

    pub fn token(&self) -> &str {
        std::str::from_utf8(self.token.as_bytes()).expect("it was parsed from text")
    }

    pub fn client(&self) -> Result<Client, CliError> {
        Client::new(&self.server).with_key(&self.token)
    }
}

fn decode(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_has_server_event_and_token() {
        let link = HostLink::parse("https://example.org/club/events/f%C3%AAte/host/AAAAAAAAAAAAAAAAAAAAAA").unwrap();
        assert_eq!((link.server.as_str(), link.event.as_str()), ("https://example.org/club", "fête"));
        assert!(link.token.is(b"AAAAAAAAAAAAAAAAAAAAAA"));
        assert!(!format!("{link:?}").contains("AAAA"));
    }

    #[test]
    fn rejects_other_links() {
        for text in [
            "dinner",
            "https://example.org/events/dinner",
            "https://example.org/events/dinner/manage/AAAAAAAAAAAAAAAAAAAAAA",
            "https://example.org/events/dinner/host/AAAA",
        ] {
            assert!(HostLink::parse(text).is_err(), "{text}");
        }
    }
}
