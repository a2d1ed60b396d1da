//! Addresses of pages, and the links in messages, which are whole.

use url::Url;

use crate::domain::attendee::Attendee;
use crate::domain::event::EventId;
use crate::domain::manage_link::ManageToken;
use crate::domain::opt_in::{ContactId, ContactToken};
use crate::domain::secret::Secret;

/// Makes links for messages, whose readers have not come by any address of this server.
#[derive(Debug, Clone)]
pub struct Links {
    /// How others reach this server; pages are at its root.
    pub public_url: Url,
    pub token_secret: Secret,
}

impl Links {
    /// Opens the stay of somebody who is in, to its owner.
    pub fn manage(&self, attendee: &Attendee) -> Option<Url> {
        let signup = attendee.registration()?.owner.clone();
        let token = ManageToken { key: attendee.key(), signup }.sign(&self.token_secret);
        Some(self.whole(&event_path(&attendee.event, &["manage", &token])))
    }

    /// An event's page.
    pub fn event(&self, event: &EventId) -> Url {
        self.whole(&event_path(event, &[]))
    }

    /// Where somebody says whether they want messages to a contact.
    pub fn opt_in(&self, contact: &ContactId) -> Url {
        let token = ContactToken::sign(contact, &self.token_secret);
        self.whole(&contact_path(&token))
    }

    fn whole(&self, path: &str) -> Url {
        self.public_url.join(path).expect("a path fits every address")
    }
}

pub fn contact_path(token: &str) -> String {
    path(&["contacts", token])
}

/// The path of an event's page, or of something below it.
pub fn event_path(event: &EventId, below: &[&str]) -> String {
    path(&[&["events", event.as_str()], below].concat())
}

/// Where the event's page sends sign-ups: by its title, so that the first sign-up gives the event its title.
pub fn signups_path(title: &str) -> String {
    path(&["events", title, "signups"])
}

fn path(segments: &[&str]) -> String {
    // An event's id and a token need no escapes as a rule, and each sign-up is told its link.
    if segments.iter().all(|segment| is_plain(segment)) {
        return format!("/{}", segments.join("/"));
    }
    let mut url = Url::parse("http://localhost/").expect("it is one");
    url.path_segments_mut().expect("http has a path").clear().extend(segments);
    url.path().to_owned()
}

/// Whether it stands in a path as it is, and is a segment of its own.
fn is_plain(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_any_script_has_a_path() {
        let event = EventId::parse("Fête d'été".replace('\'', " ").as_str()).unwrap();
        assert_eq!(event_path(&event, &["attendees"]), "/events/f%C3%AAte-d-%C3%A9t%C3%A9/attendees");
    }
}
