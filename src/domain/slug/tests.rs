use proptest::prelude::*;

use super::*;
use crate::domain::event::{Event, EventId};
use crate::domain::invalid::FieldProblem;

#[test]
fn spellings_have_same_slug() {
    for text in [
        "Pizza Night",
        " pizza night ",
        "pizza_night",
        "PIZZA\t NIGHT",
        "Ｐｉｚｚａ　Ｎｉｇｈｔ",
        "-pizza--night-",
        "pizza/night",
        "#Pizza #Night!",
        "pizza–night",
        "🍕 Pizza… Night",
    ] {
        assert_eq!(slug(text), "pizza-night", "{text:?}");
    }
}

#[test]
fn punctuation_and_symbols_separate_words() {
    for (title, expected) in [
        ("Omar's dinner, 19:00!", "omars-dinner-19-00"),
        ("Tea & Cake", "tea-cake"),
        ("a/../b", "a-b"),
        ("C++ meetup (€5)", "c-meetup-5"),
        ("R&B", "r-b"),
        ("🎉", ""),
        ("'’´", ""),
    ] {
        assert_eq!(slug(title), expected, "{title:?}");
    }
}

#[test]
fn apostrophes_are_left_out() {
    for apostrophe in ["'", "’", "‘", "‛", "`", "´", "′", "＇", "\u{5F3}"] {
        assert_eq!(slug(&format!("Omar{apostrophe}s dinner")), "omars-dinner", "{apostrophe:?}");
    }
    // These are letters of some languages, and may be part of earlier ids.
    assert_eq!(slug("Hawai\u{2BB}i"), "hawai\u{2BB}i");
}

#[test]
fn keeps_every_script() {
    assert_eq!(slug("Straßenfest"), "strassenfest");
    assert_eq!(slug("हिन्दी दिवस"), "हिन्दी-दिवस");
    assert_eq!(slug("ליל פיצה"), "ליל-פיצה");
    assert_eq!(slug("İstanbul günü"), "i\u{307}stanbul-günü");
}

#[test]
fn mark_without_a_letter_is_left_out() {
    assert_eq!(slug("\u{301}Ana \u{94D} \u{301}Ben"), "ana-ben");
}

#[test]
fn removes_ignorable_characters() {
    for text in ["dance\u{FE0F}", "dance\u{34F}", "dance\u{115F}", "dance\u{180B}", "dan\u{AD}ce"] {
        assert_eq!(slug(text), "dance", "{text:?}");
    }
    assert_eq!(slug("می\u{200C}خواهم"), "میخواهم");
    assert_eq!(slug("\u{3164}"), "");
}

#[test]
fn long_slug_ends_after_word() {
    let words = |count| ["abcdefghi"].repeat(count).join(" ");
    assert_eq!(slug(&words(6)).len(), 59);
    assert_eq!(slug(&words(7)), ["abcdefghi"].repeat(6).join("-"));
    let fitting = format!("{} abcd", words(6));
    assert_eq!(slug(&fitting).len(), 64);
    assert_eq!(slug(&format!("{fitting} e")), slug(&fitting));
    assert_eq!(slug(&"e\u{301}".repeat(100)), "é".repeat(64));
}

/// Generates titles that were valid before titles could contain other characters: up to three words in several scripts.
/// They include letters that are difficult to fold: some become longer (`ß`, `ﬁ`, `Ⅷ`), `Σ` has two lower-case forms,
/// and some look like other letters (`ſ`, the Kelvin sign, full-width letters).
fn earlier_titles() -> impl Strategy<Value = String> {
    let letters =
        "[A-Za-z0-9À-ÖØ-öø-ľŁ-žΑ-ΡΣ-ωА-яא-תअ-हあ-ん一-龥가-힣Ａ-Ｚａ-ｚßİſ\u{212A}\u{212B}ﬁⅧ²ᾳᾼ\u{2BC}\u{2BB}]";
    let accents_and_ignorable = "[\u{301}\u{308}\u{327}\u{345}\u{AD}\u{34F}\u{200C}]";
    let word = format!("({letters}{accents_and_ignorable}{{0,2}}){{1,5}}");
    let separators = "[ _\t\u{3000}-]{1,3}";
    prop::string::string_regex(&format!("{word}({separators}{word}){{0,2}}")).expect("the regular expression is valid")
}

/// The id of a title before titles could contain other characters, copied from that version.
fn earlier_id(title: &str) -> Result<String, FieldProblem> {
    text::check_visible(&text::collapse_white_space(title))?;
    let folded = fold(title);
    let words = folded.split(|c: char| c.is_whitespace() || c == '_' || c == '-').filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("-");
    text::check_length(&slug, 64)?;
    let mut after_letter = false;
    for character in slug.chars() {
        after_letter = match kind(character) {
            Kind::Letter => true,
            Kind::Mark if after_letter => true,
            Kind::Other if character == '-' => false,
            Kind::Mark | Kind::Other => return Err(FieldProblem::NoLetterOrDigit),
        };
    }
    text::check_length(&text::collapse_white_space(&text::nfc(title)), 64)?;
    Ok(slug)
}

proptest! {
    #![proptest_config(crate::seed::config(2_000))]

    #[test]
    fn every_earlier_title_keeps_its_id(title in prop_oneof![earlier_titles(), "[\\PC\\s]{0,70}", "[\\p{L}\\p{M}\\p{N} _-]{0,70}"]) {
        if let Ok(id) = earlier_id(&title) {
            prop_assert_eq!(EventId::parse(&title).map(|found| found.to_string()), Ok(id.clone()));
            prop_assert_eq!(EventId::parse(&id).map(|found| found.to_string()), Ok(id));
        }
    }

    #[test]
    fn slug_of_slug_is_the_same(title in prop_oneof![earlier_titles(), "[\\PC\\s]{0,130}", "[\\p{L}\\p{M}'’´🎉 -]{0,130}"]) {
        let first = slug(&title);
        prop_assert_eq!(slug(&first), first.clone());
        prop_assert!(!first.starts_with('-') && !first.ends_with('-') && !first.contains("--"), "{}", first);
        prop_assert!(first.graphemes(true).count() <= MAX_SLUG_CHARS);
    }

    #[test]
    fn parsing_an_event_again_gives_the_same_id(title in "[\\PC\\s]{0,130}") {
        if let Ok(event) = Event::parse(&title) {
            prop_assert_eq!(EventId::parse(event.id().as_str()), Ok(event.id().clone()));
            prop_assert_eq!(EventId::parse(event.title()), Ok(event.id().clone()));
        }
    }

    #[test]
    fn case_does_not_matter(title in earlier_titles()) {
        let upper = title.to_uppercase();
        prop_assert_eq!(slug(&upper.to_lowercase()), slug(&upper));
    }
}
