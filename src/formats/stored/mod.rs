//! The records as which every storage backend stores domain values.

pub mod attendee;
pub mod button;
pub mod digest;
