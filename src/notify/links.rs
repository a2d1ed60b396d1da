//! Builds the paths of pages and the absolute links in messages.

use url::Url;

use crate::domain::attendee::Attendee;
use crate::domain::contact_id::ContactId;
use crate::domain::event::EventId;
use crate::domain::manage_link::ManageToken;
use crate::domain::opt_in::ContactToken;
use crate::domain::secret::Secret;

/// Builds absolute links for messages. A message is read outside the site, so a path alone is not enough.
#[derive(Debug, Clone)]
pub struct Links {
    /// The address at which people reach this server. Pages are below its root.
    pub public_url: Url,
    pub token_secret: Secret,
}

impl Links {
    /// The manage link of an attendee's registration. `None` if the attendee has no registration.
    pub fn manage(&self, attendee: &Attendee) -> Option<Url> {
        let signup = attendee.registration()?.owner.clone();
        let token = ManageToken { key: attendee.key(), signup }.sign(&self.token_secret);
        Some(self.absolute(&event_path(&attendee.event, &["manage", &token])))
    }

    /// The page of an event.
    pub fn event(&self, event: &EventId) -> Url {
        self.absolute(&event_path(event, &[]))
    }

    /// The page on which the owner of a contact opts in or out.
    pub fn opt_in(&self, contact: &ContactId) -> Url {
        let token = ContactToken::sign(contact, &self.token_secret);
        self.absolute(&contact_path(&token))
    }

    fn absolute(&self, path: &str) -> Url {
        self.public_url.join(path).expect("a path is a valid relative URL")
    }
}

pub fn contact_path(token: &str) -> String {
    path(&["contacts", token])
}

/// The path of an event's page, or of a page below it.
pub fn event_path(event: &EventId, below: &[&str]) -> String {
    path(&[&["events", event.as_str()], below].concat())
}

/// The path to which an event's page posts sign-ups. It contains the title, because the first sign-up gives the event its
/// title.
pub fn signups_path(title: &str) -> String {
    path(&["events", title, "signups"])
}

fn path(segments: &[&str]) -> String {
    // Every sign-up gets a link, and ids and tokens rarely need escapes. So the common case does not build a `Url`.
    if segments.iter().all(|segment| is_plain(segment)) {
        return format!("/{}", segments.join("/"));
    }
    let mut url = Url::parse("http://localhost/").expect("the literal is a valid URL");
    url.path_segments_mut().expect("an http URL has a path").clear().extend(segments);
    url.path().to_owned()
}

/// Whether the segment needs no escape in a path.
fn is_plain(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_letters_beyond_ascii() {
        let event = EventId::parse("Fête d'été".replace('\'', " ").as_str()).unwrap();
        assert_eq!(event_path(&event, &["attendees"]), "/events/f%C3%AAte-d-%C3%A9t%C3%A9/attendees");
    }
}
