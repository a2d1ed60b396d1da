//! Domain values as they are stored, in every backend.

pub mod attendee;
pub mod button;
pub mod digest;
