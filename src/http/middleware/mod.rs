//! Middleware for all requests and responses.

pub mod body;
pub mod client_address;
pub mod host;
pub mod memory_limit;
pub mod page;
pub mod page_stream;
pub mod rate_limit;
pub mod response;
