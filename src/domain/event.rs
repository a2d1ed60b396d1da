//! Events: what people sign up for.

use std::fmt;
use std::sync::LazyLock;

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};

use crate::domain::invalid::FieldProblem;
use crate::domain::text;

/// The longest event id and title, in grapheme clusters.
pub const EVENT_CHARS: usize = 64;

/// The slug of an event: NFKC, case-folded, 1 to [`EVENT_CHARS`] letters, digits and `-`. Each run of white space, `_` and `-`
/// becomes one `-`, and none at the ends. `Pizza Night` and `pizza_night` are one event.
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
        text::check_length(&slug, EVENT_CHARS)?;
        let mut after_letter = false;
        for character in slug.chars() {
            after_letter = match kind_of(character) {
                Kind::Letter => true,
                Kind::Mark if after_letter => true,
                Kind::Separator => false,
                Kind::Mark | Kind::Other => return Err(FieldProblem::NotInAnEventId { character }),
            };
        }
        Ok(Self(slug))
    }

    /// A stored id, or one from a cursor: the result of [`EventId::as_str`].
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

/// An event as a person typed it: its id and its title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    id: EventId,
    title: String,
}

impl Event {
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let id = EventId::parse(text)?;
        let title = text::collapse_white_space(&text::nfc(text));
        text::check_length(&title, EVENT_CHARS)?;
        text::check_visible(&title)?;
        Ok(Self { id, title })
    }

    pub fn id(&self) -> &EventId {
        &self.id
    }

    /// NFC, trimmed, white space collapsed; at most [`EVENT_CHARS`] characters.
    pub fn title(&self) -> &str {
        &self.title
    }
}

/// Applies NFKC and case folding without invisible code points (Unicode, definition D146) until nothing changes: folding can
/// undo the composition, and composition can produce a capital again.
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

enum Kind {
    /// A letter or a digit, of any script.
    Letter,
    /// Part of the letter before it: an accent, a vowel sign, a virama.
    Mark,
    Separator,
    Other,
}

fn kind_of(character: char) -> Kind {
    if character.is_ascii_alphanumeric() {
        return Kind::Letter;
    }
    static CATEGORY: LazyLock<icu_properties::CodePointMapDataBorrowed<'static, GeneralCategory>> =
        LazyLock::new(CodePointMapData::<GeneralCategory>::new);
    let category = CATEGORY.get(character);
    if GeneralCategoryGroup::Letter.contains(category) || GeneralCategoryGroup::Number.contains(category) {
        Kind::Letter
    } else if GeneralCategoryGroup::Mark.contains(category) {
        Kind::Mark
    } else if character == '-' {
        Kind::Separator
    } else {
        Kind::Other
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
    fn spellings_share_one_id() {
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
    fn invisible_characters_do_not_matter() {
        for text in ["dance\u{FE0F}", "dance\u{34F}", "dance\u{115F}", "dance\u{180B}", "dan\u{AD}ce"] {
            assert_eq!(id(text), "dance", "{text:?}");
        }
        assert_eq!(id("می\u{200C}خواهم"), "میخواهم");
        assert_eq!(EventId::parse("\u{3164}"), Err(FieldProblem::Empty { limit: 64 }));
    }

    #[test]
    fn error_names_invalid_character() {
        assert_eq!(EventId::parse("Tea & Cake"), Err(FieldProblem::NotInAnEventId { character: '&' }));
        assert_eq!(EventId::parse("#details"), Err(FieldProblem::NotInAnEventId { character: '#' }));
        assert_eq!(EventId::parse("a/../b"), Err(FieldProblem::NotInAnEventId { character: '/' }));
        assert_eq!(EventId::parse("🎉"), Err(FieldProblem::NotInAnEventId { character: '🎉' }));
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

    /// Titles that are always valid: up to three words of several scripts. Some letters change under folding: they grow
    /// (`ß`, `ﬁ`, `Ⅷ`), have two lower cases (`Σ`), or look like others (`ſ`, the Kelvin sign, full-width letters).
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
        fn id_parses_to_itself(title in titles()) {
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
