//! The Alexa skill: takes a request from Alexa and returns the response. It depends only on the ports.
//!
//! The types follow Amazon's "Request and Response JSON Reference" and "Dialog Interface Reference".

mod dialog;
mod handler;
mod request;
mod response;
mod skill;
mod speech;

pub use self::response::{MAX_RESPONSE_BYTES, MAX_SPEECH_CHARS, Response};
pub use self::skill::{InvalidRequest, Skill};

/// The skill's own intents. The strings are the names in the interaction models, which deployed skills use.
pub const SIGN_UP_INTENT: &str = "SignUpIntent";
pub const CANCEL_INTENT: &str = "TakeOutIntent";
pub const WHO_IS_COMING_INTENT: &str = "WhoIsComingIntent";

/// Amazon's intents that the skill answers.
pub const BUILT_IN_INTENTS: [&str; 5] = [
    "AMAZON.CancelIntent",
    "AMAZON.FallbackIntent",
    "AMAZON.HelpIntent",
    "AMAZON.NavigateHomeIntent",
    "AMAZON.StopIntent",
];

/// The slots of the skill's own intents.
pub const EVENT_SLOT: &str = "Event";
pub const NAME_SLOT: &str = "Name";

/// The type of [`EVENT_SLOT`]. At launch it is filled with the titles of the current events.
pub const EVENT_SLOT_TYPE: &str = "EVENT";
