//! A mail as it goes over the wire.

use anyhow::{Context as _, ensure};
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Mailbox, Message, MessageBuilder};
use sha2::{Digest as _, Sha256};

use crate::ports::{Mail, SendError};

/// From whom all mail comes.
pub struct Sender(Mailbox);

pub struct Letter {
    pub from: Address,
    pub to: Address,
    /// Headers and body, in ASCII, so that every server can take it.
    pub text: Vec<u8>,
}

impl Sender {
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let help = "use a sender like events@example.org or Count Me In <events@example.org>";
        let mailbox: Mailbox = text.parse().context(help)?;
        // Not every server takes others.
        ensure!(is_plain(mailbox.email.as_ref()), "{help}");
        Ok(Self(mailbox))
    }

    pub fn domain(&self) -> &str {
        self.0.email.domain()
    }

    pub fn letter(&self, mail: &Mail) -> Result<Letter, SendError> {
        let unfit = || SendError::Rejected("no mail can be addressed to it".to_owned());
        // What is not plain could end the command that it stands in.
        let to: Address = Some(&mail.to).filter(|to| is_plain(to)).and_then(|to| to.parse().ok()).ok_or_else(unfit)?;
        let from = self.0.email.clone();
        let envelope = Envelope::new(Some(from.clone()), vec![to.clone()]).map_err(|_| unfit())?;
        // A line break in it would not get out of its header, but into what a reader sees as one line.
        let subject = mail.subject.replace(char::is_control, " ");
        let mut builder = Message::builder()
            .from(self.0.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(subject)
            .date_now()
            .message_id(Some(format!("<{:032x}@{}>", fingerprint(&mail.id), self.domain())))
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN)
            .envelope(envelope);
        // Nobody's absence is to answer it (RFC 3834).
        builder = header(builder, "Auto-Submitted", "auto-generated".to_owned());
        if let Some(unsubscribe) = &mail.unsubscribe {
            builder = header(builder, "List-Unsubscribe", format!("<{unsubscribe}>"));
            builder = header(builder, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned());
        }
        // The last line break is the one that ends the mail.
        let body = mail.body.strip_suffix('\n').unwrap_or(&mail.body).replace('\r', "");
        let message = builder.body(body).map_err(|_| unfit())?;
        Ok(Letter { from, to, text: message.formatted() })
    }
}

fn header(builder: MessageBuilder, name: &'static str, value: String) -> MessageBuilder {
    builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value))
}

/// Half of a hash is more than enough to tell mails apart.
fn fingerprint(id: &str) -> u128 {
    u128::from_be_bytes(*Sha256::digest(id).first_chunk().expect("a hash has 32 bytes"))
}

fn is_plain(address: &str) -> bool {
    address.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}
