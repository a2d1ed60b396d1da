//! What the operator says about the site, for the footer of every page.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::http::base_path::BasePath;

/// What the operator says about the site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// A page that says who operates the site.
    pub imprint_url: Option<WebAddress>,
    /// A page that says how the operator uses personal data.
    pub privacy_url: Option<WebAddress>,
    /// The path under which the server is reached.
    pub base: BasePath,
}

/// An http or https address, without user name and password. A browser that opens it runs no script of this server, as
/// it would with `javascript:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress(Url);

/// The text is not an http or https address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("use a complete http or https address without user name and password, such as https://example.org/imprint")]
pub struct NotAWebAddress;

impl FromStr for WebAddress {
    type Err = NotAWebAddress;

    fn from_str(text: &str) -> Result<Self, NotAWebAddress> {
        let url = Url::parse(text).map_err(|_| NotAWebAddress)?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        if matches!(url.scheme(), "http" | "https") && is_plain { Ok(Self(url)) } else { Err(NotAWebAddress) }
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_only_web_addresses() {
        for text in ["https://example.org/imprint?lang=de#top", "http://localhost:8080/privacy"] {
            assert_eq!(text.parse::<WebAddress>().unwrap().to_string(), text);
        }
        for text in
            ["", "example.org", "javascript:alert(1)", "mailto:ana@example.org", "https://u:p@example.org", "//x"]
        {
            assert_eq!(text.parse::<WebAddress>(), Err(NotAWebAddress), "{text}");
        }
    }
}
