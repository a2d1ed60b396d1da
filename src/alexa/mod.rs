//! The Alexa skill: a request in, a response out, typed, on nothing but the ports.
//!
//! As Amazon's "Request and Response JSON Reference" and "Dialog Interface Reference" have them.

mod request;
mod response;
mod skill;
mod speech;

pub use self::response::{RESPONSE_BYTES, Response, SPEECH_CHARS};
pub use self::skill::{Refused, Skill};

/// The intents that the interaction models name, besides Amazon's own.
pub const SIGN_UP: &str = "SignUpIntent";
pub const TAKE_OUT: &str = "TakeOutIntent";
pub const WHO_IS_COMING: &str = "WhoIsComingIntent";

/// Amazon's own that the skill answers.
pub const BUILT_IN: [&str; 5] = [
    "AMAZON.CancelIntent",
    "AMAZON.FallbackIntent",
    "AMAZON.HelpIntent",
    "AMAZON.NavigateHomeIntent",
    "AMAZON.StopIntent",
];

/// The slots of our intents.
pub const EVENT: &str = "Event";
pub const NAME: &str = "Name";

/// The type of the slot [`EVENT`], filled with the titles that there are.
pub const EVENT_TYPE: &str = "EVENT";
