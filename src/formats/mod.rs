//! Parses payloads into domain values, and writes domain values as payloads. Does no I/O.

pub mod button;
pub mod cloud_event;
pub mod contact;
pub mod csv;
mod envelopes;
pub mod event_details;
pub mod fields;
pub mod http_signup;
pub mod message;
pub mod outbox_message;
pub mod panic;
pub mod registration_details;
pub mod rejected;
pub mod rejected_content;
pub mod stored;
