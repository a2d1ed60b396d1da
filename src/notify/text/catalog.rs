//! Loads and formats the messages of one language.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::domain::language::Language;

/// The messages of one language, including those of the Alexa skill.
pub struct Catalog {
    bundle: FluentBundle<FluentResource>,
}

impl Catalog {
    pub fn new(language: Language) -> Self {
        let file = match language {
            Language::English => include_str!("en.ftl"),
            Language::German => include_str!("de.ftl"),
        };
        let resource = FluentResource::try_new(file.to_owned()).expect("a message file has valid Fluent syntax");
        let identifier: LanguageIdentifier = language.as_str().parse().expect("`en` and `de` are language tags");
        let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
        // GSM-7 does not contain Fluent's isolation marks. They would make the
        // network encode every text message in UCS-2.
        bundle.set_use_isolating(false);
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
        let pattern = pattern.expect("every message file defines every message");
        let arguments: FluentArgs<'_> = arguments.iter().cloned().collect();
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(&arguments), &mut errors);
        debug_assert!(errors.is_empty(), "{id}: {errors:?}");
        text.into_owned()
    }
}
