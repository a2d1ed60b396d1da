//! Links of events, as people paste them where an event is asked for.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::domain::event::EventId;

/// What the link of an event, of a registration or of a host leads to. The name of the server in it is not checked.
#[derive(Debug, PartialEq, Eq)]
pub struct EventLink {
    pub event: EventId,
    /// `manage` or `host`, and the token, if it is the link of a registration or a host.
    pub own_page: Option<(String, String)>,
}

impl EventLink {
    /// Returns `None` if the text is not the link of an event.
    pub fn parse(text: &str) -> Option<Self> {
        let link = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let segments: Vec<&str> = link.path_segments()?.collect();
        let start = segments.iter().position(|segment| *segment == "events")?;
        let (event, rest) = segments[start + 1..].split_first()?;
        let event = EventId::parse(&percent_decode_str(event).decode_utf8_lossy()).ok()?;
        let own_page = match rest {
            [page @ ("manage" | "host"), token, ..] => Some(((*page).to_owned(), (*token).to_owned())),
            _ => None,
        };
        Some(Self { event, own_page })
    }

    /// Parses what somebody typed into a field for a link, which may lack its scheme.
    pub fn parse_typed(text: &str) -> Option<Self> {
        let with_scheme =
            || text.contains("/events/").then(|| Self::parse(&format!("https://{}", text.trim()))).flatten();
        Self::parse(text).or_else(with_scheme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> Option<String> {
        EventLink::parse(text).map(|link| link.event.to_string())
    }

    #[test]
    fn links_of_events_name_them() {
        for link in [
            "https://example.org/events/dance",
            " http://127.0.0.1:8100/events/Dance?lang=de#lost ",
            "https://example.org/club/events/d%61nce/",
            "https://example.org/events/dance/manage/abc",
        ] {
            assert_eq!(event(link).as_deref(), Some("dance"), "{link}");
        }
        for other in [
            "Dance",
            "example.org/events/dance",
            "https://example.org/",
            "https://example.org/events/",
            "ftp://x/events/dance",
        ] {
            assert_eq!(event(other), None, "{other}");
        }
    }

    #[test]
    fn typed_link_may_lack_its_scheme() {
        let link = EventLink::parse_typed("example.org/events/dance/host/abc").unwrap();
        assert_eq!(link.event.as_str(), "dance");
        assert_eq!(link.own_page, Some(("host".to_owned(), "abc".to_owned())));
        assert_eq!(EventLink::parse_typed("Dance"), None);
    }
}
