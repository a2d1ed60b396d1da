//! What happened, in clauses: `Ana, Ben and 41 others joined, Cleo left; 63 are in`.

use super::catalog::Catalog;
use crate::domain::announcement::Announcement;

/// Who moved one way.
struct Moved<'a> {
    /// The message, and the one for when there is no name.
    messages: [&'static str; 2],
    named: &'a [String],
    /// How many more.
    others: u64,
}

/// With at most so many names; whom those leave out is counted among the others.
pub fn clauses(catalog: &Catalog, announcement: &Announcement, names: usize) -> String {
    let (joined, left) = (&announcement.joined, &announcement.left);
    // Each way has half of the names, and what the other does not need.
    let names_left = left.len().min((names / 2).max(names.saturating_sub(joined.len())));
    let names_joined = joined.len().min(names - names_left);
    let others = announcement.others;
    let joined = Moved::new(["joined", "joined-unnamed"], joined, names_joined, others.joined).clause(catalog);
    let left = Moved::new(["left", "left-unnamed"], left, names_left, others.left).clause(catalog);
    let moves = match (joined, left) {
        (Some(joined), Some(left)) => Some(catalog.say("both", &[("joined", joined.into()), ("left", left.into())])),
        (joined, left) => joined.or(left),
    };
    let are_in = catalog.say("in", &[("number", announcement.count.into())]);
    match moves {
        Some(moves) => catalog.say("news", &[("moves", moves.into()), ("in", are_in.into())]),
        None => are_in,
    }
}

impl<'a> Moved<'a> {
    fn new(messages: [&'static str; 2], names: &'a [String], shown: usize, others: u64) -> Self {
        let (named, hidden) = names.split_at(shown);
        Self { messages, named, others: others.saturating_add(hidden.len() as u64) }
    }

    /// Nothing if nobody did.
    fn clause(&self, catalog: &Catalog) -> Option<String> {
        let [named, unnamed] = self.messages;
        let number = self.others.saturating_add(self.named.len() as u64);
        match list(catalog, self.named, self.others) {
            Some(who) => Some(catalog.say(named, &[("who", who.into()), ("number", number.into())])),
            None if number > 0 => Some(catalog.say(unnamed, &[("number", number.into())])),
            None => None,
        }
    }
}

/// The names, and how many others, as one list; none without a name.
pub fn list(catalog: &Catalog, names: &[impl AsRef<str>], others: u64) -> Option<String> {
    let others = (others > 0).then(|| catalog.say("others", &[("number", others.into())]));
    let (first, names) = names.split_first()?;
    let first = first.as_ref().to_owned();
    let mut items: Vec<&str> = names.iter().map(AsRef::as_ref).chain(others.as_deref()).collect();
    let Some(last) = items.pop() else { return Some(first) };
    let names = items
        .into_iter()
        .fold(first, |names, next| catalog.say("list", &[("names", names.into()), ("next", next.into())]));
    Some(catalog.say("list-end", &[("names", names.into()), ("last", last.into())]))
}
