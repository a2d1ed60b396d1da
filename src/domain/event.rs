//! Events that people sign up for.

use std::fmt;

use icu_properties::props::GeneralCategoryGroup;

use crate::domain::invalid::FieldProblem;
use crate::domain::text;

/// The maximum length of an event's id and of its title, in grapheme clusters.
pub const MAX_EVENT_CHARS: usize = 64;

/// Identifies an event by its slug: 1 to [`MAX_EVENT_CHARS`] letters, digits and `-`, in NFKC and case-folded.
/// Each run of white space, `_` and `-` becomes one `-`, except at the start and end, where it is removed. `Pizza
/// Night` and `pizza_night` have the same id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(String);

impl EventId {
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        text::check_visible(&text::collapse_white_space(text))?;
        let folded = fold(text);
        let slug = folded
            .split(|c: char| c.is_whitespace() || c == '_' || c == '-')
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join("-");
        text::check_length(&slug, MAX_EVENT_CHARS)?;
        let mut after_letter = false;
        for character in slug.chars() {
            after_letter = match slug_character(character) {
                SlugCharacter::Letter => true,
                SlugCharacter::Mark if after_letter => true,
                SlugCharacter::Separator => false,
                SlugCharacter::Mark | SlugCharacter::Other => {
                    return Err(FieldProblem::InvalidEventIdCharacter { character });
                }
            };
        }
        Ok(Self(slug))
    }

    /// Creates an id from a value of [`EventId::as_str`] that was stored or part of a cursor, without validating it.
    pub fn from_stored(id: String) -> Self {
        Self(id)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An event: its id and its title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    id: EventId,
    title: String,
}

impl Event {
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let id = EventId::parse(text)?;
        let title = text::collapse_white_space(&text::nfc(text));
        text::check_length(&title, MAX_EVENT_CHARS)?;
        text::check_visible(&title)?;
        Ok(Self { id, title })
    }

    /// An event with details, whose id need not be the slug of its title.
    pub fn titled(id: EventId, title: String) -> Self {
        Self { id, title }
    }

    pub fn id(&self) -> &EventId {
        &self.id
    }

    /// Returns the text that names this event in a message: the title if it has this id, or else the id.
    pub fn spelling(&self) -> &str {
        if EventId::parse(&self.title).is_ok_and(|id| id == self.id) { &self.title } else { self.id.as_str() }
    }

    /// Returns the title as typed, except that it is in NFC, trimmed and with single spaces. It has at most
    /// [`MAX_EVENT_CHARS`] grapheme clusters.
    pub fn title(&self) -> &str {
        &self.title
    }
}

/// Repeats case folding, removal of default-ignorable code points and NFKC (as in Unicode definition D146) until the
/// text no longer changes, since folding can undo the composition, and composition can produce a capital letter again.
fn fold(text: &str) -> String {
    let mut folded = text::nfkc(text);
    loop {
        let next = text::nfkc(&text::without_ignorable(&text::fold_case(&folded)));
        if next == folded {
            return folded;
        }
        folded = next;
    }
}

/// What a character means in a slug.
enum SlugCharacter {
    /// A letter or a digit of any script.
    Letter,
    /// A combining mark, such as an accent or a vowel sign. It is only valid after a letter.
    Mark,
    Separator,
    Other,
}

fn slug_character(character: char) -> SlugCharacter {
    if character.is_ascii_alphanumeric() {
        return SlugCharacter::Letter;
    }
    let category = text::category(character);
    if GeneralCategoryGroup::Letter.contains(category) || GeneralCategoryGroup::Number.contains(category) {
        SlugCharacter::Letter
    } else if GeneralCategoryGroup::Mark.contains(category) {
        SlugCharacter::Mark
    } else if character == '-' {
        SlugCharacter::Separator
    } else {
        SlugCharacter::Other
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(text: &str) -> String {
        EventId::parse(text).unwrap().0
    }

    #[test]
    fn spellings_have_same_id() {
        for text in
            ["Pizza Night", " pizza night ", "pizza_night", "PIZZA\t NIGHT", "Ｐｉｚｚａ　Ｎｉｇｈｔ", "-pizza--night-"]
        {
            assert_eq!(id(text), "pizza-night", "{text:?}");
        }
    }

    #[test]
    fn accepts_every_script() {
        assert_eq!(id("Straßenfest"), "strassenfest");
        assert_eq!(id("हिन्दी दिवस"), "हिन्दी-दिवस");
        assert_eq!(id("ליל פיצה"), "ליל-פיצה");
        assert_eq!(id("2. Lauf".replace('.', "").as_str()), "2-lauf");
    }

    #[test]
    fn ignorable_characters_are_removed() {
        for text in ["dance\u{FE0F}", "dance\u{34F}", "dance\u{115F}", "dance\u{180B}", "dan\u{AD}ce"] {
            assert_eq!(id(text), "dance", "{text:?}");
        }
        assert_eq!(id("می\u{200C}خواهم"), "میخواهم");
        assert_eq!(EventId::parse("\u{3164}"), Err(FieldProblem::Empty { limit: 64 }));
    }

    #[test]
    fn error_names_invalid_character() {
        assert_eq!(EventId::parse("Tea & Cake"), Err(FieldProblem::InvalidEventIdCharacter { character: '&' }));
        assert_eq!(EventId::parse("#details"), Err(FieldProblem::InvalidEventIdCharacter { character: '#' }));
        assert_eq!(EventId::parse("a/../b"), Err(FieldProblem::InvalidEventIdCharacter { character: '/' }));
        assert_eq!(EventId::parse("🎉"), Err(FieldProblem::InvalidEventIdCharacter { character: '🎉' }));
        assert_eq!(EventId::parse("dance\u{202E}"), Err(FieldProblem::Invisible { character: '\u{202E}' }));
        assert_eq!(EventId::parse(" - _ "), Err(FieldProblem::Empty { limit: 64 }));
    }

    #[test]
    fn length_counts_grapheme_clusters() {
        assert!(EventId::parse(&"é".repeat(64)).is_ok());
        assert!(EventId::parse(&"e\u{301}".repeat(64)).is_ok());
        assert_eq!(EventId::parse(&"a".repeat(65)), Err(FieldProblem::TooLong { found: 65, limit: 64 }));
        let towering = format!("a{}", "\u{301}".repeat(1_000));
        assert!(matches!(EventId::parse(&towering), Err(FieldProblem::TooManyBytes { .. })));
    }

    #[test]
    fn title_keeps_its_case() {
        let event = Event::parse("  Pizza   Night ").unwrap();
        assert_eq!((event.id().as_str(), event.title()), ("pizza-night", "Pizza Night"));
    }

    /// Generates valid titles with up to three words in several scripts. They include letters that are difficult to
    /// fold: some become longer (`ß`, `ﬁ`, `Ⅷ`), `Σ` has two lower-case forms, and some look like other letters
    /// (`ſ`, the Kelvin sign, full-width letters).
    fn titles() -> impl Strategy<Value = String> {
        let letters = "[A-Za-z0-9À-ÖØ-öø-ľŁ-žΑ-ΡΣ-ωА-яא-תअ-हあ-ん一-龥가-힣Ａ-Ｚａ-ｚßİſ\u{212A}\u{212B}ﬁⅧ²ᾳᾼ]";
        let accents_and_ignorable = "[\u{301}\u{308}\u{327}\u{345}\u{AD}\u{34F}\u{200C}]";
        let word = format!("({letters}{accents_and_ignorable}{{0,2}}){{1,5}}");
        let separators = "[ _\t\u{3000}-]{1,3}";
        let title = format!("{word}({separators}{word}){{0,2}}");
        prop::string::string_regex(&title).expect("the regular expression is valid")
    }

    proptest! {
        #![proptest_config(crate::seed::config(2_000))]

        #[test]
        fn parsing_id_returns_same_id(title in titles()) {
            let event = Event::parse(&title).expect("the title is valid");
            prop_assert_eq!(EventId::parse(event.id().as_str()), Ok(event.id().clone()));
            prop_assert_eq!(EventId::parse(event.title()), Ok(event.id().clone()));
        }

        #[test]
        fn case_does_not_matter(title in titles()) {
            let upper = title.to_uppercase();
            let id = EventId::parse(&upper).expect("the title is valid");
            prop_assert_eq!(EventId::parse(&upper.to_lowercase()), Ok(id));
        }

        #[test]
        fn id_has_no_reserved_character(text in "[\\PC#/]{0,20}") {
            if let Ok(id) = EventId::parse(&text) {
                prop_assert!(!id.as_str().contains(['#', '/']), "{}", id);
            }
        }
    }
}
