//! What commands say about places and the waiting list.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::canned::{Canned, Reply};
use super::{KEY, Ran, Shell, run};

fn ok(body: Value) -> Reply {
    Reply::json("200 OK", body)
}

fn places() -> Value {
    json!({"capacity": 40, "taken": 23, "waiting": 4})
}

#[test]
fn who_says_the_places_and_who_waits() {
    let attendee = |name: &str, more: Value| {
        let mut attendee = json!({"name": name, "since": "2026-11-23T11:00:00.000Z", "channel": "http"});
        attendee.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        attendee
    };
    let attendees = json!([
        attendee("Ana", json!({"state": "confirmed"})),
        attendee("Ben", json!({"state": "waiting", "position": 3})),
        attendee("Cleo", json!({"state": "waiting"})),
        attendee("Dora", json!({"state": "pending"})),
        attendee("Emil", json!({"state": "sitting"})),
    ]);
    let roster = json!({"title": "Dance", "count": 5, "places": places(), "attendees": attendees, "next": null});
    let ran = run(&["who", "Dance", "--url", &Canned::new([ok(roster.clone())]).url()]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (
            0,
            "Dance: 23 of 40 places, 4 waiting\n\
             2026-11-23T11:00:00.000Z  Ana\n\
             2026-11-23T11:00:00.000Z  Ben  (waiting, number 3)\n\
             2026-11-23T11:00:00.000Z  Cleo  (waiting)\n\
             2026-11-23T11:00:00.000Z  Dora  (place not decided yet)\n\
             2026-11-23T11:00:00.000Z  Emil\n"
        ),
        "{ran:?}"
    );
    let ran = run(&["who", "Dance", "--json", "--url", &Canned::new([ok(roster)]).url()]);
    let printed: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&printed["places"], &printed["attendees"][1]["position"]), (&places(), &json!(3)));
}

#[test]
fn hidden_number_is_no_error() {
    let roster = json!({"title": "Dance", "count": null, "attendees": [], "next": null});
    let ran = run(&["who", "Dance", "--url", &Canned::new([ok(roster)]).url()]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "Dance:\n"), "{ran:?}");
}

#[test]
fn events_are_shown_with_their_places() {
    let shown = |places: Value| {
        let details = json!({"title": "Dance", "capacity": 40, "version": 1});
        ok(json!({"event": "dance", "title": "Dance", "count": 27, "places": places, "details": details, "version": 1}))
    };
    for (places, line) in [(places(), "places: 23 of 40 places, 4 waiting"), (Value::Null, "places: 40")] {
        let ran = run(&["event", "show", "Dance", "--url", &Canned::new([shown(places)]).url()]);
        assert!(ran.code == 0 && ran.out.lines().any(|printed| printed == line), "{ran:?}");
    }
    let full = json!({"capacity": 1, "taken": 1, "waiting": 0});
    let listed = |event: &str, places: Value| json!({"event": event, "title": "Dance", "count": 27, "places": places});
    let list = json!({"events": [listed("a", places()), listed("b", full), listed("c", Value::Null)], "next": null});
    let ran = Shell::with_key_file().run(&["event", "list", "--url", &Canned::new([ok(list)]).url()]);
    let expected =
        "    27  Dance  (a)  23 of 40 places, 4 waiting\n    27  Dance  (b)  1 of 1 place\n    27  Dance  (c)\n";
    assert_eq!((ran.code, ran.out.as_str()), (0, expected), "{ran:?}");
}

/// Signs Ana up and waits; the personal link gives these answers.
fn wait(more: &[&str], answers: impl IntoIterator<Item = Value>) -> (Ran, String) {
    let manage = Canned::new(answers.into_iter().map(ok));
    let link = format!("{}/events/dance/manage/token", manage.url());
    let accepted = json!({"id": "m1", "event": "dance", "name": "Ana", "manage": &link});
    let server = Canned::new([Reply::json("202 Accepted", accepted)]);
    (run(&[&["signup", "Dance", "Ana", "--url", &server.url()], more].concat()), link)
}

fn registration(state: &str, place: Value) -> Value {
    json!({"state": state, "place": place})
}

#[test]
fn signup_waits_for_its_place() {
    let pending = || registration("in", json!({"state": "pending", "position": null}));
    let waiting = json!({"state": "waiting", "position": 3, "refused_guests": 0});
    let confirmed = |refused: u64| json!({"state": "confirmed", "position": null, "refused_guests": refused});
    for (decided, sentences) in [
        (registration("in", waiting.clone()), "Ana is on the waiting list, as number 3.\n"),
        (registration("in", confirmed(0)), "Ana has a place.\n"),
        (registration("in", confirmed(2)), "Ana has a place.\nThere was no place for 2 of the guests.\n"),
        // The number of places is not limited.
        (json!({"state": "in"}), ""),
    ] {
        let (ran, link) = wait(&["--wait"], [registration("pending", Value::Null), pending(), decided]);
        let expected = format!("Ana is signed up for Dance.\nTo change or cancel: {link}\n{sentences}");
        assert_eq!((ran.code, ran.out), (0, expected), "{}", ran.err);
    }
    let (ran, _) = wait(&["--wait=5", "--json"], [pending(), registration("in", waiting.clone())]);
    let printed: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &printed["place"], &printed["name"]), (0, &waiting, &json!("Ana")));
}

#[test]
fn undecided_place_has_an_exit_code_of_its_own() {
    let pending = || registration("in", json!({"state": "pending", "position": null}));
    let began = Instant::now();
    let (ran, link) = wait(&["--wait=1"], std::iter::repeat_with(pending).take(20));
    assert!(began.elapsed() < Duration::from_secs(8), "it took {:?}", began.elapsed());
    assert_eq!((ran.code, ran.out.lines().count()), (4, 2), "{ran:?}");
    assert!(ran.out.contains(&link) && ran.err.contains("not decided within 1 s"), "{ran:?}");

    let (ran, link) = wait(&["--wait=0", "--json"], [pending()]);
    let printed: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &printed["manage"]), (4, &json!(link)), "the link is not lost");
    assert_eq!(serde_json::from_str::<Value>(&ran.err).unwrap()["title"], "Place not decided");
}

#[test]
fn waiting_needs_the_personal_link() {
    let ran = run(&["signup", "Dance", "Ana", "--wait", "--organiser-key", KEY]);
    assert!(ran.code == 2 && ran.err.contains("personal link"), "{ran:?}");
}
