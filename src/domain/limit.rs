//! Limits on what is sent.

/// A limit that can suppress a message, as logs and metrics name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Opt-in requests per hour.
    OptIns,
    /// The phone's calling code is not listed.
    CallingCodes,
    /// Text messages are not sent at this hour.
    SmsHours,
    /// Text messages per day.
    SmsPerDay,
    /// Opt-in requests and links by text message per day: half of all text messages.
    SmsAnswersPerDay,
    /// Personal links sent again per contact and day.
    LinksPerDay,
}

impl Limit {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OptIns => "opt_ins",
            Self::CallingCodes => "calling_codes",
            Self::SmsHours => "sms_hours",
            Self::SmsPerDay => "sms_per_day",
            Self::SmsAnswersPerDay => "sms_answers_per_day",
            Self::LinksPerDay => "links_per_day",
        }
    }
}
