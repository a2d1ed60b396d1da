//! Backends for metrics.

#[cfg(feature = "aws")]
pub mod emf;
pub mod prometheus;
