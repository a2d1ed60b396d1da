//! The routes.

pub mod attendees;
pub mod buttons;
pub mod contacts;
pub mod events;
pub mod everybody;
pub mod health;
pub mod link_again;
pub mod manage;
pub mod organiser;
pub mod sample;
pub mod signups;
