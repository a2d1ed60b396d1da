//! Names and titles that anybody can write, and that reach strangers in opt-in requests.

use linkify::{LinkFinder, LinkKind};

use crate::domain::invalid::FieldProblem;

/// Refuses a text in which a mail program or a phone would find a link: a web address, an email address, or a domain such
/// as `example.org`.
///
/// A word with a dot in it is a domain only if its end is a top-level domain, so `Node.js` and `St.Patrick` are accepted.
pub fn check_no_link(text: &str) -> Result<(), FieldProblem> {
    let mut finder = LinkFinder::new();
    finder.url_must_have_scheme(false);
    let is_link = |link: linkify::Link<'_>| match link.kind() {
        LinkKind::Url if !link.as_str().contains("://") => ends_with_top_level_domain(link.as_str()),
        _ => true,
    };
    if finder.links(text).any(is_link) { Err(FieldProblem::Link) } else { Ok(()) }
}

/// Whether the host at the beginning of an address without a scheme ends with a top-level domain.
fn ends_with_top_level_domain(address: &str) -> bool {
    let host = address.split(['/', '?', '#', ':']).next().unwrap_or_default().trim_end_matches('.');
    host.rsplit_once('.').is_some_and(|(_, last)| tld::exist(&last.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_links() {
        for text in [
            "https://evil.example/win",
            "Prize: http://127.0.0.1/",
            "win at evil.com",
            "EVIL.COM!",
            "evil.com/win?now=1",
            "(www.evil.org)",
            "evil.com:8080",
            "evil.com.",
            "ana@evil.com",
            "bücher.de",
            "evil.xn--p1ai",
        ] {
            assert_eq!(check_no_link(text), Err(FieldProblem::Link), "{text}");
        }
    }

    #[test]
    fn accepts_names_and_titles_with_dots() {
        for text in [
            "Omar's dinner, 19:00!",
            "Node.js evening",
            "St.Patrick",
            "Dr.Müller",
            "J.R.R. Tolkien",
            "v2.0 release",
            "3.12. Weihnachtsfeier",
            "Dinner...and dance",
            "Ana & Ben @ home",
            "18.30-20.00",
            "a/b:c",
            "山田.太郎",
            "",
        ] {
            assert_eq!(check_no_link(text), Ok(()), "{text}");
        }
    }
}
