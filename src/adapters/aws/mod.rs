//! The configuration and the error classification that all AWS clients share.

pub mod config;
pub mod error;
