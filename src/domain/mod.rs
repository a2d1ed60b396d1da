//! Domain values, their validation, and the rules that change them. No I/O.

pub mod announcement;
pub mod attendee;
pub mod attendee_name;
pub mod backoff;
pub mod button;
pub mod change;
pub mod channel;
pub mod clock;
pub mod contact;
pub mod contact_id;
pub mod digest;
pub mod event;
pub mod household;
pub mod invalid;
pub mod limit;
pub mod manage_link;
pub mod notification;
pub mod opt_in;
pub mod pending_changes;
pub mod registration;
pub mod secret;
pub mod signup;
pub mod text;
pub mod timestamp;
