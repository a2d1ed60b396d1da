//! The path under which a proxy serves this server, such as `/signup` of `https://example.org/signup`.
//!
//! The proxy may take it off a request or leave it. In pages and redirects, it is put before every path of this server.

use std::borrow::Cow;

use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use url::Url;

/// The attributes in which pages name a path of this server. Text that somebody typed is never in them without its quotation marks
/// being escaped.
const ATTRIBUTES: [&str; 4] = ["href", "src", "action", "data-path"];

/// The path without a `/` at its end: empty if the server has an address of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BasePath(String);

impl BasePath {
    pub fn of(public_url: Option<&Url>) -> Self {
        Self(public_url.map_or("", Url::path).trim_end_matches('/').to_owned())
    }

    /// Takes the base off the path of a request.
    pub fn strip(&self, uri: &Uri) -> Option<Uri> {
        let rest = uri.path_and_query()?.as_str().strip_prefix(self.0.as_str()).filter(|_| !self.0.is_empty())?;
        let path = match rest.chars().next() {
            Some('/') => Cow::Borrowed(rest),
            None | Some('?') => Cow::Owned(format!("/{rest}")),
            Some(_) => return None,
        };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(&*path).ok()?);
        Uri::from_parts(parts).ok()
    }

    /// A path of this server as a browser must ask for it.
    pub fn before(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// A page whose links lead to this server through the proxy.
    pub fn in_page(&self, mut page: String) -> String {
        if !self.0.is_empty() {
            for attribute in ATTRIBUTES {
                page = page.replace(&format!(" {attribute}=\"/"), &format!(" {attribute}=\"{}/", self.0));
            }
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(url: &str) -> BasePath {
        BasePath::of(Some(&Url::parse(url).unwrap()))
    }

    #[test]
    fn base_is_taken_off_requests() {
        let signup = base("https://example.org/club/signup/");
        let strip = |uri: &str| signup.strip(&uri.parse().unwrap()).map(|uri| uri.to_string());
        for (asked, path) in [
            ("/club/signup/events/dance?lang=de", "/events/dance?lang=de"),
            ("/club/signup/", "/"),
            ("/club/signup", "/"),
            ("/club/signup?lang=de", "/?lang=de"),
        ] {
            assert_eq!(strip(asked).as_deref(), Some(path), "{asked}");
        }
        for other in ["/events/dance", "/club/signups", "/"] {
            assert_eq!(strip(other), None, "{other}");
        }
        assert_eq!(base("https://example.org").strip(&"/events".parse().unwrap()), None);
    }

    #[test]
    fn base_is_put_before_paths_in_pages() {
        let page =
            "<a href=\"/new\"><form action=\"/events\"><input value=\"/x\"> href=&quot;/y&quot; <a href=\"?lang=de\">";
        let expected = "<a href=\"/signup/new\"><form action=\"/signup/events\"><input value=\"/x\"> href=&quot;/y&quot; <a href=\"?lang=de\">";
        assert_eq!(base("https://example.org/signup").in_page(page.to_owned()), expected);
        assert_eq!(base("https://example.org").in_page(page.to_owned()), page);
    }
}
