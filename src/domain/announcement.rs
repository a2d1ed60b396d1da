//! The content of a notification about an event, independent of its language and format.

use crate::domain::change::Movements;
use crate::domain::event::EventId;

/// The changes to an event's roster that one notification reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    pub event: EventId,
    pub title: String,
    /// Display names of attendees who joined, in the order in which they joined.
    pub joined: Vec<String>,
    /// Display names of attendees who left, in the order in which they left.
    pub left: Vec<String>,
    /// The numbers of additional attendees who joined and left but are not named.
    pub others: Movements,
    /// The number of attendees on the roster.
    pub count: u64,
}

impl Announcement {
    /// Counts the attendees whom it names, instead of naming them.
    #[must_use]
    pub fn without_names(self) -> Self {
        let number = |names: &[String]| u64::try_from(names.len()).expect("a count fits 64 bits");
        let others = Movements {
            joined: self.others.joined.saturating_add(number(&self.joined)),
            left: self.others.left.saturating_add(number(&self.left)),
        };
        Self { joined: Vec::new(), left: Vec::new(), others, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_names_are_counted() {
        let announcement = Announcement {
            event: EventId::parse("dance").unwrap(),
            title: "Dance".to_owned(),
            joined: vec!["Ana".to_owned(), "Ben".to_owned()],
            left: vec!["Cleo".to_owned()],
            others: Movements { joined: 3, left: 0 },
            count: 9,
        };
        let hidden = announcement.clone().without_names();
        let others = Movements { joined: 5, left: 1 };
        assert_eq!(hidden, Announcement { joined: Vec::new(), left: Vec::new(), others, ..announcement });
    }
}
