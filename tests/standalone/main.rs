//! The program on one machine: its server, its command line, its database, and how it reaches people.

#[cfg_attr(feature = "aws", expect(dead_code, reason = "other test binaries use more of it"))]
#[path = "../support/mod.rs"]
mod support;

mod alexa;
mod announcements;
mod checkpoint;
mod cli;
mod crash;
mod crowd;
mod damage;
mod damaged_seats;
mod dinner;
mod documents;
mod durability;
mod earlier_messages;
mod full_disk;
mod http;
mod import;
mod lost_database;
mod mqtt;
mod openapi;
mod opt_in;
mod outbox;
mod overload;
mod page_states;
mod pages;
mod place_pages;
mod private_files;
mod restore;
mod schema;
mod seat_news;
mod smtp;
mod sqlite;
mod webhook;
