//! Encodes an email in the form in which SMTP transfers it.

use anyhow::{Context as _, ensure};
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Mailbox, Message, MessageBuilder};
use sha2::{Digest as _, Sha256};

use crate::ports::{Mail, SendError};

/// The sender of all emails.
pub struct Sender(Mailbox);

/// An encoded email with its sender and recipient.
pub struct EncodedMail {
    pub from: Address,
    pub to: Address,
    /// Whether the recipient's address is not ASCII. Then only a server with SMTPUTF8 (RFC 6531) can take the email, and the
    /// headers contain the address.
    pub needs_utf8: bool,
    /// Headers and body. They are ASCII otherwise, so that every server accepts them.
    pub text: Vec<u8>,
}

impl Sender {
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let expected_form = "use a sender like events@example.org or Count Me In <events@example.org>";
        let mailbox: Mailbox = text.parse().context(expected_form)?;
        // Some servers reject addresses with other characters.
        ensure!(is_printable_ascii(mailbox.email.as_ref()), "{expected_form}");
        Ok(Self(mailbox))
    }

    pub fn domain(&self) -> &str {
        self.0.email.domain()
    }

    pub fn encode(&self, mail: &Mail) -> Result<EncodedMail, SendError> {
        let invalid_address = || SendError::Rejected("SMTP cannot send mail to this address".to_owned());
        // A control character in the address could end the SMTP command.
        let to: Address = Some(&mail.to)
            .filter(|to| !to.contains(char::is_control))
            .and_then(|to| to.parse().ok())
            .ok_or_else(invalid_address)?;
        let from = self.0.email.clone();
        let envelope = Envelope::new(Some(from.clone()), vec![to.clone()]).map_err(|_| invalid_address())?;
        // Line breaks cannot inject headers, because the subject is encoded, but a mail client would show them.
        let subject = mail.subject.replace(char::is_control, " ");
        let mut builder = Message::builder()
            .from(self.0.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(subject)
            .date_now()
            .message_id(Some(format!("<{:032x}@{}>", message_id_hash(&mail.id), self.domain())))
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN)
            .envelope(envelope);
        // Prevents replies by autoresponders (RFC 3834).
        builder = with_header(builder, "Auto-Submitted", "auto-generated".to_owned());
        if let Some(unsubscribe) = &mail.unsubscribe {
            builder = with_header(builder, "List-Unsubscribe", format!("<{unsubscribe}>"));
            builder = with_header(builder, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned());
        }
        // The last line break is removed here, because the SMTP client adds one.
        let body = mail.body.strip_suffix('\n').unwrap_or(&mail.body).replace('\r', "");
        let message = builder.body(body).map_err(|_| invalid_address())?;
        let needs_utf8 = !mail.to.is_ascii();
        Ok(EncodedMail { from, to, needs_utf8, text: message.formatted() })
    }
}

fn with_header(builder: MessageBuilder, name: &'static str, value: String) -> MessageBuilder {
    builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value))
}

/// Returns half of a SHA-256 hash, which is enough to distinguish emails.
fn message_id_hash(id: &str) -> u128 {
    u128::from_be_bytes(*Sha256::digest(id).first_chunk().expect("a hash has 32 bytes"))
}

fn is_printable_ascii(address: &str) -> bool {
    address.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}
