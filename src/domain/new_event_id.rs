//! The ids of new events: readable ids for listed events, and ids that nobody can guess for unlisted ones.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::domain::event::EventId;
use crate::domain::slug::MAX_SLUG_CHARS;

/// The digits of base32 (RFC 4648) in lower case.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The length of the random part of an unlisted id: 130 bits.
const RANDOM_CHARS: usize = 26;

/// Numbers that are appended to a date before creating an event fails.
const MAX_NUMBER: u32 = 100;

/// The slug of titles that have no letters or digits.
const DEFAULT_SLUG: &str = "event";

/// Returns the ids to try for a new listed event, best first: the slug of its title, then with the date, then with the
/// date and a number. `date` is in the form `2026-12-03`.
pub fn candidates(title: &str, date: &str) -> impl Iterator<Item = EventId> {
    let slug = slug(title);
    let dated = [join(&slug, date)];
    let numbered = (2..=MAX_NUMBER).map({
        let (slug, date) = (slug.clone(), date.to_owned());
        move |number| join(&slug, &format!("{date}-{number}"))
    });
    // A title could have the form of an unlisted id, which such an event must not have.
    [slug].into_iter().chain(dated).chain(numbered).map(EventId::from_stored).filter(|id| !is_unlisted(id))
}

/// Returns a new random id for an unlisted event: the slug of its title, and 26 random letters and digits.
pub fn unlisted(title: &str) -> EventId {
    let slug = slug(title);
    loop {
        let mut bytes = [0; RANDOM_CHARS];
        getrandom::fill(&mut bytes).expect("the operating system provides random bytes");
        let random: String = bytes.iter().map(|byte| char::from(BASE32[usize::from(byte % 32)])).collect();
        let id = EventId::from_stored(join(&slug, &random));
        if is_unlisted(&id) {
            return id;
        }
    }
}

/// Returns whether an id has the form of an unlisted event's id: its last word has 26 letters and digits of base32, at
/// least one of each, so that it is no word of any language.
pub fn is_unlisted(id: &EventId) -> bool {
    let last = id.as_str().rsplit('-').next().unwrap_or_default();
    last.len() == RANDOM_CHARS
        && last.bytes().all(|byte| BASE32.contains(&byte))
        && last.bytes().any(|byte| byte.is_ascii_digit())
        && last.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Returns an id without the random part of an unlisted event's id.
pub fn readable_part(id: &EventId) -> &str {
    match id.as_str().rsplit_once('-') {
        Some((readable, _)) if is_unlisted(id) => readable,
        _ => id.as_str(),
    }
}

/// Returns the id as logs may contain it: whoever knows the id of an unlisted event can open it.
pub fn for_log(id: &EventId) -> &str {
    if is_unlisted(id) { "(unlisted)" } else { id.as_str() }
}

fn slug(title: &str) -> String {
    EventId::parse(title).map_or_else(|_| DEFAULT_SLUG.to_owned(), |id| id.as_str().to_owned())
}

/// Appends a suffix. Shortens the slug so that the result has at most [`MAX_SLUG_CHARS`] characters.
fn join(slug: &str, suffix: &str) -> String {
    let room = MAX_SLUG_CHARS - suffix.len() - 1;
    let shortened: String = slug.graphemes(true).take(room).collect();
    format!("{}-{suffix}", shortened.trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(title: &str) -> Vec<String> {
        candidates(title, "2026-12-03").map(|id| id.as_str().to_owned()).collect()
    }

    #[test]
    fn title_then_date_then_number() {
        assert_eq!(ids("Pizza Night")[..3], ["pizza-night", "pizza-night-2026-12-03", "pizza-night-2026-12-03-2"]);
        assert_eq!(ids("Pizza Night").last().unwrap(), "pizza-night-2026-12-03-100");
        assert_eq!(ids("🎉")[..2], ["event", "event-2026-12-03"]);
    }

    #[test]
    fn every_id_is_its_own_slug() {
        for title in ["Pizza Night", "🎉", &"x".repeat(64), &"é a".repeat(21), "שרה", "new", "organiser"] {
            for id in ids(title).into_iter().chain([unlisted(title).as_str().to_owned()]) {
                assert_eq!(EventId::parse(&id).unwrap().as_str(), id, "{title:?}");
            }
        }
    }

    #[test]
    fn unlisted_id_is_random_and_recognised() {
        let (one, other) = (unlisted("Pizza Night"), unlisted("Pizza Night"));
        assert_ne!(one, other);
        assert!(is_unlisted(&one) && one.as_str().starts_with("pizza-night-"));
        assert_eq!(for_log(&one), "(unlisted)");
        for id in [
            "pizza-night",
            "abcdefghijklmnopqrstuvwxyz",
            "22222222222222222222222222",
            "dance-01arz3ndektsv4rrffq69g5fav",
        ] {
            let id = EventId::from_stored(id.to_owned());
            assert!(!is_unlisted(&id) && for_log(&id) == id.as_str(), "{id}");
        }
    }

    #[test]
    fn listed_event_gets_no_unlisted_id() {
        let title = "dance abcdefghijklmnopqrstuvwxy2";
        assert_eq!(ids(title)[0], "dance-abcdefghijklmnopqrstuvwxy2-2026-12-03");
    }
}
