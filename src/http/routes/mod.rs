//! The routes, one file per resource.

pub mod alexa;
pub mod all_attendees;
pub mod attendees;
pub mod buttons;
pub mod contacts;
pub mod deletion;
pub mod event_creation;
pub mod event_list;
pub mod events;
pub mod health;
pub mod host_links;
pub mod host_page;
pub mod hosted_attendees;
pub mod hosting;
pub mod manage;
pub mod new_event;
pub mod organiser;
pub mod public_signup;
pub mod rebuild;
pub mod registration_opt_in;
pub mod resend_link;
pub mod sample;
pub mod signup_form;
pub mod signups;
