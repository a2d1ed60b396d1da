//! The forms on the page of a personal link.

use serde_json::{Map, Value};

use crate::domain::invalid::FieldProblem;
use crate::http::problem::Problem;

/// Reads the form of an address. An empty field changes nothing, and another button removes the address.
pub fn with_typed_contact(fields: &Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    let text = |field| fields.get(field).and_then(Value::as_str).map(str::trim);
    let mut fields = fields.clone();
    match text("action") {
        Some("contact") if text("contact").is_none_or(str::is_empty) => {
            return Err(FieldProblem::Missing.in_field("contact").into());
        }
        Some("remove_contact") => {
            fields.insert("action".to_owned(), "contact".into());
            fields.insert("contact".to_owned(), Value::Null);
        }
        _ => {}
    }
    Ok(fields)
}
