//! The slug of a title: the form in which titles are compared, and which is part of links.

use icu_properties::props::GeneralCategoryGroup;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::text;

/// The maximum length of a slug, in grapheme clusters.
pub const MAX_SLUG_CHARS: usize = 64;

const SEPARATOR: char = '-';

/// Returns the letters and digits of a title, in NFKC and case-folded, with one `-` between words. Apostrophes are left
/// out, and every other character separates words. A long slug ends after a word, if it has more than one. The slug of a
/// title without letters and digits is empty.
///
/// Ids of events are stored and part of links, so a change of this function needs a migration. The slug of a slug is the
/// same slug.
pub fn slug(title: &str) -> String {
    // Letters can compose if the character between them was left out.
    let slug = join_words(&fold(&without_apostrophes(title)));
    shorten(text::fold_until_stable(&slug, |slug| join_words(&fold(slug))))
}

fn without_apostrophes(text: &str) -> String {
    text.chars().filter(|character| !text::is_apostrophe(*character)).collect()
}

/// Folds case and compatibility forms, and removes default-ignorable code points (as in Unicode definition D146).
fn fold(text: &str) -> String {
    text::fold_until_stable(&text::nfkc(text), |folded| text::nfkc(&text::without_ignorable(&text::fold_case(folded))))
}

/// Keeps letters, digits, and the marks that follow them, such as accents and vowel signs.
fn join_words(folded: &str) -> String {
    let mut slug = String::with_capacity(folded.len());
    for character in folded.chars().filter(|character| !text::is_apostrophe(*character)) {
        let ends_word = slug.is_empty() || slug.ends_with(SEPARATOR);
        match kind(character) {
            Kind::Letter => slug.push(character),
            Kind::Mark if !ends_word => slug.push(character),
            Kind::Mark | Kind::Other if ends_word => {}
            Kind::Mark | Kind::Other => slug.push(SEPARATOR),
        }
    }
    slug.truncate(slug.trim_end_matches(SEPARATOR).len());
    slug
}

fn shorten(mut slug: String) -> String {
    let Some((end, _)) = slug.grapheme_indices(true).nth(MAX_SLUG_CHARS) else { return slug };
    let ends_after_word = slug[end..].starts_with(SEPARATOR);
    slug.truncate(end);
    if !ends_after_word && let Some(end_of_word) = slug.rfind(SEPARATOR) {
        slug.truncate(end_of_word);
    }
    slug.truncate(slug.trim_end_matches(SEPARATOR).len());
    slug
}

/// What a character means in a slug.
enum Kind {
    /// A letter or a digit of any script.
    Letter,
    /// A combining mark, such as an accent or a vowel sign.
    Mark,
    Other,
}

fn kind(character: char) -> Kind {
    if character.is_ascii() {
        return if character.is_ascii_alphanumeric() { Kind::Letter } else { Kind::Other };
    }
    let category = text::category(character);
    if GeneralCategoryGroup::Letter.contains(category) || GeneralCategoryGroup::Number.contains(category) {
        Kind::Letter
    } else if GeneralCategoryGroup::Mark.contains(category) {
        Kind::Mark
    } else {
        Kind::Other
    }
}

#[cfg(test)]
mod tests;
