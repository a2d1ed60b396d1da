//! Count Me In: people say *count me in* for an event, and everybody sees who is coming.
//!
//! ```text
//!  page, curl, CLI ── http ──▶ queue ──▶ ingest ──▶ roster ──▶ change feed ──▶ fanout ──▶ notify ──▶ mail, SMS, webhook
//!  button ────────── mqtt ──▶   │           │
//!  Echo ──────────── alexa ─▶   │           └──▶ rejected messages ── corrected ──▶ queue
//!                               └── after 5 receives ──▶ rejected messages
//! ```
//!
//! # Layout
//!
//! Each folder imports only folders above it in this list; `.ci/layers` fails otherwise.
//!
//! * [`domain`]: what is valid, and the rules: [`event`](domain::event), [`attendee`](domain::attendee),
//!   [`signup`](domain::signup), [`contact`](domain::contact), [`digest`](domain::digest) and others. No I/O.
//! * [`ports`]: what a storage backend, a queue and a way to people must do: one trait a file, with its data and errors.
//! * [`formats`]: payloads to domain values and back, without I/O: the [`message`](formats::message) on the queue, what
//!   [buttons](formats::button) send, [CSV](formats::csv), and values [as they are stored](formats::stored).
//! * [`ingest`]: a batch of deliveries from the queue onto the roster, each to its own outcome.
//! * [`fanout`]: changes of the roster into each event's digest, and due digests to the recipients.
//! * [`notify`]: one notification to one contact: opt-in, limits, [texts](notify::text), links.
//! * [`alexa`]: the conversation with an Echo.
//! * [`http`]: routes, pages and middleware, on nothing but the ports.
//! * [`adapters`]: SQLite, DynamoDB, SQS, SNS, SMTP, webhooks, MQTT and metrics behind the ports.
//! * `lambda` (feature `aws`): the handlers of the functions, whose binaries in `functions/` only wire.
//! * `app` (feature `standalone`): settings, storage backends and background tasks: the composition root of the program.
//! * `cli` (feature `standalone`): the command `countmein`.
//!
//! # Invariants
//!
//! 1. Acknowledged is durable: after `202` a sign-up ends on the roster or among the rejected messages, whatever crashes.
//! 2. There is one attendee per event and folded name; the newest request by (`requested_at`, id) wins, in any order and
//!    however often it arrives.
//! 3. A bad message does not affect other messages.
//! 4. A GET changes nothing.
//! 5. No contact is in a roster, a log line, a metric, an error or a URL.
//! 6. Only a registration's owner or a trusted channel changes an attendee.
//!
//! ARCHITECTURE.md explains each invariant, and names the tests that verify it.
#![forbid(unsafe_code)]

pub mod adapters;
pub mod alexa;
#[cfg(feature = "standalone")]
pub mod app;
#[cfg(feature = "standalone")]
pub mod cli;
pub mod domain;
pub mod fanout;
pub mod formats;
pub mod http;
pub mod ingest;
#[cfg(feature = "aws")]
pub mod lambda;
pub mod notify;
pub mod ports;
#[cfg(test)]
#[path = "../tests/support/seed.rs"]
mod seed;
