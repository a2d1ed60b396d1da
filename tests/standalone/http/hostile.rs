//! Hostile requests are refused with an explanation, and the server goes on.

mod bodies;
mod bytes;
mod paths;

use super::support::{Answer, Running};

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
fn goes_on(server: &Running) {
    let after = server.sign_up("afterwards", "Somebody");
    assert_eq!(server.state(&after.manage), "in");
    assert_eq!(server.metric("countmein_signups_retried_total"), 0);
    assert!(server.rejects().is_empty(), "what was taken can be stored");
}
