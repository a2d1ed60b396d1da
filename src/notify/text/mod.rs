//! Formats the texts of notifications. The code decides only how many names and how much of the title a text contains. Does no
//! I/O.

pub mod gsm7;
mod sms;
mod summary;

pub(crate) use self::summary::join_names;

use fluent_bundle::FluentValue;

use self::sms::SmsDraft;
use self::summary::summarize;
use crate::domain::announcement::Announcement;
use crate::domain::language::Language;
use crate::domain::seat::SeatNews;
use crate::domain::text;
use crate::texts::Catalog;

/// The default maximum number of names in an announcement. The other attendees are counted.
pub const DEFAULT_NAMES_SHOWN: usize = 10;

/// The texts of all messages in one language.
pub struct MessageTexts {
    catalog: &'static Catalog,
    names_shown: usize,
}

/// An email in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// A single line without control characters.
    pub subject: String,
    pub body: String,
}

impl MessageTexts {
    /// An announcement shows at most `names_shown` names, counting joined and left attendees together.
    pub fn new(language: Language, names_shown: usize) -> Self {
        Self { catalog: Catalog::of(language), names_shown }
    }

    /// The same messages in another language.
    pub fn in_language(&self, language: Language) -> Self {
        Self::new(language, self.names_shown)
    }

    /// Formats an announcement as one line: `Dance: Ana, Ben and 41 others joined; 63 are in.`
    pub fn announcement_line(&self, announcement: &Announcement) -> String {
        self.format_line(&announcement.title, &summarize(self.catalog, announcement, self.names_shown))
    }

    /// Formats an announcement and the recipient's manage link as a text message.
    ///
    /// The message is shortened to one segment if at least one name and the beginning of the title fit into it, and to
    /// two segments otherwise. First it shows fewer names, then less of the title, and last it omits the link.
    pub fn announcement_sms(&self, announcement: &Announcement, link: &str) -> String {
        let names = (announcement.joined.len() + announcement.left.len()).min(self.names_shown);
        let summaries: Vec<String> =
            (0..=names).map(|max_names| summarize(self.catalog, announcement, max_names)).collect();
        self.fit_sms(&announcement.title, names, link, |title, max_names| {
            self.format_line(title, &summaries[max_names])
        })
    }

    /// Formats an announcement as an email. `link` is the recipient's manage link.
    pub fn announcement_email(&self, announcement: &Announcement, link: &str) -> Email {
        let title = announcement.title.as_str();
        let summary = summarize(self.catalog, announcement, self.names_shown);
        let line = self.format_line(title, &summary);
        let arguments =
            [("title", title.into()), ("news", summary.into()), ("line", line.into()), ("link", link.into())];
        self.format_email("announcement-email", &arguments)
    }

    /// Formats an opt-in request as a text message, shortened like [`MessageTexts::announcement_sms`].
    pub fn opt_in_sms(&self, title: &str, link: &str) -> String {
        self.format_sms("confirm-sms", title, link)
    }

    /// Formats an opt-in request about the registration of `name` as an email.
    pub fn opt_in_email(&self, title: &str, name: &str, link: &str) -> Email {
        self.format_email("confirm-email", &[("title", title.into()), ("name", name.into()), ("link", link.into())])
    }

    /// Formats a resent manage link as a text message, shortened like [`MessageTexts::announcement_sms`].
    pub fn resent_link_sms(&self, title: &str, link: &str) -> String {
        self.format_sms("link-again-sms", title, link)
    }

    /// Formats a resent manage link as an email.
    pub fn resent_link_email(&self, title: &str, link: &str) -> Email {
        self.format_email("link-again-email", &[("title", title.into()), ("link", link.into())])
    }

    /// Formats the news about a seat as one line: `Dance: you have a place.`
    pub fn seat_line(&self, title: &str, news: SeatNews) -> String {
        self.format_line(title, &self.format_seat(news))
    }

    /// Formats the news about a seat as a text message, shortened like [`MessageTexts::announcement_sms`].
    pub fn seat_sms(&self, title: &str, news: SeatNews, link: &str) -> String {
        let news = self.format_seat(news);
        self.fit_sms(title, 0, link, |title, _| self.format_line(title, &news))
    }

    /// Formats the news about the seat of `name` as an email.
    pub fn seat_email(&self, title: &str, name: &str, news: SeatNews, link: &str) -> Email {
        let message = match news {
            SeatNews::Confirmed => "seat-confirmed-email",
            SeatNews::Waiting { .. } => "seat-waiting-email",
        };
        let position = news.position().unwrap_or_default();
        let news = self.format_seat(news);
        let arguments = [
            ("title", title.into()),
            ("name", name.into()),
            ("news", news.into()),
            ("position", position.into()),
            ("link", link.into()),
        ];
        self.format_email(message, &arguments)
    }

    fn format_seat(&self, news: SeatNews) -> String {
        match news {
            SeatNews::Confirmed => self.catalog.format("seat-confirmed", &[]),
            SeatNews::Waiting { position } => self.catalog.format("seat-waiting", &[("position", position.into())]),
        }
    }

    fn format_line(&self, title: &str, summary: &str) -> String {
        self.catalog.format("line", &[("title", title.into()), ("news", summary.into())])
    }

    fn format_sms(&self, message: &str, title: &str, link: &str) -> String {
        self.fit_sms(title, 0, link, |title, _| self.catalog.format(message, &[("title", title.into())]))
    }

    fn fit_sms(&self, title: &str, names: usize, link: &str, format: impl Fn(&str, usize) -> String) -> String {
        let fallback_title = self.catalog.format("untitled", &[]);
        SmsDraft { title, fallback_title: &fallback_title, names, format }.fit_with_link(link)
    }

    fn format_email(&self, message: &str, arguments: &[(&str, FluentValue<'_>)]) -> Email {
        let subject = self.catalog.format(&format!("{message}.subject"), arguments);
        // Valid titles and names contain no invisible characters. They are removed here as a second protection against
        // injected mail headers.
        let subject = subject.chars().map(|c| if text::is_unprintable(c) { ' ' } else { c }).collect();
        Email { subject, body: self.catalog.format(message, arguments) }
    }
}

#[cfg(test)]
mod tests;
