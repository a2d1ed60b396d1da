//! The real server on a real socket: every route, what it promises, and what it withstands.

pub mod support;

mod buttons;
mod clock;
mod contacts;
mod contract;
mod deletion;
mod event_command;
mod event_list;
mod events;
mod export_places;
mod forms;
mod host_pages;
mod hostile;
mod import_form;
mod live_pages;
mod manage;
mod operation;
mod order;
mod organiser;
mod outbox_page;
mod pages;
mod people;
mod person;
mod places;
mod privacy;
mod proxy;
mod registration_opt_in;
mod registrations;
mod rejects;
mod rekeying;
mod roster;
mod sample;
mod shutdown;
mod signups;
mod visibility;
