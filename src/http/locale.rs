//! The language of a page, and its texts.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use fluent_bundle::FluentValue;
use maud::{Markup, html};
use url::form_urlencoded;

use crate::domain::language::Language;
use crate::http::client::preferred_language;
use crate::http::cookies::SameSite;
use crate::http::{App, cookies};
use crate::texts::Catalog;

const COOKIE: &str = "countmein_language";
const COOKIE_MAX_AGE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The parameter with which the links at the end of a page choose another language.
const PARAMETER: &str = "lang";

/// The first of the characters that stand for the slots of a message while it is formatted. They are noncharacters, which no
/// name and no title contains.
const FIRST_SLOT: u32 = 0xFDD0;

/// Returns the language that the user of a browser has chosen with a link or prefers by `Accept-Language`. `None` if they prefer
/// no language in which there are texts.
fn chosen_language(app: &App, headers: &HeaderMap, uri: &Uri) -> Option<Language> {
    let chosen = cookies::values(app, COOKIE, headers).into_iter().find_map(Language::of_tag);
    language_in(uri).or(chosen).or_else(|| preferred_language(headers))
}

/// Returns the language that a link at the end of a page chooses.
pub fn language_in(uri: &Uri) -> Option<Language> {
    let mut parameters = form_urlencoded::parse(uri.query()?.as_bytes());
    let (_, tag) = parameters.find(|(name, _)| name == PARAMETER)?;
    Language::of_tag(&tag)
}

/// Returns the `Set-Cookie` header that keeps the language for later pages.
pub fn remember(app: &App, language: Language) -> String {
    cookies::set(app, COOKIE, language.as_str(), SameSite::Lax, COOKIE_MAX_AGE)
}

/// The language of a page, and its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locale {
    /// The language that the client has chosen or prefers. `None` if it is not known.
    chosen: Option<Language>,
}

/// What a message shows at one of its variables.
pub enum Slot<'a> {
    /// A text of a user, in whatever direction it is written.
    Text(&'a str),
    Number(u64),
    Markup(Markup),
}

impl Locale {
    pub const fn new(language: Language) -> Self {
        Self { chosen: Some(language) }
    }

    pub fn of_request(app: &App, headers: &HeaderMap, uri: &Uri) -> Self {
        Self { chosen: chosen_language(app, headers, uri) }
    }

    pub fn language(self) -> Language {
        self.chosen.unwrap_or_default()
    }

    /// The language that the client has chosen or prefers. `None` if it is not known.
    pub fn chosen(self) -> Option<Language> {
        self.chosen
    }

    /// Returns a message without variables.
    pub fn text(self, id: &str) -> String {
        self.format(id, &[])
    }

    /// Returns a message as plain text.
    pub fn format(self, id: &str, variables: &[(&str, FluentValue<'_>)]) -> String {
        Catalog::of(self.language()).format(id, variables)
    }

    /// Returns a message that counts something as its variable `number`.
    pub fn count(self, id: &str, number: u64) -> String {
        self.format(id, &[("number", number.into())])
    }

    /// Returns a message with texts of users, links and the like.
    pub fn markup(self, id: &str, slots: &[(&str, Slot<'_>)]) -> Markup {
        let stand_in = |index: usize| {
            let code = u32::try_from(index).ok().map(|index| FIRST_SLOT + index);
            code.and_then(char::from_u32).expect("a message has few variables").to_string()
        };
        let variables: Vec<(&str, FluentValue<'_>)> = slots
            .iter()
            .enumerate()
            .map(|(index, (name, slot))| match slot {
                Slot::Number(number) => (*name, (*number).into()),
                Slot::Text(_) | Slot::Markup(_) => (*name, stand_in(index).into()),
            })
            .collect();
        let text = self.format(id, &variables);
        let slot_of = |character: char| {
            let index = u32::from(character).checked_sub(FIRST_SLOT)?;
            slots.get(usize::try_from(index).ok()?)
        };
        let is_slot = |character: char| slot_of(character).is_some();
        html! {
            @for piece in text.split_inclusive(is_slot) {
                (piece.trim_end_matches(is_slot))
                @if let Some((_, slot)) = piece.chars().next_back().and_then(slot_of) { (slot) }
            }
        }
    }
}

impl maud::Render for Slot<'_> {
    fn render(&self) -> Markup {
        match self {
            Self::Text(text) => html! { bdi { (text) } },
            Self::Number(number) => html! { (number) },
            Self::Markup(markup) => markup.clone(),
        }
    }
}

impl FromRequestParts<Arc<App>> for Locale {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self::of_request(app, &parts.headers, &parts.uri))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_escaped_and_isolated() {
        let slots = [("name", Slot::Text("<Ana>")), ("change", Slot::Markup(html! { a href="/x" { "change" } }))];
        let shown = Locale::new(Language::English).markup("own-in", &slots).into_string();
        assert_eq!(shown, "You’re in as <bdi>&lt;Ana&gt;</bdi> · <a href=\"/x\">change</a>");
    }

    #[test]
    fn link_chooses_a_language() {
        let language = |uri: &'static str| language_in(&Uri::from_static(uri));
        assert_eq!(language("/events/dance?cursor=x&lang=de"), Some(Language::German));
        assert_eq!(language("/events/dance?lang=xx"), None);
        assert_eq!(language("/events/dance"), None);
    }
}
