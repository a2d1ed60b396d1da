//! Buttons: the event and the attendee of each, and what each kind of press does.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

use crate::domain::attendee_name::AttendeeName;
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::event::Event;
use crate::domain::invalid::FieldProblem;
use crate::domain::secret::Secret;
use crate::domain::signup::{Request, Signup, SignupId, Version};
use crate::domain::text;
use crate::domain::timestamp::Timestamp;

/// The longest serial number, in bytes. An MQTT topic can be one.
pub const SERIAL_BYTES: usize = 256;

const SECRET_PURPOSE: &str = "button";
/// 128 bits. A person types the secret into a device's settings, so it is short.
const SECRET_BYTES: usize = 16;

/// The serial number of a button, exactly as its device or maker writes it. It is trimmed, has no control characters and
/// has 1 to [`SERIAL_BYTES`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(String);

/// How a button was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum PressKind {
    Single,
    Double,
    Triple,
    /// Held down.
    Long,
}

/// One press of a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Press {
    pub serial: Serial,
    pub kind: PressKind,
    /// Distinguishes this press from the next one, if the device sends such a value.
    pub deduplication_key: Option<DeduplicationKey>,
}

/// The value by which a device distinguishes its presses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeduplicationKey {
    /// A counter, or the time since the device was switched on. It starts again when the device restarts.
    Counter(String),
    /// A time of day.
    Time(String),
}

/// What a press does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum PressAction {
    SignUp,
    Cancel,
    Nothing,
}

/// What each kind of press does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PressActions {
    pub single: PressAction,
    pub double: PressAction,
    pub triple: PressAction,
    pub long: PressAction,
}

/// A registered button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    pub serial: Serial,
    pub event: Event,
    pub attendee: AttendeeName,
    pub actions: PressActions,
    pub contact: Option<Contact>,
}

impl Serial {
    pub fn parse(text: &str) -> Result<Self, FieldProblem> {
        let text = text.trim();
        if text.is_empty() {
            return Err(FieldProblem::Empty { limit: SERIAL_BYTES });
        }
        if text.len() > SERIAL_BYTES {
            return Err(FieldProblem::TooManyBytes { found: text.len(), limit: SERIAL_BYTES });
        }
        text::check_visible(text)?;
        Ok(Self(text.to_owned()))
    }

    /// The serial number of one of a device's buttons. Numbers begin with 1; the first button has the device's serial number.
    pub fn of_button(device: &str, number: u32) -> Result<Self, FieldProblem> {
        if number <= 1 { Self::parse(device) } else { Self::parse(&format!("{device}:{number}")) }
    }

    /// A stored serial number, or one from a cursor: the result of [`Serial::as_str`].
    pub fn from_stored(serial: String) -> Self {
        Self(serial)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The secret by which a device authenticates its presses over HTTP, in base64url. It is derived and stored nowhere.
    pub fn secret(&self, token_secret: &Secret) -> String {
        URL_SAFE_NO_PAD.encode(&token_secret.tag(SECRET_PURPOSE, &[self.0.as_bytes()])[..SECRET_BYTES])
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PressKind {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl PressAction {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl Default for PressActions {
    fn default() -> Self {
        Self {
            single: PressAction::SignUp,
            double: PressAction::Nothing,
            triple: PressAction::Nothing,
            long: PressAction::Cancel,
        }
    }
}

impl PressActions {
    pub fn of(&self, kind: PressKind) -> PressAction {
        match kind {
            PressKind::Single => self.single,
            PressKind::Double => self.double,
            PressKind::Triple => self.triple,
            PressKind::Long => self.long,
        }
    }
}

impl Press {
    /// The version of this press's request. A press with the same deduplication key has the same id.
    pub fn version(&self, pressed_at: Timestamp) -> Version {
        let key = match &self.deduplication_key {
            Some(DeduplicationKey::Counter(key) | DeduplicationKey::Time(key)) => key.clone(),
            None => pressed_at.as_millis().to_string(),
        };
        Version { requested_at: pressed_at, id: press_id(&[self.serial.as_str(), self.kind.as_str(), &key]) }
    }

    /// The id of this press if an earlier press with the same deduplication key has the id `taken`.
    pub fn id_after(&self, taken: &SignupId, pressed_at: Timestamp) -> SignupId {
        press_id(&[taken.as_str(), &pressed_at.as_millis().to_string()])
    }
}

fn press_id(parts: &[&str]) -> SignupId {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).expect("a length fits 64 bits").to_be_bytes());
        hash.update(part);
    }
    let id = format!("press-{}", URL_SAFE_NO_PAD.encode(&hash.finalize()[..16]));
    SignupId::parse(&id).expect("an id of short ASCII is valid")
}

impl Button {
    /// The sign-up that a press makes; none if this kind of press does nothing.
    pub fn signup(&self, kind: PressKind, version: Version) -> Option<Signup> {
        let request = match self.actions.of(kind) {
            PressAction::SignUp => Request::TrustedSignUp { contact: self.contact.clone() },
            PressAction::Cancel => Request::Cancel,
            PressAction::Nothing => return None,
        };
        let (event, name) = (self.event.clone(), self.attendee.clone());
        Some(Signup { version, event, name, channel: Channel::Button, request })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_button_gets_own_serial() {
        let serial = |number| Serial::of_button("shellyi4", number).unwrap().to_string();
        assert_eq!([serial(0), serial(1), serial(2)], ["shellyi4", "shellyi4", "shellyi4:2"]);
        assert_eq!(Serial::parse(""), Err(FieldProblem::Empty { limit: 256 }));
        assert_eq!(Serial::parse(&"x".repeat(257)), Err(FieldProblem::TooManyBytes { found: 257, limit: 256 }));
        assert_eq!(Serial::parse("a\u{7}"), Err(FieldProblem::Invisible { character: '\u{7}' }));
    }

    #[test]
    fn key_or_time_identifies_press() {
        let at = |millis: i64| Timestamp::from_millis(1_795_431_600_000 + millis).unwrap();
        let press = |key: Option<&str>| Press {
            serial: Serial::parse("b1").unwrap(),
            kind: PressKind::Single,
            deduplication_key: key.map(|key| DeduplicationKey::Counter(key.to_owned())),
        };
        assert_eq!(press(Some("2")).version(at(0)).id, press(Some("2")).version(at(5)).id);
        assert_ne!(press(Some("2")).version(at(0)).id, press(Some("3")).version(at(0)).id);
        assert_ne!(press(None).version(at(0)).id, press(None).version(at(5)).id);
        let long = Press { kind: PressKind::Long, ..press(Some("2")) };
        assert_ne!(long.version(at(0)).id, press(Some("2")).version(at(0)).id);
    }

    #[test]
    fn each_button_has_its_own_secret() {
        let secret = Secret::new("correct-horse-battery").unwrap();
        let of = |serial| Serial::parse(serial).unwrap().secret(&secret);
        assert_eq!(of("b1").len(), 22);
        assert_ne!(of("b1"), of("b2"));
    }
}
