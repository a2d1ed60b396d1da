//! The stored forms of domain values, the same in every backend.

pub mod attendee;
pub mod button;
pub mod digest;
