//! Limits on what is sent.

use strum::IntoStaticStr;

/// A limit that can suppress a message, as logs and metrics name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Limit {
    /// Opt-in requests per hour.
    OptIns,
    /// The phone's calling code is not listed.
    CallingCodes,
    /// Text messages are not sent at this hour.
    SmsHours,
    /// Text messages per day.
    SmsPerDay,
    /// Opt-in requests and manage links by text message per day. They may use half of all text messages.
    SmsAnswersPerDay,
    /// Manage links sent again per contact and day.
    LinksPerDay,
}

impl Limit {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
