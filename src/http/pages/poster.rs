//! A poster of an event with its link as a QR code, to be printed.

use maud::{PreEscaped, html};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

use crate::domain::event::Event;
use crate::domain::event_details::EventDetails;
use crate::domain::timestamp::Timestamp;
use crate::http::locale::Locale;
use crate::http::pages::errors::refusal_text;
use crate::http::pages::event_details::heading;
use crate::http::pages::{Page, layout};

/// `url` is the link for guests.
pub fn poster(locale: Locale, event: &Event, details: Option<&EventDetails>, url: &str) -> Page {
    let main = html! {
        article.poster {
            (heading(locale, event.title(), details.map(|details| &details.content)))
            @match details.and_then(|details| details.check_open(Timestamp::now()).err()) {
                Some(refusal) if !refusal.takes_place() => {
                    p.lead { (refusal_text(locale, &refusal, None)) }
                },
                _ => {
                    @if let Some(code) = qr_code(url, &locale.text("poster-code")) { (code) }
                    p.lead { (locale.text("poster-scan")) }
                    p { (url) }
                },
            }
        }
        p.no-print { button type="button" data-print hidden { (locale.text("print")) } }
    };
    layout(locale, event.title(), main).of_event(event.id())
}

/// The link as a picture. `None` if it is too long for a QR code, which has room for 2,331 bytes at this level.
fn qr_code(url: &str, label: &str) -> Option<PreEscaped<String>> {
    // A poster may get dirty: 15 % of this code can be unreadable.
    let code = QrCode::with_error_correction_level(url, EcLevel::M).ok()?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(256, 256).build();
    // HTML allows no XML declaration.
    let start = picture.find("<svg").unwrap_or_default();
    let svg = PreEscaped(&picture[start..]);
    Some(html! { div role="img" aria-label=(label) { (svg) } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_is_a_picture() {
        let code = qr_code("https://example.org/events/dinner", "Link").unwrap().into_string();
        assert!(
            code.starts_with("<div role=\"img\" aria-label=\"Link\"><svg") && code.ends_with("</svg></div>"),
            "{code}"
        );
        assert!(qr_code(&"x".repeat(3_000), "").is_none());
    }
}
