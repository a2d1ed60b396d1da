//! The composition root of the program: settings, storage backends, background tasks.

#[cfg(feature = "aws")]
mod aws_storage;
pub mod connections;
#[cfg(feature = "aws")]
mod follow_stream;
mod followers;
mod key_file;
pub mod keys;
mod notifications;
mod secrets;
pub mod server;
pub mod settings;
mod sqlite_storage;
mod storage;
mod upkeep;
pub mod worker;
