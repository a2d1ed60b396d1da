//! Builds the paths of pages, and the absolute links in messages.

use url::Url;

use crate::domain::attendee::Attendee;
use crate::domain::contact_id::ContactId;
use crate::domain::event::EventId;
use crate::domain::manage_link::ManageToken;
use crate::domain::opt_in::ContactToken;
use crate::domain::opt_in_link::OptInToken;
use crate::domain::secret::Secret;

/// Builds the links in messages. They are absolute, because a message is read outside the site.
#[derive(Debug, Clone)]
pub struct Links {
    /// The URL at which people reach this server. It may have a path, after which the paths of pages follow.
    pub public_url: Url,
    /// The key that signs the tokens in links.
    pub token_secret: Secret,
}

impl Links {
    /// Returns the manage link of an attendee's registration, or `None` if the attendee has no registration.
    pub fn manage(&self, attendee: &Attendee) -> Option<Url> {
        let signup = attendee.registration()?.owner.clone();
        let token = ManageToken { key: attendee.key(), signup }.sign(&self.token_secret);
        Some(self.absolute(&event_path(&attendee.event, &["manage", &token])))
    }

    /// Returns the link to an event's page.
    pub fn event(&self, event: &EventId) -> Url {
        self.absolute(&event_path(event, &[]))
    }

    /// Returns the link to the page on which the owner of a contact opts in or out.
    pub fn opt_in(&self, contact: &ContactId) -> Url {
        let token = ContactToken::sign(contact, &self.token_secret);
        self.absolute(&contact_path(&token))
    }

    /// Returns the link to the page on which the owner of a contact confirms one registration, or opts out.
    pub fn registration_opt_in(&self, token: &OptInToken) -> Url {
        let text = token.sign(&self.token_secret);
        self.absolute(&event_path(&token.registration.attendee.event, &["contact", &text]))
    }

    fn absolute(&self, path: &str) -> Url {
        let url = format!("{}{path}", self.public_url.as_str().trim_end_matches('/'));
        Url::parse(&url).expect("a path follows a URL")
    }
}

/// Returns the path of the page on which the owner of a contact opts in or out.
pub fn contact_path(token: &str) -> String {
    path(&["contacts", token])
}

/// Returns the path of an event's page followed by the segments in `below`.
pub fn event_path(event: &EventId, below: &[&str]) -> String {
    path(&[&["events", event.as_str()], below].concat())
}

/// Returns the path of the page on which the organiser deletes an event.
pub fn organiser_deletion_path(event: &EventId) -> String {
    path(&["organiser", "events", event.as_str(), "delete"])
}

/// Returns the path to which an event's page posts sign-ups. It contains the title instead of the id, because the first
/// sign-up sets the event's title.
pub fn signups_path(title: &str) -> String {
    path(&["events", title, "signups"])
}

fn path(segments: &[&str]) -> String {
    // Every sign-up needs a link, and most ids and tokens need no
    // percent-encoding. Joining them is faster than a `Url`.
    if segments.iter().all(|segment| needs_no_escape(segment)) {
        return format!("/{}", segments.join("/"));
    }
    let mut url = Url::parse("http://localhost/").expect("the literal is a valid URL");
    url.path_segments_mut().expect("an http URL has a path").clear().extend(segments);
    url.path().to_owned()
}

/// Whether the segment can be written in a path without percent-encoding.
fn needs_no_escape(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_non_ascii_letters() {
        let event = EventId::parse("Fête d'été".replace('\'', " ").as_str()).unwrap();
        assert_eq!(event_path(&event, &["attendees"]), "/events/f%C3%AAte-d-%C3%A9t%C3%A9/attendees");
    }
}
