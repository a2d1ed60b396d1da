//! The bytes that identify a registration of an event in a signed link. They are few, because links are sent in text
//! messages.

use uuid::Uuid;

use crate::domain::attendee_name::NameKey;
use crate::domain::signup::SignupId;

/// Replaces the length byte of an id that is a UUID. The UUID is then stored in 16 bytes instead of 36.
const UUID_MARKER: u8 = 0;

/// Appends the id of the sign-up that began the registration, and the folded name.
pub fn append(bytes: &mut Vec<u8>, signup: &SignupId, name: &NameKey) {
    let id = signup.as_str();
    match Uuid::try_parse(id).ok().filter(|uuid| uuid.to_string() == id) {
        Some(uuid) => {
            bytes.push(UUID_MARKER);
            bytes.extend_from_slice(uuid.as_bytes());
        }
        None => {
            bytes.push(u8::try_from(id.len()).expect("an id has at most 128 bytes"));
            bytes.extend_from_slice(id.as_bytes());
        }
    }
    bytes.extend_from_slice(name.as_str().as_bytes());
}

/// Parses what [`append`] wrote.
pub fn parse(bytes: &[u8]) -> Option<(SignupId, NameKey)> {
    let (id, name) = match bytes.split_first()? {
        (&UUID_MARKER, rest) => {
            let (uuid, name) = rest.split_first_chunk()?;
            (Uuid::from_bytes(*uuid).to_string(), name)
        }
        (&length, rest) => {
            let (id, name) = rest.split_at_checked(usize::from(length))?;
            (String::from_utf8(id.to_vec()).ok()?, name)
        }
    };
    Some((SignupId::from_stored(id), NameKey::from_stored(String::from_utf8(name.to_vec()).ok()?)))
}
