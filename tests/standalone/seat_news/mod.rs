//! Whoever has to wait for a place, and whoever gets one later, is told once.

use std::sync::Arc;
use std::time::Duration;

use countmein::domain::contact::Contact;
use countmein::domain::contact_id::ContactId;
use countmein::domain::deleted_event::{DeletedEvent, DeletionState};
use countmein::domain::host_link::LinkGenerations;
use countmein::domain::opt_in::OptIn;
use countmein::domain::signup::Request;
use countmein::domain::timestamp::Timestamp;
use countmein::notify::{CLAIM_DURATION, SmsLimits};
use countmein::ports::{Contacts as _, Events as _, SendError, Write};

use self::dinner::{Dinner, email, secret};

mod dinner;

const DAY: u64 = 24 * 60 * 60;

#[tokio::test]
async fn party_is_told_its_number_and_later_its_place() {
    let mut dinner = Dinner::new(1).await;
    for name in ["ana", "ben", "cleo"] {
        dinner.signs_up(name).await;
    }
    assert_eq!(dinner.told(0).await, ["ben: number 1", "cleo: number 2"]);
    dinner.asks("ana", Request::Cancel).await;
    assert_eq!(dinner.told(1).await, ["ben: place"]);
    for name in ["ben", "cleo"] {
        dinner.repeats_message_to(name).await;
        assert_eq!(dinner.told(2).await, [""; 0], "{name} was told");
    }
    dinner.asks("ben", Request::Cancel).await;
    assert_eq!(dinner.told(3).await, ["cleo: place"]);

    let mails = dinner.mails.sent();
    let ids: Vec<&str> = mails.iter().map(|mail| mail.id.as_str()).collect();
    assert!(ids[0].starts_with("seat-waiting-") && ids[2].starts_with("seat-confirmed-"), "{ids:?}");
    assert!(mails.iter().all(|mail| mail.unsubscribe.is_some() && mail.body.contains("/manage/")), "{mails:?}");
}

#[tokio::test]
async fn late_message_about_the_waiting_list_says_the_place_once() {
    let mut dinner = Dinner::new(1).await;
    dinner.signs_up("ana").await;
    dinner.signs_up("ben").await;
    dinner.asks("ana", Request::Cancel).await;
    assert_eq!(dinner.told(0).await, ["ben: place"]);
    dinner.repeats_message_to("ben").await;
    assert_eq!(dinner.told(1).await, [""; 0]);
}

#[tokio::test]
async fn who_comes_back_is_told_again() {
    let mut dinner = Dinner::new(1).await;
    dinner.signs_up("ana").await;
    dinner.signs_up("ben").await;
    assert_eq!(dinner.told(0).await, ["ben: number 1"]);
    dinner.asks("ben", Request::Cancel).await;
    dinner.signs_up("ben").await;
    assert_eq!(dinner.told(1).await, ["ben: number 1"]);
}

#[tokio::test]
async fn only_those_who_agreed_are_told() {
    let mut dinner = Dinner::new(1).await;
    for name in ["ana", "ben", "cleo", "dora", "emil"] {
        dinner.signs_up(name).await;
    }
    let emils = dinner.registration("emil").await;
    // Notifications are about others.
    dinner.asks("emil", Request::SetNotifications { registration: emils.owner, on: false }).await;
    let now = Timestamp::now();
    for (name, opt_in) in [("ben", OptIn::Pending { at: now }), ("cleo", OptIn::OptedOut)] {
        let id = ContactId::of(&email(name), &secret());
        let before = dinner.sqlite.opt_in(&id).await.unwrap();
        assert_eq!(dinner.sqlite.set_opt_in(&id, before, opt_in).await.unwrap(), Write::Stored);
    }
    dinner.asks("dora", Request::Cancel).await;
    assert_eq!(dinner.told(0).await, ["emil: number 3"]);
    assert_eq!(dinner.told(DAY).await, [""; 0]);
}

#[tokio::test]
async fn deleted_event_tells_nobody() {
    let mut dinner = Dinner::new(1).await;
    dinner.signs_up("ana").await;
    dinner.signs_up("ben").await;
    let deleted = DeletedEvent {
        event: dinner.event(),
        deleted_at: Timestamp::now(),
        state: DeletionState::InProgress,
        links: LinkGenerations::default(),
        version: 1,
    };
    assert_eq!(dinner.sqlite.store_deletion(&deleted, Timestamp::now()).await.unwrap(), Write::Stored);
    assert_eq!(dinner.told(0).await, [""; 0]);
}

#[tokio::test]
async fn message_that_may_have_arrived_is_repeated_with_its_id_and_then_no_more() {
    let mut dinner = Dinner::new(1).await;
    dinner.signs_up("ana").await;
    dinner.signs_up("ben").await;
    dinner.mails.fails_with(Some(SendError::NotSent));
    assert_eq!(dinner.told(0).await, ["ben: number 1"]);
    dinner.mails.fails_with(Some(SendError::Unavailable));
    assert_eq!(dinner.told(30).await, ["ben: number 1"]);
    dinner.mails.fails_with(None);
    assert_eq!(dinner.told(90).await, ["ben: number 1"]);
    let mails = dinner.mails.sent();
    assert!(mails.iter().all(|mail| mail.id == mails[0].id), "{mails:?}");
    dinner.repeats_message_to("ben").await;
    assert_eq!(dinner.told(1_000).await, [""; 0]);
}

#[tokio::test]
async fn message_is_dropped_after_a_day() {
    let mut dinner = Dinner::new(1).await;
    dinner.signs_up("ana").await;
    dinner.signs_up("ben").await;
    dinner.mails.fails_with(Some(SendError::NotSent));
    dinner.told(0).await;
    dinner.told(DAY).await;
    dinner.mails.fails_with(None);
    assert_eq!(dinner.told(2 * DAY).await, [""; 0]);
}

#[tokio::test]
async fn place_is_not_told_while_somebody_tells_the_waiting_list() {
    let mut dinner = Dinner::new(1).await;
    dinner.signs_up("ana").await;
    dinner.signs_up("ben").await;
    dinner.mails.hangs(true);
    let stopped = tokio::time::timeout(Duration::from_millis(300), dinner.told(0)).await;
    assert!(stopped.is_err(), "the program is killed while it sends the message");
    assert_eq!(dinner.mails.take(), ["ben: number 1"]);
    dinner.mails.hangs(false);

    dinner.asks("ana", Request::Cancel).await;
    assert_eq!(dinner.told(1).await, [""; 0], "the first one may still be sending");
    assert_eq!(dinner.told(2 * CLAIM_DURATION.as_secs()).await, ["ben: place"]);
    assert_eq!(dinner.told(DAY).await, [""; 0]);
}

#[tokio::test]
async fn mailbox_gets_six_a_day_and_the_others_on_the_next() {
    let mut dinner = Dinner::new(1).await;
    dinner.signs_up("ana").await;
    for number in 0..8 {
        dinner.signs_up_with(&format!("child {number}"), email("ben")).await;
    }
    assert_eq!(dinner.told(0).await.len(), 6);
    assert_eq!(dinner.told(900).await.len(), 0);
    assert_eq!(dinner.told(DAY).await.len(), 2);
    assert_eq!(dinner.told(2 * DAY).await.len(), 0);
}

#[tokio::test]
async fn text_message_waits_for_the_permitted_hours() {
    let mut dinner = Dinner::new(1).await;
    dinner.start = Timestamp::parse_rfc3339("2026-12-03T06:00:00Z").unwrap();
    let texts = Arc::new(dinner::Texts::default());
    dinner.sender.sms_sender = Some(texts.clone());
    let (countries, hours) = ("US".parse().unwrap(), "8-21 UTC".parse().unwrap());
    dinner.sender.limits.sms = Some(SmsLimits { countries, hours, per_day: 10 });
    dinner.signs_up("ana").await;
    dinner.signs_up_with("ben", Contact::sms("+14155552671").unwrap()).await;
    let hour = 60 * 60;
    dinner.told(0).await;
    dinner.told(hour).await;
    assert_eq!(texts.sent(), [""; 0]);
    dinner.told(2 * hour).await;
    let sent = texts.sent();
    assert!(
        sent.len() == 1 && sent[0].starts_with("Dinner: you are number 1 on the waiting list. https://"),
        "{sent:?}"
    );
}

#[tokio::test]
async fn webhook_is_asked_at_once_and_gets_an_event() {
    let mut dinner = Dinner::new(1).await;
    let webhooks = Arc::new(dinner::Webhooks::default());
    dinner.sender.webhook_caller = Some(webhooks.clone());
    dinner.signs_up("ana").await;
    dinner.applies("ben", Some(Contact::webhook("https://example.org/ben").unwrap())).await;
    dinner.told(0).await;
    dinner.asks("ana", Request::Cancel).await;
    dinner.told(1).await;

    let events = webhooks.sent();
    let data = events.iter().map(|event| {
        assert_eq!((&event["type"], &event["specversion"]), (&"countmein.seat".into(), &"1.0".into()));
        let data = &event["data"];
        assert_eq!(
            (&data["event"], &data["title"], &data["name"]),
            (&"dinner".into(), &"Dinner".into(), &"ben".into())
        );
        assert!(data["manage"].as_str().unwrap().contains("/events/dinner/manage/"));
        (data["state"].clone(), data["position"].clone(), data["text"].clone())
    });
    let waits = ("waiting".into(), 1.into(), "Dinner: you are number 1 on the waiting list.".into());
    let has_a_place = ("confirmed".into(), serde_json::Value::Null, "Dinner: you have a place.".into());
    assert_eq!(data.collect::<Vec<_>>(), [waits, has_a_place]);
}
