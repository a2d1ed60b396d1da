//! Loads and formats the messages of one language.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::domain::language::Language;

static ENGLISH: LazyLock<Catalog> = LazyLock::new(|| Catalog::load(Language::English));
static GERMAN: LazyLock<Catalog> = LazyLock::new(|| Catalog::load(Language::German));

/// The messages of one language.
pub struct Catalog {
    bundle: FluentBundle<FluentResource>,
}

fn file(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("en.ftl"),
        Language::German => include_str!("de.ftl"),
    }
}

impl Catalog {
    /// Returns the messages of a language, which are loaded once.
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
        }
    }

    fn load(language: Language) -> Self {
        let resource =
            FluentResource::try_new(file(language).to_owned()).expect("a message file has valid Fluent syntax");
        let identifier: LanguageIdentifier = language.as_str().parse().expect("`en` and `de` are language tags");
        let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
        // GSM-7 does not contain Fluent's isolation marks. They would make the network encode every text message in UCS-2.
        // Pages isolate names with `<bdi>`.
        bundle.set_use_isolating(false);
        bundle.add_builtins().expect("the bundle has no functions yet");
        bundle.add_resource(resource).expect("a message file defines each message once");
        Self { bundle }
    }

    /// Formats the message `id`. The attribute of a message has an id like `message.attribute`.
    pub fn format(&self, id: &str, arguments: &[(&str, FluentValue<'_>)]) -> String {
        let (message, attribute) = id.split_once('.').map_or((id, None), |(message, name)| (message, Some(name)));
        let message = self.bundle.get_message(message);
        let pattern = message.and_then(|message| match attribute {
            Some(name) => message.get_attribute(name).map(|attribute| attribute.value()),
            None => message.value(),
        });
        let pattern = pattern.unwrap_or_else(|| panic!("no message file lacks a message: {id}"));
        let arguments: FluentArgs<'_> = arguments.iter().cloned().collect();
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(&arguments), &mut errors);
        debug_assert!(errors.is_empty(), "{id}: {errors:?}");
        text.into_owned()
    }
}

#[cfg(test)]
mod tests;
