//! What all pages share: the head, the header and the footer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};
use strum::VariantArray as _;

use crate::domain::event::EventId;
use crate::domain::language::Language;
use crate::http::locale::{self, Locale};
use crate::http::pages::assets::{ICON_PATH, MANIFEST_PATH, script_path, style_path};
use crate::http::pages::form::TOKEN_HOLE;
use crate::http::site::Site;
use crate::http::{App, form_token};

/// The colours of events in `style.css`.
const ACCENTS: u8 = 8;

/// A page without the parts that all pages share.
///
/// As a response, it has no body until [`render`] adds it, because the footer depends on the settings of the site.
#[derive(Clone)]
pub struct Page {
    locale: Locale,
    title: String,
    head: Markup,
    main: Markup,
    accent: Option<u8>,
    /// Whether `page.js` keeps the marked parts of the page up to date.
    is_live: bool,
}

pub fn layout(locale: Locale, title: &str, main: Markup) -> Page {
    Page { locale, title: title.to_owned(), head: PreEscaped(String::new()), main, accent: None, is_live: false }
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

    /// Keeps the parts with the attribute `data-live` up to date while the page is shown.
    #[must_use]
    pub fn live(self) -> Self {
        Self { is_live: true, ..self }
    }

    /// `can_reload` is false if the page answers a form, so that a link to its own address leads nowhere.
    pub fn render(&self, site: &Site, can_reload: bool) -> String {
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
                body data-live[self.is_live] {
                    a.skip href="#main" { (self.locale.text("skip")) }
                    header.site { a href="/" { "Count Me In" } }
                    main #main tabindex="-1" { (self.main) }
                    (self.footer(site, can_reload))
                }
            }
        };
        page.into_string()
    }

    fn footer(&self, site: &Site, can_reload: bool) -> Markup {
        let links = [("imprint", &site.imprint_url), ("privacy", &site.privacy_url)];
        let others = Language::VARIANTS.iter().filter(|language| can_reload && **language != self.locale.language());
        html! {
            footer.site {
                @for (label, url) in links {
                    @if let Some(url) = url { a href=(url) rel="noopener" { (self.locale.text(label)) } " " }
                }
                @for language in others {
                    a href={ "?lang=" (language.as_str()) } hreflang=(language.as_str()) lang=(language.as_str()) rel="nofollow" {
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

/// Renders the page in a response. A browser that has the same page already gets "not modified".
pub async fn render(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let language = locale::language_in(request.uri());
    let mut response = next.run(request).await;
    let Some(page) = response.extensions_mut().remove::<Page>() else { return response };
    let (mut parts, _) = response.into_parts();
    if let Some(cookie) = language.and_then(|language| HeaderValue::try_from(locale::remember(&app, language)).ok()) {
        parts.headers.append(header::SET_COOKIE, cookie);
    }
    parts.headers.insert(header::VARY, HeaderValue::from_static("accept-language, cookie"));
    let html = page.render(&app.site, is_get);
    if page.is_live && is_get && parts.status == StatusCode::OK {
        // The token of a form differs in every response, and does not change what the page says.
        let tag = format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(html.as_bytes())[..12]));
        let is_known = known.is_some_and(|known| known == tag.as_str());
        parts.headers.insert(header::ETAG, HeaderValue::try_from(tag).expect("base64 is a valid header value"));
        parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        if is_known {
            // It has the headers of the page (RFC 9110, section 15.4.5).
            parts.status = StatusCode::NOT_MODIFIED;
            return parts.into_response();
        }
    }
    let html =
        if html.contains(TOKEN_HOLE) { html.replace(TOKEN_HOLE, &form_token::create(&app.token_secret)) } else { html };
    (parts, PreEscaped(html)).into_response()
}
