//! The organiser's login and start page.

use maud::{Markup, html};

use crate::domain::viewer::Viewer;
use crate::http::app::Delivery;
use crate::http::bodies::{LimitsBody, UsageBody};
use crate::http::event_list::ListedEvent;
use crate::http::pages::form::{Form, Input};
use crate::http::pages::import::import_form;
use crate::http::pages::{Page, REJECTS_SHOWN, event_input, event_list, layout, name_input};

/// The form with the organiser's key. A wrong key is not shown again.
pub fn login(form: &Form) -> Page {
    let locale = form.locale;
    let title = locale.text("organiser-title");
    let key = Input {
        kind: "password",
        is_required: true,
        autocomplete: "current-password",
        hint: Some(html! { (locale.text("organiser-key-hint")) }),
        ..Input::text("key", locale.text("organiser-key"))
    };
    let main = html! {
        h1 { (title) }
        p { (locale.text("organiser-guests")) }
        form.card method="post" action="/organiser/login" {
            (form.summary(&["key"]))
            (form.input(&key))
            button type="submit" { (locale.text("organiser-login")) }
        }
        p { a href="/" { (locale.text("back-home")) } }
    };
    layout(locale, &title, main)
}

/// What the organiser's start page shows.
pub struct OrganiserPage<'a> {
    pub events: &'a [ListedEvent],
    /// The number of messages that need attention, up to [`REJECTS_SHOWN`].
    pub rejects: usize,
    pub limits: &'a LimitsBody,
    /// The number of messages in the outbox. `None` if they cannot be listed.
    pub outbox: Option<u64>,
    pub delivery: Delivery,
    /// The form that removes a person's data.
    pub removal: &'a Form,
    /// Whether a person's data was just removed.
    pub is_removed: bool,
}

impl OrganiserPage<'_> {
    pub fn page(&self) -> Page {
        let locale = self.removal.locale;
        let title = locale.text("organiser-title");
        let main = html! {
            h1 { (title) }
            @if self.is_removed {
                p.notice.good role="status" tabindex="-1" autofocus { (locale.text("organiser-remove-done")) }
            }
            // What needs attention comes first.
            @if self.rejects > 0 { section { (self.attention()) } }
            section {
                h2 { (locale.text("organiser-events")) }
                @if self.events.is_empty() { p { (locale.text("events-none-upcoming")) } }
                (event_list::list(locale, self.events, Viewer::Organiser))
                p { a href="/events" { (locale.text("organiser-events-more")) } }
            }
            @if self.rejects == 0 { section { (self.attention()) } }
            section {
                h2 { (locale.text("button-title")) }
                p { a href="/organiser/buttons" { (locale.text("organiser-buttons")) } }
            }
            section {
                h2 { (locale.text("organiser-import")) }
                details {
                    summary { (locale.text("organiser-import-open")) }
                    (import_form(&Form::empty(locale)))
                }
            }
            section { (self.export()) }
            section { (self.limits()) }
            @if let Some(count) = self.outbox {
                section {
                    h2 { (locale.text("organiser-outbox")) }
                    p { (locale.count("organiser-outbox-count", count)) }
                    @if count > 0 { p { a href="/organiser/outbox" { (locale.text("organiser-outbox-show")) } } }
                }
            }
            section { (self.removal()) }
            form method="post" action="/organiser/logout" {
                button.plain type="submit" { (locale.text("organiser-logout")) }
            }
        };
        layout(locale, &title, main)
    }

    fn attention(&self) -> Markup {
        let locale = self.removal.locale;
        let id = if self.rejects < REJECTS_SHOWN { "attention-count" } else { "attention-count-or-more" };
        let number = u64::try_from(self.rejects).unwrap_or(u64::MAX);
        html! {
            h2 { (locale.text("attention-title")) }
            @if self.rejects == 0 {
                p { (locale.text("attention-none")) }
            } @else {
                p.notice.bad { a href="/organiser/rejects" { (locale.count(id, number)) } }
            }
        }
    }

    fn export(&self) -> Markup {
        let locale = self.removal.locale;
        html! {
            h2 { (locale.text("organiser-export")) }
            form.card method="get" action="/organiser/export" {
                p.hint { (locale.text("organiser-export-hint")) }
                (Form::empty(locale).input(&Input {
                    id: "export-event",
                    hint: Some(html! { (locale.text("organiser-all-events")) }),
                    ..event_input(locale)
                }))
                button type="submit" { (locale.text("organiser-export-submit")) }
            }
        }
    }

    fn limits(&self) -> Markup {
        let locale = self.removal.locale;
        let line = |id: &str, UsageBody { spent, limit }: &UsageBody| {
            let is_reached = spent >= limit;
            html! {
                p.notice[is_reached].bad[is_reached] {
                    (locale.format(id, &[("spent", (*spent).into()), ("limit", (*limit).into())]))
                    @if is_reached { " " (locale.text("organiser-limit-reached")) }
                }
            }
        };
        html! {
            h2 { (locale.text("organiser-limits")) }
            @match &self.limits.opt_ins {
                None => p { (locale.text("organiser-no-notifications")) },
                Some(_) if !self.delivery.email && !self.delivery.sms => p { (locale.text("organiser-no-messages")) },
                Some(opt_ins) => {
                    (line("organiser-limit-opt-ins", opt_ins))
                    @match &self.limits.texts {
                        None => p { (locale.text("organiser-limit-no-texts")) },
                        Some(texts) => {
                            @let variables = [("countries", texts.countries.join(", ").into()), ("hours", texts.hours.as_str().into())];
                            (line("organiser-limit-texts", &texts.usage))
                            (line("organiser-limit-answers", &texts.answers))
                            p.hint { (locale.format("organiser-limit-countries", &variables)) }
                        },
                    }
                },
            }
        }
    }

    /// Asks before it removes anything. The form is inside, so that the Enter key in a field does not skip the question.
    fn removal(&self) -> Markup {
        let form = self.removal;
        let locale = form.locale;
        html! {
            h2 #remove { (locale.text("organiser-remove")) }
            details open[!form.status().is_success()] {
                summary.button.quiet { (locale.text("organiser-remove-open")) }
                form.card method="post" action="/organiser/remove" {
                    p { (locale.text("organiser-remove-sure")) }
                    (form.summary(&["name", "event", "sure"]))
                    (form.input(&Input { is_required: true, ..name_input(locale) }))
                    (form.input(&Input {
                        hint: Some(html! { (locale.text("organiser-all-events")) }),
                        ..event_input(locale)
                    }))
                    (form.error("sure", "sure"))
                    label.check {
                        input #sure name="sure" type="checkbox" value="1" required
                            aria-describedby=[form.described_by("sure", "sure", false)];
                        (locale.text("organiser-remove-check"))
                    }
                    button.bad type="submit" { (locale.text("organiser-remove-submit")) }
                }
            }
        }
    }
}
