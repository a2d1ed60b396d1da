//! Hostile requests are refused with an explanation, and the server goes on: plain functions over a running server, run
//! against each storage backend.

mod backend;
mod bodies;
mod bytes;
mod organiser;
mod paths;

use super::support::{Answer, Endpoint};

/// The expected outcome of a request.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Taken, on purpose.
    Taken,
    /// Refused with this status, in words.
    Refused(u16),
}
use Fate::{Refused, Taken};

fn check(answer: Answer, fate: Fate) {
    match fate {
        Taken => assert!(answer.status < 400, "{answer:?}"),
        Refused(status) => {
            let answer = answer.is(status);
            assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
            let detail = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.len() > 10, "it does not say what to change: {answer:?}");
            assert!(detail.chars().all(|c| !c.is_control()), "{detail:?}");
        }
    }
}

/// Asserts that the server still serves, and that its queue is empty.
fn goes_on(server: &Endpoint) {
    let after = server.sign_up("afterwards", "Somebody");
    assert_eq!(server.state(&after.manage), "in");
    assert_eq!(server.metric("countmein_signups_retried_total"), 0);
    assert!(server.rejects().is_empty(), "what was taken can be stored");
}

/// Every case as a test of its own.
macro_rules! hostile {
    ($($module:ident: $($case:ident)+;)+) => {
        /// Attacks a server on one backend.
        macro_rules! attack {
            ($backend:ident) => {
                mod $backend {
                    $(mod $module {
                        $(#[test]
                        fn $case() {
                            let server = crate::http::hostile::backend::$backend();
                            crate::http::hostile::$module::$case(&server);
                        })+
                    })+
                }
            };
        }
    };
}

hostile! {
    bodies:
        bodies_are_accepted_or_explained
        every_route_refuses_a_malformed_body
        large_chunked_body_is_refused
        idempotency_keys_are_accepted_or_explained
        random_bodies_cause_no_5xx;
    bytes:
        malformed_http_harms_nobody
        smuggled_request_is_not_run
        slow_clients_delay_nobody
        pipelined_requests_are_answered_in_order
        refusal_keeps_the_connection;
    organiser:
        ids_and_cursors_are_accepted_or_explained
        fields_are_accepted_or_explained
        corrections_are_accepted_or_explained;
    paths:
        paths_are_accepted_or_explained
        malformed_path_is_refused_early
        random_paths_cause_no_5xx;
}

attack!(sqlite);
#[cfg(feature = "aws")]
attack!(aws);
