//! The languages in which this program writes to people.

use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantArray, VariantNames)]
pub enum Language {
    #[default]
    #[strum(serialize = "en")]
    English,
    #[strum(serialize = "de")]
    German,
}

impl Language {
    /// Returns the language of a tag, such as `de` or `de-AT` (RFC 5646), or `None` if messages are not available in it.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let (primary, _) = tag.trim().split_once(['-', '_']).unwrap_or((tag.trim(), ""));
        primary.to_ascii_lowercase().parse().ok()
    }

    /// Returns the language that a client prefers, by the value of its `Accept-Language` (RFC 9110, section 12.5.4).
    pub fn preferred(accept_language: &str) -> Option<Self> {
        let ranges = accept_language.split(',').filter_map(|range| {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, "q=1"));
            let quality: f32 = parameters.trim().strip_prefix("q=")?.parse().ok()?;
            Some((Self::of_tag(tag)?, quality))
        });
        let acceptable = ranges.filter(|(_, quality)| *quality > 0.0);
        // The first of those with the highest quality.
        acceptable.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(language, _)| language)
    }

    /// The ISO 639 code: `en` or `de`.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn region_does_not_matter() {
        for tag in ["de", "de-AT", "DE_ch", " de "] {
            assert_eq!(Language::of_tag(tag), Some(Language::German), "{tag}");
        }
        for tag in ["", "fr", "deutsch", "*", "🎉"] {
            assert_eq!(Language::of_tag(tag), None, "{tag}");
        }
    }

    #[test]
    fn most_preferred_available_language_is_chosen() {
        use Language::{English, German};
        for (header, expected) in [
            ("de-DE,de;q=0.9,en;q=0.8", Some(German)),
            ("fr;q=1, en;q=0.3, de;q=0.7", Some(German)),
            ("en, de", Some(English)),
            ("de;q=0, en;q=0.1", Some(English)),
            ("de;q=0", None),
            ("fr", None),
            ("*", None),
            ("", None),
            (";;;q=,", None),
        ] {
            assert_eq!(Language::preferred(header), expected, "{header}");
        }
    }
}
