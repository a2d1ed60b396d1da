//! What all AWS clients share: their configuration, and the classification of their errors.

pub mod config;
pub mod error;
