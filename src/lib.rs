#![forbid(unsafe_code)]

pub mod attendee;
pub mod attendee_name;
pub mod channel;
pub mod contact;
pub mod event;
pub mod ingest;
pub mod invalid;
pub mod manage;
pub mod metrics;
pub mod ports;
pub mod reject;
pub mod secret;
pub mod signup;
pub mod timestamp;
pub mod web;

mod fields;
mod text;

#[cfg(feature = "standalone")]
pub mod standalone;
