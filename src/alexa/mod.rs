//! The Alexa skill: turns a request from Alexa into a response. Depends on the ports only.
//!
//! The types follow Amazon's "Request and Response JSON Reference" and "Dialog Interface Reference".

mod dialog;
mod handler;
mod place;
mod request;
mod response;
mod skill;
mod speech;

pub use self::response::{MAX_RESPONSE_BYTES, MAX_SPEECH_CHARS, Response};
pub use self::skill::{InvalidRequest, Skill};

/// The skill's own intents, with their names in the interaction models. Deployed
/// skills use these names, so they must not change.
pub const SIGN_UP_INTENT: &str = "SignUpIntent";
pub const CANCEL_INTENT: &str = "TakeOutIntent";
pub const WHO_IS_COMING_INTENT: &str = "WhoIsComingIntent";

/// The built-in intents of Amazon that the skill supports.
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

/// The slot type of [`EVENT_SLOT`]. When the skill is launched, its values
/// are replaced by the titles of the current events.
pub const EVENT_SLOT_TYPE: &str = "EVENT";
