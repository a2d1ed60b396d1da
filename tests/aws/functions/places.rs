//! Places and the waiting list over the same routes as on one machine, with DynamoDB behind them.

use serde_json::{Value, json};
use url::Url;

use super::upgrade::take_in;
use super::world::World;
use crate::support::runtime_api::Function;
use crate::support::runtime_api::events::{http, message, records};

fn body(response: &Value) -> Value {
    serde_json::from_str(response["body"].as_str().expect("it has a body")).expect("which is JSON")
}

fn get(api: &Function, path: &str) -> Value {
    let response = api.invoke(&http("GET", path, None)).response();
    assert_eq!(response["statusCode"], 200, "{response}");
    body(&response)
}

/// Signs people up, and brings the sign-ups to the roster and the seats. Returns the paths of the personal links.
fn sign_up(world: &World, api: &Function, event: &str, people: &[(&str, u8)]) -> Vec<String> {
    let ingest = world.ingest();
    let mut links = Vec::new();
    for (name, guests) in people {
        let signup = json!({ "name": name, "guests": guests });
        let response = api.invoke(&http("POST", &format!("/events/{event}/signups"), Some(&signup))).response();
        assert_eq!(response["statusCode"], 202, "{response}");
        links.push(Url::parse(body(&response)["manage"].as_str().unwrap()).unwrap().path().to_owned());
        for (number, signup) in world.receive(1).iter().enumerate() {
            let signup: Value = serde_json::from_str(&signup.body).unwrap();
            ingest.invoke(&records([message(&format!("{name}-{number}"), &signup)])).response();
        }
        take_in(world);
    }
    links
}

/// How many calls concern seats.
fn seat_calls(world: &World) -> usize {
    let is_about_seats = |body: String| body.contains("#seat#") || body.contains("#line#");
    world.proxy.calls().iter().filter(|call| is_about_seats(call.body.to_string())).count()
}

#[test]
fn full_event_tells_who_waits() {
    let world = World::new();
    let api = world.api();
    let dinner = json!({ "title": "Dinner", "capacity": 2, "guests_per_signup": 2 });
    assert_eq!(api.invoke(&http("POST", "/events", Some(&dinner))).response()["statusCode"], 201);
    assert_eq!(get(&api, "/events/dinner")["places"], json!({ "capacity": 2, "taken": 0, "waiting": 0 }));
    let links = sign_up(&world, &api, "dinner", &[("Ana", 1), ("Ben", 2), ("Cleo", 0), ("Dora", 0)]);

    let places = json!({ "capacity": 2, "taken": 2, "waiting": 3 });
    assert_eq!(get(&api, "/events/dinner")["places"], places);
    let expected = [("confirmed", json!(null)), ("waiting", json!(1)), ("waiting", json!(2)), ("waiting", json!(3))];
    let roster = get(&api, "/events/dinner/attendees");
    assert_eq!(roster["places"], places);
    for (index, (state, position)) in expected.iter().enumerate() {
        let before = seat_calls(&world);
        let place = get(&api, &links[index])["place"].clone();
        assert_eq!((&place["state"], &place["position"]), (&json!(state), position), "{index}");
        // The seat, and for those who wait the entries before it, for each of the two sizes of parties.
        let calls = seat_calls(&world) - before;
        assert!(calls <= if *state == "confirmed" { 1 } else { 3 }, "{calls}");
        let entry = &roster["attendees"][index];
        assert_eq!((&entry["state"], &entry["position"]), (&json!(state), position), "{roster}");
    }
    let before = seat_calls(&world);
    get(&api, "/events/dinner/attendees");
    assert_eq!(seat_calls(&world) - before, 1, "everybody who waits is on the page");
    let before = seat_calls(&world);
    let part = get(&api, "/events/dinner/attendees?limit=2");
    assert_eq!(part["attendees"][1]["position"], json!(1));
    assert_eq!(seat_calls(&world) - before, 2, "the seats of a part of the roster, and the waiting list");
}

#[test]
fn event_without_limit_costs_no_calls_about_seats() {
    let world = World::new();
    let api = world.api();
    assert_eq!(api.invoke(&http("POST", "/events", Some(&json!({ "title": "Dinner" })))).response()["statusCode"], 201);
    let links = sign_up(&world, &api, "dinner", &[("Ana", 0)]);
    for path in ["/events/dinner", "/events/dinner/attendees", "/events/dinner/attendees/ana", &links[0]] {
        get(&api, path);
    }
    assert_eq!(seat_calls(&world), 0);
}
