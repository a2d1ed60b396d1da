//! Moves stored attendees from the key of an earlier version to their key of today.

use std::collections::BTreeMap;

use crate::domain::attendee_name::NameKey;
use crate::domain::event::EventId;
use crate::domain::signup::AttendeeKey;

/// The move of one attendee of an event to another key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rekeying {
    pub event: EventId,
    pub from: NameKey,
    pub to: NameKey,
}

/// Which attendees get another key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RekeyingPlan {
    /// The attendees that get another key, unless an attendee is stored under it already.
    pub moves: Vec<Rekeying>,
    /// Attendees that keep their keys, because they would have the same key as another of them.
    pub apart: Vec<AttendeeKey>,
}

impl RekeyingPlan {
    /// Plans what to do with the attendees that are stored under these keys. Ignores keys of today.
    pub fn of(stored: impl IntoIterator<Item = AttendeeKey>) -> Self {
        let mut by_new_key: BTreeMap<(EventId, NameKey), Vec<NameKey>> = BTreeMap::new();
        for AttendeeKey { event, name } in stored {
            let to = name.refolded().into_owned();
            if to != name {
                by_new_key.entry((event, to)).or_default().push(name);
            }
        }
        let mut plan = Self::default();
        for ((event, to), mut names) in by_new_key {
            match names.pop() {
                Some(from) if names.is_empty() => plan.moves.push(Rekeying { event, from, to }),
                last => plan
                    .apart
                    .extend(names.into_iter().chain(last).map(|name| AttendeeKey { event: event.clone(), name })),
            }
        }
        plan
    }
}

impl Rekeying {
    /// The key under which the attendee is stored before the move.
    pub fn earlier_key(&self) -> AttendeeKey {
        AttendeeKey { event: self.event.clone(), name: self.from.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attendees_with_same_key_stay_apart() {
        let key = |event: &str, name: &str| AttendeeKey {
            event: EventId::from_stored(event.to_owned()),
            name: NameKey::from_stored(name.to_owned()),
        };
        let stored = [
            key("dance", "o’neill"),
            key("dance", "o‘neill"),
            key("dance", "ana–lena"),
            key("dance", "ben"),
            key("pizza", "o’neill"),
        ];
        let plan = RekeyingPlan::of(stored);
        assert_eq!(plan.apart, [key("dance", "o’neill"), key("dance", "o‘neill")]);
        let moves: Vec<_> = plan.moves.iter().map(|it| (it.event.as_str(), it.from.as_str(), it.to.as_str())).collect();
        assert_eq!(moves, [("dance", "ana–lena", "ana-lena"), ("pizza", "o’neill", "o'neill")]);
    }
}
