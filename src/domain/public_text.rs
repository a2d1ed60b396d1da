//! Names and titles that anybody can write, and that reach strangers in opt-in requests.

use std::net::Ipv4Addr;

use url::Host;

use crate::domain::invalid::FieldProblem;

/// Refuses a text in which a mail program or a phone could find a link: a web address, an email address, a domain such as
/// `example.org`, or an IP address.
///
/// A word with a dot in it is a domain only if its end is a top-level domain, so `Node.js` and `St.Patrick` are accepted.
pub fn check_no_link(text: &str) -> Result<(), FieldProblem> {
    // The dots of other scripts separate the labels of a domain too (RFC 3490, section 3.1).
    let text = text.replace(['\u{3002}', '\u{FF0E}', '\u{FF61}'], ".");
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '.';
    let mut words = text.split(|c| !is_part(c)).flat_map(|word| word.split(".."));
    if text.contains("://") || words.any(is_host) { Err(FieldProblem::Link) } else { Ok(()) }
}

fn is_host(word: &str) -> bool {
    let word = word.trim_matches(['.', '-']);
    if word.parse::<Ipv4Addr>().is_ok() {
        return true;
    }
    if !word.contains('.') {
        return false;
    }
    // Turns the labels into ASCII, as in the list of top-level domains.
    let host = Host::parse(word).map_or_else(|_| word.to_lowercase(), |host| host.to_string());
    host.rsplit_once('.').is_some_and(|(_, last)| tld::exist(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_links() {
        for text in [
            "https://evil.example/win",
            "Prize: http://localhost/",
            "win at evil.com",
            "EVIL.COM!",
            "evil.com/win?now=1",
            "(www.evil.org)",
            "evil.com:8080",
            "evil.com.",
            "ana@evil.com",
            "evil.com@home",
            "bücher.de",
            "evil.xn--p1ai",
            "evil.рф",
            "evil。com",
            "evil．com",
            "Node.js/www.evil.com",
            "Node.js?x=evil.com",
            "a.b:evil.com",
            "//evil.com",
            "http:/evil.com",
            "-evil.com-",
            "Dinner...evil.com",
            "1.2.3.4/win",
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
            "Dinner...in town",
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
