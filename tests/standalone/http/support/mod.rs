//! What the tests speak: servers, requests and answers, people and their sign-ups.

mod answer;
mod data;
mod people;
mod raw;
mod request;
mod server;

pub use self::answer::Answer;
pub use self::data::{all_is_told, consent_link, dump, enqueue};
pub use self::people::SignedUp;
pub use self::raw::{exchange, read_answer, read_head};
pub use self::request::Request;
pub use self::server::{KEY, PATIENCE, Running, serve, serve_with};
