//! All that these tests know of the program's code. When something there is renamed or moved, only the `use` lines below
//! and the functions of this folder follow; the golden files and the tests stay.
//!
//! Arguments and results are JSON and text, as the golden files hold them.

mod derived;
mod ports;
mod values;

pub use self::derived::{button_secret, contact_id, household, signing_key};
pub use self::ports::{Ports, changes, positions};
#[cfg(feature = "aws")]
pub use self::{derived::subscribe, ports::table_position};

#[cfg(feature = "aws")]
use aws_config::SdkConfig;
use countmein::attendee::{Attendee, Status};
use countmein::attendee_name::NameKey;
#[cfg(feature = "aws")]
pub use countmein::aws::events_table::EventsTable;
#[cfg(feature = "aws")]
use countmein::aws::sns::{Sns, Topics};
use countmein::button::{Button, Serial};
use countmein::channel::alexa::UserId;
use countmein::channel::button::registration;
use countmein::consent::{Consent, ContactId};
use countmein::contact::Contact;
use countmein::digest::Digest;
use countmein::digest::record::DigestRecord;
use countmein::event::EventId;
use countmein::ingest::{self, Outcome};
#[cfg(feature = "aws")]
use countmein::outbound::{Caller, Mail, Mailer};
#[cfg(feature = "aws")]
use countmein::ports::Remembered;
use countmein::ports::{
    Budgets, Buttons, ChangeFeed, Contacts, Delivery, Digests, Households, Idempotency, Position, Rejects, Roster,
};
use countmein::reject::Reject;
use countmein::secret::Secret;
use countmein::signup::AttendeeKey;
#[cfg(feature = "aws")]
use countmein::signup::SignupId;
use countmein::standalone::sqlite::Follower;
pub use countmein::standalone::sqlite::{DATABASE, Sqlite};
use countmein::standalone::webhook::{Settings, Webhooks};
use countmein::timestamp::Timestamp;

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
