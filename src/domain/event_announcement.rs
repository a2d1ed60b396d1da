//! What an event announces at one time. It is stored once, whatever the number of attendees, and each attendee's view of it
//! is computed when it is needed.

use std::time::Duration;

use crate::domain::announcement::Announcement;
use crate::domain::attendee::Attendee;
use crate::domain::event::EventId;
use crate::domain::pending_changes::{EventChanges, PendingChanges};
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::View;

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
    /// What attendees were allowed to see when the announcement was made.
    pub view: View,
    /// Whether watermarks record who was told. `false` if an earlier version of the program made the announcement. It
    /// recorded this in the digest.
    pub has_watermarks: bool,
}

impl EventAnnouncement {
    /// Returns what the announcement tells an attendee who may see `now` of the event: the changes of others. It shows what
    /// attendees were allowed to see then and may see now. `None` if that is nothing, or if the announcement was made before
    /// the attendee's registration began.
    pub fn to_attendee(&self, attendee: &Attendee, now: View) -> Option<Announcement> {
        let registration = attendee.registration()?;
        if self.at <= registration.since {
            return None;
        }
        let Self { event, title, count, changes, view, .. } = self;
        let changes = EventChanges { event, title, count: *count, news: changes, begins: &[] };
        changes.announcement_for(&[attendee], None).and_then(|announcement| view.and(now).of_announcement(announcement))
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
            network: None,
            request: Request::trusted_sign_up(None),
        };
        apply_all(None, &[signup], at(second)).0.unwrap()
    }

    const ALL: View = View { roster: true, count: true };
    const COUNT: View = View { roster: false, count: true };

    /// Ana and Ben joined.
    fn announcement(second: u64) -> EventAnnouncement {
        let mut changes = PendingChanges::opened_at(at(1));
        for name in ["Ana", "Ben"] {
            let name = AttendeeName::parse(name).unwrap();
            changes.add(NamedChange { name, movement: Movement::Joined, requested_at: at(1), mailbox: None }, 10);
        }
        let event = EventId::parse("dance").unwrap();
        EventAnnouncement {
            event,
            at: at(second),
            title: "Dance".to_owned(),
            count: 2,
            changes,
            view: ALL,
            has_watermarks: true,
        }
    }

    #[test]
    fn tells_attendees_about_others() {
        let joined = |attendee| announcement(5).to_attendee(&attendee, ALL).map(|announcement| announcement.joined);
        assert_eq!(joined(attendee("Ana", 1)), Some(vec!["Ben".to_owned()]));
        assert_eq!(joined(attendee("Cleo", 4)), Some(vec!["Ana".to_owned(), "Ben".to_owned()]));
    }

    #[test]
    fn tells_nothing_to_attendees_who_joined_later() {
        assert_eq!(announcement(5).to_attendee(&attendee("Cleo", 5), ALL), None);
    }

    #[test]
    fn shows_what_was_visible_then_and_is_visible_now() {
        for (then, now, names) in [(ALL, ALL, 1), (COUNT, ALL, 0), (ALL, COUNT, 0)] {
            let announcement = EventAnnouncement { view: then, ..announcement(5) };
            let shown = announcement.to_attendee(&attendee("Ana", 1), now).unwrap();
            assert_eq!((shown.joined.len(), shown.others.joined), (names, 1 - names as u64), "{then:?}, {now:?}");
        }
        let nothing = View { roster: false, count: false };
        assert_eq!(announcement(5).to_attendee(&attendee("Ana", 1), nothing), None);
        let announcement = EventAnnouncement { view: nothing, ..announcement(5) };
        assert_eq!(announcement.to_attendee(&attendee("Ana", 1), ALL), None);
    }

    #[test]
    fn tells_nothing_about_own_changes() {
        let mut own = announcement(5);
        own.changes.named.truncate(1);
        assert_eq!(own.to_attendee(&attendee("Ana", 1), ALL), None);
    }
}
