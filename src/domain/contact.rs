//! Contacts: email addresses, phone numbers and webhooks to which notifications are sent.

use std::borrow::Cow;
use std::fmt;

use email_address::{EmailAddress, Options};
use phonenumber::Mode;
use strum::IntoStaticStr;
use url::{Host, Url};

use crate::domain::invalid::FieldProblem;
use crate::domain::text;

/// RFC 5321, section 4.5.3.1.3, limits a path to 256 octets, including its angle brackets.
pub const MAX_EMAIL_BYTES: usize = 254;
/// Enough for any realistic webhook URL. The limit keeps DynamoDB items and SNS subscriptions small.
const MAX_WEBHOOK_BYTES: usize = 1_024;

/// A well-formed address of a recipient, which does not necessarily exist.
///
/// `Debug` shows only the kind, so that no address is logged by accident.
#[derive(Clone, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Contact {
    /// An email address of at most 254 bytes. The domain is ASCII in lower case; an international one is converted (RFC 5891). The
    /// part before the `@` may have other letters (RFC 6531), in Normalization Form C.
    Email(String),
    /// A phone number in E.164 form: `+`, calling code, number. It is valid in its numbering plan.
    Sms(String),
    /// An absolute https URL without credentials or fragment, at most 1,024 bytes.
    Webhook(String),
}

impl Contact {
    pub fn email(text: &str) -> Result<Self, FieldProblem> {
        let text = text.trim();
        let options = Options::default().with_required_tld().without_domain_literal().without_display_text();
        let text = text::nfc(text);
        let (local, domain) = text.rsplit_once('@').ok_or(FieldProblem::NotAnEmail)?;
        // A character that is not visible could hide in an address.
        text::check_visible(local).map_err(|_| FieldProblem::NotAnEmail)?;
        let address = format!("{local}@{}", ascii_domain(domain)?);
        if address.len() > MAX_EMAIL_BYTES {
            return Err(FieldProblem::NotAnEmail);
        }
        let address = EmailAddress::parse_with_options(&address, options).map_err(|_| FieldProblem::NotAnEmail)?;
        Ok(Self::Email(format!("{}@{}", address.local_part(), address.domain())))
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
        let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if url.scheme() != "https" || !is_plain || url.as_str().len() > MAX_WEBHOOK_BYTES {
            return Err(FieldProblem::NotAWebhook);
        }
        Ok(Self::Webhook(url.into()))
    }

    /// Parses a contact of any kind. The kind is determined by the form of the text.
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

    /// Creates a contact from stored values of [`Contact::kind`] and
    /// [`Contact::address`]. Returns `None` if the kind is unknown.
    pub fn from_stored(kind: &str, address: String) -> Option<Self> {
        match kind {
            "email" => Some(Self::Email(address)),
            "sms" => Some(Self::Sms(address)),
            "webhook" => Some(Self::Webhook(address)),
            _ => None,
        }
    }

    /// Returns so little of the address that only its owner can tell which one it is: `an…@ex….org`, `…2671`, `https://…`.
    pub fn masked(&self) -> String {
        match self {
            Self::Email(address) => {
                let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
                let first: String = local.chars().take(2.min(local.chars().count() / 2)).collect();
                let start: String = domain.chars().take(2).collect();
                let end = domain.rsplit_once('.').map_or("", |(_, end)| end);
                format!("{first}…@{start}….{end}")
            }
            Self::Sms(number) => {
                let last = number.len().saturating_sub(4);
                format!("…{}", &number[last..])
            }
            Self::Webhook(_) => "https://…".to_owned(),
        }
    }

    /// Returns `email`, `sms` or `webhook`.
    pub fn kind(&self) -> &'static str {
        self.into()
    }

    /// Returns whether both contacts reach the same address. Mail providers ignore the case of an email address.
    pub fn reaches_same_address(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Email(one), Self::Email(other)) => one.to_lowercase() == other.to_lowercase(),
            _ => self == other,
        }
    }

    /// Returns the contact that stands for all spellings of the address. Mail providers ignore the case of an email address.
    pub fn folded(&self) -> Cow<'_, Self> {
        match self {
            Self::Email(address) => Cow::Owned(Self::Email(address.to_lowercase())),
            Self::Sms(_) | Self::Webhook(_) => Cow::Borrowed(self),
        }
    }

    /// Returns the contact that stands for everything in the same mailbox: the email address without `+` and what follows
    /// in its local part (RFC 5233), because such addresses can be made up without end. Other contacts stand for
    /// themselves.
    pub fn mailbox(&self) -> Cow<'_, Self> {
        let Self::Email(address) = self else { return Cow::Borrowed(self) };
        match address.rsplit_once('@').and_then(|(local, domain)| Some((local.split_once('+')?.0, domain))) {
            Some((user, domain)) if !user.is_empty() => Cow::Owned(Self::Email(format!("{user}@{domain}"))),
            _ => Cow::Borrowed(self),
        }
    }

    pub fn address(&self) -> &str {
        match self {
            Self::Email(address) | Self::Sms(address) | Self::Webhook(address) => address,
        }
    }
}

/// Converts the domain of an address as a browser converts that of a URL: `münchen.de` is `xn--mnchen-3ya.de`.
fn ascii_domain(domain: &str) -> Result<String, FieldProblem> {
    if domain.is_ascii() {
        return Ok(domain.to_ascii_lowercase());
    }
    match Host::parse(domain) {
        Ok(Host::Domain(domain)) => Ok(domain),
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) | Err(_) => Err(FieldProblem::NotAnEmail),
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
    fn masked_address_shows_its_owner_which_one_it_is() {
        assert_eq!(Contact::email("ana@example.org").unwrap().masked(), "a…@ex….org");
        assert_eq!(Contact::email("anabel@example.org").unwrap().masked(), "an…@ex….org");
        assert_eq!(Contact::email("a@example.org").unwrap().masked(), "…@ex….org");
        assert_eq!(Contact::sms("+14155552671").unwrap().masked(), "…2671");
        assert_eq!(Contact::webhook("https://example.org/hook?key=1").unwrap().masked(), "https://…");
    }

    #[test]
    fn limits_the_length_of_addresses() {
        let email = |length: usize| format!("ana@{}.org", vec!["x".repeat(41); 6].join(".")[..length - 8].to_owned());
        assert_eq!(email(254).len(), 254);
        assert!(Contact::email(&email(254)).is_ok());
        assert_eq!(Contact::email(&email(255)), Err(FieldProblem::NotAnEmail));
        let webhook = |length: usize| format!("https://example.org/{}", "x".repeat(length - 20));
        assert!(Contact::webhook(&webhook(1_024)).is_ok());
        assert_eq!(Contact::webhook(&webhook(1_025)), Err(FieldProblem::NotAWebhook));
    }

    #[test]
    fn international_addresses_are_normalised() {
        for (text, address) in [
            ("ana@münchen.de", "ana@xn--mnchen-3ya.de"),
            ("Ana@MÜNCHEN.de", "Ana@xn--mnchen-3ya.de"),
            ("ana@mu\u{308}nchen.de", "ana@xn--mnchen-3ya.de"),
            ("ana@例え.テスト", "ana@xn--r8jz45g.xn--zckzah"),
            ("ana@faß.example", "ana@xn--fa-hia.example"),
            ("zoe\u{308}@example.org", "zoë@example.org"),
            ("用户@例え.テスト", "用户@xn--r8jz45g.xn--zckzah"),
        ] {
            assert_eq!(Contact::email(text).unwrap().address(), address, "{text}");
        }
        let contact = |text| Contact::email(text).unwrap();
        assert!(contact("ZOË@example.org").reaches_same_address(&contact("zoë@example.org")));
        assert_eq!(contact("ZOË+x@example.org").folded().mailbox().address(), "zoë@example.org");
        for text in
            ["ana@mün chen.de", "ana@münchen", "ana@１９２.0.2.1", "a\u{200b}na@example.org", "zo ë@example.org"]
        {
            assert_eq!(Contact::email(text), Err(FieldProblem::NotAnEmail), "{text:?}");
        }
    }

    #[test]
    fn addresses_with_tags_share_a_mailbox() {
        let mailbox = |line: &str| Contact::from_line(line).unwrap().mailbox().address().to_owned();
        assert_eq!(mailbox("ana+dance@example.org"), "ana@example.org");
        assert_eq!(mailbox("ana+a+b@example.org"), "ana@example.org");
        for line in ["ana@example.org", "+tag@example.org", "+14155552671", "https://example.org/a+b@c"] {
            assert_eq!(mailbox(line), line);
        }
    }

    #[test]
    fn stored_contact_is_read_back() {
        for line in ["ana@example.org", "+14155552671", "https://example.org/"] {
            let contact = Contact::from_line(line).unwrap();
            assert_eq!(Contact::from_stored(contact.kind(), contact.address().to_owned()), Some(contact.clone()));
            assert_eq!(format!("{contact:?}"), format!("Contact({}, …)", contact.kind()));
        }
        assert_eq!(Contact::from_stored("fax", "1".to_owned()), None);
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
            "https://u@example.org",
            "https://:p@example.org",
            "https://example.org/#x",
            "javascript:alert(1)",
        ] {
            assert_eq!(Contact::webhook(text), Err(FieldProblem::NotAWebhook), "{text:?}");
        }
    }

    #[test]
    fn form_determines_kind() {
        assert_eq!(Contact::from_line("ana@example.org").unwrap().kind(), "email");
        assert_eq!(Contact::from_line("+14155552671").unwrap().kind(), "sms");
        assert_eq!(Contact::from_line("https://example.org/a@b").unwrap().kind(), "webhook");
        assert_eq!(Contact::from_line("0170 1234567"), Err(FieldProblem::NotAContact));
    }

    #[test]
    fn case_of_email_does_not_matter() {
        let contact = |text| Contact::from_line(text).unwrap();
        assert!(contact("Ana@example.org").reaches_same_address(&contact("ana@EXAMPLE.org")));
        assert!(!contact("ana@example.org").reaches_same_address(&contact("ben@example.org")));
        assert!(!contact("https://example.org/A").reaches_same_address(&contact("https://example.org/a")));
    }

    #[test]
    fn debug_hides_address() {
        let contact = Contact::email("ana@example.org").unwrap();
        assert!(!format!("{contact:?}").contains("ana"));
    }
}
