//! The standalone home: one program, one SQLite file. The only place that names SQLite.

pub mod organiser_key;
pub mod serve;
pub mod server;
pub mod sqlite;

mod client_address;
mod rate_limit;
mod worker;
