//! What an event announces at one time. It is stored once, whatever the number of attendees, and each attendee's view of it
//! is computed when it is needed.

use std::time::Duration;

use crate::domain::announcement::Announcement;
use crate::domain::attendee::Attendee;
use crate::domain::event::EventId;
use crate::domain::pending_changes::{EventChanges, PendingChanges};
use crate::domain::timestamp::Timestamp;

/// How long an announcement is stored.
pub const ANNOUNCEMENT_RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The changes that an event announces together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventAnnouncement {
    pub event: EventId,
    /// When the announcement was made. It is later than the event's earlier announcements and than the requests that it names,
    /// even if a clock was set back. So it identifies the announcement.
    pub at: Timestamp,
    pub title: String,
    /// The number of attendees on the roster at that time.
    pub count: u64,
    pub changes: PendingChanges,
}

impl EventAnnouncement {
    /// Returns what the announcement tells an attendee: the changes of others. `None` if there are none, or if it was made
    /// before the attendee's registration began.
    pub fn to_attendee(&self, attendee: &Attendee) -> Option<Announcement> {
        let registration = attendee.registration()?;
        if self.at <= registration.since {
            return None;
        }
        let Self { event, title, count, changes, .. } = self;
        EventChanges { event, title, count: *count, news: changes, doubtful: &[] }.announcement_for(attendee)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attendee::apply_all;
    use crate::domain::attendee_name::AttendeeName;
    use crate::domain::change::Movement;
    use crate::domain::channel::Channel;
    use crate::domain::event::Event;
    use crate::domain::pending_changes::NamedChange;
    use crate::domain::signup::{Request, Signup, SignupId, Version};

    fn at(second: u64) -> Timestamp {
        Timestamp::EARLIEST.plus(Duration::from_secs(second))
    }

    fn attendee(name: &str, second: u64) -> Attendee {
        let signup = Signup {
            version: Version { requested_at: at(second), id: SignupId::parse("a").unwrap() },
            event: Event::parse("Dance").unwrap(),
            name: AttendeeName::parse(name).unwrap(),
            channel: Channel::Queue,
            request: Request::trusted_sign_up(None),
        };
        apply_all(None, &[signup], at(second)).0.unwrap()
    }

    /// Ana and Ben joined.
    fn announcement(second: u64) -> EventAnnouncement {
        let mut changes = PendingChanges::opened_at(at(1));
        for name in ["Ana", "Ben"] {
            let name = AttendeeName::parse(name).unwrap();
            changes.add(NamedChange { name, movement: Movement::Joined, requested_at: at(1) }, 10);
        }
        let event = EventId::parse("dance").unwrap();
        EventAnnouncement { event, at: at(second), title: "Dance".to_owned(), count: 2, changes }
    }

    #[test]
    fn tells_attendees_about_others() {
        let joined = |attendee| announcement(5).to_attendee(&attendee).map(|announcement| announcement.joined);
        assert_eq!(joined(attendee("Ana", 1)), Some(vec!["Ben".to_owned()]));
        assert_eq!(joined(attendee("Cleo", 4)), Some(vec!["Ana".to_owned(), "Ben".to_owned()]));
    }

    #[test]
    fn tells_nothing_to_attendees_who_joined_later() {
        assert_eq!(announcement(5).to_attendee(&attendee("Cleo", 5)), None);
    }

    #[test]
    fn tells_nothing_about_own_changes() {
        let mut own = announcement(5);
        own.changes.named.truncate(1);
        assert_eq!(own.to_attendee(&attendee("Ana", 1)), None);
    }
}
