//! The composition root of the program: settings, storage backends, background tasks.

#[cfg(feature = "aws")]
mod aws_storage;
pub mod connections;
mod key_file;
pub mod keys;
mod notification_context;
mod notification_tasks;
pub mod secrets;
pub mod server;
pub mod settings;
mod sqlite_storage;
mod storage;
mod upkeep;
pub mod worker;
