//! The functions' own executables under a Runtime API like Lambda's, with MiniStack behind a proxy that sees each of
//! their calls.

mod api;
mod crash;
mod deliver;
mod deploy;
mod fanout;
mod ingest;
mod logs;
mod notifications;
mod outbox;
mod places;
mod refused_calls;
mod seat_news;
mod seats;
mod subscribers;
mod throttling;
mod upgrade;
mod upgrade_recipients;
mod watermarks;
mod world;
