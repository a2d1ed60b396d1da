//! The traits that storage backends, queues and message senders implement. Each
//! file contains one trait with its data types.
//!
//! When a write returns `Ok`, its effect is complete and durable. [`Unavailable`] means that the same call may
//! succeed later. Only [`Roster::apply`] and the message senders can fail permanently. The contract suite in
//! `tests/contract` tests every storage backend.

mod announcements;
mod backend;
mod broadcaster;
mod budgets;
mod buttons;
mod calendar;
mod change_feed;
mod contacts;
mod deletions;
mod digests;
mod downloads;
mod earlier_messages;
mod error;
mod events;
mod households;
mod idempotency;
mod mailer;
mod meter;
mod notifier;
mod outbox;
mod outbox_table;
mod people;
mod places;
mod queue;
mod rejected_messages;
mod request_signatures;
mod roster;
mod seats;
mod secrets;
mod sms_sender;
mod subscribers;
mod watermarks;
mod webhook_caller;

pub use self::announcements::Announcements;
pub use self::backend::Backend;
pub use self::broadcaster::{Broadcast, Broadcaster};
pub use self::budgets::{Budgets, Spending};
pub use self::buttons::Buttons;
pub use self::calendar::{Calendar, CalendarEntry, CalendarPage, CalendarPosition};
pub use self::change_feed::{ChangeFeed, DamagedChange, Position};
pub use self::contacts::Contacts;
pub use self::deletions::{DeletedAttendees, Deletions};
pub use self::digests::{DamagedRecord, Digests, ParkedEvent};
pub use self::downloads::{DOWNLOAD_TIME, Download, Downloads};
pub use self::earlier_messages::{EarlierMessage, EarlierMessages};
pub use self::error::{ApplyError, Deletion, ReadError, SendError, Unavailable, Write};
pub use self::events::{Events, StoredDetails};
pub use self::households::Households;
pub use self::idempotency::{Idempotency, IdempotentRequest};
pub use self::mailer::{Asked, Mail, Mailer};
pub use self::meter::{Exposition, IngestCounts, MessageOutcome, Meter};
pub use self::notifier::{Notified, Notifier};
pub use self::outbox::{LastAttempt, Outbox, OutboxEntry};
pub use self::outbox_table::{Lane, OutboxTable, Retry, WaitingMessage};
pub use self::people::{AddressEntries, DeletedContacts, People};
pub use self::places::{place_of, places_of, position_in};
pub use self::queue::{Deferral, Deferrals, Delivery, Depth, MAX_RECEIVES, Queue, STOPPED_REASON};
pub use self::rejected_messages::{MAX_REJECT_BYTES, RejectEntry, RejectedMessage, RejectedMessages};
pub use self::request_signatures::{RequestSignatures, SignatureError, SignedRequest};
pub use self::roster::{AttendeeSignups, EventSummary, Roster, RosterPage, listed_events};
pub use self::seats::{MAX_SEAT_WRITES, PartyPage, Seats, StoredParty};
pub use self::secrets::Secrets;
pub use self::sms_sender::{Sms, SmsSender};
pub use self::subscribers::Subscribers;
pub use self::watermarks::{Claimed, WatermarkClaim, WatermarkKey, WatermarkRecipient, Watermarks};
pub use self::webhook_caller::{WebhookCall, WebhookCaller};
