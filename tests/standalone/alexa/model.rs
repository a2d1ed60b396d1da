//! The interaction models and the manifest match the code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use countmein::alexa::{
    BUILT_IN_INTENTS, CANCEL_INTENT, EVENT_SLOT, EVENT_SLOT_TYPE, NAME_SLOT, SIGN_UP_INTENT, WHO_IS_COMING_INTENT,
};
use serde_json::Value;

const LOCALES: [&str; 3] = ["de-DE", "en-GB", "en-US"];

fn package(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("skill-package").join(path);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn model(locale: &str) -> Value {
    package(&format!("interactionModels/custom/{locale}.json"))["interactionModel"].clone()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The slots of each of our intents.
fn ours() -> BTreeMap<&'static str, Vec<&'static str>> {
    BTreeMap::from([
        (SIGN_UP_INTENT, vec![EVENT_SLOT, NAME_SLOT]),
        (CANCEL_INTENT, vec![EVENT_SLOT, NAME_SLOT]),
        (WHO_IS_COMING_INTENT, vec![EVENT_SLOT]),
    ])
}

fn intents(model: &Value) -> BTreeMap<&str, &Value> {
    list(&model["languageModel"]["intents"]).iter().map(|intent| (text(&intent["name"]), intent)).collect()
}

#[test]
fn every_locale_has_a_model() {
    let manifest = package("skill.json");
    let named: BTreeSet<&String> =
        manifest["manifest"]["publishingInformation"]["locales"].as_object().unwrap().keys().collect();
    assert_eq!(named, LOCALES.map(str::to_owned).iter().collect());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("skill-package/interactionModels/custom");
    assert_eq!(fs::read_dir(folder).unwrap().count(), LOCALES.len());
}

#[test]
fn models_match_the_code() {
    for locale in LOCALES {
        let model = model(locale);
        let intents = intents(&model);
        let expected: BTreeSet<&str> = ours().into_keys().chain(BUILT_IN_INTENTS).collect();
        assert_eq!(intents.keys().copied().collect::<BTreeSet<_>>(), expected, "{locale}");
        for (name, slots) in ours() {
            let found: Vec<(&str, &str)> =
                list(&intents[name]["slots"]).iter().map(|slot| (text(&slot["name"]), text(&slot["type"]))).collect();
            let kind = |slot| if slot == EVENT_SLOT { EVENT_SLOT_TYPE } else { "AMAZON.FirstName" };
            assert_eq!(found, slots.into_iter().map(|slot| (slot, kind(slot))).collect::<Vec<_>>(), "{locale} {name}");
        }
        let types: Vec<&str> = list(&model["languageModel"]["types"]).iter().map(|kind| text(&kind["name"])).collect();
        assert_eq!(types, [EVENT_SLOT_TYPE], "{locale}");
    }
}

/// The names in braces.
fn slots_of(sample: &str) -> BTreeSet<&str> {
    sample.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect()
}

#[test]
fn samples_are_unique_and_name_slots() {
    for locale in LOCALES {
        let model = model(locale);
        let mut said = BTreeSet::new();
        for (name, slots) in ours() {
            let intents = intents(&model);
            let intent = intents[name];
            let samples = list(&intent["samples"]);
            assert!(samples.len() >= 5, "{locale} {name}");
            for sample in samples.iter().map(text) {
                assert!(said.insert(sample.to_lowercase()), "{locale}: {sample} is of two intents");
                assert!(slots_of(sample).iter().all(|slot| slots.contains(slot)), "{locale}: {sample}");
                assert!(!sample.contains(['.', ',', '?', '!']), "{locale}: {sample}");
            }
            for slot in list(&intent["slots"]) {
                for sample in list(&slot["samples"]).iter().map(text) {
                    assert_eq!(slots_of(sample), BTreeSet::from([text(&slot["name"])]), "{locale}: {sample}");
                }
            }
        }
    }
}

#[test]
fn requested_slots_have_prompts() {
    for locale in LOCALES {
        let model = model(locale);
        let prompts: BTreeSet<&str> = list(&model["prompts"]).iter().map(|prompt| text(&prompt["id"])).collect();
        let dialog: BTreeMap<&str, &Value> =
            list(&model["dialog"]["intents"]).iter().map(|intent| (text(&intent["name"]), intent)).collect();
        assert_eq!(dialog.keys().copied().collect::<Vec<_>>(), ours().into_keys().collect::<Vec<_>>(), "{locale}");
        for (name, slots) in ours() {
            let found: Vec<&str> = list(&dialog[name]["slots"]).iter().map(|slot| text(&slot["name"])).collect();
            assert_eq!(found, slots, "{locale} {name}");
            for slot in list(&dialog[name]["slots"]) {
                for kind in ["elicitation", "confirmation"] {
                    assert!(prompts.contains(text(&slot["prompts"][kind])), "{locale} {name} {slot}");
                }
            }
        }
        // The code asks the questions, not Alexa by itself.
        assert_eq!(model["dialog"]["delegationStrategy"], "SKILL_RESPONSE", "{locale}");
    }
}

/// Whether a phrase is one of the samples, with something in place of each slot.
fn is_said(phrase: &str, samples: &[&str]) -> bool {
    samples.iter().any(|sample| {
        let mut rest = phrase;
        let mut parts =
            sample.split('{').flat_map(|part| part.split_once('}').map_or([part, ""], |(_, after)| ["", after]));
        let begins = parts.next().unwrap_or_default();
        let Some(after) = rest.strip_prefix(begins) else { return false };
        rest = after;
        let whole = parts.filter(|part| !part.is_empty()).all(|part| match rest.find(part) {
            Some(at) if at > 0 => {
                rest = &rest[at + part.len()..];
                true
            }
            _ => false,
        });
        whole && (rest.is_empty() || sample.ends_with('}'))
    })
}

#[test]
fn example_phrases_work() {
    let manifest = package("skill.json");
    for locale in LOCALES {
        let model = model(locale);
        let invocation = text(&model["languageModel"]["invocationName"]);
        let intents = intents(&model);
        let samples: Vec<&str> =
            ours().into_keys().flat_map(|name| list(&intents[name]["samples"])).map(text).collect();
        let phrases = list(&manifest["manifest"]["publishingInformation"]["locales"][locale]["examplePhrases"]);
        assert_eq!(phrases.len(), 3, "{locale}");
        for phrase in phrases.iter().map(text) {
            let (begin, asked) = phrase.split_once(invocation).unwrap_or_else(|| panic!("{locale}: {phrase}"));
            assert!(begin.starts_with("Alexa, "), "{locale}: {phrase}");
            let asked = asked.trim().trim_start_matches("to ");
            assert!(asked.is_empty() || is_said(asked, &samples), "{locale}: {phrase}");
        }
    }
}
