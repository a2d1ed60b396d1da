//! Places and the waiting list, as every answer and page shows them.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::events::{Created, create};
use super::support::{Answer, KEY, PATIENCE, Running, SignedUp, serve};

/// An event with this number of places, to which people may bring nine guests.
fn dinner(server: &Running, places: u32) -> Created {
    create(server, &json!({ "title": "Dinner", "capacity": places, "guests_per_signup": 9 }))
}

/// Signs up one after the other, and waits for each decision.
fn sign_up(server: &Running, event: &Created, name: &str, guests: u8) -> SignedUp {
    let person = server.sign_up_with(&event.id, &json!({ "name": name, "guests": guests }));
    until(|| place(server, &person)["state"] != "pending", "the place is decided");
    person
}

/// What the personal link says about the place.
fn place(server: &Running, person: &SignedUp) -> Value {
    server.get(&person.manage).send().is(200).json()["place"].clone()
}

#[track_caller]
pub fn until(is_so: impl Fn() -> bool, what: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until the place of a person is this.
#[track_caller]
fn has(server: &Running, person: &SignedUp, expected: &Value) {
    let deadline = Instant::now() + PATIENCE;
    while place(server, person) != *expected {
        assert!(Instant::now() < deadline, "{} has {}, not {expected}", person.name, place(server, person));
        thread::sleep(Duration::from_millis(2));
    }
}

fn confirmed() -> Value {
    json!({ "state": "confirmed", "position": null, "refused_guests": 0 })
}

fn waits(position: u64) -> Value {
    json!({ "state": "waiting", "position": position, "refused_guests": 0 })
}

fn change(server: &Running, person: &SignedUp, body: &Value) -> Answer {
    server.post(&person.manage).json(body).send().is(202)
}

/// The page behind the personal link.
fn page(server: &Running, person: &SignedUp) -> String {
    server.get(&person.manage).browser().send().is(200).words()
}

fn places(taken: u64, waiting: u64) -> Value {
    json!({ "capacity": 2, "taken": taken, "waiting": waiting })
}

#[test]
fn full_event_tells_who_waits_and_at_which_position() {
    let server = serve();
    let event = dinner(&server, 2);
    let shown = server.get(&event.path("")).send().is(200).json();
    assert_eq!(shown["places"], places(0, 0));
    let people = ["Ana", "Ben", "Cleo", "Dora", "Emil"].map(|name| sign_up(&server, &event, name, 0));
    let expected = [confirmed(), confirmed(), waits(1), waits(2), waits(3)];
    assert_eq!(people.each_ref().map(|person| place(&server, person)), expected);

    let shown = server.get(&event.path("")).send().is(200).json();
    assert_eq!((&shown["count"], &shown["places"]), (&json!(5), &places(2, 3)));
    let roster = server.get(&event.path("/attendees")).send().is(200).json();
    assert_eq!(roster["places"], places(2, 3));
    let states: Vec<Value> = roster["attendees"].as_array().unwrap().iter().map(state).collect();
    let waiting = |position: u64| json!(["waiting", position]);
    assert_eq!(states, [json!(["confirmed", null]), json!(["confirmed", null]), waiting(1), waiting(2), waiting(3)]);
    assert_eq!(state(&server.get(&event.path("/attendees/dora")).send().is(200).json()), waiting(2));
    let host = server.get(&event.path(&format!("/host/{}", event.host))).send().is(200).json();
    assert_eq!((&host["places"], &host["attendees"][3]["place"]), (&places(2, 3), &waits(2)));
    let found =
        server.post("/organiser/person/export").organiser().json(&json!({ "name": "Dora" })).send().is(200).json();
    assert_eq!(found["entries"][0]["place"], waits(2), "{found}");
    for listed in ["upcoming", "all"] {
        let events = server.get(&format!("/events?show={listed}")).organiser().send().is(200).json();
        assert_eq!(events["events"][0]["places"], places(2, 3), "{listed}");
    }

    // Who leaves the waiting list, and who leaves a place, move up those behind them.
    server.cancel(&people[2]);
    has(&server, &people[4], &waits(2));
    server.cancel(&people[0]);
    has(&server, &people[3], &confirmed());
    has(&server, &people[4], &waits(1));
    until(|| server.get(&event.path("")).send().json()["places"] == places(2, 1), "the counts follow");
}

fn state(entry: &Value) -> Value {
    json!([entry["state"], entry["position"]])
}

#[test]
fn guests_who_do_not_fit_are_refused_and_the_old_number_stays() {
    let server = serve();
    let event = dinner(&server, 4);
    let ana = sign_up(&server, &event, "Ana", 2);
    let answer = change(&server, &ana, &json!({ "guests": 4 })).json();
    let refused = json!({ "state": "confirmed", "position": null, "refused_guests": 2 });
    assert_eq!((&answer["place"], &answer["details"]["guests"]), (&refused, &json!(2)));
    let page_of_ana = page(&server, &ana);
    assert!(
        page_of_ana.contains("There was no room for 4 guests. You still have places for yourself and 2 guests."),
        "{page_of_ana}"
    );
    let roster = server.get(&event.path("/attendees")).send().is(200).json();
    assert_eq!(roster["attendees"][0]["guests"], json!(2));
    let event_page = server.get(&event.path("")).browser().send().is(200).text();
    assert!(event_page.contains("Ana +2") && event_page.contains("3 of 4 places taken"), "{event_page}");
    let host = server.get(&event.path(&format!("/host/{}", event.host)));
    assert_eq!(host.send().is(200).json()["attendees"][0]["guests"], json!(2));
    let host = server.get(&event.path(&format!("/host/{}", event.host))).browser().send().is(200).text();
    assert!(host.contains("Wants to bring 4 guests. There was no place for 2 of them."), "{host}");

    // One more guest fits. The answer waits for the decision, so it does not say that the guest was refused.
    let answer = change(&server, &ana, &json!({ "guests": 3 })).json();
    assert_eq!((&answer["place"], &answer["details"]["guests"]), (&confirmed(), &json!(3)));
    let ben = sign_up(&server, &event, "Ben", 3);
    assert_eq!(place(&server, &ben), waits(1));
    assert_eq!(change(&server, &ben, &json!({ "guests": 5 })).json()["details"]["guests"], json!(5));
    assert_eq!(place(&server, &ben), waits(1), "who waits may bring more guests");
}

#[test]
fn more_places_go_to_those_who_wait() {
    let server = serve();
    let event = dinner(&server, 1);
    let [ana, ben, cleo] =
        [("Ana", 0), ("Ben", 1), ("Cleo", 0)].map(|(name, guests)| sign_up(&server, &event, name, guests));
    let edit =
        |body: Value| server.patch(&event.path("")).bearer(&event.host).header("If-Match", "*").json(&body).send();
    edit(json!({ "capacity": 2 })).is(200);
    has(&server, &cleo, &confirmed());
    assert_eq!(place(&server, &ben), waits(1), "two do not fit");

    let invalid = edit(json!({ "capacity": 0 }));
    let detail = invalid.refuses_field("capacity");
    assert!(detail.contains("100000") || detail.contains("100,000"), "{detail}");
    let invalid = server.post("/events").json(&json!({ "title": "Ball", "capacity": "many" })).send();
    invalid.refuses_field("capacity");

    edit(json!({ "capacity": null })).is(200);
    assert_eq!(place(&server, &ben), Value::Null);
    let page_of_ben = page(&server, &ben);
    assert!(page_of_ben.contains("You’re in, Ben."), "{page_of_ben}");
    let shown = server.get(&event.path("")).send().is(200).json();
    assert_eq!((shown.get("places"), &shown["count"]), (None, &json!(3)));
    assert_eq!(place(&server, &ana), Value::Null);
}

#[test]
fn pages_say_who_has_a_place_and_who_waits() {
    let server = serve();
    let event = dinner(&server, 2);
    let shown = || server.get(&event.path("")).browser().send().is(200).text();
    let empty = shown();
    assert!(empty.contains("0 of 2 places taken") && empty.contains("Count me in"), "{empty}");
    assert!(empty.contains("Only 2 places are free."), "{empty}");
    let ana = sign_up(&server, &event, "Ana", 1);
    let cleo = sign_up(&server, &event, "Cleo", 0);
    let ben = sign_up(&server, &event, "Ben", 0);
    let full = shown();
    for text in [
        "2 of 2 places taken · 2 waiting",
        "Put me on the waiting list",
        "All places are taken. You would be 3rd on the waiting list.",
    ] {
        assert!(full.contains(text), "{text}: {full}");
    }
    let host = server.get(&event.path(&format!("/host/{}", event.host))).browser().send().is(200).text();
    for (page, texts) in [
        (full, ["Ana +1", "Waiting list", ">Cleo<", ">1st<", ">Ben<", ">2nd<"]),
        (host, ["Ana +1", "Ana +1", ">Cleo<", "1st on the waiting list", ">Ben<", "2nd on the waiting list"]),
    ] {
        let order: Vec<_> = texts.iter().map(|text| page.find(text)).collect();
        assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{texts:?} {order:?}: {page}");
    }
    assert!(page(&server, &ana).contains("You and your guest have places, Ana."));
    assert!(page(&server, &cleo).contains("Cleo, you are 1st on the waiting list."));
    assert!(page(&server, &ben).contains("Ben, you are 2nd on the waiting list."));
    let organiser = server.get("/events").organiser().browser().send().is(200).text();
    assert!(organiser.contains("2 of 2 places taken · 2 waiting"), "{organiser}");
    let home = server.get("/").browser().send().is(200).text();
    assert!(home.contains("2 of 2 places taken · 2 waiting"), "{home}");
}

#[test]
fn places_are_hidden_with_the_count() {
    let server = serve();
    let fields = json!({ "title": "Dinner", "capacity": 1, "roster_visible_to": "hosts", "count_visible_to": "hosts" });
    let event = create(&server, &fields);
    let ana = sign_up(&server, &event, "Ana", 0);
    let ben = sign_up(&server, &event, "Ben", 0);
    for (token, sees) in [("", false), (ana.token(), false), (&event.host, true), (KEY, true)] {
        let shown = server.get(&event.path("")).bearer(token).send().is(200).json();
        assert_eq!(shown["places"].is_object(), sees, "{token}: {shown}");
        let page = server.get(&event.path("")).bearer(token).browser().send().is(200).text();
        for text in ["1 of 1 places taken · 1 waiting", "Put me on the waiting list", "2nd"] {
            assert_eq!(page.contains(text), sees, "{text}: {page}");
        }
        assert_eq!(page.contains("Your personal page shows whether you have one."), !sees, "{page}");
    }
    let home = server.get("/").browser().send().is(200).text();
    assert!(home.contains("Dinner") && !home.contains("places"), "{home}");
    assert_eq!(place(&server, &ben), waits(1), "the own place is shown");
}

#[test]
fn signup_is_decided_before_the_next_page() {
    let server = serve();
    let event = dinner(&server, 1);
    for (name, expected) in [("Ana", "You have a place, Ana."), ("Ben", "you are 1st on the waiting list.")] {
        let answer = server.post(&event.path("/signups")).form(&[("name", name)]).send();
        let page = server.get(&answer.leads_to()).browser().send().is(200).words();
        assert!(page.contains(expected), "{page}");
    }
    let accepted = server.post(&event.path("/signups")).json(&json!({ "name": "Cleo" })).send().is(202).json();
    assert_eq!(accepted["place"], "pending");
    let body = json!({ "event": event.id, "name": "Dora" });
    let form: Vec<(&str, &str)> = vec![("event", body["event"].as_str().unwrap()), ("name", "Dora")];
    let page = server.post("/").form(&form).send().leads_to();
    let page = server.get(&page).browser().send().is(200).words();
    assert!(page.contains("on the waiting list."), "{page}");
}

#[test]
fn event_without_limit_says_nothing_about_places() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner", "guests_per_signup": 2 }));
    let accepted = server.post(&event.path("/signups")).json(&json!({ "name": "Ana" })).send().is(202).json();
    assert_eq!(accepted.get("place"), None);
    server.settled();
    let ana = SignedUp::read(&accepted);
    let bodies = [
        server.get(&ana.manage).send().is(200),
        server.get(&event.path("")).send().is(200),
        server.get(&event.path("/attendees")).send().is(200),
        server.get(&event.path("/attendees/ana")).send().is(200),
        server.get(&event.path(&format!("/host/{}", event.host))).send().is(200),
        server.get("/events?show=all").organiser().send().is(200),
    ];
    for body in bodies.map(|answer| answer.text()) {
        for field in ["\"place\":{", "\"places\"", "\"state\":\"confirmed\"", "position"] {
            assert!(!body.contains(field), "{field}: {body}");
        }
    }
    assert!(page(&server, &ana).contains("You’re in, Ana."));
    let shown = server.get(&event.path("")).browser().send().is(200).text();
    assert!(shown.contains("1 signed up") && shown.contains("Count me in") && !shown.contains("1 of"), "{shown}");
}

/// How soon a decision is visible. It prints the longest wait; the limit leaves room for a busy machine.
#[test]
fn decision_is_visible_within_a_second() {
    let server = serve();
    let event = dinner(&server, 10);
    let mut longest = Duration::ZERO;
    for number in 0..20 {
        let began = Instant::now();
        let name = format!("Guest {number}");
        let answer = server.post(&event.path("/signups")).json(&json!({ "name": name })).send().is(202);
        let person = SignedUp::read(&answer.json());
        until(|| place(&server, &person)["state"] != "pending", "the place is decided");
        longest = longest.max(began.elapsed());
    }
    println!("the slowest of 20 decisions was visible after {longest:?}");
    assert!(longest < Duration::from_secs(1), "{longest:?}");
}

/// Whoever cancels sees on the next page that their place is free.
#[test]
fn cancelled_place_is_free_on_the_next_page() {
    let server = serve();
    let event = dinner(&server, 2);
    for name in ["Ana", "Ben", "Cem", "Dora"] {
        let person = sign_up(&server, &event, name, 0);
        has(&server, &person, &confirmed());
        server.post(&person.manage).browser().form(&[("action", "cancel")]).send().is(303);
        let shown = server.get(&event.path("")).browser().send().is(200).words();
        assert!(shown.contains("0 of 2 places taken"), "{shown}");
    }
}
