//! The adapters for storage, queues, senders and metrics. Each of them implements one or more ports.

#[cfg(feature = "standalone")]
pub mod alexa_signatures;
#[cfg(feature = "aws")]
pub mod aws;
pub mod cached_events;
#[cfg(feature = "aws")]
pub mod dynamodb;
pub mod metrics;
#[cfg(feature = "standalone")]
pub mod mqtt;
#[cfg(feature = "standalone")]
pub mod private_files;
#[cfg(feature = "aws")]
pub mod s3;
#[cfg(feature = "aws")]
pub mod secrets_manager;
#[cfg(feature = "standalone")]
pub mod smtp;
#[cfg(feature = "aws")]
pub mod sns;
#[cfg(feature = "standalone")]
pub mod sqlite;
#[cfg(feature = "aws")]
pub mod sqs;
#[cfg(feature = "standalone")]
pub mod webhook;
