//! The link in an opt-in request: the owner of an address confirms one registration, all of them, or none.

use countmein::domain::contact::Contact;
use countmein::domain::event::EventId;
use serde_json::{Value, json};

use super::support::{Answer, Running, SignedUp, consent_link, registration_consent_link, serve};

const ANA: &str = "ana@example.org";

fn email(address: &str) -> Contact {
    Contact::email(address).unwrap()
}

/// A public sign-up with an address.
fn signs_up(server: &Running, event: &str, address: &str) -> SignedUp {
    server.sign_up_with(event, &json!({"name": "Ana", "contact": {"email": address}}))
}

/// The path of the opt-in link about a sign-up.
fn link(server: &Running, event: &str, signed_up: &SignedUp, address: &str) -> String {
    registration_consent_link(&server.database(), &EventId::parse(event).unwrap(), signed_up, &email(address))
}

fn answer(server: &Running, link: &str, action: &str) -> Value {
    server.post(link).json(&json!({"action": action})).send().is(200).json()
}

fn agreement(server: &Running, signed_up: &SignedUp) -> Value {
    server.get(&signed_up.manage).send().is(200).json()["agreement"].clone()
}

fn page(server: &Running, link: &str) -> String {
    server.get(link).browser().send().is(200).text()
}

#[test]
fn link_confirms_its_registration_only() {
    let server = serve();
    let (dance, pizza) = (signs_up(&server, "Dance", ANA), signs_up(&server, "Pizza", ANA));
    let (to_dance, to_pizza) = (link(&server, "dance", &dance, ANA), link(&server, "pizza", &pizza, ANA));
    assert_eq!(
        server.get(&to_dance).send().is(200).json(),
        json!({
            "event": "dance", "name": "Ana", "registration": "current", "opt_in": "pending", "scope": null,
            "notify": true,
        })
    );
    assert_eq!((agreement(&server, &dance), agreement(&server, &pizza)), (json!("missing"), json!("missing")));

    let confirmed = answer(&server, &to_dance, "confirm");

    assert_eq!((&confirmed["opt_in"], &confirmed["scope"]), (&json!("confirmed"), &json!("confirmed_registrations")));
    assert_eq!(server.get(&to_dance).send().is(200).json(), confirmed);
    assert_eq!((agreement(&server, &dance), agreement(&server, &pizza)), (json!("given"), json!("missing")));
    assert_eq!(server.get(&to_pizza).send().is(200).json()["opt_in"], "pending");
    assert_eq!(answer(&server, &to_dance, "confirm"), confirmed, "a repeated answer changes nothing");

    assert_eq!(answer(&server, &to_pizza, "confirm_all")["scope"], "all");
    assert_eq!((agreement(&server, &dance), agreement(&server, &pizza)), (json!("given"), json!("given")));
    assert_eq!(answer(&server, &to_dance, "confirm")["scope"], "all", "it takes nothing back");

    assert_eq!(answer(&server, &to_dance, "stop")["opt_in"], "opted_out");
    assert_eq!((agreement(&server, &dance), agreement(&server, &pizza)), (json!("missing"), json!("missing")));
    server.post(&to_dance).json(&json!({"action": "maybe"})).send().is(422);
    assert_eq!(server.rejects(), Vec::<String>::new());
}

#[test]
fn yes_after_a_stop_says_that_it_counts_for_earlier_ones() {
    let server = serve();
    let (dance, pizza) = (signs_up(&server, "Dance", ANA), signs_up(&server, "Pizza", ANA));
    let (to_dance, to_pizza) = (link(&server, "dance", &dance, ANA), link(&server, "pizza", &pizza, ANA));
    let both = "Yes, for this sign-up and those that you confirmed before";
    answer(&server, &to_dance, "confirm");
    assert!(!page(&server, &to_pizza).contains(both));
    answer(&server, &to_dance, "stop");
    assert!(page(&server, &to_pizza).contains(both));
    answer(&server, &to_pizza, "confirm");
    assert_eq!((agreement(&server, &dance), agreement(&server, &pizza)), (json!("given"), json!("given")));
}

#[test]
fn link_without_a_registration_confirms_all() {
    let server = serve();
    let dance = signs_up(&server, "Dance", ANA);
    let old = consent_link(&server.database(), &email(ANA));
    answer(&server, &link(&server, "dance", &dance, ANA), "confirm");
    let body = server.get(&old).send().is(200).json();
    assert_eq!(body, json!({"opt_in": "confirmed", "scope": "confirmed_registrations"}));
    assert!(page(&server, &old).contains("for the sign-ups that you confirmed"));

    assert_eq!(answer(&server, &old, "confirm"), json!({"opt_in": "confirmed", "scope": "all"}));

    let pizza = signs_up(&server, "Pizza", ANA);
    assert_eq!(agreement(&server, &pizza), "given");
    assert!(!page(&server, &old).contains("value=\"confirm\""));
}

#[test]
fn one_click_unsubscribe_stops_the_address() {
    let server = serve();
    let dance = signs_up(&server, "Dance", ANA);
    let to_dance = link(&server, "dance", &dance, ANA);
    answer(&server, &to_dance, "confirm");
    server.post(&to_dance).body("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click").send().is(200);
    assert_eq!(server.get(&to_dance).send().is(200).json()["opt_in"], "opted_out");
}

#[test]
fn link_does_nothing_after_the_contact_changed() {
    let server = serve();
    let dance = signs_up(&server, "Dance", ANA);
    let to_ana = link(&server, "dance", &dance, ANA);
    let set = |contact: Value| server.post(&dance.manage).json(&json!({"contact": contact})).send().is(202);
    set(json!({"email": "ben@example.org"}));
    assert_eq!(server.get(&to_ana).send().is(200).json()["registration"], "other_contact");
    assert!(page(&server, &to_ana).contains("no longer has this address"));

    let refused = server.post(&to_ana).json(&json!({"action": "confirm"})).send().refuses(409, "conflict");

    assert!(refused.contains("no longer has your address"), "{refused}");
    assert_eq!(server.get(&to_ana).send().is(200).json()["opt_in"], "pending");
    assert_eq!(agreement(&server, &dance), "missing");
    // The answer about the whole address is valid nevertheless.
    answer(&server, &to_ana, "stop");
    assert_eq!(server.get(&to_ana).send().is(200).json()["opt_in"], "opted_out");
    set(json!(null));
    assert_eq!(agreement(&server, &dance), Value::Null);
}

#[test]
fn changed_contact_loses_the_confirmation() {
    let server = serve();
    let dance = signs_up(&server, "Dance", ANA);
    let to_ana = link(&server, "dance", &dance, ANA);
    let set = |address| server.post(&dance.manage).json(&json!({"contact": {"email": address}})).send().is(202);
    answer(&server, &to_ana, "confirm");
    set("ANA@example.org");
    assert_eq!(agreement(&server, &dance), "given", "it is the same address");
    set("ben@example.org");
    assert_eq!(agreement(&server, &dance), "missing");
    set(ANA);
    assert_eq!(agreement(&server, &dance), "missing");
    answer(&server, &to_ana, "confirm");
    assert_eq!(agreement(&server, &dance), "given");
}

#[test]
fn link_of_a_cancelled_registration_says_so() {
    let server = serve();
    let dance = signs_up(&server, "Dance", ANA);
    let to_dance = link(&server, "dance", &dance, ANA);
    server.cancel(&dance);
    assert_eq!(server.get(&to_dance).send().is(200).json()["registration"], "ended");
    let text = page(&server, &to_dance);
    assert!(text.contains("is no longer on the list for") && !text.contains("value=\"confirm\""), "{text}");
    server.post(&to_dance).json(&json!({"action": "confirm"})).send().refuses(409, "conflict");
    let again = signs_up(&server, "Dance", ANA);
    server.post(&to_dance).json(&json!({"action": "confirm"})).send().refuses(409, "conflict");
    assert_eq!(agreement(&server, &again), "missing", "another sign-up is another registration");
    assert_eq!(answer(&server, &to_dance, "confirm_all")["scope"], "all");
    assert_eq!(agreement(&server, &again), "given");
}

#[test]
fn forged_link_is_not_found() {
    let server = serve();
    let dance = signs_up(&server, "Dance", ANA);
    let to_dance = link(&server, "dance", &dance, ANA);
    let other_event = to_dance.replace("/dance/", "/pizza/");
    let manage_token = format!("/events/dance/contact/{}", dance.token());
    for forged in [&to_dance[..to_dance.len() - 1], &other_event, &manage_token, "/events/dance/contact/x"] {
        server.get(forged).send().is(404);
        server.post(forged).json(&json!({"action": "confirm_all"})).send().is(404);
    }
    let as_manage_link = to_dance.replace("/contact/", "/manage/");
    server.get(&as_manage_link).send().is(404);
}

#[test]
fn page_says_what_is_true() {
    let server = serve();
    let dance = signs_up(&server, "Dance", ANA);
    let to_dance = link(&server, "dance", &dance, ANA);
    let text = page(&server, &to_dance);
    let question = "You (or someone using your address) signed up <bdi>Ana</bdi> for <bdi>Dance</bdi>.";
    assert!(text.contains(question) && text.contains("No, never"), "{text}");
    assert!(page(&server, &dance.manage).contains("This server sends no email"));

    confirm_in_browser(&server, &to_dance, "confirm");
    let text = page(&server, &to_dance);
    assert!(text.contains("Messages about <bdi>Dance</bdi> are on, because <bdi>Ana</bdi> is signed up."), "{text}");
    assert!(text.contains("value=\"confirm_all\"") && !text.contains("value=\"confirm\""), "{text}");

    server.post(&dance.manage).json(&json!({"notify": false})).send().is(202);
    let text = page(&server, &to_dance);
    assert!(
        text.contains("Messages about <bdi>Dance</bdi> for <bdi>Ana</bdi> are off.")
            && text.contains("value=\"confirm\""),
        "{text}"
    );
    confirm_in_browser(&server, &to_dance, "confirm");
    assert_eq!(server.get(&dance.manage).send().is(200).json()["notify"], true);

    confirm_in_browser(&server, &to_dance, "confirm_all");
    assert!(page(&server, &to_dance).contains("every other sign-up with this address"));
    server.post(&to_dance).browser().form(&[("action", "stop")]).send().is(303);
    assert!(page(&server, &to_dance).contains("Nothing is sent to this address."));
}

#[test]
fn page_is_in_the_language_of_the_browser() {
    let server = serve();
    let dance = signs_up(&server, "Dance", ANA);
    for link in [link(&server, "dance", &dance, ANA), consent_link(&server.database(), &email(ANA))] {
        let page = server.get(&link).browser().header("Accept-Language", "de").send().is(200).text();
        assert!(page.contains("<html lang=\"de\"") && page.contains("Ja, für alles an diese Adresse"), "{page}");
    }
}

/// Answers with the form of the page.
fn confirm_in_browser(server: &Running, link: &str, action: &str) -> Answer {
    let answer = server.post(link).browser().form(&[("action", action)]).send().is(303);
    assert_eq!(answer.header("location"), link);
    answer
}

/// The cookie that the browser sends after an answer.
fn cookie(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie");
    assert!(cookie.contains("; HttpOnly; SameSite=Lax; Max-Age=15552000"), "{cookie}");
    assert!(cookie.starts_with("countmein_addresses=") && !cookie.contains("example"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

#[test]
fn browser_that_used_a_link_confirms_further_signups() {
    let server = serve();
    let dance = signs_up(&server, "Dance", ANA);
    let ana = cookie(&confirm_in_browser(&server, &link(&server, "dance", &dance, ANA), "confirm"));
    let signs_up_with = |event: &str, name: &str, address: &str, headers: &[(&str, &str)]| {
        let mut request = server.post(&format!("/events/{event}/signups"));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let body = json!({"name": name, "contact": {"email": address}, "confirmed": true});
        let signed_up = SignedUp::read(&request.json(&body).send().is(202).json());
        server.settled();
        agreement(&server, &signed_up)
    };
    assert_eq!(signs_up_with("Pizza", "Ana", "Ana@Example.org", &[("Cookie", &ana)]), "given");
    assert_eq!(signs_up_with("Pizza", "Eve", ANA, &[]), "missing", "the body proves nothing");
    assert_eq!(signs_up_with("Pizza", "Ben", "ben@example.org", &[("Cookie", &ana)]), "missing");
    let from_elsewhere = [("Cookie", ana.as_str()), ("Sec-Fetch-Site", "same-site")];
    assert_eq!(signs_up_with("Pizza", "Cem", ANA, &from_elsewhere), "missing");
    let forged = format!("{}A", &ana[..ana.len() - 1]);
    let forged = if forged == ana { format!("{}B", &ana[..ana.len() - 1]) } else { forged };
    assert_eq!(signs_up_with("Pizza", "Dora", ANA, &[("Cookie", &forged)]), "missing");

    let tea = signs_up(&server, "Tea", "ben@example.org");
    let change = server.post(&tea.manage).header("Cookie", &ana).json(&json!({"contact": {"email": ANA}}));
    change.send().is(202);
    assert_eq!(agreement(&server, &tea), "given");
}

#[test]
fn browser_remembers_the_latest_addresses() {
    let server = serve();
    let mut cookie_header = String::new();
    let addresses: Vec<String> = (0..6).map(|number| format!("ana{number}@example.org")).collect();
    for address in &addresses {
        let link = consent_link(&server.database(), &email(address));
        let request = server.post(&link).browser().header("Cookie", &cookie_header).form(&[("action", "confirm")]);
        cookie_header = cookie(&request.send().is(303));
    }
    assert!(cookie_header.len() < 400, "{cookie_header}");
    let stop = server.post(&consent_link(&server.database(), &email(ANA))).browser().form(&[("action", "stop")]);
    assert_eq!(stop.send().is(303).header("set-cookie"), "", "a refusal shows nothing");
    let set = |address: &str, manage: &str| {
        let change = server.post(manage).header("Cookie", &cookie_header);
        change.json(&json!({"contact": {"email": address}})).send().is(202);
    };
    let database = rusqlite::Connection::open(server.database()).unwrap();
    let tea = server.sign_up("Tea", "Ana");
    for (number, address) in addresses.iter().enumerate() {
        set(address, &tea.manage);
        let sql = "SELECT confirmed FROM attendee WHERE event = 'tea'";
        let confirmed: bool = database.query_row(sql, (), |row| row.get(0)).unwrap();
        assert_eq!(confirmed, number > 0, "{address}");
    }
}

#[test]
fn trusted_channels_rely_on_an_earlier_yes() {
    let server = serve();
    let message = |event: &str| {
        let body = json!({"event": event, "name": "Ana", "contact": {"email": ANA}});
        server.post("/organiser/signups").organiser().json(&body).send().is(202).json()
    };
    let confirmed = |event: &str| {
        let body = json!({"contact": {"email": ANA}});
        let page = server.post("/organiser/person/export").organiser().json(&body).send().is(200).json();
        let entries = page["entries"].as_array().unwrap().clone();
        entries.into_iter().find(|entry| entry["event"] == event).unwrap()["confirmed"].clone()
    };
    let dance = signs_up(&server, "Dance", ANA);
    message("Pizza");
    server.settled();
    assert_eq!((confirmed("dance"), confirmed("pizza")), (json!(false), json!(true)));
    message("Dance");
    server.settled();
    assert_eq!(confirmed("dance"), true, "the organiser gives the address too");
    assert_eq!(agreement(&server, &dance), "missing", "the owner has not agreed to anything");
}
