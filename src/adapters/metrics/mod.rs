//! Implementations of the metrics port.

#[cfg(feature = "aws")]
pub mod emf;
pub mod prometheus;
