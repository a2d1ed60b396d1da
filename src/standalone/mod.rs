//! The standalone home: one program, one SQLite file. The only place that names SQLite.

pub mod announcing;
pub mod followers;
pub mod home;
pub mod key_file;
pub mod mqtt;
pub mod serve;
pub mod server;
pub mod smtp;
pub mod sqlite;
pub mod webhook;

mod client_address;
mod rate_limit;
pub mod worker;
