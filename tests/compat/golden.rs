//! The golden files, and the comparison with them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A file in `tests/golden/compat`.
pub fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/compat").join(file)
}

pub fn text(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

pub fn json(file: &str) -> Value {
    serde_json::from_str(&text(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

pub fn as_list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("not a list: {value}"))
}

pub fn as_text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not text: {value}"))
}

/// Checks that `found` holds all that is expected. Its objects may have more fields, since later versions store more.
#[track_caller]
pub fn assert_holds(what: &str, found: &Value, expected: &Value) {
    if let Some(difference) = difference(found, expected, "") {
        panic!("{what}: {difference}");
    }
}

/// The first difference, at a path like `.registration.contact`.
fn difference(found: &Value, expected: &Value, path: &str) -> Option<String> {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => expected.iter().find_map(|(field, expected)| {
            difference(found.get(field).unwrap_or(&Value::Null), expected, &format!("{path}.{field}"))
        }),
        (Value::Array(found), Value::Array(expected)) => {
            if found.len() != expected.len() {
                return Some(format!("`{path}` has {} entries, not {}", found.len(), expected.len()));
            }
            let mut pairs = found.iter().zip(expected).enumerate();
            pairs.find_map(|(place, (found, expected))| difference(found, expected, &format!("{path}[{place}]")))
        }
        _ => (found != expected).then(|| format!("`{path}` is {found}, not {expected}")),
    }
}
