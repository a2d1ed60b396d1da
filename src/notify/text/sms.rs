//! Shortens a text message to one segment or, if that is too short, to two.

use std::ops::RangeInclusive;

use unicode_segmentation::UnicodeSegmentation;

use super::gsm7::{is_gsm7, segments};

/// Characters of a shortened title. Fewer characters may not identify the event.
const MIN_TITLE_CHARS: usize = 16;

/// A text message about an event, which can be formatted with a shorter title and fewer names.
pub struct SmsDraft<'a, F> {
    pub title: &'a str,
    /// Replaces the title if no character of it fits.
    pub fallback_title: &'a str,
    /// The number of names in the full text.
    pub names: usize,
    /// Formats the text with the given title and maximum number of names.
    pub format: F,
}

/// The constraints for a shortened text.
struct Layout<'a> {
    /// How many names the text may show.
    names: RangeInclusive<usize>,
    /// How many characters of the title the text must keep.
    min_title_chars: usize,
    max_segments: usize,
    /// The end of the text: the link, or nothing.
    suffix: &'a str,
}

impl<F: Fn(&str, usize) -> String> SmsDraft<'_, F> {
    /// Adds the link and shortens the text. The layouts are tried in order, and within a layout names are removed
    /// before the title is cut. The link is omitted only if no layout with the link fits.
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

    /// Formats the text with the whole title or, if that does not fit, with as much of the title as fits,
    /// and then with as many names as fit. Returns `None` if no text fits the layout.
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

    /// Returns the first `end` bytes of the title, followed by an ellipsis.
    fn cut_title(&self, end: usize) -> String {
        match self.title[..end].trim_end() {
            "" => self.fallback_title.to_owned(),
            // GSM-7 has no `…`. The character would make the network encode the whole text in UCS-2.
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
