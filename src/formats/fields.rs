//! Reads the fields of a JSON object. An error contains the name of the
//! field but never its value, which may be private.

use serde_json::{Map, Value};

use crate::domain::invalid::{FieldProblem, InvalidField};

/// The type of a JSON value, worded for error messages.
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Returns `None` if the field is absent or `null`.
pub fn optional<'a>(object: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    object.get(field).filter(|value| !value.is_null())
}

pub fn optional_text<'a>(object: &'a Map<String, Value>, field: &'static str) -> Result<Option<&'a str>, InvalidField> {
    match optional(object, field) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(FieldProblem::WrongType { expected: "text", found: kind_of(other) }.in_field(field)),
    }
}

pub fn text<'a>(object: &'a Map<String, Value>, field: &'static str) -> Result<&'a str, InvalidField> {
    optional_text(object, field)?.ok_or_else(|| FieldProblem::Missing.in_field(field))
}

pub fn optional_bool(object: &Map<String, Value>, field: &'static str) -> Result<Option<bool>, InvalidField> {
    match optional(object, field) {
        None => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(other) => {
            Err(FieldProblem::WrongType { expected: "true or false", found: kind_of(other) }.in_field(field))
        }
    }
}

/// Parses a required text field.
pub fn parsed<T>(
    object: &Map<String, Value>,
    field: &'static str,
    parse: impl Fn(&str) -> Result<T, FieldProblem>,
) -> Result<T, InvalidField> {
    parse(text(object, field)?).map_err(|problem| problem.in_field(field))
}

/// Parses an optional text field.
pub fn optional_parsed<T>(
    object: &Map<String, Value>,
    field: &'static str,
    parse: impl Fn(&str) -> Result<T, FieldProblem>,
) -> Result<Option<T>, InvalidField> {
    let text = optional_text(object, field)?;
    text.map(parse).transpose().map_err(|problem| problem.in_field(field))
}
