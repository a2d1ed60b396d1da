//! The organiser's page of the outbox.

use countmein::domain::timestamp::Timestamp;
use serde_json::json;

use super::organiser::assert_asks_first;
use super::support::{Running, serve, wait_until_announced};

const HOUR_MS: i64 = 60 * 60 * 1_000;

/// A server with a personal link in its outbox, which is due in an hour.
fn serve_with_a_message() -> Running {
    let server = serve();
    server.sign_up("dance", "Ana");
    // At its start, a server tries all messages again.
    wait_until_announced(&server.database());
    let now = Timestamp::now().as_millis();
    let sql = "INSERT INTO outbox (kind, event, name, owner, first_at, due_at)
               VALUES ('manage_link', 'dance', 'ana', 's1', ?1, ?2)";
    rusqlite::Connection::open(server.database()).unwrap().execute(sql, [now, now + HOUR_MS]).unwrap();
    server
}

#[test]
fn outbox_is_listed_and_dropping_asks_first() {
    let server = serve_with_a_message();
    let start = server.get("/organiser").organiser().browser().send().is(200).text();
    assert!(start.contains("1 message is waiting to be sent."), "{start}");
    let page = server.get("/organiser/outbox").organiser().browser().send().is(200).text();
    assert!(page.contains("<h2>Personal link</h2>") && page.contains("<dt>To</dt><dd><bdi>ana</bdi></dd>"), "{page}");
    let listed = server.get("/organiser/outbox").organiser().send().is(200).json();
    let id = listed["messages"][0]["id"].as_str().unwrap();
    let path = format!("/organiser/outbox/{id}");
    assert!(page.contains(&format!("action=\"{path}/retry\"")), "{page}");
    assert_asks_first(&page, &format!("{path}/drop"));

    let drop = || server.post(&format!("{path}/drop")).organiser().browser().form(&[]).send();
    assert_eq!(drop().leads_to(), "/organiser/outbox");
    let page = server.get("/organiser/outbox").organiser().browser().send().is(200).text();
    assert!(page.contains("No messages are waiting to be sent."), "{page}");
    let gone = drop().is(404).text();
    assert!(gone.contains("It was sent or dropped.") && gone.contains("Back to the organiser’s page"), "{gone}");
}

#[test]
fn message_is_tried_again_from_the_page() {
    let server = serve_with_a_message();
    let listed = server.get("/organiser/outbox").organiser().send().is(200).json();
    let path = format!("/organiser/outbox/{}/retry", listed["messages"][0]["id"].as_str().unwrap());
    assert_eq!(server.post(&path).organiser().browser().form(&[]).send().leads_to(), "/organiser/outbox");
    let empty = serve().get("/organiser/outbox").organiser().send().is(200).json();
    assert_eq!(empty, json!({"messages": [], "next": null}));
}
