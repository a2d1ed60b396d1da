//! What `--set` and `--unset` change in a reject.

use std::str::FromStr;

use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::failure::Failure;

/// One `--set`: `name=Ada`, or `contact.email=ada@example.org` for a field within a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    field: String,
    inner: Option<String>,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write it like name=Ada or contact.email=ada@example.org")]
pub struct NotASetting;

impl FromStr for Setting {
    type Err = NotASetting;

    fn from_str(text: &str) -> Result<Self, NotASetting> {
        let (path, text) = text.split_once('=').ok_or(NotASetting)?;
        let (field, inner) = match path.split_once('.') {
            Some((field, inner)) => (field, Some(inner)),
            None => (path, None),
        };
        if field.is_empty() || inner.is_some_and(|inner| inner.is_empty() || inner.contains('.')) {
            return Err(NotASetting);
        }
        Ok(Self { field: field.to_owned(), inner: inner.map(str::to_owned), text: text.to_owned() })
    }
}

/// The fields to set, `null` for those to take out.
///
/// # Errors
/// If a field is given twice, since one of the two would be lost.
pub fn corrections(settings: &[Setting], removals: &[String]) -> Result<Map<String, Value>, Failure> {
    let twice = |field: &str| Err(Failure::Usage(format!("`{field}` is set or unset twice; decide for one")));
    let mut corrections = Map::new();
    for Setting { field, inner, text } in settings {
        let text = Value::from(text.as_str());
        match (corrections.entry(field), inner) {
            (Entry::Vacant(free), None) => {
                free.insert(text);
            }
            (Entry::Vacant(free), Some(inner)) => {
                free.insert(Value::Object(Map::from_iter([(inner.clone(), text)])));
            }
            (Entry::Occupied(mut taken), Some(inner)) => match taken.get_mut() {
                Value::Object(object) if !object.contains_key(inner) => {
                    object.insert(inner.clone(), text);
                }
                _ => return twice(field),
            },
            (Entry::Occupied(_), None) => return twice(field),
        }
    }
    for field in removals {
        if corrections.insert(field.clone(), Value::Null).is_some() {
            return twice(field);
        }
    }
    Ok(corrections)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(settings: &[&str], removals: &[&str]) -> Result<Value, Failure> {
        let settings: Vec<Setting> = settings.iter().map(|text| text.parse().unwrap()).collect();
        let removals: Vec<String> = removals.iter().map(|&field| field.to_owned()).collect();
        corrections(&settings, &removals).map(Value::Object)
    }

    #[test]
    fn fields_are_text_and_a_dot_leads_inside() {
        assert_eq!(
            set(&["name=Ada = Lovelace", "event=", "contact.email=ada@example.org"], &["stay"]).unwrap(),
            json!({"name": "Ada = Lovelace", "event": "", "contact": {"email": "ada@example.org"}, "stay": null})
        );
        assert_eq!(set(&["a.b=1", "a.c=2"], &[]).unwrap(), json!({"a": {"b": "1", "c": "2"}}));
        assert_eq!(set(&[], &[]).unwrap(), json!({}));
    }

    #[test]
    fn what_is_no_setting_is_refused() {
        for text in ["", "name", "=Ada", ".email=a", "contact.=a", "a.b.c=d"] {
            assert_eq!(text.parse::<Setting>(), Err(NotASetting), "{text}");
        }
    }

    #[test]
    fn no_field_is_decided_twice() {
        for (settings, removals) in [
            (&["name=Ada", "name=Bea"][..], &[][..]),
            (&["contact=a", "contact.email=b"], &[]),
            (&["contact.email=b", "contact=a"], &[]),
            (&["contact.email=a", "contact.email=b"], &[]),
            (&["contact.email=a"], &["contact"]),
            (&[], &["contact", "contact"]),
        ] {
            assert!(matches!(set(settings, removals), Err(Failure::Usage(_))), "{settings:?} {removals:?}");
        }
    }
}
