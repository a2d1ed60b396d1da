//! What people are told, in their language, out of one message file each (`en.ftl`, `de.ftl`).
//!
//! Pure: an announcement in, a text out. The files decide what is said, in which order its parts stand and how plurals
//! go; the code only chooses how many names there is room for.

mod catalog;
mod clauses;
pub mod gsm7;
mod language;
mod sms;

pub(crate) use self::catalog::Catalog;
pub(crate) use self::clauses::list;
pub use self::language::Language;

use fluent_bundle::FluentValue;

use self::clauses::clauses;
use self::sms::Sms;
use crate::domain::announcement::Announcement;
use crate::domain::text;

/// How many names an announcement shows; the rest are counted.
pub const NAMES_SHOWN: usize = 10;

/// Words in one language.
pub struct MessageTexts {
    catalog: Catalog,
    names_shown: usize,
}

/// Plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// One line without control characters.
    pub subject: String,
    pub body: String,
}

impl MessageTexts {
    /// Names shown are those who joined and those who left together.
    pub fn new(language: Language, names_shown: usize) -> Self {
        Self { catalog: Catalog::new(language), names_shown }
    }

    /// `Dance: Ana, Ben and 41 others joined; 63 are in.`
    pub fn line(&self, announcement: &Announcement) -> String {
        self.line_of(&announcement.title, &clauses(&self.catalog, announcement, self.names_shown))
    }

    /// The line and the link, in one segment if that has room for a name and some of the title, otherwise in at most
    /// two. Fewer names are shown, then less of the title; a link for which that is not enough is left out.
    pub fn sms(&self, announcement: &Announcement, link: &str) -> String {
        let named = announcement.joined.len() + announcement.left.len();
        let names = named.min(self.names_shown);
        let news: Vec<String> = (0..=names).map(|names| clauses(&self.catalog, announcement, names)).collect();
        self.fit(&announcement.title, names, link, |title, names| self.line_of(title, &news[names]))
    }

    /// `manage` is the recipient's own link.
    pub fn email(&self, announcement: &Announcement, manage: &str) -> Email {
        let title = announcement.title.as_str();
        let news = clauses(&self.catalog, announcement, self.names_shown);
        let line = self.line_of(title, &news);
        let arguments =
            [("title", title.into()), ("news", news.into()), ("line", line.into()), ("link", manage.into())];
        self.email_of("announcement-email", &arguments)
    }

    /// Asks the owner of a phone whether they want messages. As short as [`MessageTexts::sms`].
    pub fn confirm_sms(&self, title: &str, link: &str) -> String {
        self.nameless_sms("confirm-sms", title, link)
    }

    /// Asks the owner of an address whether they want messages.
    pub fn confirm_email(&self, title: &str, link: &str) -> Email {
        self.email_of("confirm-email", &[("title", title.into()), ("link", link.into())])
    }

    /// For whoever has lost their link. As short as [`MessageTexts::sms`].
    pub fn link_again_sms(&self, title: &str, link: &str) -> String {
        self.nameless_sms("link-again-sms", title, link)
    }

    /// For whoever has lost their link.
    pub fn link_again_email(&self, title: &str, link: &str) -> Email {
        self.email_of("link-again-email", &[("title", title.into()), ("link", link.into())])
    }

    fn line_of(&self, title: &str, news: &str) -> String {
        self.catalog.say("line", &[("title", title.into()), ("news", news.into())])
    }

    fn nameless_sms(&self, message: &str, title: &str, link: &str) -> String {
        self.fit(title, 0, link, |title, _| self.catalog.say(message, &[("title", title.into())]))
    }

    fn fit(&self, title: &str, names: usize, link: &str, words: impl Fn(&str, usize) -> String) -> String {
        let untitled = self.catalog.say("untitled", &[]);
        Sms { title, untitled: &untitled, names, words }.with_link(link)
    }

    fn email_of(&self, message: &str, arguments: &[(&str, FluentValue<'_>)]) -> Email {
        let subject = self.catalog.say(&format!("{message}.subject"), arguments);
        // Titles and names hold no such characters; a header must not depend on it.
        let subject = subject.chars().map(|c| if text::is_invisible(c) { ' ' } else { c }).collect();
        Email { subject, body: self.catalog.say(message, arguments) }
    }
}

#[cfg(test)]
mod tests;
