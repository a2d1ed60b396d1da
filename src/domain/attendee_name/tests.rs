use proptest::prelude::*;

use super::*;

fn key(name: &str) -> String {
    AttendeeName::parse(name).unwrap().key.0
}

fn lookup_key(name: &str) -> String {
    NameKey::of(name).unwrap().0
}

#[test]
fn spellings_have_same_key() {
    for name in ["Melvin", " melvin ", "MELVIN", "Mel\u{200D}vin"] {
        assert_eq!(key(name), "melvin", "{name:?}");
    }
    assert_eq!(key("Jose\u{301}"), key("JOSÉ"));
    assert_eq!(key("Strauß"), key("STRAUSS"));
    assert_eq!(AttendeeName::parse(" Ana  María ").unwrap().as_str(), "Ana María");
}

#[test]
fn apostrophes_and_dashes_have_same_key() {
    for name in
        ["O'Neill-Smith", "O’NEILL‐SMITH", "o‘neill–smith", "O´Neill−Smith", "O`Neill－Smith", "O＇Neill\u{2011}Smith"]
    {
        assert_eq!(key(name), "o'neill-smith", "{name:?}");
        assert_eq!(AttendeeName::parse(name).unwrap().as_str(), name);
    }
    assert_eq!(key("בן־גוריון"), key("בן-גוריון"));
    assert_eq!(key("Anna\u{AD}Lena"), "annalena", "a soft hyphen is invisible");
    assert_ne!(key("Hawaiʻi"), key("Hawai'i"), "a letter that looks like an apostrophe stays");
    assert_ne!(key("Oʼodham"), key("O'odham"));
    assert_ne!(key("Anna-Lena"), key("Anna Lena"));
}

#[test]
fn dotted_i_has_same_key() {
    for name in ["İpek", "ipek", "IPEK", "I\u{307}pek", "i\u{307}pek", "i\u{200D}\u{307}pek", "i\u{307}\u{307}pek"] {
        assert_eq!(key(name), "ipek", "{name:?}");
    }
    assert_ne!(key("ıpek"), "ipek", "the dotless letter is another letter");
    assert_eq!(key("ė"), "ė");
}

#[test]
fn lookup_key_keeps_punctuation() {
    assert_eq!(lookup_key("O’Neill"), "o’neill");
    assert_eq!(lookup_key("O'Neill-Smith"), "o'neill-smith");
    assert_eq!(lookup_key("İpek"), "i\u{307}pek");
    assert_eq!(lookup_key("MELVIN"), "melvin");
}

#[test]
fn accepts_every_script_and_emoji() {
    for name in ["שרה", "محمد", "नीलम", "小林", "👩‍👩‍👧‍👦", "O'Neill-Smith, Jr.", "x"]
    {
        assert!(AttendeeName::parse(name).is_ok(), "{name:?}");
    }
    assert!(AttendeeName::parse(&"👩‍👩‍👧".repeat(56)).is_ok());
    assert_eq!(AttendeeName::parse(&"é".repeat(81)), Err(FieldProblem::TooLong { found: 81, limit: 80 }));
}

#[test]
fn rejects_empty_invisible_and_reserved() {
    assert_eq!(AttendeeName::parse(""), Err(FieldProblem::Empty { limit: 80 }));
    assert_eq!(AttendeeName::parse(" \u{200D} "), Err(FieldProblem::Empty { limit: 80 }));
    assert_eq!(AttendeeName::parse("a\u{7}b"), Err(FieldProblem::Invisible { character: '\u{7}' }));
    assert_eq!(AttendeeName::parse("a\u{202E}b"), Err(FieldProblem::Invisible { character: '\u{202E}' }));
    assert_eq!(AttendeeName::parse("a\u{200B}b"), Err(FieldProblem::Invisible { character: '\u{200B}' }));
    for character in ['\u{2800}', '\u{FFF9}', '\u{FFFD}', '\u{FDD0}', '\u{1FFFF}'] {
        assert_eq!(AttendeeName::parse(&format!("Eva{character}")), Err(FieldProblem::Invisible { character }));
    }
    assert_eq!(AttendeeName::parse("#details"), Err(FieldProblem::BeginsWithHash));
    assert_eq!(AttendeeName::parse("\u{200D}#details"), Err(FieldProblem::BeginsWithHash));
    assert_eq!(AttendeeName::parse("\u{200D} #details"), Err(FieldProblem::BeginsWithHash));
}

#[test]
fn limits_marks_of_a_character() {
    let marked = |marks| format!("Z{}oe", "\u{300}\u{489}\u{330}".repeat(20).chars().take(marks).collect::<String>());
    assert!(AttendeeName::parse(&marked(4)).is_ok());
    assert_eq!(AttendeeName::parse(&marked(5)), Err(FieldProblem::TooManyMarks { limit: 4 }));
    assert!(NameKey::of(&marked(5)).is_ok(), "names that were stored before are found");
    for name in ["שָׁלוֹם", "Nguyễn Thị Huệ", "བསྒྲུབས", "ก็ที่นั่น", "مُحَمَّدٌ"]
    {
        assert!(AttendeeName::parse(name).is_ok(), "{name:?}");
    }
}

/// Names with many characters that the two foldings treat differently, or that fold or compose in special ways.
const NAMES: &str = "[\\PC'`´‘’‐–−－İIiıj\u{307}\u{300}\u{323}\u{328}\u{345}\u{AD}\u{200D}\u{1FEF}\u{1FFD}ẛǰΐ -]{1,12}";

proptest! {
    #![proptest_config(crate::seed::config(1_000))]

    #[test]
    fn key_is_stable_and_without_leading_hash(name in "[\\PC#\u{200D}]{0,20}") {
        if let Ok(name) = AttendeeName::parse(&name) {
            let key = name.key().as_str();
            prop_assert!(!key.is_empty() && !key.starts_with('#') && key.len() <= text::MAX_KEY_BYTES);
            prop_assert_eq!(AttendeeName::parse(name.as_str()).unwrap().key, name.key().clone());
            prop_assert_eq!(fold(key), key);
        }
    }

    #[test]
    fn earlier_key_is_refolded_to_key(name in NAMES) {
        if let Ok(name) = AttendeeName::parse(&name) {
            let earlier = NameKey(fold_letters(name.as_str()));
            prop_assert_eq!(&*name.lookup_key(), &earlier);
            prop_assert_eq!(&*earlier.refolded(), name.key());
            prop_assert_eq!(&*name.key().refolded(), name.key());
            prop_assert!(name.key().as_str().len() <= earlier.as_str().len());
        }
    }

    #[test]
    fn names_without_such_characters_keep_their_key(name in "\\PC{0,20}") {
        if let Ok(name) = AttendeeName::parse(&name)
            && !name.as_str().chars().any(|c| c == 'İ' || c == DOT_ABOVE || text::is_apostrophe(c) || text::is_dash(c))
        {
            prop_assert_eq!(&fold_letters(name.as_str()), name.key().as_str());
        }
    }
}
