//! How to reach AWS, and what its errors mean.

pub mod config;
pub mod error;
