//! What several test binaries share. Each includes this once, in its `main.rs`.

#[cfg(all(feature = "aws", feature = "standalone"))]
pub mod cloud;
pub mod http;
pub mod mail_server;
#[cfg(feature = "aws")]
pub mod ministack;
#[cfg(feature = "standalone")]
pub mod program;
pub mod receiver;
#[cfg(feature = "aws")]
pub mod runtime_api;
pub mod seed;
pub mod tls;
