//! The wording that says the most in one message of a phone network, or else in two.

use std::ops::RangeInclusive;

use unicode_segmentation::UnicodeSegmentation;

use super::gsm7::{is_gsm7, segments};

/// Less of a title could be the beginning of many.
const TITLE_CHARS: usize = 16;

/// What is to be said about an event, at any length.
pub struct Sms<'a, F> {
    pub title: &'a str,
    /// Instead of a title of which nothing fits.
    pub untitled: &'a str,
    /// How many names there are to show.
    pub names: usize,
    /// The words under a title and with at most so many names.
    pub words: F,
}

/// One way to make it short enough.
struct Way<'a> {
    names: RangeInclusive<usize>,
    /// How many characters of the title stay at least.
    title_chars: usize,
    segments: usize,
    /// What comes after the words.
    link: &'a str,
}

impl<F: Fn(&str, usize) -> String> Sms<'_, F> {
    /// What is given up, in this order: all names but one, the end of the title, the one segment, the last name, the
    /// whole title, the link.
    pub fn with_link(&self, link: &str) -> String {
        let names = || self.names.min(1)..=self.names;
        let counts = || 0..=0;
        let ways = |link| {
            [
                Way { names: names(), title_chars: TITLE_CHARS, segments: 1, link },
                Way { names: names(), title_chars: TITLE_CHARS, segments: 2, link },
                Way { names: counts(), title_chars: TITLE_CHARS, segments: 1, link },
                Way { names: counts(), title_chars: TITLE_CHARS, segments: 2, link },
                Way { names: names(), title_chars: 0, segments: 2, link },
                Way { names: counts(), title_chars: 0, segments: 2, link },
            ]
        };
        let link = format!(" {link}");
        let mut ways = ways(&link).into_iter().chain(ways(""));
        ways.find_map(|way| self.shorten(&way)).expect("counts without a title and a link fit")
    }

    /// The whole title or else the most of it that fits, and under that the most names.
    fn shorten(&self, way: &Way<'_>) -> Option<String> {
        let text = |title: &str, names| Some((self.words)(title, names) + way.link).filter(|text| way.fits(text));
        let most_names = |title: &str| way.names.clone().rev().find_map(|names| text(title, names));
        most_names(self.title).or_else(|| {
            let ends: Vec<usize> = self.title.grapheme_indices(true).map(|(end, _)| end).collect();
            let ends = ends.get(way.title_chars..)?;
            let fitting = ends.partition_point(|&end| text(&self.cut(end), *way.names.start()).is_some());
            most_names(&self.cut(*ends[..fitting].last()?))
        })
    }

    /// The title up to there, so that one sees that it was cut.
    fn cut(&self, end: usize) -> String {
        match self.title[..end].trim_end() {
            "" => self.untitled.to_owned(),
            // The one character for it would make the whole text UCS-2.
            title if is_gsm7(title) => format!("{title}..."),
            title => format!("{title}…"),
        }
    }
}

impl Way<'_> {
    fn fits(&self, text: &str) -> bool {
        segments(text) <= self.segments
    }
}
