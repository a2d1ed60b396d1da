//! The routes of the HTTP API. The router and the OpenAPI document are generated from one table.

use std::sync::Arc;

use axum::Router;
use axum::routing::MethodRouter;
use utoipa::OpenApi;

use crate::http::App;
use crate::http::routes::{
    attendees, buttons, contacts, deletion, event_creation, event_list, events, health, host_links, host_page,
    hosted_attendees, hosting, manage, organiser, rebuild, registration_opt_in, resend_link, sample, signups,
};

/// Generates the router and the OpenAPI document from one table, so that each route is written once.
///
/// utoipa-axum does the same, but builds the document together with the router, which would delay the start of the
/// Lambda function `api`.
macro_rules! api {
    ($($path:literal: $($method:ident($($handler:ident)::+)),+;)+) => {
        /// The router of the table.
        pub fn routes() -> Router<Arc<App>> {
            Router::new()$(.route($path, MethodRouter::new()$(.$method($($handler)::+))+))+
        }

        /// The OpenAPI document of the table.
        #[derive(OpenApi)]
        #[openapi(paths($($($($handler)::+),+),+))]
        pub struct ApiDoc;
    };
}

api! {
    "/": get(sample::list), post(sample::sign_up);
    "/events": get(event_list::list), post(event_creation::create);
    "/events/{event}": get(events::show), patch(hosting::edit), delete(deletion::delete);
    "/events/{event}/cancel": post(hosting::cancel);
    "/events/{event}/archive": post(hosting::archive);
    "/events/{event}/reopen": post(hosting::reopen);
    "/events/{event}/links": post(host_links::show_link);
    "/events/{event}/links/revoke": post(host_links::revoke_links);
    "/events/{event}/host/{token}": get(host_page::show), post(host_page::actions::act);
    "/events/{event}/host/{token}/edit": get(host_page::edit::show), post(host_page::edit::edit);
    "/events/{event}/host/{token}/print": get(host_page::lists::print);
    "/events/{event}/host/{token}/list.csv": get(host_page::lists::csv);
    "/events/{event}/host/{token}/delete": get(deletion::form::show_to_host), post(deletion::form::delete_as_host);
    "/events/{event}/signups": post(signups::sign_up);
    "/events/{event}/link": post(resend_link::resend);
    "/events/{event}/attendees": get(attendees::list);
    "/events/{event}/attendees/{name}": get(attendees::show), delete(hosted_attendees::remove);
    "/events/{event}/attendees/{name}/promote": post(hosted_attendees::promote);
    "/events/{event}/rebuild": post(rebuild::rebuild);
    "/events/{event}/manage/{token}": get(manage::show), post(manage::change);
    "/events/{event}/contact/{token}": get(registration_opt_in::show), post(registration_opt_in::change);
    "/contacts/{token}": get(contacts::show), post(contacts::change);
    "/organiser/events/{event}/delete": get(deletion::form::show_to_organiser), post(deletion::form::delete_as_organiser);
    "/organiser/signups": post(organiser::sign_up);
    "/organiser/rejects": get(organiser::rejects::list);
    "/organiser/rejects/redrive": post(organiser::redrive::redrive_all);
    "/organiser/rejects/{id}": get(organiser::rejects::show);
    "/organiser/rejects/{id}/redrive": post(organiser::rejects::redrive);
    "/organiser/rejects/{id}/discard": post(organiser::rejects::discard);
    "/organiser/outbox": get(organiser::outbox::list);
    "/organiser/outbox/{id}/retry": post(organiser::outbox::retry);
    "/organiser/outbox/{id}/drop": post(organiser::outbox::drop_message);
    "/buttons": post(buttons::press);
    "/organiser/buttons": get(organiser::buttons::list), post(organiser::buttons::register);
    "/organiser/buttons/remove": post(organiser::buttons::remove);
    "/organiser/limits": get(organiser::limits::show);
    "/organiser/import": post(organiser::import::import);
    "/organiser/export": get(organiser::people::export);
    "/organiser/remove": post(organiser::people::remove);
    "/organiser/person/export": post(organiser::person::export);
    "/organiser/person/remove": post(organiser::person::remove);
    "/health": get(health::health);
    "/metrics": get(health::metrics);
}
