//! A server whose clock is set back while it is stopped: what its users do afterwards still takes effect.

use std::sync::Arc;

use serde_json::json;

use super::support::{serve, serve_with};

const HOUR_MS: i64 = 60 * 60 * 1_000;

#[test]
fn requests_take_effect_after_the_clock_was_set_back() {
    let mut before = serve();
    let (ana, ben) = (before.sign_up("dance", "Ana"), before.sign_up("dance", "Ben"));
    before.sign_up("dance", "Cem");
    let button = json!({ "serial": "kitchen", "event": "Dance", "name": "Dan" });
    let secret = before.post("/organiser/buttons").organiser().json(&button).send().is(200).json();
    let bearer = format!("Bearer {}", secret["secret"].as_str().unwrap());
    let press = |server: &super::support::Running, kind: &str| {
        let request = server.post("/buttons?serial=kitchen").header("Authorization", &bearer);
        request.json(&json!({ "action": kind })).send().is(202);
        server.settled();
    };
    press(&before, "single");
    before.settled();
    assert_eq!(before.who("dance"), ["Ana", "Ben", "Cem", "Dan"]);
    before.stop();
    before.wait_for_the_end();
    // As if all of this had happened an hour later.
    let database = rusqlite::Connection::open(before.database()).unwrap();
    database.execute("UPDATE attendee SET requested_at = requested_at + ?1, since = since + ?1", [HOUR_MS]).unwrap();
    database.execute("UPDATE clock SET latest = latest + ?1", [HOUR_MS]).unwrap();
    drop(database);

    let after = serve_with(Arc::clone(before.data()), |_| {});
    after.cancel(&ana);
    let by_organiser = json!({ "event": "Dance", "name": "Cem", "action": "cancel" });
    after.post("/organiser/signups").organiser().json(&by_organiser).send().is(202);
    after.post(&ben.manage).json(&json!({ "contact": "ben@example.org" })).send().is(202);
    press(&after, "hold");
    after.settled();

    assert_eq!(after.who("dance"), ["Ben"]);
    assert_eq!(after.state(&ana.manage), "out");
    assert_eq!(after.contact(&ben.manage), json!("email"));
    let again = after.sign_up("dance", "Ana");
    assert_eq!(after.state(&again.manage), "in");
}
