//! All that these tests know of the program's code. When something there is renamed or moved, only the `use` lines below
//! and the functions of this folder follow; the golden files and the tests stay.
//!
//! Arguments and results are JSON and text, as the golden files hold them.

mod derived;
mod ports;
mod values;

#[cfg(feature = "aws")]
pub use self::derived::subscribe;
pub use self::derived::{button_secret, contact_id, household, signing_key};
pub use self::ports::{Ports, changes, positions};

#[cfg(feature = "aws")]
use aws_config::SdkConfig;
#[cfg(feature = "aws")]
pub use countmein::adapters::dynamodb::EventsTable;
#[cfg(feature = "aws")]
use countmein::adapters::sns::{Sns, SnsTopics};
use countmein::adapters::sqlite::FeedConsumer;
pub use countmein::adapters::sqlite::{DATABASE, Sqlite};
use countmein::adapters::webhook::{WebhookClient, WebhookSettings};
use countmein::domain::attendee::{Attendee, Status};
use countmein::domain::attendee_name::NameKey;
use countmein::domain::button::{Button, Serial};
use countmein::domain::contact::Contact;
use countmein::domain::contact_id::ContactId;
use countmein::domain::digest::Digest;
use countmein::domain::event::EventId;
use countmein::domain::event_creators::EventCreators;
use countmein::domain::household::HouseholdId;
use countmein::domain::opt_in::OptIn;
use countmein::domain::secret::Secret;
use countmein::domain::signup::AttendeeKey;
#[cfg(feature = "aws")]
use countmein::domain::signup::SignupId;
use countmein::domain::timestamp::Timestamp;
use countmein::formats::button::registration;
use countmein::formats::contact as contact_json;
use countmein::formats::stored::digest::DigestRecord;
use countmein::ingest;
use countmein::ingest::Outcome;
#[cfg(feature = "aws")]
use countmein::ports::IdempotentRequest;
use countmein::ports::{Backend, ChangeFeed, Deferrals, Delivery, Position, RejectedMessage};
#[cfg(feature = "aws")]
use countmein::ports::{Mail, Mailer, WebhookCaller};

pub fn now() -> Timestamp {
    Timestamp::now()
}

pub fn time(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn event_id(id: &str) -> EventId {
    EventId::from_stored(id.to_owned())
}
