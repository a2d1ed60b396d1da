//! Contacts: the addresses for notifications.

use std::fmt;

use email_address::{EmailAddress, Options};
use phonenumber::Mode;
use strum::IntoStaticStr;
use url::Url;

use crate::domain::invalid::FieldProblem;

/// RFC 5321, section 4.5.3.1.3: a path of 256 octets, less its brackets.
const EMAIL_BYTES: usize = 254;
/// Longer than any real webhook; keeps an item and a subscription small.
const WEBHOOK_BYTES: usize = 1_024;

/// A well-formed address. It may still not exist.
///
/// `Debug` shows only the kind, so no address gets into a log by accident.
#[derive(Clone, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Contact {
    /// ASCII, at most 254 bytes, the domain in lower case.
    Email(String),
    /// E.164: `+`, calling code, number. The number is valid in its numbering plan.
    Sms(String),
    /// An absolute https URL without credentials or fragment, at most 1,024 bytes.
    Webhook(String),
}

impl Contact {
    pub fn email(text: &str) -> Result<Self, FieldProblem> {
        let text = text.trim();
        let options = Options::default().with_required_tld().without_domain_literal().without_display_text();
        if !text.is_ascii() || text.len() > EMAIL_BYTES {
            return Err(FieldProblem::NotAnEmail);
        }
        let address = EmailAddress::parse_with_options(text, options).map_err(|_| FieldProblem::NotAnEmail)?;
        Ok(Self::Email(format!("{}@{}", address.local_part(), address.domain().to_ascii_lowercase())))
    }

    pub fn sms(text: &str) -> Result<Self, FieldProblem> {
        let number = phonenumber::parse(None, text).map_err(|_| FieldProblem::NotAPhone)?;
        if !text.trim_start().starts_with('+') || !number.is_valid() || number.extension().is_some() {
            return Err(FieldProblem::NotAPhone);
        }
        Ok(Self::Sms(number.format().mode(Mode::E164).to_string()))
    }

    pub fn webhook(text: &str) -> Result<Self, FieldProblem> {
        let url = Url::parse(text.trim()).map_err(|_| FieldProblem::NotAWebhook)?;
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if url.scheme() != "https" || !plain || url.as_str().len() > WEBHOOK_BYTES {
            return Err(FieldProblem::NotAWebhook);
        }
        Ok(Self::Webhook(url.into()))
    }

    /// Parses one line that a person typed. Its form determines the kind.
    pub fn from_line(text: &str) -> Result<Self, FieldProblem> {
        let text = text.trim();
        if text.contains("://") {
            Self::webhook(text)
        } else if text.contains('@') {
            Self::email(text)
        } else if text.starts_with('+') {
            Self::sms(text)
        } else {
            Err(FieldProblem::NotAContact)
        }
    }

    /// A stored contact: the results of [`Contact::kind`] and [`Contact::address`].
    pub fn from_stored(kind: &str, address: String) -> Option<Self> {
        match kind {
            "email" => Some(Self::Email(address)),
            "sms" => Some(Self::Sms(address)),
            "webhook" => Some(Self::Webhook(address)),
            _ => None,
        }
    }

    /// `email`, `sms` or `webhook`.
    pub fn kind(&self) -> &'static str {
        self.into()
    }

    pub fn address(&self) -> &str {
        match self {
            Self::Email(address) | Self::Sms(address) | Self::Webhook(address) => address,
        }
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Contact({}, …)", self.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalises_addresses() {
        assert_eq!(Contact::email(" Ana@Example.ORG "), Ok(Contact::Email("Ana@example.org".into())));
        assert_eq!(Contact::sms("+1 (415) 555-2671"), Ok(Contact::Sms("+14155552671".into())));
        assert_eq!(Contact::webhook("HTTPS://Example.org"), Ok(Contact::Webhook("https://example.org/".into())));
    }

    #[test]
    fn rejects_invalid_addresses() {
        for text in [
            "",
            "ana",
            "ana@",
            "@example.org",
            "ana@localhost",
            "a b@example.org",
            "ana@example.org\nBcc: x@y.z",
            "Ana <ana@example.org>",
        ] {
            assert_eq!(Contact::email(text), Err(FieldProblem::NotAnEmail), "{text:?}");
        }
        for text in
            ["", "4155552671", "+1", "+999123456789", "+1415555267100000", "tel:+14155552671", "+14155552671;ext=5"]
        {
            assert_eq!(Contact::sms(text), Err(FieldProblem::NotAPhone), "{text:?}");
        }
        for text in [
            "",
            "example.org",
            "http://example.org",
            "https://u:p@example.org",
            "https://example.org/#x",
            "javascript:alert(1)",
        ] {
            assert_eq!(Contact::webhook(text), Err(FieldProblem::NotAWebhook), "{text:?}");
        }
    }

    #[test]
    fn line_determines_kind() {
        assert_eq!(Contact::from_line("ana@example.org").unwrap().kind(), "email");
        assert_eq!(Contact::from_line("+14155552671").unwrap().kind(), "sms");
        assert_eq!(Contact::from_line("https://example.org/a@b").unwrap().kind(), "webhook");
        assert_eq!(Contact::from_line("0170 1234567"), Err(FieldProblem::NotAContact));
    }

    #[test]
    fn debug_hides_address() {
        let contact = Contact::email("ana@example.org").unwrap();
        assert!(!format!("{contact:?}").contains("ana"));
    }
}
