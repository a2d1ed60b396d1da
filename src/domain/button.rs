//! Buttons. Each is registered for an attendee and an event; each kind of press has an action.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

use crate::domain::attendee_name::AttendeeName;
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::event::Event;
use crate::domain::invalid::FieldProblem;
use crate::domain::secret::Secret;
use crate::domain::short_hash::short_hash;
use crate::domain::signup::{Request, Signup, SignupId, Version};
use crate::domain::text;
use crate::domain::timestamp::Timestamp;

/// The maximum length of a serial number, in bytes. It allows for MQTT topics,
/// which some devices use as serial numbers.
pub const MAX_SERIAL_BYTES: usize = 256;

/// The time within which messages of the same kind are one press, if the device sends nothing else that tells them apart. It is
/// longer than a short press, and shorter than a person needs to change their mind.
pub const GESTURE_WINDOW: Duration = Duration::from_secs(1);

/// Separates these secrets from other values derived from the token secret.
/// Changing it would change all button secrets.
const SECRET_PURPOSE: &str = "button";
/// 128 bits. The secret is short because a person types it into a device's settings.
const SECRET_BYTES: usize = 16;

/// The serial number of a button, exactly as the device sends it or the manufacturer prints it. It is trimmed, has 1 to
/// [`MAX_SERIAL_BYTES`] bytes, and contains no invisible characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(String);

/// How a button was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum PressKind {
    Single,
    Double,
    Triple,
    /// The button was held down.
    Long,
}

/// One press of a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Press {
    pub serial: Serial,
    pub kind: PressKind,
    /// Distinguishes a new press from a repeated message about the same press.
    /// `None` if the device sends no such value.
    pub deduplication_key: Option<DeduplicationKey>,
}

/// A value that a device sends with a press. A repeated message about the same press has the same value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeduplicationKey {
    /// A counter, or the time since the device was switched on. It is reset when the device restarts, so values recur.
    Counter(String),
    /// A date and time, so values do not recur.
    Time(String),
    /// The device sends no value, but may send several messages about one press: when the button goes down and when it is
    /// released, or on two topics. Those that arrive within [`GESTURE_WINDOW`] are one press.
    Gesture,
}

/// The action of a press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum PressAction {
    SignUp,
    Cancel,
    Nothing,
}

/// The action of each kind of press.
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
            return Err(FieldProblem::Empty { limit: MAX_SERIAL_BYTES });
        }
        if text.len() > MAX_SERIAL_BYTES {
            return Err(FieldProblem::TooManyBytes { found: text.len(), limit: MAX_SERIAL_BYTES });
        }
        text::check_visible(text)?;
        Ok(Self(text.to_owned()))
    }

    /// Returns the serial number of the button `number`, counted from 1, on a device with several buttons. The
    /// first button has the device's serial number.
    pub fn of_button(device: &str, number: u32) -> Result<Self, FieldProblem> {
        if number <= 1 { Self::parse(device) } else { Self::parse(&format!("{device}:{number}")) }
    }

    /// Creates a serial number from a value of [`Serial::as_str`] that was stored
    /// or part of a cursor, without validating it.
    pub fn from_stored(serial: String) -> Self {
        Self(serial)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the secret that authenticates the button's presses over HTTP, in base64url. It is derived from the token
    /// secret and not stored.
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
    /// Returns the version of the request that this press makes. Presses of the same kind with
    /// the same deduplication key have the same id.
    pub fn version(&self, pressed_at: Timestamp) -> Version {
        let key = match &self.deduplication_key {
            Some(DeduplicationKey::Counter(key) | DeduplicationKey::Time(key)) => key.clone(),
            Some(DeduplicationKey::Gesture) => {
                let windows = u128::try_from(pressed_at.as_millis()).unwrap_or_default() / GESTURE_WINDOW.as_millis();
                format!("gesture {windows}")
            }
            None => pressed_at.as_millis().to_string(),
        };
        Version { requested_at: pressed_at, id: press_id(&[self.serial.as_str(), self.kind.as_str(), &key]) }
    }

    /// Returns an id for this press if `taken` is already the id of an earlier press with the same deduplication key,
    /// for example because the device restarted.
    pub fn id_after(&self, taken: &SignupId, pressed_at: Timestamp) -> SignupId {
        press_id(&[taken.as_str(), &pressed_at.as_millis().to_string()])
    }
}

fn press_id(parts: &[&str]) -> SignupId {
    SignupId::parse(&format!("press-{}", short_hash(parts))).expect("the id is short and printable ASCII")
}

impl Button {
    /// Returns the sign-up that a press makes, or `None` if this kind of press has no action.
    pub fn signup(&self, kind: PressKind, version: Version) -> Option<Signup> {
        let request = match self.actions.of(kind) {
            PressAction::SignUp => Request::trusted_sign_up(self.contact.clone()),
            PressAction::Cancel => Request::Cancel,
            PressAction::Nothing => return None,
        };
        let (event, name) = (self.event.clone(), self.attendee.clone());
        Some(Signup { version, event, name, channel: Channel::Button, network: None, request })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_serials_and_numbers_buttons() {
        let serial = |number| Serial::of_button("shellyi4", number).unwrap().to_string();
        assert_eq!([serial(0), serial(1), serial(2)], ["shellyi4", "shellyi4", "shellyi4:2"]);
        assert_eq!(Serial::parse(""), Err(FieldProblem::Empty { limit: 256 }));
        assert_eq!(Serial::parse(&"x".repeat(257)), Err(FieldProblem::TooManyBytes { found: 257, limit: 256 }));
        assert_eq!(Serial::parse("a\u{7}"), Err(FieldProblem::Invisible { character: '\u{7}' }));
    }

    #[test]
    fn press_does_what_its_button_says() {
        let contact = Contact::email("ana@example.org").unwrap();
        let button = Button {
            serial: Serial::parse(&"x".repeat(256)).unwrap(),
            event: Event::parse("Dance").unwrap(),
            attendee: AttendeeName::parse("Ana").unwrap(),
            actions: PressActions::default(),
            contact: Some(contact.clone()),
        };
        for kind in [PressKind::Single, PressKind::Double, PressKind::Triple, PressKind::Long] {
            let expected = match button.actions.of(kind) {
                PressAction::SignUp => Some(Request::trusted_sign_up(Some(contact.clone()))),
                PressAction::Cancel => Some(Request::Cancel),
                PressAction::Nothing => None,
            };
            let signup = button.signup(kind, Version::now());
            assert_eq!(
                signup.map(|signup| (signup.channel, signup.request)),
                expected.map(|request| (Channel::Button, request))
            );
        }
        let names = <PressAction as VariantArray>::VARIANTS.iter().map(|action| action.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["sign_up", "cancel", "nothing"]);
    }

    #[test]
    fn press_id_depends_on_key_or_time() {
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
        let button_secret = |serial| Serial::parse(serial).unwrap().secret(&secret);
        assert_eq!(button_secret("b1").len(), 22);
        assert_ne!(button_secret("b1"), button_secret("b2"));
    }
}
