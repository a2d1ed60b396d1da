//! Destructive actions ask first. This works without scripts.

use maud::{Markup, html};

use crate::http::locale::Locale;

/// The ids of the messages around a destructive action.
pub struct AskFirst {
    /// The button that asks.
    pub button: &'static str,
    /// What happens then.
    pub consequence: &'static str,
    /// The button that does it.
    pub submit: &'static str,
}

impl AskFirst {
    /// A button that shows what happens, and only then the button that sends the form.
    pub fn form(&self, locale: Locale, path: &str, fields: &[(&str, &str)]) -> Markup {
        html! {
            details {
                summary.button.quiet { (locale.text(self.button)) }
                form method="post" action=(path) {
                    p { (locale.text(self.consequence)) }
                    @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
                    button.bad type="submit" { (locale.text(self.submit)) }
                }
            }
        }
    }
}
