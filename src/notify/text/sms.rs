//! Shortens a text message to one segment, or else to two.

use std::ops::RangeInclusive;

use unicode_segmentation::UnicodeSegmentation;

use super::gsm7::{is_gsm7, segments};

/// A shorter beginning could belong to many titles.
const MIN_TITLE_CHARS: usize = 16;

/// A text message about an event that can be formatted with less of its title and fewer names.
pub struct SmsDraft<'a, F> {
    pub title: &'a str,
    /// Replaces the title if not even its beginning fits.
    pub fallback_title: &'a str,
    /// How many names can be shown.
    pub names: usize,
    /// Formats the text with a title and at most a number of names.
    pub format: F,
}

/// What a shortened text must keep, and how long it may be.
struct Layout<'a> {
    names: RangeInclusive<usize>,
    /// How many characters of the title must stay.
    min_title_chars: usize,
    max_segments: usize,
    /// Follows the text.
    suffix: &'a str,
}

impl<F: Fn(&str, usize) -> String> SmsDraft<'_, F> {
    /// Adds the link and shortens the text. Gives up, in this order: all names but one, the end of the title, the limit
    /// of one segment, the last name, the whole title, the link.
    pub fn fit_with_link(&self, link: &str) -> String {
        let names = || self.names.min(1)..=self.names;
        let no_names = || 0..=0;
        let layouts = |suffix| {
            [
                Layout { names: names(), min_title_chars: MIN_TITLE_CHARS, max_segments: 1, suffix },
                Layout { names: names(), min_title_chars: MIN_TITLE_CHARS, max_segments: 2, suffix },
                Layout { names: no_names(), min_title_chars: MIN_TITLE_CHARS, max_segments: 1, suffix },
                Layout { names: no_names(), min_title_chars: MIN_TITLE_CHARS, max_segments: 2, suffix },
                Layout { names: names(), min_title_chars: 0, max_segments: 2, suffix },
                Layout { names: no_names(), min_title_chars: 0, max_segments: 2, suffix },
            ]
        };
        let link = format!(" {link}");
        let mut layouts = layouts(&link).into_iter().chain(layouts(""));
        layouts.find_map(|layout| self.shorten(&layout)).expect("the text without names, title and link fits")
    }

    /// Keeps the whole title, or else as much of it as fits, and then as many names as fit. `None` if nothing fits.
    fn shorten(&self, layout: &Layout<'_>) -> Option<String> {
        let fit =
            |title: &str, names| Some((self.format)(title, names) + layout.suffix).filter(|text| layout.fits(text));
        let fit_most_names = |title: &str| layout.names.clone().rev().find_map(|names| fit(title, names));
        fit_most_names(self.title).or_else(|| {
            let ends: Vec<usize> = self.title.grapheme_indices(true).map(|(end, _)| end).collect();
            let ends = ends.get(layout.min_title_chars..)?;
            let fitting = ends.partition_point(|&end| fit(&self.cut_title(end), *layout.names.start()).is_some());
            fit_most_names(&self.cut_title(*ends[..fitting].last()?))
        })
    }

    /// The title up to `end`, with an ellipsis.
    fn cut_title(&self, end: usize) -> String {
        match self.title[..end].trim_end() {
            "" => self.fallback_title.to_owned(),
            // The character `…` would force the whole text into UCS-2.
            title if is_gsm7(title) => format!("{title}..."),
            title => format!("{title}…"),
        }
    }
}

impl Layout<'_> {
    fn fits(&self, text: &str) -> bool {
        segments(text) <= self.max_segments
    }
}
