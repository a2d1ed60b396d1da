//! Rejected messages: stored, shown, corrected, sent again, discarded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::events::create;
use super::organiser::assert_asks_first;
use super::support::{Answer, Running, enqueue, serve, serve_with};

const NOT_JSON: &str = "Dance, please";
const NAMELESS: &str = r#"{"event": "Dance", "name": "", "contact": {"email": "ana@example.org"}}"#;

/// A server that has processed these messages from its queue.
fn serve_after(messages: &[&str]) -> Running {
    let data = tempfile::tempdir().unwrap();
    enqueue(data.path(), messages);
    let server = serve_with(data, |_| {});
    server.settled();
    server
}

/// A server on the same data that has processed another message from its queue.
fn serve_again_after(mut server: Running, message: &Value) -> Running {
    server.stop();
    server.wait_for_the_end();
    enqueue(server.folder(), &[message.to_string()]);
    let server = serve_with(server.data().clone(), |_| {});
    server.settled();
    server
}

fn the_reject(server: &Running) -> String {
    let [id] = &server.rejects()[..] else { panic!("one reject") };
    id.clone()
}

fn redrive(server: &Running, id: &str, set: &Value) -> Answer {
    server.post(&format!("/organiser/rejects/{id}/redrive")).organiser().json(&json!({ "set": set })).send()
}

#[test]
fn bad_message_harms_no_other() {
    let server = serve_after(&[
        r#"{"event": "Dance", "name": "Ana"}"#,
        NOT_JSON,
        r#"{"event": "Dance", "name": "Ben"}"#,
        NAMELESS,
        "",
        "[]",
        r#"{"event": "Dance", "name": "Cem"}"#,
    ]);
    assert_eq!(server.who("dance"), ["Ana", "Ben", "Cem"]);
    assert_eq!(server.rejects().len(), 4);
    assert_eq!(server.metric("countmein_signups_rejected_total"), 4);
    assert_eq!(server.metric("countmein_signups_stored_total"), 3);
}

#[test]
fn reject_is_shown_with_its_reason() {
    let server = serve_after(&[NAMELESS]);
    let id = the_reject(&server);
    let shown = server.get(&format!("/organiser/rejects/{id}")).organiser().send().is(200).json();
    assert_eq!((&shown["id"], &shown["body"]), (&json!(id), &json!(NAMELESS)));
    assert_eq!(shown["reason"], "`name` is empty; use 1 to 80 characters");
    assert!(shown["arrived_at"].as_str() <= shown["rejected_at"].as_str(), "{shown}");
    let page = server.get(&format!("/organiser/rejects/{id}")).organiser().browser().send().is(200).text();
    assert!(page.contains("`name` is empty") && page.contains("Send again"), "{page}");
    assert!(page.contains("Name: Please fill this in."), "{page}");
    let detail = server.get("/organiser/rejects/none").organiser().send().refuses(404, "not-found");
    assert!(detail.contains("no rejected message with this id"), "{detail}");
}

#[test]
fn rejects_are_paged() {
    let server = serve_after(&["1", "2", "3", "4", "5"]);
    let whole = server.rejects();
    for limit in [1, 2, 5, 6] {
        let mut ids = Vec::new();
        let mut query = format!("limit={limit}");
        loop {
            let page = server.get(&format!("/organiser/rejects?{query}")).organiser().send().is(200).json();
            let listed = page["rejects"].as_array().unwrap();
            assert!(listed.len() <= limit);
            ids.extend(listed.iter().map(|reject| reject["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            query = format!("limit={limit}&cursor={next}");
        }
        assert_eq!(ids, whole, "limit {limit}");
    }
}

#[test]
fn corrected_reject_reaches_the_roster() {
    let server = serve_after(&[NAMELESS]);
    let id = the_reject(&server);
    let sent = redrive(&server, &id, &json!({"name": "Ana"})).is(202).json();
    assert_eq!(sent, json!({"id": id, "event": "dance", "name": "Ana"}));
    assert_eq!(server.who("dance"), ["Ana"]);
    assert_eq!(server.exported()[0][2], "ana@example.org", "the rest of the message is kept");
    assert!(server.rejects().is_empty());
    redrive(&server, &id, &json!({"name": "Ana"})).refuses(404, "not-found");
}

#[test]
fn correction_removes_fields_or_replaces_all() {
    let server = serve_after(&[r#"{"event": "Dance", "name": "Ana", "contact": {"fax": "1"}}"#]);
    redrive(&server, &the_reject(&server), &json!({"contact": null})).is(202);
    assert_eq!(server.who("dance"), ["Ana"]);

    let server = serve_after(&[NOT_JSON]);
    redrive(&server, &the_reject(&server), &json!({})).refuses(400, "malformed-request");
    redrive(&server, &the_reject(&server), &json!({"event": "Dance", "name": "Ben"})).is(202);
    assert_eq!(server.who("dance"), ["Ben"]);
}

#[test]
fn corrected_reject_keeps_its_time() {
    let server = serve_after(&[r#"{"event": "Dance", "name": "Ana", "action": "cancell"}"#]);
    let id = the_reject(&server);
    let shown = server.get(&format!("/organiser/rejects/{id}")).organiser().send().is(200).json();
    let ana = server.sign_up("dance", "Ana");
    let sent = redrive(&server, &id, &json!({"action": "cancel", "requested_at": "2100-01-01T00:00:00Z"})).is(202);
    assert_eq!(sent.json()["id"], id);
    server.settled();
    assert_eq!(server.who("dance"), ["Ana"], "the cancel is older than the sign-up");
    assert_eq!(server.state(&ana.manage), "in");
    assert_eq!(server.metric("countmein_signups_stale_total"), 1);

    // The sign-up keeps its arrival time, not the time of the correction.
    let server = serve_after(&[r#"{"event": "Dance", "name": "", "requested_at": "2020-01-02T03:04:05Z"}"#]);
    redrive(&server, &the_reject(&server), &json!({"name": "Ben"})).is(202);
    let ben = server.get("/events/dance/attendees/ben").send().is(200).json();
    assert_eq!(ben["since"], "2020-01-02T03:04:05.000Z");
    assert!(shown["arrived_at"].as_str().unwrap() > "2020");
}

#[test]
fn invalid_correction_keeps_the_reject() {
    let server = serve_after(&[NAMELESS]);
    let id = the_reject(&server);
    redrive(&server, &id, &json!({"name": "#details"})).refuses_field("name");
    redrive(&server, &id, &json!({"name": "Ana", "event": "🎉"})).refuses_field("event");
    redrive(&server, &id, &json!({"name": "Ana", "contact": {"email": "nowhere"}})).refuses_field("contact.email");
    redrive(&server, &id, &json!({})).refuses_field("name");
    redrive(&server, &id, &json!("Ana")).refuses_field("set");
    assert_eq!(server.rejects(), [id]);
    assert!(server.who("dance").is_empty());
}

#[test]
fn reject_is_corrected_on_its_page() {
    let server = serve_after(&[NAMELESS]);
    let id = the_reject(&server);
    let path = format!("/organiser/rejects/{id}/redrive");
    let send = |fields: &[(&str, &str)]| server.post(&path).organiser().browser().form(fields).send();
    let page = send(&[("name", "#x"), ("event", ""), ("contact", "")]).is(422).text();
    assert!(page.contains("id=\"correct-name-error\">Please begin with another character than #.</p>"), "{page}");
    assert!(page.contains("aria-describedby=\"correct-name-error\"") && page.contains("value=\"#x\""), "{page}");
    assert_eq!(
        send(&[("name", "Ana"), ("event", ""), ("contact", "ana@example.com")]).leads_to(),
        "/organiser/rejects?done=processed"
    );
    assert_eq!(server.exported()[0][1..3], ["Ana", "ana@example.com"]);
}

#[test]
fn message_is_shown_decoded() {
    let data = json!({
        "event": "Dance", "name": "Ana", "action": "leave", "contact": {"email": "ana@example.org"}, "channel": "alexa",
        "requested_at": "2026-11-23T11:00:00Z",
    });
    let payload = STANDARD.encode(data.to_string());
    let envelope = json!({"specversion": "1.0", "id": "1", "source": "/x", "type": "y", "data_base64": payload});
    let server = serve_after(&[&envelope.to_string()]);
    let path = format!("/organiser/rejects/{}", the_reject(&server));
    let page = server.get(&path).organiser().browser().send().is(200).text();
    for (label, text) in [
        ("Event", "<bdi>Dance</bdi>"),
        ("Name", "<bdi>Ana</bdi>"),
        ("Action", "unknown"),
        ("Contact", "Email"),
        ("Channel", "Alexa"),
        ("Requested", "<time datetime=\"2026-11-23T11:00:00.000Z\">Monday, 23 November 2026 at 11:00, UTC</time>"),
    ] {
        assert!(page.contains(&format!("<dt>{label}</dt><dd>{text}</dd>")), "{label}: {page}");
    }
    let (before, raw) = page.split_once("<summary>Message as it arrived</summary>").unwrap();
    assert!(!before.contains(&payload) && raw.contains(&payload), "{page}");
    assert!(before.contains("id=\"correct-name\" name=\"name\"") && before.contains("value=\"Ana\""), "{page}");
    assert_asks_first(&page, &format!("{path}/discard"));
    assert!(!page.to_lowercase().replace("/organiser/rejects", "").contains("reject"), "{page}");

    let german = server.get(&path).organiser().browser().header("Accept-Language", "de").send().is(200).text();
    assert!(german.contains("<html lang=\"de\"") && german.contains("<dt>Kanal</dt><dd>Alexa</dd>"), "{german}");
}

#[test]
fn unreadable_message_says_so() {
    let server = serve_after(&[NOT_JSON]);
    let path = format!("/organiser/rejects/{}", the_reject(&server));
    let page = server.get(&path).organiser().browser().send().is(200).text();
    assert!(page.contains("neither a sign-up nor a button press"), "{page}");
    let form = [("event", "Dance"), ("name", "Ana"), ("contact", "")];
    server.post(&format!("{path}/redrive")).organiser().browser().form(&form).send().is(303);
    assert_eq!(server.who("dance"), ["Ana"]);
    let gone = server.get(&path).organiser().browser().send().is(404).text();
    assert!(gone.contains("It was sent again or discarded."), "{gone}");
}

#[test]
fn reject_is_discarded() {
    let server = serve_after(&[NOT_JSON, NAMELESS]);
    let ids = server.rejects();
    let discard = |id: &str| server.post(&format!("/organiser/rejects/{id}/discard")).organiser();
    assert!(discard(&ids[0]).send().is(204).body.is_empty());
    discard(&ids[0]).send().refuses(404, "not-found");
    assert_eq!(discard(&ids[1]).browser().send().leads_to(), "/organiser/rejects?done=discarded");
    assert!(server.rejects().is_empty());
}

#[test]
fn public_queue_messages_open_no_registration() {
    let server = serve_after(&[
        r#"{"event": "Dance", "name": "Ana", "id": "first", "requested_at": "2026-01-01T00:00:00Z"}"#,
        r#"{"event": "Dance", "name": "Ana", "action": "cancel", "channel": "http"}"#,
        r#"{"event": "Dance", "name": "Ana", "action": "cancel", "channel": "http", "stay": "another"}"#,
    ]);
    assert_eq!(server.who("dance"), ["Ana"]);
    assert_eq!(server.rejects().len(), 2);
}

fn redrive_all(server: &Running, filter: &Value) -> Value {
    let answer = server.post("/organiser/rejects/redrive").organiser().json(filter).send().is(200).json();
    assert_eq!(answer["next"], Value::Null);
    json!([answer["sent"], answer["kept"]])
}

/// A server with rejected presses of the buttons `1` to `3`, whose owners are then registered, and two other rejects.
fn serve_with_curable_rejects() -> Running {
    let press = |serial: usize| {
        let payload = json!({ "serialNumber": format!("G03{serial}"), "clickType": "SINGLE" }).to_string();
        let payload = STANDARD.encode(payload);
        json!({ "topic": format!("iotbutton/G03{serial}"), "payload": payload, "received_at": 1_795_431_600_000_i64 })
            .to_string()
    };
    let presses = [press(1), press(2), press(3)];
    let server = serve_after(&[&presses[0], NOT_JSON, &presses[1], NAMELESS, &presses[2]]);
    assert_eq!(server.rejects().len(), 5);
    for (serial, name) in ["Ana", "Ben", "Cem"].into_iter().enumerate() {
        let button = json!({ "serial": format!("G03{}", serial + 1), "event": "Dance", "name": name });
        server.post("/organiser/buttons").organiser().json(&button).send().is(200);
    }
    server
}

#[test]
fn all_rejects_are_sent_again() {
    let server = serve_with_curable_rejects();
    assert_eq!(redrive_all(&server, &json!({})), json!([3, 2]));
    server.settled();
    assert_eq!(server.who("dance"), ["Ana", "Ben", "Cem"]);
    assert_eq!(server.rejects().len(), 2);
    assert_eq!(redrive_all(&server, &json!({})), json!([0, 2]));
}

#[test]
fn filtered_rejects_are_sent_again() {
    let server = serve_with_curable_rejects();
    assert_eq!(redrive_all(&server, &json!({ "reason": "NO SUCH REASON" })), json!([0, 0]));
    assert_eq!(redrive_all(&server, &json!({ "event": "another" })), json!([0, 0]));
    assert_eq!(redrive_all(&server, &json!({ "since": "2999-01-01T00:00:00Z" })), json!([0, 0]));
    let second_button = json!({ "since": "2020-01-01T00:00:00Z", "reason": "serial number G032" });
    assert_eq!(redrive_all(&server, &second_button), json!([1, 0]));
    server.settled();
    assert_eq!(server.who("dance"), ["Ben"]);
    assert_eq!(redrive_all(&server, &json!({ "event": "DANCE" })), json!([2, 1]), "the nameless message stays");
    let refused = |filter| server.post("/organiser/rejects/redrive").organiser().json(&filter).send();
    for invalid in [json!({ "since": "yesterday" }), json!({ "event": "/" }), json!({ "reason": 1 })] {
        refused(invalid).refuses(422, "invalid-field");
    }
    refused(json!({ "cursor": "" })).refuses(400, "malformed-request");
    server.post("/organiser/rejects/redrive").json(&json!({})).send().refuses(401, "login-needed");
}

#[test]
fn page_sends_all_rejects_again() {
    let server = serve_with_curable_rejects();
    let list = server.get("/organiser/rejects").organiser().browser().send().is(200).text();
    assert!(list.contains("action=\"/organiser/rejects/redrive\""), "{list}");
    let form = [("reason", "kept"), ("event", "🎉"), ("since", "")];
    let refused = server.post("/organiser/rejects/redrive").organiser().browser().form(&form).send().is(422).text();
    assert!(refused.contains("value=\"kept\"") && refused.contains("id=\"event-error\""), "{refused}");
    let form = [("reason", ""), ("event", ""), ("since", "2020-01-01T00:00")];
    let page = server.post("/organiser/rejects/redrive").organiser().browser().form(&form).send().is(200).text();
    assert!(
        page.contains("3 messages were sent again") && page.contains("2 messages must be corrected first"),
        "{page}"
    );
    server.settled();
    assert_eq!(server.who("dance"), ["Ana", "Ben", "Cem"]);
}

/// A message that its event would refuse is not sent again, only to come back: its page says why, and the form can correct it.
#[test]
fn message_that_its_event_refuses_is_corrected_on_its_page() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner", "guests_per_signup": 1, "question": "Meat?" }));
    let message = json!({ "event": event.id, "name": "Ana", "guests": 4, "answer": "yes", "note": "Late" });
    let server = serve_again_after(server, &message);
    let id = the_reject(&server);
    let path = format!("/organiser/rejects/{id}");
    let page = |path: &str| server.get(path).organiser().browser().send().is(200);
    assert!(page(&format!("{path}?lang=de")).words().contains("Du darfst höchstens 1 Gast mitbringen."));
    assert!(page(&path).text().contains("value=\"4\""), "{}", page(&path).text());
    redrive(&server, &id, &json!({})).refuses_field("guests");
    assert_eq!(redrive_all(&server, &json!({})), json!([0, 1]));

    let form =
        |guests| [("event", event.id.as_str()), ("name", "Ana"), ("guests", guests), ("answer", ""), ("note", "Late")];
    let send = |guests| server.post(&format!("{path}/redrive")).organiser().browser().form(&form(guests)).send();
    let refused = send("3").is(422);
    assert!(refused.text().contains("id=\"guests-error\""), "{}", refused.text());
    let list = send("1").leads_to();
    assert_eq!(list, "/organiser/rejects?done=processed");
    assert!(page(&list).words().contains("The message was sent again, and was processed."));
    let row = server.exported().remove(0);
    assert_eq!((row[1].as_str(), row[7].as_str(), row[8].as_str(), row[9].as_str()), ("Ana", "1", "", "Late"));
}

#[test]
fn message_for_a_closed_event_waits_until_it_is_open() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner" }));
    let path = event.path("");
    server.post(&format!("{path}/cancel")).bearer(&event.host).json(&json!({})).send().is(200);
    let server = serve_again_after(server, &json!({ "event": event.id, "name": "Ana" }));
    let id = the_reject(&server);
    let page = || server.get(&format!("/organiser/rejects/{id}")).organiser().browser().send().is(200).words();
    assert!(page().contains("This event was cancelled."), "{}", page());
    redrive(&server, &id, &json!({})).refuses(409, "conflict");
    server.post(&format!("{path}/reopen")).bearer(&event.host).json(&json!({})).send().is(200);
    assert!(page().contains("This message can be processed now"), "{}", page());
    redrive(&server, &id, &json!({})).is(202);
    assert_eq!(server.who(&event.id), ["Ana"]);
}
