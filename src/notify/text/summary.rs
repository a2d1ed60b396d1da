//! Summarizes an announcement: `Ana, Ben and 41 others joined, Cleo left; 63 are in`.

use crate::domain::announcement::Announcement;
use crate::texts::Catalog;

/// All attendees who joined, or all attendees who left.
struct Group<'a> {
    messages: GroupMessages,
    /// The names to show.
    names: &'a [String],
    /// The number of attendees in the group whose names are not shown.
    others: u64,
}

/// The ids of the messages for a group.
struct GroupMessages {
    /// If names are shown.
    named: &'static str,
    /// If only the number of attendees is shown.
    unnamed: &'static str,
}

const JOINED: GroupMessages = GroupMessages { named: "joined", unnamed: "joined-unnamed" };
const LEFT: GroupMessages = GroupMessages { named: "left", unnamed: "left-unnamed" };

/// Summarizes an announcement with at most `max_names` names. The remaining names are counted as others.
pub fn summarize(catalog: &Catalog, announcement: &Announcement, max_names: usize) -> String {
    let (joined, left) = (&announcement.joined, &announcement.left);
    // Each group may show half of the names. If one group has fewer names, the other may show more.
    let left_shown = left.len().min((max_names / 2).max(max_names.saturating_sub(joined.len())));
    let joined_shown = joined.len().min(max_names - left_shown);
    let others = announcement.others;
    let joined = Group::new(JOINED, joined, joined_shown, others.joined).format(catalog);
    let left = Group::new(LEFT, left, left_shown, others.left).format(catalog);
    let moves = match (joined, left) {
        (Some(joined), Some(left)) => Some(catalog.format("both", &[("joined", joined.into()), ("left", left.into())])),
        (joined, left) => joined.or(left),
    };
    let total = catalog.format("in", &[("number", announcement.count.into())]);
    match moves {
        Some(moves) => catalog.format("news", &[("moves", moves.into()), ("in", total.into())]),
        None => total,
    }
}

impl<'a> Group<'a> {
    fn new(messages: GroupMessages, names: &'a [String], shown: usize, others: u64) -> Self {
        let (names, hidden) = names.split_at(shown);
        Self { messages, names, others: others.saturating_add(hidden.len() as u64) }
    }

    /// Returns `None` if the group is empty.
    fn format(&self, catalog: &Catalog) -> Option<String> {
        let number = self.others.saturating_add(self.names.len() as u64);
        match join_names(catalog, self.names, self.others) {
            Some(list) => Some(catalog.format(self.messages.named, &[("who", list.into()), ("number", number.into())])),
            None if number > 0 => Some(catalog.format(self.messages.unnamed, &[("number", number.into())])),
            None => None,
        }
    }
}

/// Joins the names and the number of others to one list:
/// `Ana, Ben and 41 others`. Returns `None` if there are no names.
pub fn join_names(catalog: &Catalog, names: &[impl AsRef<str>], others: u64) -> Option<String> {
    let others = (others > 0).then(|| catalog.format("others", &[("number", others.into())]));
    let (first, names) = names.split_first()?;
    let first = first.as_ref().to_owned();
    let mut items: Vec<&str> = names.iter().map(AsRef::as_ref).chain(others.as_deref()).collect();
    let Some(last) = items.pop() else { return Some(first) };
    let names = items
        .into_iter()
        .fold(first, |names, next| catalog.format("list", &[("names", names.into()), ("next", next.into())]));
    Some(catalog.format("list-end", &[("names", names.into()), ("last", last.into())]))
}
