//! What an event has announced and a recipient was not told yet.

use crate::domain::announcement::Announcement;
use crate::domain::attendee::Attendee;
use crate::domain::contact_id::ContactId;
use crate::domain::event::EventId;
use crate::domain::event_announcement::EventAnnouncement;
use crate::domain::pending_changes::{EventChanges, MAX_NAMED_CHANGES, PendingChanges};
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::View;

/// The changes of several announcements of one event, oldest first.
#[derive(Debug, Clone, Default)]
pub struct EventNews {
    /// The changes whose names may be shown.
    named: Option<PendingChanges>,
    /// The changes that may only be counted.
    counted: Option<PendingChanges>,
    /// The number of named changes before each announcement.
    begins: Vec<usize>,
    latest: Option<Latest>,
}

/// The latest announcement.
#[derive(Debug, Clone)]
struct Latest {
    event: EventId,
    at: Timestamp,
    title: String,
    count: u64,
}

impl EventNews {
    /// Adds a later announcement. `now` is what the recipients may see of the event now; they get what they were also allowed
    /// to see when the event announced it.
    pub fn add(&mut self, announcement: &EventAnnouncement, now: View) {
        let EventAnnouncement { event, at, title, count, changes, view, .. } = announcement.clone();
        let view = view.and(now);
        let changes_so_far = if view.roster {
            self.begins.push(self.named.as_ref().map_or(0, |named| named.named.len()));
            Some(&mut self.named)
        } else if view.count {
            Some(&mut self.counted)
        } else {
            None
        };
        match changes_so_far {
            Some(Some(earlier)) => earlier.add_all(changes, MAX_NAMED_CHANGES),
            Some(first @ None) => *first = Some(changes),
            None => {}
        }
        self.latest = Some(Latest { event, at, title, count });
    }

    /// When the latest announcement was made. `None` if there is none.
    pub fn latest_at(&self) -> Option<Timestamp> {
        self.latest.as_ref().map(|latest| latest.at)
    }

    /// Returns what to tell attendees who share a mailbox: the changes of others. `None` if there is nothing to tell.
    ///
    /// If it `is_in_doubt` how much of it they were told already, an attendee whose changes cancel each other out may be
    /// included, so that what they were told last is true.
    pub fn for_attendees(
        &self,
        attendees: &[&Attendee],
        mailbox: Option<&ContactId>,
        is_in_doubt: bool,
    ) -> Option<Announcement> {
        self.combined(is_in_doubt, |changes| changes.announcement_for(attendees, mailbox))
    }

    /// Returns what to tell everybody who follows all events.
    pub fn for_everybody(&self, is_in_doubt: bool) -> Option<Announcement> {
        self.combined(is_in_doubt, |changes| changes.announcement_for_all())
    }

    fn combined(
        &self,
        is_in_doubt: bool,
        tell: impl Fn(&EventChanges<'_>) -> Option<Announcement>,
    ) -> Option<Announcement> {
        let Latest { event, title, count, .. } = self.latest.as_ref()?;
        let begins = if is_in_doubt { &self.begins[..] } else { &[] };
        let told = |changes: &Option<PendingChanges>, begins| {
            let news = changes.as_ref()?;
            tell(&EventChanges { event, title, count: *count, news, begins })
        };
        let counted = told(&self.counted, &[]).map(Announcement::without_names);
        match (told(&self.named, begins), counted) {
            (Some(mut named), Some(counted)) => {
                named.others.joined = named.others.joined.saturating_add(counted.others.joined);
                named.others.left = named.others.left.saturating_add(counted.others.left);
                Some(named)
            }
            (named, counted) => named.or(counted),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::attendee::apply_all;
    use crate::domain::attendee_name::AttendeeName;
    use crate::domain::change::Movement;
    use crate::domain::channel::Channel;
    use crate::domain::event::Event;
    use crate::domain::pending_changes::NamedChange;
    use crate::domain::signup::{Request, Signup, SignupId, Version};

    const ALL: View = View { roster: true, count: true };
    const COUNT: View = View { roster: false, count: true };

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

    /// An announcement at this second, in which `+Ana` joined and `-Ben` left.
    fn announcement(second: u64, changes: &[&str], view: View) -> EventAnnouncement {
        let mut pending = PendingChanges::opened_at(at(second));
        for change in changes {
            let (movement, name) = change.split_at(1);
            let movement = if movement == "+" { Movement::Joined } else { Movement::Left };
            let name = AttendeeName::parse(name).unwrap();
            pending.add(NamedChange { name, movement, requested_at: at(second), mailbox: None }, MAX_NAMED_CHANGES);
        }
        EventAnnouncement {
            event: EventId::parse("dance").unwrap(),
            at: at(second),
            title: format!("Dance at {second}"),
            count: second,
            changes: pending,
            view,
            has_watermarks: true,
        }
    }

    fn news(announcements: &[EventAnnouncement], now: View) -> EventNews {
        let mut news = EventNews::default();
        announcements.iter().for_each(|announcement| news.add(announcement, now));
        news
    }

    #[test]
    fn announcements_become_one() {
        let zoe = attendee("Zoe", 1);
        let news = news(&[announcement(5, &["+Ana", "+Ben"], ALL), announcement(9, &["-Ana", "+Cleo"], ALL)], ALL);
        let told = news.for_attendees(&[&zoe], None, false).unwrap();
        assert_eq!((told.title.as_str(), told.count), ("Dance at 9", 9));
        assert_eq!((told.joined, told.left), (vec!["Ben".to_owned(), "Cleo".to_owned()], Vec::new()));
        assert_eq!(news.latest_at(), Some(at(9)));
        assert_eq!(EventNews::default().for_everybody(false), None);
    }

    #[test]
    fn doubt_tells_what_cancels_out() {
        let news = news(&[announcement(5, &["+Ana"], ALL), announcement(9, &["-Ana"], ALL)], ALL);
        let zoe = attendee("Zoe", 1);
        assert_eq!(news.for_attendees(&[&zoe], None, false), None);
        let told = news.for_attendees(&[&zoe], None, true).unwrap();
        assert_eq!((told.joined, told.left), (Vec::new(), vec!["Ana".to_owned()]));
    }

    #[test]
    fn nobody_with_the_same_mailbox_is_news() {
        let (ana, ben) = (attendee("Ana", 1), attendee("Ben", 2));
        let news = news(&[announcement(5, &["+Ana", "+Ben", "+Cleo"], ALL)], ALL);
        assert_eq!(news.for_attendees(&[&ana, &ben], None, false).unwrap().joined, ["Cleo"]);
        assert_eq!(news.for_attendees(&[&ana], None, false).unwrap().joined, ["Ben", "Cleo"]);
        let family = ContactId::from_stored("family".to_owned());
        let mut with_mailbox = announcement(5, &["+Ben", "+Cleo"], ALL);
        with_mailbox.changes.named[0].mailbox = Some(family.clone());
        let mut news = EventNews::default();
        news.add(&with_mailbox, ALL);
        assert_eq!(news.for_attendees(&[&ana], Some(&family), false).unwrap().joined, ["Cleo"]);
    }

    #[test]
    fn names_that_were_hidden_are_counted() {
        let zoe = attendee("Zoe", 1);
        let announcements = [announcement(5, &["+Ana", "+Zoe"], COUNT), announcement(9, &["+Ben"], ALL)];
        let told = news(&announcements, ALL).for_attendees(&[&zoe], None, false).unwrap();
        assert_eq!((told.joined, told.others.joined), (vec!["Ben".to_owned()], 1), "Zoe does not count herself");
        let told = news(&announcements, COUNT).for_attendees(&[&zoe], None, false).unwrap();
        assert_eq!((told.joined, told.others.joined), (Vec::new(), 2));
        let hidden = View { roster: false, count: false };
        assert_eq!(news(&announcements, hidden).for_attendees(&[&zoe], None, false), None);
    }
}
