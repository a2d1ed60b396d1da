//! What every request and answer passes.

pub mod body;
pub mod client_address;
pub mod rate_limit;
pub mod response;
