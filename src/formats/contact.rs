//! Parses and writes a contact in JSON: `{"email": …}`, `{"sms": …}` or `{"webhook": …}`.

use serde_json::{Map, Value};

use crate::domain::contact::Contact;
use crate::domain::invalid::{FieldProblem, InvalidField};
use crate::formats::fields;

type ParseAddress = fn(&str) -> Result<Contact, FieldProblem>;

/// The members of a message that are the contact itself, each with the kind of contact that it is. Programs often send them instead
/// of `contact`.
const DIRECT_FIELDS: [(&str, &str); 4] = [("email", "email"), ("sms", "sms"), ("phone", "sms"), ("webhook", "webhook")];

/// Reads the contact of a message: `{"contact": {"email": …}}`, or `{"email": …}` beside the name. Returns `None` if there is
/// none.
///
/// # Errors
/// Returns an error if there are several, or if the address is invalid.
pub fn of_message(message: &Map<String, Value>) -> Result<Option<Contact>, InvalidField> {
    let is_blank = |value: &Value| value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
    let direct = DIRECT_FIELDS.iter().filter_map(|(field, kind)| {
        let value = message.get(*field).filter(|value| !is_blank(value))?;
        Some(((*kind).to_owned(), value.clone()))
    });
    let direct: Vec<(String, Value)> = direct.collect();
    match (fields::optional(message, "contact"), &direct[..]) {
        (None, []) => Ok(None),
        (None, [_]) => from_json(&Value::Object(direct.into_iter().collect())).map(Some),
        (Some(contact), []) => from_json(contact).map(Some),
        _ => Err(FieldProblem::NotOneContact.in_field("contact")),
    }
}

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
    fn contact_beside_the_name_is_understood() {
        let of = |value: Value| of_message(value.as_object().unwrap());
        let ana = || Contact::email("ana@example.org").unwrap();
        assert_eq!(of(json!({"name": "Ana", "email": "ana@example.org"})), Ok(Some(ana())));
        assert_eq!(of(json!({"contact": {"email": "ana@example.org"}, "email": ""})), Ok(Some(ana())));
        assert_eq!(of(json!({"phone": "+14155552671"})), Ok(Some(Contact::sms("+14155552671").unwrap())));
        assert_eq!(of(json!({"name": "Ana", "email": null})), Ok(None));
        assert_eq!(of(json!({"email": "nowhere"})).unwrap_err().field, "contact.email");
        for several in [
            json!({"email": "ana@example.org", "phone": "+14155552671"}),
            json!({"contact": {"email": "ana@example.org"}, "sms": "+14155552671"}),
        ] {
            assert_eq!(of(several), Err(FieldProblem::NotOneContact.in_field("contact")));
        }
    }

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
