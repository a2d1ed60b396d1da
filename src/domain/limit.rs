//! Limits that can suppress a message.

use strum::IntoStaticStr;

/// A limit that can suppress a message. Logs and metrics contain its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Limit {
    /// The maximum number of opt-in requests per hour.
    OptIns,
    /// The maximum number of opt-in requests of one event, while half of those of the hour are used up.
    OptInsPerEvent,
    /// The maximum number of opt-in requests per hour that one network causes, while half of those of the hour are used up.
    OptInsPerNetwork,
    /// The maximum number of opt-in requests per day to a contact whose owner has confirmed another registration.
    OptInsToContactPerDay,
    /// The phone number is not one of a listed country.
    SmsCountries,
    /// The phone number is not one of a mobile phone.
    SmsLineType,
    /// It is outside the hours in which text messages may be sent.
    SmsHours,
    /// The maximum number of text messages per day.
    SmsPerDay,
    /// The maximum number of opt-in requests and manage links per day that are sent as text messages. It is half of the
    /// maximum number of text messages, so that the other half stays available for notifications.
    SmsAnswersPerDay,
    /// The maximum number of times per day that manage links are sent again to one contact.
    LinksPerDay,
    /// The maximum number of digests per day to one contact.
    DigestsPerDay,
    /// The maximum number of messages about seats per day to one contact.
    SeatNewsPerDay,
}

impl Limit {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
