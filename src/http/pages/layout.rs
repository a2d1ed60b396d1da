//! What all pages share: the head, the header and the footer.

use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};
use strum::VariantArray as _;

use crate::domain::event::EventId;
use crate::domain::language::Language;
use crate::domain::timestamp::Timestamp;
use crate::http::locale::Locale;
use crate::http::pages::assets::{ICON_PATH, MANIFEST_PATH, script_path, style_path};
use crate::http::site::Site;

/// The colours of events in `style.css`.
const ACCENTS: u8 = 8;

/// Stands for the tag of a page in its HTML until the page is rendered.
pub const TAG_HOLE: &str = "\u{FDEE}";

/// A page without the parts that all pages share.
///
/// As a response, it has no body until the [middleware](crate::http::middleware::page) adds it, because the footer depends on
/// the settings of the site.
#[derive(Clone)]
pub struct Page {
    locale: Locale,
    title: String,
    head: Markup,
    main: Markup,
    accent: Option<u8>,
    /// Whether `page.js` keeps the marked parts of the page up to date.
    is_live: bool,
    /// The path of the page, if it may also be the answer to a form at another address.
    path: Option<String>,
    /// When the page changes although nothing is stored.
    changes_at: Option<Timestamp>,
}

pub fn layout(locale: Locale, title: &str, main: Markup) -> Page {
    Page {
        locale,
        title: title.to_owned(),
        head: PreEscaped(String::new()),
        main,
        accent: None,
        is_live: false,
        path: None,
        changes_at: None,
    }
}

impl Page {
    /// Adds tags to the head of the page.
    #[must_use]
    pub fn with_head(self, head: Markup) -> Self {
        Self { head, ..self }
    }

    /// Shows the page in the colour of an event. It is the same on all pages of the event.
    #[must_use]
    pub fn of_event(self, event: &EventId) -> Self {
        let hash = Sha256::digest(event.as_str().as_bytes());
        Self { accent: Some(hash[0] % ACCENTS), ..self }
    }

    /// Keeps the parts with the attribute `data-live` up to date while the page is shown. `changes_at` is when they change although
    /// nothing is stored.
    #[must_use]
    pub fn live(self, changes_at: Option<Timestamp>) -> Self {
        Self { is_live: true, changes_at, ..self }
    }

    /// Sets the path under which a browser keeps the page if it is the answer to a form, so that Back and reload lead to it.
    #[must_use]
    pub fn at(self, path: String) -> Self {
        Self { path: Some(path), ..self }
    }

    pub fn is_live(&self) -> bool {
        self.is_live
    }

    pub fn changes_at(&self) -> Option<Timestamp> {
        self.changes_at
    }

    /// `can_reload` is false if the page answers a form, so that its address leads nowhere.
    pub fn render(&self, site: &Site, can_reload: bool) -> String {
        let path = self.path.as_deref().filter(|_| !can_reload);
        let page = html! {
            (DOCTYPE)
            html lang=(self.locale.language().as_str()) class=[self.accent.map(|accent| format!("accent-{accent}"))] {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="robots" content="noindex";
                    title { (self.title) " · Count Me In" }
                    link rel="stylesheet" href=(style_path());
                    link rel="icon" type="image/svg+xml" href=(ICON_PATH);
                    link rel="manifest" href=(MANIFEST_PATH);
                    script src=(script_path()) defer {}
                    (self.head)
                }
                body data-live=[(self.is_live && can_reload).then_some(TAG_HOLE)] data-path=[path] {
                    a.skip href="#main" { (self.locale.text("skip")) }
                    header.site { a href="/" { "Count Me In" } }
                    main #main tabindex="-1" { (self.main) }
                    (self.footer(site, if can_reload { Some("") } else { path }))
                }
            }
        };
        site.base.in_page(page.into_string())
    }

    /// `path` is that of the page: `None` if it has none.
    fn footer(&self, site: &Site, path: Option<&str>) -> Markup {
        let links = [("imprint", &site.imprint_url), ("privacy", &site.privacy_url)];
        let others =
            Language::VARIANTS.iter().filter(|language| path.is_some() && **language != self.locale.language());
        html! {
            footer.site {
                @for (label, url) in links {
                    @if let Some(url) = url { a href=(url) rel="noopener" { (self.locale.text(label)) } " " }
                }
                @for language in others {
                    a href={ (path.unwrap_or_default()) "?lang=" (language.as_str()) } hreflang=(language.as_str()) lang=(language.as_str()) rel="nofollow" {
                        (Locale::new(*language).text("language-name"))
                    }
                }
            }
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(self);
        response
    }
}
