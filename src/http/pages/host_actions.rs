//! The buttons with which a host does something.

use maud::{Markup, html};

use crate::http::locale::Locale;

/// A button that acts at once, because the action can be undone. `path` is that of the host's page.
pub fn action_form(locale: Locale, path: &str, action: &str, label: &str) -> Markup {
    html! {
        form method="post" action=(path) {
            button.plain type="submit" name="action" value=(action) { (locale.text(label)) }
        }
    }
}

/// A button that first says what will happen. `fields` are sent with the action.
pub fn confirmed_action(
    locale: Locale,
    path: &str,
    action: &str,
    label: &str,
    question: &str,
    fields: &[(&str, &str)],
) -> Markup {
    html! {
        details.confirm {
            summary { (locale.text(label)) }
            form.card method="post" action=(path) {
                p { (locale.text(question)) }
                @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
                button.bad type="submit" name="action" value=(action) { (locale.text(label)) }
            }
        }
    }
}
