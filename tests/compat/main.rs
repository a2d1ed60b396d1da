//! Compatibility: an existing SQLite file or DynamoDB table opens with everything in it, messages on their way arrive,
//! links already sent keep working, and so do the calls of the 2016 sample.
//!
//! The files in `tests/golden/compat` were written by an earlier version; its README.md says how. They never change.

mod age;
mod code;
#[cfg(feature = "aws")]
mod dynamodb;
mod golden;
mod links;
mod messages;
mod read;
mod sample;
mod site;
mod sqlite;

#[expect(dead_code, reason = "other test binaries use more of it")]
#[path = "../support/mod.rs"]
mod support;
