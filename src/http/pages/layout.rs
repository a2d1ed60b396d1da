//! What all pages share: the head, the header and the footer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::http::App;
use crate::http::pages::VERSION;
use crate::http::site::Site;

/// A page without the parts that all pages share.
///
/// As a response, it has no body until [`render`] adds it, because the footer depends on the settings of the site.
#[derive(Clone)]
pub struct Page {
    title: String,
    main: Markup,
}

pub fn layout(title: &str, main: Markup) -> Page {
    Page { title: title.to_owned(), main }
}

impl Page {
    pub fn render(&self, site: &Site) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="robots" content="noindex";
                    title { (self.title) " · Count Me In" }
                    link rel="stylesheet" href={ "/assets/style.css?v=" (VERSION) };
                    link rel="icon" type="image/svg+xml" href={ "/assets/icon.svg?v=" (VERSION) };
                }
                body {
                    header { a href="/" { "Count Me In" } }
                    main { (self.main) }
                    (footer(site))
                }
            }
        }
    }
}

fn footer(site: &Site) -> Markup {
    let links = [("Imprint", &site.imprint_url), ("Privacy", &site.privacy_url)];
    html! {
        @if links.iter().any(|(_, url)| url.is_some()) {
            footer {
                @for (label, url) in links {
                    @if let Some(url) = url { a href=(url) rel="noopener" { (label) } " " }
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

/// Renders the page in a response.
pub async fn render(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let Some(page) = response.extensions_mut().remove::<Page>() else { return response };
    let (parts, _) = response.into_parts();
    (parts, page.render(&app.site)).into_response()
}
