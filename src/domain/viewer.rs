//! Who looks at an event, and what they may see. Every page, response and message that shows people or numbers asks here.

use serde::{Deserialize, Serialize};

use crate::domain::announcement::Announcement;
use crate::domain::event_details::{Audience, EventDetails};
use crate::domain::host_link::HostRole;

/// Who looks at an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// Somebody who has the event's link at most.
    Public,
    /// The owner of a registration that is on the roster.
    Attendee,
    /// The holder of a host's link.
    Host(HostRole),
    Organiser,
}

/// What a viewer may see of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The names on the roster.
    pub roster: bool,
    /// The number of attendees. Whoever sees the names can count them.
    pub count: bool,
}

impl View {
    /// What both views contain.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { roster: self.roster && other.roster, count: self.count && other.count }
    }

    /// Returns what this view contains of an announcement, or `None` if it is nothing.
    pub fn of_announcement(self, announcement: Announcement) -> Option<Announcement> {
        match self {
            Self { roster: true, .. } => Some(announcement),
            Self { count: true, .. } => Some(announcement.without_names()),
            Self { .. } => None,
        }
    }
}

impl Viewer {
    /// What this viewer may see. An event without details is public, as in the sample from 2016.
    pub fn view(self, details: Option<&EventDetails>) -> View {
        let audience = |part: fn(&EventDetails) -> Audience| details.map(part).unwrap_or_default();
        let roster = self.belongs_to(audience(|details| details.content.roster));
        View { roster, count: roster || self.belongs_to(audience(|details| details.content.count)) }
    }

    fn belongs_to(self, audience: Audience) -> bool {
        match self {
            Self::Host(_) | Self::Organiser => true,
            Self::Attendee => audience != Audience::Hosts,
            Self::Public => audience == Audience::Everyone,
        }
    }

    /// Whether this viewer may do what `role` may do.
    pub fn has_role(self, role: HostRole) -> bool {
        match self {
            Self::Organiser => true,
            Self::Host(own) => own >= role,
            Self::Public | Self::Attendee => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EventId;
    use crate::domain::event_details::{Content, Title};
    use crate::domain::timestamp::Timestamp;

    #[test]
    fn audience_decides_who_sees_roster_and_count() {
        let viewers = [
            Viewer::Public,
            Viewer::Attendee,
            Viewer::Host(HostRole::CheckIn),
            Viewer::Host(HostRole::Host),
            Viewer::Organiser,
        ];
        let content = Content::titled(Title::parse("Dance").unwrap());
        let mut details = EventDetails::new(EventId::parse("dance").unwrap(), content, Timestamp::now());
        for (audience, expected) in [
            (Audience::Everyone, [true, true, true, true, true]),
            (Audience::Attendees, [false, true, true, true, true]),
            (Audience::Hosts, [false, false, true, true, true]),
        ] {
            details.content.roster = audience;
            details.content.count = Audience::Everyone;
            assert_eq!(viewers.map(|viewer| viewer.view(Some(&details)).roster), expected);
            assert_eq!(viewers.map(|viewer| viewer.view(Some(&details)).count), [true; 5]);
            details.content.count = audience;
            details.content.roster = Audience::Hosts;
            assert_eq!(viewers.map(|viewer| viewer.view(Some(&details)).count), expected);
            details.content.roster = Audience::Everyone;
            assert_eq!(viewers.map(|viewer| viewer.view(Some(&details)).count), [true; 5]);
        }
        assert_eq!(Viewer::Public.view(None), View { roster: true, count: true });
    }

    #[test]
    fn role_includes_the_lower_roles() {
        use HostRole::{CheckIn, CoHost, Host};
        let roles = [CheckIn, CoHost, Host];
        let granted = |viewer: Viewer| roles.map(|role| viewer.has_role(role));
        assert_eq!(granted(Viewer::Public), [false; 3]);
        assert_eq!(granted(Viewer::Attendee), [false; 3]);
        assert_eq!(granted(Viewer::Host(CheckIn)), [true, false, false]);
        assert_eq!(granted(Viewer::Host(CoHost)), [true, true, false]);
        assert_eq!(granted(Viewer::Host(Host)), [true; 3]);
        assert_eq!(granted(Viewer::Organiser), [true; 3]);
    }
}
