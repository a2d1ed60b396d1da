//! Where metrics go.

#[cfg(feature = "aws")]
pub mod emf;
pub mod prometheus;
