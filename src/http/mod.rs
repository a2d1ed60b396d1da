//! The HTTP API and its pages. They use the backends only through the ports.

mod address_proof;
mod address_state;
mod api;
mod app;
mod bodies;
pub mod client;
mod client_network;
mod cookies;
mod downloads;
mod event_list;
mod event_view;
mod export_places;
mod form_token;
mod headcount;
pub mod live_pages;
mod locale;
mod log_limit;
mod messages;
pub mod middleware;
mod new_events;
mod openapi;
mod opt_in_bodies;
mod organiser_session;
mod own_registrations;
mod pages;
mod paging;
mod place_bodies;
pub mod problem;
mod roster_view;
mod router;
mod routes;
pub mod site;
mod wait;

pub use self::app::{AlexaEndpoint, App, Delivery};
pub use self::openapi::openapi;
pub use self::router::{ClientLimits, router};
