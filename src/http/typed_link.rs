//! Links that people type or paste, often without their scheme.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::domain::event::EventId;

/// What a typed link leads to.
#[derive(Debug, PartialEq, Eq)]
pub struct TypedLink {
    pub event: EventId,
    /// `manage` or `host`, and the token, if it is the link of a registration or a host.
    pub own_page: Option<(String, String)>,
}

/// Returns `None` if the text is not the link of an event.
pub fn parse(typed: &str) -> Option<TypedLink> {
    let typed = typed.trim();
    let link = Url::parse(typed).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let link =
        link.or_else(|| typed.contains("/events/").then(|| Url::parse(&format!("https://{typed}")).ok()).flatten())?;
    let segments: Vec<&str> = link.path_segments()?.collect();
    let ["events", event, ref rest @ ..] = segments[..] else { return None };
    let event = EventId::parse(&percent_decode_str(event).decode_utf8_lossy()).ok()?;
    let own_page = match rest {
        [page @ ("manage" | "host"), token, ..] => Some(((*page).to_owned(), (*token).to_owned())),
        _ => None,
    };
    Some(TypedLink { event, own_page })
}

/// Returns the event of a link, or `None` if the text is not the link of an event.
pub fn event_in(typed: &str) -> Option<EventId> {
    parse(typed).map(|link| link.event)
}
