//! Count Me In: people sign up for events, and the other attendees are notified when someone joins or leaves.
//!
//! ```text
//!  page, curl, CLI ── http ──▶ queue ──▶ ingest ──▶ roster ──▶ change feed ──▶ fanout ──▶ outbox ──▶ notify ──▶ mail, SMS, webhook
//!  button ────────── mqtt ──▶   │           │
//!  Echo ──────────── alexa ─▶   │           └──▶ rejected messages ── corrected ──▶ queue
//!                               └── after 5 receives ──▶ rejected messages
//! ```
//!
//! # Layout
//!
//! A folder may import only from folders above it in this list. `.ci/layers` checks this.
//!
//! * [`domain`]: values, their validation, and the rules that change them: [`event`](domain::event),
//!   [`attendee`](domain::attendee), [`signup`](domain::signup), [`contact`](domain::contact),
//!   [`digest`](domain::digest), [`seats`](domain::seats) and others. No I/O.
//! * [`ports`]: the traits that storage backends, queues and message senders implement. Each file
//!   contains one trait with its data types.
//! * [`formats`]: converts payloads to domain values and back, without I/O: [`message`](formats::message) (sign-ups
//!   on the queue), [`button`](formats::button) (button events), [`csv`](formats::csv) and
//!   [`stored`](formats::stored) (database records).
//! * [`texts`]: every sentence that people read, in one file per language, and dates as each language writes them.
//! * [`ingest`]: applies a batch of deliveries from the queue to the roster. Each delivery has its own outcome.
//! * [`fanout`]: adds roster changes to each event's digest, decides who gets a place, and puts the announcements that are due
//!   into the outbox, a message for each contact.
//! * [`notify`]: sends the messages in the outbox, each to one contact: checks opt-in and limits, writes the
//!   [text](notify::text) and links, and tries again what failed.
//! * [`upkeep`]: deletes the contacts of events that have been over for a while.
//! * [`alexa`]: the dialog of the Alexa skill.
//! * [`http`]: routes, pages and middleware. They use the ports and no adapter.
//! * [`adapters`]: implement the ports with SQLite, DynamoDB, SQS, SNS, S3, SMTP, webhooks, MQTT and metrics.
//! * `lambda` (feature `aws`): the handlers of the Lambda functions. The binaries in
//!   `functions/` only construct and run them.
//! * `app` (feature `standalone`): settings, storage backends and background
//!   tasks: the composition root of the program.
//! * `cli` (feature `standalone`): the command `countmein`.
//!
//! # Invariants
//!
//! 1. An acknowledged sign-up is durable: after a `202` response, the sign-up is applied to the roster or stored as a
//!    rejected message, even if a process crashes.
//! 2. Each event has one attendee per [folded name](domain::attendee_name::NameKey). The newest request, by
//!    `requested_at` and then id, wins regardless of the order in which requests arrive and of repeated deliveries.
//! 3. A bad message does not affect other messages.
//! 4. A GET changes nothing.
//! 5. A contact never appears on the public roster, in a log line, a metric, an error or a URL.
//! 6. Only a registration's owner or a trusted channel can change a registration, and only a host or the organiser an
//!    event.
//! 7. [`Viewer::view`](domain::viewer::Viewer::view) decides who sees names and numbers. The id of an unlisted event is in
//!    no list and no log.
//!
//! 8. No [seat](domain::seats) is granted beyond the number of places in force, whatever the channel, and free places go to the
//!    first waiting party that fits.
//!
//! ARCHITECTURE.md explains the design and lists the tests that verify each invariant.
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
pub mod texts;
pub mod upkeep;
