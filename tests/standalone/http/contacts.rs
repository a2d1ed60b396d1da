//! The opt-in link: the owner of an address confirms or opts out, and nobody else can.

use countmein::domain::contact::Contact;
use serde_json::json;

use super::support::{Running, consent_link, serve};

fn link(server: &Running, address: &str) -> String {
    consent_link(&server.database(), &Contact::email(address).unwrap())
}

fn opt_in(server: &Running, link: &str) -> String {
    server.get(link).send().is(200).json()["opt_in"].as_str().unwrap().to_owned()
}

#[test]
fn address_owner_confirms_and_opts_out() {
    let server = serve();
    let (ana, ben) = (link(&server, "ana@example.org"), link(&server, "ben@example.org"));
    assert_eq!(opt_in(&server, &ana), "pending");

    server.post(&ana).json(&json!({"action": "confirm"})).send().is(200);
    assert_eq!((opt_in(&server, &ana), opt_in(&server, &ben)), ("confirmed".to_owned(), "pending".to_owned()));
    server.post(&ana).json(&json!({"action": "stop"})).send().is(200);
    assert_eq!(opt_in(&server, &ana), "opted_out");
    server.post(&ana).json(&json!({"action": "confirm"})).send().is(200);
    assert_eq!(opt_in(&server, &ana), "confirmed");
}

#[test]
fn browser_is_redirected_to_the_page() {
    let server = serve();
    let ana = link(&server, "ana@example.org");
    assert!(server.get(&ana).browser().send().is(200).text().contains("Yes, for everything sent to this address"));
    let answer = server.post(&ana).browser().form(&[("action", "confirm")]).send().is(303);
    assert_eq!(answer.header("location"), ana);
    assert!(server.get(&ana).browser().send().is(200).text().contains("Stop all messages"));
}

#[test]
fn one_click_unsubscribe_works() {
    let server = serve();
    let part = "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    for (media_type, body) in
        [("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"), ("multipart/form-data; boundary=b", part)]
    {
        let ana = link(&server, "ana@example.org");
        server.post(&ana).json(&json!({"action": "confirm"})).send().is(200);
        server.post(&ana).body(media_type, body).send().is(200);
        assert_eq!(opt_in(&server, &ana), "opted_out", "{media_type}");
    }
}

#[test]
fn forged_opt_in_link_changes_nothing() {
    let server = serve();
    let ana = link(&server, "ana@example.org");
    let forged = format!("/contacts/{}", "A".repeat(44));
    for link in [forged.as_str(), "/contacts/x", &ana[..ana.len() - 1]] {
        server.get(link).send().is(404);
        server.post(link).json(&json!({"action": "confirm"})).send().is(404);
    }
    server.post(&ana).json(&json!({"action": "maybe"})).send().is(422);
    server.post(&ana).json(&json!({})).send().is(422);
    assert_eq!(opt_in(&server, &ana), "pending");
}
