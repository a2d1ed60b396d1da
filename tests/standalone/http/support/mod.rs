//! Helpers: servers, requests and answers, people and their sign-ups.

mod answer;
mod data;
mod endpoint;
mod people;
mod raw;
mod request;
mod server;

pub use self::answer::Answer;
pub use self::data::{consent_link, dump, enqueue, registration_consent_link, wait_until_announced};
pub use self::endpoint::Endpoint;
pub use self::people::SignedUp;
pub use self::raw::{exchange, read_answer, read_head};
pub use self::request::Request;
pub use self::server::{KEY, PATIENCE, Running, serve, serve_with};
