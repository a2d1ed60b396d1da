//! The page on which an event is planned or edited.

use jiff::tz;
use maud::{Markup, html};

use crate::domain::capacity::MAX_CAPACITY;
use crate::domain::event::MAX_TITLE_CHARS;
use crate::domain::event_details::Audience;
use crate::domain::event_details::{Content, Description, EventDetails, MAX_GUESTS, Place, Question};
use crate::domain::language::Language;
use crate::domain::new_event_id::is_unlisted;
use crate::domain::schedule::{Schedule, Zone};
use crate::domain::timestamp::Timestamp;
use crate::http::pages::event_details::{audience_label, description, settings, titled, visibility_label};
use crate::http::pages::form::{Form, Input};
use crate::http::pages::{Page, layout};

/// The fields that show their own message.
const FIELDS: [&str; 13] = [
    "title",
    "starts_at",
    "ends_at",
    "zone",
    "place",
    "capacity",
    "description",
    "guests_per_signup",
    "question",
    "signups_open_at",
    "signups_close_at",
    "roster_visible_to",
    "count_visible_to",
];

/// What the page is for.
pub enum EditMode<'a> {
    New,
    /// The path of the host's page.
    Edit {
        details: &'a EventDetails,
        back: &'a str,
    },
}

/// The page with the form of an event.
pub struct EditPage<'a> {
    pub mode: EditMode<'a>,
    /// What the event would look like.
    pub preview: Option<&'a Content>,
    pub form: &'a Form,
}

/// What is stored, as the inputs show it.
#[derive(Default)]
struct Stored {
    title: String,
    starts_at: String,
    ends_at: String,
    zone: String,
    place: String,
    capacity: String,
    description: String,
    guests: String,
    question: String,
    opens_at: String,
    closes_at: String,
    roster: &'static str,
    count: &'static str,
    version: u64,
}

impl Stored {
    fn of(details: &EventDetails) -> Self {
        let content = &details.content;
        let schedule = content.schedule.as_ref();
        let utc = Zone::utc();
        let zone = schedule.map_or(&utc, Schedule::zone);
        let local = |at: Option<Timestamp>| at.map(|at| zone.local(at).to_string()).unwrap_or_default();
        Self {
            title: content.title.to_string(),
            starts_at: schedule.map(|schedule| schedule.start().to_string()).unwrap_or_default(),
            ends_at: schedule.and_then(Schedule::end).map(|end| end.to_string()).unwrap_or_default(),
            zone: zone.name().to_owned(),
            place: content.place.as_ref().map(Place::to_string).unwrap_or_default(),
            capacity: content.capacity.map(|capacity| capacity.get().to_string()).unwrap_or_default(),
            description: content.description.as_ref().map(|text| text.as_str().to_owned()).unwrap_or_default(),
            guests: content.guests_per_signup.to_string(),
            question: content.question.as_ref().map(Question::to_string).unwrap_or_default(),
            opens_at: local(content.signups.opens_at),
            closes_at: local(content.signups.closes_at),
            roster: content.roster.as_str(),
            count: content.count.as_str(),
            version: details.version,
        }
    }

    fn new(language: Language) -> Self {
        // A browser with scripts chooses its own zone.
        let zone = match language {
            Language::English => "UTC",
            Language::German => "Europe/Berlin",
        };
        Self { zone: zone.to_owned(), guests: "0".to_owned(), roster: "everyone", count: "everyone", ..Self::default() }
    }

    fn has_more(&self) -> bool {
        !(self.ends_at.is_empty() && self.question.is_empty() && self.opens_at.is_empty() && self.closes_at.is_empty())
            || self.guests != "0"
            || self.roster != "everyone"
            || self.count != "everyone"
    }
}

impl EditPage<'_> {
    pub fn page(&self) -> Page {
        let (form, locale) = (self.form, self.form.locale);
        let (heading, stored) = match &self.mode {
            EditMode::New => (locale.text("new-heading"), Stored::new(locale.language())),
            EditMode::Edit { details, .. } => (locale.text("edit-heading"), Stored::of(details)),
        };
        let (action, submit) = match &self.mode {
            EditMode::New => ("/events", "new-submit"),
            EditMode::Edit { .. } => ("", "save"),
        };
        let main = html! {
            h1 { (heading) }
            @if let Some(content) = self.preview { (self.preview_card(content)) }
            form.card method="post" action=[(!action.is_empty()).then_some(action)] {
                (form.summary(&FIELDS))
                (form.token())
                @if let EditMode::Edit { .. } = self.mode { input type="hidden" name="version" value=(stored.version); }
                (self.main_fields(&stored))
                (self.more_fields(&stored))
                div.row {
                    button type="submit" { (locale.text(submit)) }
                    button.plain type="submit" name="action" value="preview" { (locale.text("edit-preview")) }
                }
            }
            @if let EditMode::Edit { back, .. } = &self.mode { p { a href=(back) { (locale.text("back-host")) } } }
        };
        let page = layout(locale, &heading, main);
        match &self.mode {
            EditMode::New => page.at("/new".to_owned()),
            EditMode::Edit { details, .. } => page.of_event(&details.event),
        }
    }

    fn preview_card(&self, content: &Content) -> Markup {
        let locale = self.form.locale;
        html! {
            section.card role="status" {
                h2 { (locale.text("edit-preview-heading")) }
                (titled(locale, html! { h3 dir="auto" { (content.title) } }, Some(content)))
                (description(content))
                (settings(locale, content, self.visibility()))
                p.hint { (locale.text("edit-preview-hint")) }
            }
        }
    }

    /// What the preview says about who finds the event.
    fn visibility(&self) -> &'static str {
        visibility_label(match &self.mode {
            EditMode::New => self.form.value("visibility", None) != Some("listed"),
            EditMode::Edit { details, .. } => is_unlisted(&details.event),
        })
    }

    fn main_fields(&self, stored: &Stored) -> Markup {
        let (form, locale) = (self.form, self.form.locale);
        let text = |id: &str| Some(html! { (locale.text(id)) });
        html! {
            (form.input(&Input {
                is_required: true,
                max_length: Some(MAX_TITLE_CHARS),
                stored: Some(&stored.title),
                ..Input::text("title", locale.text("edit-title"))
            }))
            div.row {
                (form.input(&Input {
                    kind: "datetime-local",
                    is_required: true,
                    stored: Some(&stored.starts_at),
                    ..Input::text("starts_at", locale.text("edit-start"))
                }))
                (self.zone_field(&stored.zone))
            }
            (form.input(&Input {
                max_length: Some(Place::MAX_CHARS),
                autocomplete: "street-address",
                stored: Some(&stored.place),
                ..Input::text("place", locale.text("edit-place"))
            }))
            (form.input(&Input {
                kind: "number",
                range: Some((1, MAX_CAPACITY.into())),
                hint: text("edit-capacity-hint"),
                stored: Some(&stored.capacity),
                ..Input::text("capacity", locale.text("edit-capacity"))
            }))
            (form.text_area(&Input {
                max_length: Some(Description::MAX_CHARS),
                stored: Some(&stored.description),
                ..Input::text("description", locale.text("edit-description"))
            }, 4))
        }
    }

    fn zone_field(&self, stored: &str) -> Markup {
        let locale = self.form.locale;
        let chosen = self.form.value("zone", Some(stored)).unwrap_or(stored);
        let names = || tz::db().available().filter(|name| name.as_str().contains('/') || name.as_str() == "UTC");
        let is_listed = names().any(|name| name.as_str() == chosen);
        let is_preset = matches!(self.mode, EditMode::New) && self.form.value("zone", None).is_none();
        html! {
            div.field {
                label for="zone" { (locale.text("edit-zone")) }
                (self.form.error("zone", "zone"))
                select #zone name="zone" data-preset-zone[is_preset] {
                    @if !is_listed { option selected { (chosen) } }
                    @for name in names() {
                        option selected[name.as_str() == chosen] { (name.as_str()) }
                    }
                }
            }
        }
    }

    /// What most events do not need.
    fn more_fields(&self, stored: &Stored) -> Markup {
        let (form, locale) = (self.form, self.form.locale);
        let text = |id: &str| Some(html! { (locale.text(id)) });
        let time = |name, label: &str, stored| {
            form.input(&Input { kind: "datetime-local", stored: Some(stored), ..Input::text(name, locale.text(label)) })
        };
        let audiences = [Audience::Everyone, Audience::Attendees, Audience::Hosts]
            .map(|audience| (audience.as_str(), locale.text(audience_label(audience))));
        let question_hint = if stored.question.is_empty() { "edit-question-hint" } else { "edit-question-changed" };
        html! {
            details open[stored.has_more() || !form.status().is_success() || self.preview.is_some()] {
                summary { (locale.text("edit-more")) }
                div.fields {
                    (time("ends_at", "edit-end", &stored.ends_at))
                    (form.input(&Input {
                        kind: "number",
                        range: Some((0, MAX_GUESTS.into())),
                        stored: Some(&stored.guests),
                        ..Input::text("guests_per_signup", locale.text("edit-guests"))
                    }))
                    (form.input(&Input {
                        hint: text(question_hint),
                        max_length: Some(Question::MAX_CHARS),
                        stored: Some(&stored.question),
                        ..Input::text("question", locale.text("edit-question"))
                    }))
                    (time("signups_open_at", "edit-opens", &stored.opens_at))
                    (time("signups_close_at", "edit-closes", &stored.closes_at))
                    (form.choice("roster_visible_to", &locale.text("edit-roster"), &audiences, stored.roster))
                    (form.choice("count_visible_to", &locale.text("edit-count"), &audiences, stored.count))
                    @if let EditMode::New = self.mode {
                        @let choices = [("unlisted", locale.text("edit-unlisted")), ("listed", locale.text("edit-listed"))];
                        (form.choice("visibility", &locale.text("edit-visibility"), &choices, "unlisted"))
                    }
                }
            }
        }
    }
}
