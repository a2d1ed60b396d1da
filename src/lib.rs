//! Count Me In: people say *count me in* to an event, and everybody sees who is coming.
//!
//! ```text
//!  page, curl, CLI ── web ──▶ queue ──▶ ingest ──▶ roster ──▶ change feed
//!                              │           │
//!                  after 5 tries           └──▶ rejects ── corrected ──▶ queue
//!                              └──────────────▶ rejects
//! ```
//!
//! # Layout
//!
//! The way of a sign-up, from the edge inwards:
//!
//! * [`channel`]: how sign-ups come. A payload in, a [`signup::Signup`] out, no I/O: [`channel::http`] for the
//!   public API, [`channel::message`] for the JSON on the queue, [`channel::button`] for what buttons send,
//!   [`channel::csv`] for tables, [`channel::alexa`] for what is said to an Echo.
//! * [`signup`]: one valid request, with [`event`], [`attendee_name`], [`contact`] and [`timestamp`]; what cannot be
//!   one is an [`invalid::InvalidField`] that names field, problem and limit.
//! * [`ingest`]: a batch of deliveries from the queue onto the roster, each to its own outcome; presses by the [`button`]
//!   that was pressed.
//! * [`attendee`]: what a request makes of an attendee. The rules of who wins and who may.
//! * [`fanout`]: the changes of the roster into each event's [`digest`], and its [`news`] to everybody who is in, not more
//!   often than [`quiet`] allows: an [`announcement`] for each, in a [`notification`].
//! * [`words`]: an announcement as a text message or an email, in English or German.
//! * [`reject`]: a message that can never succeed, kept whole, corrected, sent again.
//! * [`manage`]: the link by which somebody owns a stay; [`secret`] signs it.
//! * [`ports`]: what a backend must do.
//! * [`web`]: every route and page, on nothing but the ports. [`metrics`]: what is counted.
//!
//! Around this core, which knows no database and no cloud:
//!
//! * [`standalone`]: the program on one SQLite file: the backend, the server, the worker loops.
//! * [`cli`]: the command `countmein`.
//! * `aws` (a feature of its own): DynamoDB and SQS behind the same ports, and the Lambda functions `api`, `ingest`,
//!   `fanout`, `import` and `alexa`, whose binaries in `functions/` only wire.
//!
//! # Invariants
//!
//! 1. Acknowledged is durable: after `202` a sign-up ends on the roster or among the rejects, whatever crashes.
//! 2. One attendee per event and folded name; the newest request by (`requested_at`, id) wins, in any order and
//!    however often it comes.
//! 3. One bad message harms no other.
//! 4. A GET changes nothing.
//! 5. No contact is in a roster, a log line, a metric, an error or a URL.
//! 6. Only a stay's owner or a trusted channel changes an attendee.
//!
//! ARCHITECTURE.md says how each is held, and by which test.
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
