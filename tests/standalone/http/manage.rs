//! The manage link: what its owner may do and nobody else.

use serde_json::json;

use super::events::create;
use super::places::until;
use super::support::{Answer, Running, SignedUp, serve};

fn cancel_over(server: &Running, manage: &str) -> Answer {
    server.post(manage).json(&json!({"action": "cancel"})).send()
}

#[test]
fn owner_sees_the_status_and_cancels() {
    let server = serve();
    let ana = server.sign_up_with("Dance", &json!({"name": "Ana", "contact": {"sms": "+14155552671"}}));
    let answer = server.get(&ana.manage).send().is(200);
    assert_eq!(
        answer.json(),
        json!({"event": "dance", "name": "Ana", "state": "in", "contact": "sms", "notify": true, "agreement": "missing",
            "messages": [], "details": {"guests": 0, "answer": null, "note": null, "language": null}})
    );
    assert_eq!((answer.header("cache-control"), answer.header("referrer-policy")), ("no-store", "no-referrer"));

    server.cancel(&ana);
    assert!(server.who("dance").is_empty());
    assert_eq!((server.state(&ana.manage), server.contact(&ana.manage)), ("out".to_owned(), json!(null)));
    // A repeat is no error.
    server.cancel(&ana);
}

#[test]
fn owner_changes_and_removes_the_contact() {
    let server = serve();
    let ana = server.sign_up("dance", "Ana");
    let change = |body| server.post(&ana.manage).json(&body).send();
    assert_eq!(change(json!({"contact": {"email": "ana@example.org"}})).is(202).json()["contact"], "email");
    assert_eq!(change(json!({"contact": "+14155552671"})).is(202).json()["contact"], "sms");
    change(json!({"contact": {"email": "nowhere"}})).refuses_field("contact.email");
    change(json!({"contact": 7})).refuses_field("contact");
    assert_eq!(server.exported()[0][3], "'+14155552671");
    assert_eq!(change(json!({"action": "contact", "contact": null})).is(202).json()["contact"], json!(null));
    change(json!({})).refuses_field("action");
    change(json!({"action": "Cancel"})).refuses_field("action");
    change(json!({"action": "cancel", "contact": "ana@example.org"})).is(202);
    // After a cancel there is no contact to change.
    assert!(change(json!({"contact": "ana@example.org"})).refuses(409, "conflict").contains("sign up again"));
}

#[test]
fn manage_page_works_as_a_form() {
    let server = serve();
    let ana = server.sign_up("Dance", "Ana");
    let page = server.get(&ana.manage).browser().send().is(200).words();
    assert!(page.contains("You’re in, Ana.") && page.contains("I can’t come"), "{page}");
    let form = [("action", "contact"), ("contact", "ana@example.org")];
    assert_eq!(server.post(&ana.manage).form(&form).browser().send().leads_to(), format!("{}?saved", ana.manage));
    assert_eq!(server.contact(&ana.manage), "email");
    assert_eq!(
        server.post(&ana.manage).form(&[("action", "cancel")]).browser().send().leads_to(),
        format!("{}?cancelled", ana.manage)
    );
    assert!(server.get(&ana.manage).browser().send().is(200).text().contains("you are not on the list"));
}

#[test]
fn token_opens_its_own_event_alone() {
    let server = serve();
    let dance = server.sign_up("dance", "Ana");
    server.sign_up("gala", "Ana");
    for event in ["gala", "nothing"] {
        let manage = format!("/events/{event}/manage/{}", dance.token());
        server.get(&manage).send().refuses(404, "not-found");
        cancel_over(&server, &manage).refuses(404, "not-found");
    }
    assert_eq!(server.who("gala"), ["Ana"]);
    // In any spelling of it.
    assert_eq!(server.state(&format!("/events/DANCE/manage/{}", dance.token())), "in");
}

#[test]
fn token_changes_its_own_attendee_alone() {
    let server = serve();
    let ana = server.sign_up("dance", "Ana");
    let ben = server.sign_up("dance", "Ben");
    server.cancel(&ben);
    assert_eq!(server.who("dance"), ["Ana"]);
    assert_eq!(server.state(&ana.manage), "in");
}

#[test]
fn second_signup_of_a_name_owns_nothing() {
    let server = serve();
    let contact = |address: &str| json!({"name": "Melvin", "contact": {"email": address}});
    let melvin = server.sign_up_with("dance", &contact("melvin@example.org"));
    let other = server.sign_up_with("dance", &contact("mallory@example.org"));
    assert_eq!(server.state(&other.manage), "not_yours");
    assert_eq!(server.contact(&other.manage), json!(null));
    assert!(cancel_over(&server, &other.manage).refuses(403, "forbidden").contains("another sign-up"));
    let take = server.post(&other.manage).json(&json!({"contact": "mallory@example.org"})).send();
    take.refuses(403, "forbidden");
    assert_eq!(server.exported()[0][2], "melvin@example.org");
    server.cancel(&melvin);
    // Nor does it own the registration that has ended.
    assert_eq!(server.state(&other.manage), "out");
}

#[test]
fn token_of_an_earlier_registration_fails() {
    let server = serve();
    let first = server.sign_up("dance", "Ana");
    server.cancel(&first);
    let second = server.sign_up("dance", "Ana");
    assert_eq!((server.state(&first.manage), server.state(&second.manage)), ("not_yours".into(), "in".into()));
    cancel_over(&server, &first.manage).refuses(403, "forbidden");
    assert_eq!(server.who("dance"), ["Ana"]);
}

#[test]
fn altered_token_opens_nothing() {
    let server = serve();
    let ana = server.sign_up("dance", "Ana");
    let whole = ana.token();
    let mut forged: Vec<String> =
        (0..whole.len()).map(|end| whole[..end].to_owned()).filter(|t| !t.is_empty()).collect();
    for position in 0..whole.len() {
        let mut flipped = whole.as_bytes().to_vec();
        flipped[position] = if flipped[position] == b'A' { b'B' } else { b'A' };
        forged.push(String::from_utf8(flipped).unwrap());
    }
    forged.extend([format!("{whole}A"), format!("A{whole}"), whole.repeat(2), "A".repeat(8_000)]);
    forged.extend(["%20", "%00", "%FF", "..%2F..%2Forganiser", "null", "undefined"].map(str::to_owned));
    for token in forged {
        let manage = format!("/events/dance/manage/{token}");
        for answer in [server.get(&manage).send(), cancel_over(&server, &manage)] {
            assert!(matches!(answer.status, 400 | 404), "{} for {token}", answer.status);
            assert!(!answer.text().contains("Ana"));
        }
    }
    assert!(server.get("/events/dance/manage").send().status == 404);
    assert_eq!(server.who("dance"), ["Ana"]);
    assert_eq!(server.state(&ana.manage), "in");
}

#[test]
fn token_of_another_stage_opens_nothing() {
    let (staging, production) = (serve(), serve());
    let here = staging.sign_up("dance", "Ana");
    production.sign_up("dance", "Ana");
    production.get(&here.manage).send().refuses(404, "not-found");
    cancel_over(&production, &here.manage).refuses(404, "not-found");
    assert_eq!(production.who("dance"), ["Ana"]);
}

#[test]
fn organiser_ends_any_registration() {
    let server = serve();
    let ana = server.sign_up("dance", "Ana");
    let cancel = json!({"event": "dance", "name": "ana", "action": "cancel"});
    server.post("/organiser/signups").organiser().json(&cancel).send().is(202);
    assert!(server.who("dance").is_empty());
    assert_eq!(server.state(&ana.manage), "out");
    // The organiser's key does not make a link valid for another attendee.
    server.sign_up("dance", "Ana");
    server.post(&ana.manage).organiser().json(&json!({"action": "cancel"})).send().refuses(403, "forbidden");
}

#[test]
fn link_works_before_ingest() {
    let server = serve();
    for number in 0..20 {
        let name = format!("Ana {number}");
        let answer = server.post("/events/dance/signups").json(&json!({ "name": name })).send().is(202).json();
        let manage = SignedUp::read(&answer).manage;
        let state = server.state(&manage);
        assert!(state == "pending" || state == "in", "{state}");
        cancel_over(&server, &manage).is(202);
    }
    server.settled();
    assert!(server.who("dance").is_empty());
    assert!(server.rejects().is_empty());
}

/// The page says what was done, and nothing is refused that was allowed when it was chosen.
#[test]
fn personal_page_says_what_happens_to_guests() {
    let server = serve();
    let dinner = json!({
        "title": "Dinner", "capacity": 3, "guests_per_signup": 2, "starts_at": "2031-12-03T19:00", "zone": "Europe/Berlin",
        "signups_close_at": "2031-12-01T12:00",
    });
    let event = create(&server, &dinner);
    let ana = server.sign_up_with(&event.id, &json!({ "name": "Ana", "guests": 1 }));
    let ben = server.sign_up_with(&event.id, &json!({ "name": "Ben", "guests": 2 }));
    let page = |manage: &str| server.get(manage).browser().send().is(200).words();
    let waits = "Ben, you are 1st on the waiting list.";
    until(|| page(&ben.manage).contains(waits), "Ben waits");
    assert!(
        page(&ben.manage).contains("1 place is free. With fewer guests you may get it at once"),
        "{}",
        page(&ben.manage)
    );
    let send = |manage: &str, form: &[(&str, &str)]| server.post(manage).browser().form(form).send();

    // The host allows fewer guests. Who has more keeps them.
    let patch =
        |change| server.patch(&event.path("")).bearer(&event.host).header("If-Match", "*").json(&change).send().is(200);
    patch(json!({ "guests_per_signup": 0 }));
    send(&ana.manage, &[("action", "details"), ("guests", "1"), ("note", "Late")]).is(303);
    assert_eq!(server.exported()[0][7..10], ["1", "", "Late"]);
    send(&ben.manage, &[("action", "details"), ("guests", "1")]).is(422);

    patch(json!({ "guests_per_signup": 2, "signups_close_at": "2026-01-01T12:00" }));
    assert!(page(&ana.manage).contains("Sign-ups are closed. You can bring fewer guests, but not more."));
    let refused = send(&ana.manage, &[("action", "details"), ("guests", "2")]).is(409).words();
    assert!(refused.contains("at 12:00, Berlin time"), "{refused}");

    let after = send(&ana.manage, &[("action", "cancel")]).leads_to();
    assert!(page(&after).contains("Your sign-up is cancelled."), "{}", page(&after));
}

/// A phone loads the address of a refused form again.
#[test]
fn address_of_a_form_leads_to_its_page() {
    let server = serve();
    create(&server, &json!({ "title": "Dance" }));
    for (path, page) in [
        ("/events/dance/signups", "/events/dance"),
        ("/events/dance/link", "/events/dance"),
        ("/events/dance/forget", "/events/dance"),
        ("/organiser/login", "/organiser"),
        ("/organiser/import", "/organiser"),
    ] {
        assert_eq!(server.get(path).browser().send().leads_to(), page);
    }
    server.get("/events/dance/signups").send().refuses(405, "method-not-allowed");
}
