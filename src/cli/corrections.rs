//! The corrections of a rejected message: `--set` and `--unset`.

use std::str::FromStr;

use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::error::CliError;

/// One `--set` option: `name=Ada`, or `contact.email=ada@example.org` for a nested field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    field: String,
    subfield: Option<String>,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("use FIELD=TEXT, such as name=Ada or contact.email=ada@example.org")]
pub struct InvalidAssignment;

impl FromStr for Assignment {
    type Err = InvalidAssignment;

    fn from_str(text: &str) -> Result<Self, InvalidAssignment> {
        let (path, text) = text.split_once('=').ok_or(InvalidAssignment)?;
        let (field, subfield) = match path.split_once('.') {
            Some((field, subfield)) => (field, Some(subfield)),
            None => (path, None),
        };
        if field.is_empty() || subfield.is_some_and(|subfield| subfield.is_empty() || subfield.contains('.')) {
            return Err(InvalidAssignment);
        }
        Ok(Self { field: field.to_owned(), subfield: subfield.map(str::to_owned), text: text.to_owned() })
    }
}

/// Collects the fields to change: their new values, or `null` for fields to remove.
///
/// # Errors
/// Returns an error if a field is named twice.
pub fn collect(assignments: &[Assignment], removals: &[String]) -> Result<Map<String, Value>, CliError> {
    let duplicate = |field: &str| Err(CliError::Usage(format!("`{field}` is set or unset twice; name it once")));
    let mut corrections = Map::new();
    for Assignment { field, subfield, text } in assignments {
        let text = Value::from(text.as_str());
        match (corrections.entry(field), subfield) {
            (Entry::Vacant(entry), None) => {
                entry.insert(text);
            }
            (Entry::Vacant(entry), Some(subfield)) => {
                entry.insert(Value::Object(Map::from_iter([(subfield.clone(), text)])));
            }
            (Entry::Occupied(mut entry), Some(subfield)) => match entry.get_mut() {
                Value::Object(object) if !object.contains_key(subfield) => {
                    object.insert(subfield.clone(), text);
                }
                _ => return duplicate(field),
            },
            (Entry::Occupied(_), None) => return duplicate(field),
        }
    }
    for field in removals {
        if corrections.insert(field.clone(), Value::Null).is_some() {
            return duplicate(field);
        }
    }
    Ok(corrections)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn collect(assignments: &[&str], removals: &[&str]) -> Result<Value, CliError> {
        let assignments: Vec<Assignment> = assignments.iter().map(|text| text.parse().unwrap()).collect();
        let removals: Vec<String> = removals.iter().map(|&field| field.to_owned()).collect();
        super::collect(&assignments, &removals).map(Value::Object)
    }

    #[test]
    fn collects_fields_and_subfields() {
        assert_eq!(
            collect(&["name=Ada = Lovelace", "event=", "contact.email=ada@example.org"], &["note"]).unwrap(),
            json!({"name": "Ada = Lovelace", "event": "", "contact": {"email": "ada@example.org"}, "note": null})
        );
        assert_eq!(collect(&["a.b=1", "a.c=2"], &[]).unwrap(), json!({"a": {"b": "1", "c": "2"}}));
        assert_eq!(collect(&[], &[]).unwrap(), json!({}));
    }

    #[test]
    fn rejects_invalid_assignments() {
        for text in ["", "name", "=Ada", ".email=a", "contact.=a", "a.b.c=d"] {
            assert_eq!(text.parse::<Assignment>(), Err(InvalidAssignment), "{text}");
        }
    }

    #[test]
    fn rejects_duplicate_fields() {
        for (assignments, removals) in [
            (&["name=Ada", "name=Bea"][..], &[][..]),
            (&["contact=a", "contact.email=b"], &[]),
            (&["contact.email=b", "contact=a"], &[]),
            (&["contact.email=a", "contact.email=b"], &[]),
            (&["contact.email=a"], &["contact"]),
            (&[], &["contact", "contact"]),
        ] {
            assert!(matches!(collect(assignments, removals), Err(CliError::Usage(_))), "{assignments:?} {removals:?}");
        }
    }
}
