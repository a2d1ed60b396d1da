use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use strum::VariantArray as _;

use super::*;

/// The ids of the messages and attributes of a language, each with the arguments that it uses.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    let mut id = String::new();
    for line in file(language).lines().filter(|line| !line.starts_with('#')) {
        let is_attribute = line.trim_start().starts_with('.');
        if is_attribute || (!line.is_empty() && !line.starts_with([' ', '}'])) {
            let name = line.split_once(" =").expect("a message has a value").0.trim();
            id = if is_attribute { format!("{}{name}", id.split('.').next().unwrap()) } else { name.to_owned() };
            assert!(found.insert(id.clone(), BTreeSet::new()).is_none(), "{id} is defined twice");
        }
        let names = line.split('$').skip(1).map(|rest| {
            rest.split(|character: char| !character.is_alphanumeric() && character != '_').next().unwrap().to_owned()
        });
        found.entry(id.clone()).or_default().extend(names);
    }
    found.remove("");
    found
}

#[test]
fn every_language_has_every_message_with_the_same_arguments() {
    let english = messages(Language::English);
    assert!(english.len() > 100, "the file was not read: {}", english.len());
    for language in Language::VARIANTS {
        let other = messages(*language);
        for (id, arguments) in &english {
            let found = other.get(id).unwrap_or_else(|| panic!("{} lacks {id}", language.as_str()));
            // Some languages have more forms for a number than others.
            let without_number =
                |names: &BTreeSet<String>| names.iter().filter(|name| *name != "number").cloned().collect::<Vec<_>>();
            assert_eq!(without_number(found), without_number(arguments), "{id} in {}", language.as_str());
        }
        let additional: Vec<&String> = other.keys().filter(|id| !english.contains_key(*id)).collect();
        assert!(additional.is_empty(), "only {} has {additional:?}", language.as_str());
    }
}

/// The source files of this package, without the tests.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text += &std::fs::read_to_string(path).unwrap();
        }
    }
    text
}

#[test]
fn every_message_is_used() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    // The beginnings of ids that the code completes.
    let beginnings = ["alexa-"];
    for id in messages(Language::English).into_keys() {
        let message = id.split('.').next().unwrap();
        let is_completed = beginnings.iter().any(|beginning| message.starts_with(beginning));
        assert!(is_completed || sources.contains(&format!("\"{message}\"")), "{message} is not used");
    }
}

#[test]
fn plural_forms_follow_the_language() {
    for (language, expected) in [
        (Language::English, ["1 person joined", "2 people joined"]),
        (Language::German, ["1 Person ist neu dabei", "2 Personen sind neu dabei"]),
    ] {
        let joined = |number: u64| Catalog::of(language).format("joined-unnamed", &[("number", number.into())]);
        assert_eq!([joined(1), joined(2)], expected);
    }
}
