//! Parses and writes a contact in JSON: `{"email": …}`, `{"sms": …}` or `{"webhook": …}`.

use serde_json::{Map, Value};

use crate::domain::contact::Contact;
use crate::domain::invalid::{FieldProblem, InvalidField};
use crate::formats::fields;

type ParseAddress = fn(&str) -> Result<Contact, FieldProblem>;

/// Parses a contact. Members that are `null` count as absent.
pub fn from_json(value: &Value) -> Result<Contact, InvalidField> {
    let Value::Object(map) = value else {
        return Err(
            FieldProblem::WrongType { expected: "an object", found: fields::kind_of(value) }.in_field("contact")
        );
    };
    let mut members = map.iter().filter(|(_, value)| !value.is_null());
    let (Some((kind, address)), None) = (members.next(), members.next()) else {
        return Err(FieldProblem::NotOneContact.in_field("contact"));
    };
    let (field, parse): (_, ParseAddress) = match kind.as_str() {
        "email" => ("contact.email", Contact::email),
        "sms" => ("contact.sms", Contact::sms),
        "webhook" => ("contact.webhook", Contact::webhook),
        _ => return Err(FieldProblem::NotOneContact.in_field("contact")),
    };
    let Value::String(text) = address else {
        return Err(FieldProblem::WrongType { expected: "text", found: fields::kind_of(address) }.in_field(field));
    };
    parse(text).map_err(|problem| problem.in_field(field))
}

/// Writes a contact in the form that [`from_json`] parses.
pub fn to_json(contact: &Contact) -> Value {
    Value::Object(Map::from_iter([(contact.kind().to_owned(), Value::from(contact.address()))]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn accepts_exactly_one_address() {
        let contact = from_json(&json!({"email": "ana@example.org", "sms": null})).unwrap();
        assert_eq!(to_json(&contact), json!({"email": "ana@example.org"}));
        for value in [json!({}), json!({"fax": "1"}), json!({"email": "a@b.org", "sms": "+14155552671"})] {
            assert_eq!(from_json(&value), Err(FieldProblem::NotOneContact.in_field("contact")), "{value}");
        }
        assert_eq!(from_json(&json!({"sms": 5})).unwrap_err().field, "contact.sms");
        assert_eq!(
            from_json(&json!("ana@example.org")).unwrap_err().to_string(),
            "`contact` must be an object, not text"
        );
    }
}
