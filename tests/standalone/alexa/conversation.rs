//! Whole conversations from recorded requests, in both languages.

use std::fs;

use countmein::domain::event::EventId;
use countmein::domain::event_details::{Content, EventDetails, Title};
use countmein::domain::new_event_id;
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{Events as _, Write};
use serde_json::Value;

use super::{Backend, golden, request, speech};

/// Answers the recorded requests in order; returns what was said, and whether the session ended.
async fn converse(backend: &Backend, language: &str) -> Vec<(String, Value)> {
    let mut files: Vec<String> = fs::read_dir(golden(language))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort_unstable();
    let mut said = Vec::new();
    for file in files {
        let answer = backend
            .answer(&request(&format!("{language}/{file}")))
            .await
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        said.push((file, answer));
    }
    said
}

fn assert_said(said: &[(String, Value)], expected: &[(&str, &str)]) {
    let found: Vec<(&str, &str)> =
        said.iter().map(|(file, answer)| (&file[3..file.len() - 5], speech(answer))).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn whole_conversation_in_english() {
    let backend = Backend::open();
    let said = converse(&backend, "en").await;
    assert_said(
        &said,
        &[
            (
                "launch",
                "Welcome to Count Me In. I can sign you up for an event, take you out, or tell you who is coming. What would you like?",
            ),
            ("sign-up-without-a-name", "What is the name?"),
            ("name-given", "Melvin is in for Dance. What else would you like?"),
            ("who-is-coming", "Melvin is in for Dance. What else would you like?"),
            ("stop", "Goodbye."),
            ("session-ended", ""),
            ("sign-up-at-once-without-a-name", "Shall I sign up Melvin for Pizza Night?"),
            ("not-the-usual-name", "What is the name?"),
            ("another-name", "Ana is in for Pizza Night."),
            ("take-out-the-usual-name", "Shall I take Ana out of Pizza Night?"),
            ("the-usual-name", "Ana is out of Pizza Night."),
            (
                "help",
                "You can say: sign me up for dance. Or: take me out of dance. Or: who is coming to dance. What would you like?",
            ),
            (
                "fallback",
                "Sorry, I did not understand that. You can say: sign me up for dance, or: who is coming to dance. What would you like?",
            ),
            ("navigate-home", "Goodbye."),
            ("cancel", "Goodbye."),
            ("can-fulfill", ""),
        ],
    );
    let directive = |place: usize| &said[place].1["response"]["directives"][0];
    assert_eq!((&directive(1)["type"], &directive(1)["slotToElicit"]), (&"Dialog.ElicitSlot".into(), &"Name".into()));
    assert_eq!((&directive(6)["type"], &directive(6)["slotToConfirm"]), (&"Dialog.ConfirmSlot".into(), &"Name".into()));
    assert_eq!(directive(6)["updatedIntent"]["slots"]["Name"]["value"], "Melvin");
    assert_eq!(said[15].1["response"]["canFulfillIntent"]["canFulfill"], "YES");
    assert_eq!(backend.who_is_in("dance").await, ["Melvin"]);
    assert!(backend.who_is_in("pizza-night").await.is_empty());
}

#[tokio::test]
async fn whole_conversation_in_german() {
    let backend = Backend::open();
    let said = converse(&backend, "de").await;
    assert_said(
        &said,
        &[
            (
                "launch",
                "Willkommen bei Zähl mich mit. Ich kann dich für ein Treffen anmelden, abmelden, oder dir sagen, wer kommt. Was möchtest du?",
            ),
            ("sign-up-without-a-name", "Wie ist der Name?"),
            ("name-given", "Melvin ist bei Tanz dabei. Was möchtest du noch?"),
            ("who-is-coming", "Melvin ist bei Tanz dabei. Was möchtest du noch?"),
            ("stop", "Bis bald."),
            ("session-ended", ""),
            ("sign-up-at-once-without-a-name", "Soll ich Melvin für Pizza Night anmelden?"),
            ("not-the-usual-name", "Wie ist der Name?"),
            ("another-name", "Ana ist bei Pizza Night dabei."),
            ("take-out-the-usual-name", "Soll ich Ana von Pizza Night abmelden?"),
            ("the-usual-name", "Ana ist bei Pizza Night nicht mehr dabei."),
            (
                "help",
                "Du kannst sagen: melde mich für Tanz an. Oder: melde mich von Tanz ab. Oder: wer kommt zu Tanz. Was möchtest du?",
            ),
            (
                "fallback",
                "Das habe ich leider nicht verstanden. Du kannst sagen: melde mich für Tanz an, oder: wer kommt zu Tanz. Was möchtest du?",
            ),
            ("navigate-home", "Bis bald."),
            ("cancel", "Bis bald."),
            ("can-fulfill", ""),
        ],
    );
    assert_eq!(backend.who_is_in("tanz").await, ["Melvin"]);
}

#[tokio::test]
async fn five_names_are_read_then_counted() {
    let backend = Backend::open();
    for (number, name) in ["ana", "ben", "cleo", "dora", "emil", "finn", "gia"].into_iter().enumerate() {
        let mut sign_up = request("en/03-name-given.json");
        sign_up["request"]["intent"]["slots"]["Name"]["value"] = name.into();
        sign_up["request"]["requestId"] = format!("request-{number}").into();
        backend.answer(&sign_up).await.unwrap();
    }
    let who = backend.answer(&request("en/04-who-is-coming.json")).await.unwrap();
    assert!(speech(&who).starts_with("Ana, Ben, Cleo, Dora, Emil and 2 others are in for Dance."), "{}", speech(&who));
    let mut wer = request("de/04-who-is-coming.json");
    let who = request("en/04-who-is-coming.json");
    wer["request"]["intent"]["slots"]["Event"] = who["request"]["intent"]["slots"]["Event"].clone();
    let wer = backend.answer(&wer).await.unwrap();
    assert!(speech(&wer).starts_with("Ana, Ben, Cleo, Dora, Emil und 2 "), "{}", speech(&wer));
    let nobody = backend.answer(&request("de/04-who-is-coming.json")).await.unwrap();
    assert_eq!(speech(&nobody), "Bei Tanz ist noch niemand dabei. Was möchtest du noch?");
}

/// The next request of a dialog as Alexa makes it: with the slots of the last answer, and the person's confirmation of
/// the question.
fn yes(request: &Value, answer: &Value, number: u32) -> Value {
    let directive = &answer["response"]["directives"][0];
    let mut next = request.clone();
    next["session"]["attributes"] = answer["sessionAttributes"].clone();
    next["request"]["intent"]["slots"] = directive["updatedIntent"]["slots"].clone();
    let slot = directive["slotToConfirm"].as_str().unwrap_or_else(|| panic!("nothing to confirm: {answer}"));
    next["request"]["intent"]["slots"][slot]["confirmationStatus"] = "CONFIRMED".into();
    next["request"]["requestId"] = format!("yes-{number}").into();
    next
}

#[tokio::test]
async fn proposals_are_confirmed_one_by_one() {
    let backend = Backend::open();
    backend.answer(&request("en/03-name-given.json")).await.unwrap();
    let mut sign_up = request("en/07-sign-up-at-once-without-a-name.json");
    sign_up["request"]["intent"]["slots"]["Event"] =
        serde_json::json!({ "name": "Event", "confirmationStatus": "NONE" });
    let event = backend.answer(&sign_up).await.unwrap();
    assert_eq!(speech(&event), "Do you mean Dance?");
    let with_event = yes(&sign_up, &event, 1);
    let name = backend.answer(&with_event).await.unwrap();
    assert_eq!(speech(&name), "Shall I sign up Melvin for Dance?");
    let done = backend.answer(&yes(&with_event, &name, 2)).await.unwrap();
    assert_eq!(speech(&done), "Melvin is in for Dance.");
}

#[tokio::test]
async fn launch_has_room_for_longest_titles() {
    let backend = Backend::open();
    for number in 10..60 {
        let mut sign_up = request("en/03-name-given.json");
        let title = format!("{number} {}", "ﷺ".repeat(60));
        sign_up["request"]["intent"]["slots"]["Event"] =
            serde_json::json!({ "name": "Event", "value": title, "confirmationStatus": "NONE" });
        sign_up["request"]["requestId"] = format!("request-{number}").into();
        backend.answer(&sign_up).await.unwrap();
    }
    backend.answer(&request("en/01-launch.json")).await.unwrap();
}

#[tokio::test]
async fn unlisted_and_retitled_events_are_not_mistaken() {
    let backend = Backend::open();
    let (now, title) = (Timestamp::now(), Title::parse("Gala").unwrap());
    let unlisted = EventDetails::new(new_event_id::unlisted("Gala"), Content::titled(title.clone()), now);
    let dated = EventDetails::new(EventId::parse("gala-2026-11-26").unwrap(), Content::titled(title), now);
    for details in [&unlisted, &dated] {
        assert_eq!(backend.sqlite.create_event(details, now).await.unwrap(), Write::Stored);
    }
    let launch = backend.answer(&request("en/01-launch.json")).await.unwrap();
    assert!(!launch.to_string().contains(unlisted.event.as_str()), "{launch}");
    // The title alone would be another event.
    let values = &launch["response"]["directives"][0]["types"][0]["values"];
    assert_eq!(*values, serde_json::json!([{ "id": "gala-2026-11-26", "name": { "value": "gala-2026-11-26" } }]));
}

#[tokio::test]
async fn only_event_is_proposed() {
    let backend = Backend::open();
    backend.answer(&request("en/03-name-given.json")).await.unwrap();
    let launch = backend.answer(&request("en/01-launch.json")).await.unwrap();
    let entities = &launch["response"]["directives"][0];
    assert_eq!(entities["types"][0]["values"][0]["name"]["value"], "Dance");

    let mut who = request("en/04-who-is-coming.json");
    let slot = &mut who["request"]["intent"]["slots"]["Event"];
    *slot = serde_json::json!({ "name": "Event", "confirmationStatus": "NONE" });
    let proposed = backend.answer(&who).await.unwrap();
    assert_eq!(speech(&proposed), "Do you mean Dance?");
    // The question is repeated until it is confirmed.
    who["session"]["attributes"] = proposed["sessionAttributes"].clone();
    who["request"]["intent"]["slots"]["Event"]["value"] = "Dance".into();
    assert_eq!(speech(&backend.answer(&who).await.unwrap()), "Do you mean Dance?");
    who["request"]["intent"]["slots"]["Event"]["confirmationStatus"] = "DENIED".into();
    assert_eq!(speech(&backend.answer(&who).await.unwrap()), "For which event?");
    who["request"]["intent"]["slots"]["Event"]["confirmationStatus"] = "CONFIRMED".into();
    assert!(speech(&backend.answer(&who).await.unwrap()).starts_with("Melvin is in for Dance."));
}
