use std::collections::BTreeMap;
use std::time::Duration;

use countmein::domain::contact::Contact;
use countmein::domain::event::EventId;
use countmein::domain::timestamp::Timestamp;
use countmein::ports::Calendar as _;
use serde_json::{Value, json};

use super::world::World;
use crate::support::runtime_api::Answer;
use crate::support::runtime_api::events::{AT, attendee, records, schedule, stream_record};
use crate::support::runtime_api::proxy::Verdict;

fn joins(number: u32, event: &str, name: &str) -> Value {
    stream_record(number, None, Some(&attendee(event, name)))
}

/// The number of attendees by event, as the digests count them.
fn counts(world: &World) -> BTreeMap<String, String> {
    let digests = world.items("#digest").into_iter();
    digests.map(|digest| (digest["name"].as_s().unwrap().clone(), digest["count"].as_n().unwrap().clone())).collect()
}

fn counted<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, String> {
    counts.into_iter().map(|(event, count)| (event.to_owned(), count.to_string())).collect()
}

/// The log lines in the embedded metric format.
fn metrics(lines: &[String]) -> Vec<Value> {
    let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line.get("_aws").is_some()).collect()
}

#[test]
fn stream_batch_writes_each_digest_once() {
    let world = World::new();
    let fanout = world.fanout();
    let batch = records([joins(1, "dance", "Ana"), joins(2, "party", "Ben"), joins(3, "dance", "Cleo")]);

    fanout.invoke(&batch).response();

    let of_calls = |operation| world.proxy.calls().iter().filter(|call| call.operation() == operation).count();
    // Both events are announced at once: a transaction stores each digest with its announcement, and a write ends the one
    // page. A digest is read for the change and for the announcement. Each event is entered in the calendar once.
    assert_eq!((of_calls("GetItem"), of_calls("PutItem"), of_calls("Query")), (2 * 2, 2 + 2 + 2, 2));
    assert_eq!(of_calls("TransactWriteItems"), 2);
    // The details of the batch's events say which were deleted, and when the others are over. Those of each event say who
    // may read its names.
    assert_eq!((of_calls("GetSecretValue"), of_calls("BatchGetItem"), of_calls("Publish")), (2, 1 + 2, 2));
    assert_eq!(world.proxy.calls().len(), 21);
    assert_eq!(counts(&world), counted([("dance", 2), ("party", 1)]));

    world.proxy.forward_all();
    fanout.invoke(&batch).response();
    assert_eq!((of_calls("PutItem"), of_calls("Publish")), (0, 0));
    assert_eq!(counts(&world), counted([("dance", 2), ("party", 1)]));
    let metrics = metrics(&fanout.kill());
    assert_eq!(metrics[0]["AttendeesJoined"], json!(3.0));
    assert_eq!(
        metrics.iter().filter(|line| line["AttendeesJoined"].is_number()).count(),
        1,
        "a replay counts for nothing: {metrics:?}"
    );
}

const ANAS_PHONE: &str = "+14155552671";

/// Texts go to the United States at any time of the day.
const TEXTING: [(&str, &str); 3] =
    [("COUNTMEIN_SMS_COUNTRIES", "US"), ("COUNTMEIN_SMS_HOURS", "0-24 UTC"), ("COUNTMEIN_SMS_PER_DAY", "5")];

/// The stream record of a sign-up over the queue.
fn comes(world: &World, number: u32, name: &str, phone: Option<&str>) -> Value {
    let mut item = attendee("dance", name);
    if let Some(phone) = phone {
        item["contact"] = json!({ "M": { "sms": { "S": phone } } });
    }
    world.put(&item);
    stream_record(number, None, Some(&item))
}

#[test]
fn only_confirmed_phones_are_notified() {
    let world = World::new();
    let fanout = world.fanout_with(&TEXTING);
    fanout.invoke(&records([comes(&world, 1, "Ana", Some(ANAS_PHONE))])).response();
    let question = world.texts(ANAS_PHONE);
    assert_eq!(question.len(), 1, "{question:?}");
    assert!(question[0].contains("https://signup.example.org/events/dance/contact/"), "{question:?}");
    world.has_opted_in(&Contact::sms(ANAS_PHONE).unwrap());

    let now = world.fanout_with(&[&TEXTING[..], &[("COUNTMEIN_BACKOFF_INITIAL", "0")]].concat());
    world.end_backoff("dance");
    now.invoke(&records([comes(&world, 2, "Ben", None)])).response();

    let texts = world.texts(ANAS_PHONE);
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(
        texts[1].starts_with("dance: Ben joined; 2 are in. https://signup.example.org/events/dance/manage/"),
        "{texts:?}"
    );
}

#[test]
fn opt_in_texts_wait_for_permitted_hours() {
    let world = World::new();
    let morning = Timestamp::now().to_string()[11..13].parse::<u32>().unwrap() < 12;
    let night = if morning { "22-24 UTC" } else { "0-2 UTC" };
    let asleep = world.fanout_with(&[TEXTING[0], ("COUNTMEIN_SMS_HOURS", night), TEXTING[2]]);
    asleep.invoke(&records([comes(&world, 1, "Ana", Some(ANAS_PHONE))])).response();
    assert!(world.texts(ANAS_PHONE).is_empty());

    let awake = world.fanout_with(&TEXTING);
    world.end_backoff("dance");
    awake.invoke(&records([comes(&world, 2, "Ben", None)])).response();

    let texts = world.texts(ANAS_PHONE);
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("/events/dance/contact/"), "{texts:?}");
}

#[test]
fn link_again_goes_to_the_confirmed_phone() {
    let world = World::new();
    let fanout = world.fanout_with(&TEXTING);
    let asks = |number, phone| {
        let mut item = attendee("dance", "Ana");
        item["contact"] = json!({ "M": { "sms": { "S": phone } } });
        let before = item.clone();
        item["link_asked_at"] = json!({ "N": "1795431700000" });
        world.put(&item);
        stream_record(number, Some(&before), Some(&item))
    };
    fanout.invoke(&records([asks(1, ANAS_PHONE)])).response();
    assert!(world.texts(ANAS_PHONE).is_empty(), "nobody has said yes");
    world.has_opted_in(&Contact::sms(ANAS_PHONE).unwrap());

    fanout.invoke(&records([asks(2, ANAS_PHONE)])).response();

    let texts = world.texts(ANAS_PHONE);
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(
        texts[0].starts_with("dance: here is your link again. https://signup.example.org/events/dance/manage/"),
        "{texts:?}"
    );
}

#[test]
fn unconfirmed_phone_gets_one_opt_in_text() {
    let world = World::new();
    let fanout = world.fanout_with(
        &[&TEXTING[..], &[("COUNTMEIN_BACKOFF_INITIAL", "0"), ("COUNTMEIN_BACKOFF_MAXIMUM", "0")]].concat(),
    );
    for (number, name) in (1..).zip(["Ana", "Ben", "Cleo", "Dora", "Emil", "Finn", "Gia"]) {
        fanout.invoke(&records([comes(&world, number, name, Some(ANAS_PHONE))])).response();
    }
    assert_eq!(world.texts(ANAS_PHONE).len(), 1);
}

#[test]
fn unconfirmed_registration_of_a_confirmed_phone_gets_one_opt_in_text() {
    let world = World::new();
    let fanout = world.fanout_with(
        &[&TEXTING[..], &[("COUNTMEIN_BACKOFF_INITIAL", "0"), ("COUNTMEIN_BACKOFF_MAXIMUM", "0")]].concat(),
    );
    world.has_confirmed_a_registration(&Contact::sms(ANAS_PHONE).unwrap());
    let mut ana = attendee("dance", "Ana");
    ana["contact"] = json!({ "M": { "sms": { "S": ANAS_PHONE } } });
    world.put(&ana);
    fanout.invoke(&records([stream_record(1, None, Some(&ana))])).response();
    for (number, name) in (2..).zip(["Ben", "Cleo"]) {
        world.end_backoff("dance");
        fanout.invoke(&records([comes(&world, number, name, None)])).response();
    }
    let texts = world.texts(ANAS_PHONE);
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("/events/dance/contact/"), "{texts:?}");

    ana["confirmed"] = json!({ "BOOL": true });
    world.put(&ana);
    world.end_backoff("dance");
    fanout.invoke(&records([comes(&world, 4, "Dora", None)])).response();

    let texts = world.texts(ANAS_PHONE);
    assert!(texts.len() == 2 && texts[1].contains("Dora joined"), "{texts:?}");
}

#[test]
fn no_texts_without_country_or_budget() {
    let world = World::new();
    world.fanout().invoke(&records([comes(&world, 1, "Ana", Some(ANAS_PHONE))])).response();
    let elsewhere = world.fanout_with(&[("COUNTMEIN_SMS_COUNTRIES", "DE"), TEXTING[1], TEXTING[2]]);
    elsewhere.invoke(&records([comes(&world, 2, "Ben", Some(ANAS_PHONE))])).response();
    let spent = world.fanout_with(&[TEXTING[0], TEXTING[1], ("COUNTMEIN_SMS_PER_DAY", "0")]);
    spent.invoke(&records([comes(&world, 3, "Cleo", Some(ANAS_PHONE))])).response();
    assert!(world.texts(ANAS_PHONE).is_empty());
}

#[test]
fn only_mobile_phones_of_listed_countries_get_texts() {
    let world = World::new();
    let fanout = world.fanout_with(&TEXTING);
    // The Bahamas, Jamaica, Canada, and premium numbers have the same calling code as US.
    let others = ["+12423591234", "+18762101234", "+16137827274", "+19002345678"];
    for (number, phone) in (1..).zip(others) {
        fanout.invoke(&records([comes(&world, number, &format!("No {number}"), Some(phone))])).response();
    }
    fanout.invoke(&records([comes(&world, 5, "Ana", Some(ANAS_PHONE))])).response();

    for phone in others {
        assert!(world.texts(phone).is_empty(), "{phone}");
    }
    assert_eq!(world.texts(ANAS_PHONE).len(), 1);
    let metrics = metrics(&fanout.kill());
    for name in ["SuppressedBySmsCountries", "SuppressedBySmsLineType"] {
        assert!(metrics.iter().any(|line| line[name].is_number()), "{name}: {metrics:?}");
    }
}

#[test]
fn refuses_wrong_countries_at_start() {
    let world = World::new();
    for (countries, message) in [("US,UK", "write GB"), ("+49", "such as DE"), ("Germany", "such as DE,US")] {
        let fanout = world.fanout_with(&[("COUNTMEIN_SMS_COUNTRIES", countries), TEXTING[1], TEXTING[2]]);
        fanout.hand_out(&schedule());
        assert!(matches!(fanout.answer().0, Answer::Died), "{countries}");
        let lines = fanout.kill();
        assert!(
            lines.iter().any(|line| line.contains("COUNTMEIN_SMS_COUNTRIES") && line.contains(message)),
            "{lines:?}"
        );
    }
}

#[test]
fn opt_in_texts_leave_half_the_budget() {
    let world = World::new();
    world.has_opted_in(&Contact::sms(ANAS_PHONE).unwrap());
    let fanout = world.fanout_with(&[TEXTING[0], TEXTING[1], ("COUNTMEIN_SMS_PER_DAY", "3")]);
    fanout.invoke(&records([comes(&world, 1, "Ana", Some(ANAS_PHONE))])).response();
    let strangers: Vec<String> = (3..6).map(|digit| format!("+1415555267{digit}")).collect();
    let come = (2..).zip(&strangers).map(|(number, phone)| comes(&world, number, &format!("No {number}"), Some(phone)));
    fanout.invoke(&records(come)).response();

    world.end_backoff("dance");
    fanout.invoke(&schedule()).response();

    let asked: usize = strangers.iter().map(|phone| world.texts(phone).len()).sum();
    assert_eq!((asked, world.texts(ANAS_PHONE).len()), (2, 1));
    let held_back: f64 =
        metrics(&fanout.kill()).iter().filter_map(|line| line["SuppressedBySmsAnswersPerDay"].as_f64()).sum();
    assert!(held_back >= 1.0, "it is counted");
}

#[test]
fn schedule_sends_pending_changes_after_backoff() {
    let world = World::new();
    world.has_opted_in(&Contact::sms(ANAS_PHONE).unwrap());
    let fanout = world.fanout_with(&TEXTING);
    fanout.invoke(&records([comes(&world, 1, "Ana", Some(ANAS_PHONE))])).response();
    for (number, name) in (2..).zip(["Ben", "Cleo", "Dora", "Emil", "Finn", "Gia", "Hal", "Ida", "Jon", "Kai"]) {
        fanout.invoke(&records([comes(&world, number, name, None)])).response();
    }
    fanout.invoke(&schedule()).response();
    assert!(world.texts(ANAS_PHONE).is_empty(), "the backoff has not passed");

    world.end_backoff("dance");
    fanout.invoke(&schedule()).response();

    let texts = world.texts(ANAS_PHONE);
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("11 are in"), "{texts:?}");
}

#[test]
fn provider_outage_does_not_block_the_stream() {
    let world = World::new();
    world.has_opted_in(&Contact::sms(ANAS_PHONE).unwrap());
    let fanout = world.fanout_with(
        &[&TEXTING[..], &[("COUNTMEIN_BACKOFF_INITIAL", "0"), ("COUNTMEIN_BACKOFF_MAXIMUM", "0")]].concat(),
    );
    fanout.invoke(&records([comes(&world, 1, "Ana", Some(ANAS_PHONE))])).response();
    world.proxy.judge(|call| {
        if call.operation() == "Publish" { Verdict::Fail(503, "ServiceUnavailable") } else { Verdict::Forward }
    });

    for (number, name) in (2..).zip(["Ben", "Cleo"]) {
        fanout.invoke(&records([comes(&world, number, name, None)])).response();
    }
    assert!(world.texts(ANAS_PHONE).is_empty());
    assert_eq!(counts(&world), counted([("dance", 3)]));

    world.proxy.forward_all();
    world.end_backoff("dance");
    fanout.invoke(&schedule()).response();
    let texts = world.texts(ANAS_PHONE);
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].starts_with("dance: Ben and Cleo joined; 3 are in."), "{texts:?}");
}

#[test]
fn leaving_lowers_the_count() {
    let world = World::new();
    let fanout = world.fanout();
    let ana = attendee("dance", "Ana");
    let mut gone = ana.clone();
    gone["status"]["S"] = json!("out");
    gone["expires_at"] = json!({ "N": "1798023600" });
    for of_the_stay in ["since", "owner", "channel"] {
        gone.as_object_mut().unwrap().remove(of_the_stay);
    }
    fanout.invoke(&records([joins(1, "dance", "Ana"), joins(2, "dance", "Ben")])).response();
    let digest = json!({ "event": { "S": "#digest" }, "name": { "S": "dance" }, "count": { "N": "2" } });

    let batch = [stream_record(3, None, Some(&digest)), stream_record(4, Some(&ana), Some(&gone))];
    fanout.invoke(&records(batch)).response();

    assert_eq!(counts(&world), counted([("dance", 1)]));
    let metrics = metrics(&fanout.kill());
    assert_eq!(metrics.iter().filter_map(|line| line["AttendeesLeft"].as_f64()).sum::<f64>(), 1.0, "{metrics:?}");
}

#[test]
fn damaged_record_parks_its_event_and_no_other() {
    let world = World::new();
    let fanout = world.fanout();
    let mut damaged = attendee("pizza", "Ben");
    damaged["requested_at"] = json!({ "S": "yesterday" });

    let batch = [joins(1, "dance", "Ana"), stream_record(2, None, Some(&damaged)), joins(3, "pizza", "Cleo")];
    fanout.invoke(&records(batch)).response();

    assert_eq!(counts(&world), counted([("dance", 1), ("pizza", 1)]));
    assert_eq!(parked(&world), ["pizza"]);
    let metrics = metrics(&fanout.kill());
    assert_eq!(metrics.iter().filter_map(|line| line["EventsParked"].as_f64()).sum::<f64>(), 1.0, "{metrics:?}");
}

#[test]
fn damaged_digest_parks_its_event_and_no_other() {
    let world = World::new();
    let fanout = world.fanout();
    world.put(&json!({
        "event": { "S": "#digest" }, "name": { "S": "pizza" }, "title": { "S": "Pizza" }, "count": { "N": "1" },
        "version": { "N": "1" }, "waiting": { "S": "yes" }, "due_at": { "N": "1" },
    }));

    fanout.invoke(&records([joins(1, "pizza", "Ben"), joins(2, "dance", "Ana")])).response();
    fanout.invoke(&schedule()).response();

    assert_eq!(counts(&world)["dance"], "1");
    assert_eq!(parked(&world), ["pizza"]);
    assert!(
        !world
            .items("#digest")
            .iter()
            .any(|item| item["name"].as_s().unwrap() == "pizza" && item.contains_key("due_at"))
    );
    let metrics = metrics(&fanout.kill());
    assert_eq!(metrics.iter().filter_map(|line| line["EventsParked"].as_f64()).sum::<f64>(), 1.0, "{metrics:?}");
}

#[test]
fn deleted_event_is_not_announced() {
    let world = World::new();
    let fanout = world.fanout();
    let (ana, ben, later) = (attendee("pizza", "Ana"), attendee("pizza", "Ben"), attendee("pizza", "Cleo"));
    fanout.invoke(&records([stream_record(1, None, Some(&ben)), joins(2, "dance", "Ana")])).response();
    assert_eq!(counts(&world), counted([("dance", 1), ("pizza", 1)]));
    let deleted_at = json!({ "N": (AT + 1).to_string() });
    world.put(&json!({
        "event": { "S": "pizza" }, "name": { "S": "#details" }, "deleted_at": deleted_at, "expires_at": { "N": "1798023600" },
        "version": { "N": "3" },
    }));
    // A function that had read the event before stores Ana late.
    world.put(&ana);
    let damaged = json!({ "event": { "S": "pizza" }, "name": { "S": "zoe" }, "status": { "S": "in" } });

    let batch = [
        stream_record(3, Some(&ben), None),
        stream_record(4, None, Some(&ana)),
        stream_record(5, Some(&damaged), None),
    ];
    fanout.invoke(&records(batch.clone())).response();
    assert_eq!(world.items("pizza").len(), 1, "only the marker is left");
    assert_eq!(counts(&world), counted([("dance", 1)]));
    assert_eq!(parked(&world), [""; 0]);

    // The event begins anew, and earlier records are delivered again.
    let mut later = later;
    later["requested_at"] = json!({ "N": (AT + 2).to_string() });
    world.put(&later);
    fanout.invoke(&records([stream_record(7, None, Some(&later))])).response();
    fanout.invoke(&records(batch)).response();
    assert_eq!(counts(&world), counted([("dance", 1), ("pizza", 1)]));
    let metrics = metrics(&fanout.kill());
    assert_eq!(metrics.iter().filter_map(|line| line["AttendeesLeft"].as_f64()).sum::<f64>(), 0.0, "{metrics:?}");
}

/// The parked events.
fn parked(world: &World) -> Vec<String> {
    world.items("#parked").iter().map(|item| item["name"].as_s().unwrap().clone()).collect()
}

#[test]
fn unavailable_table_fails_the_invocation() {
    let world = World::new();
    let fanout = world.fanout();
    world.proxy.judge(|_| Verdict::Fail(500, "InternalServerError"));
    let batch = records([joins(1, "dance", "Ana")]);
    assert!(matches!(fanout.invoke(&batch), Answer::Error(_)));

    world.proxy.forward_all();
    fanout.invoke(&batch).response();
    assert_eq!(counts(&world), counted([("dance", 1)]));
}

#[test]
fn schedule_deletes_contacts_of_events_that_are_over() {
    let world = World::new();
    let now = Timestamp::now();
    let days = |days: u64| Duration::from_secs(days * 24 * 60 * 60);
    for (event, over_at) in [("dinner", now.minus(days(31))), ("dance", now.minus(days(29)))] {
        let mut ana = attendee(event, "Ana");
        ana["contact"] = json!({"M": {"email": {"S": "ana@example.org"}}});
        ana["requested_at"] = json!({"N": now.minus(days(200)).as_millis().to_string()});
        world.put(&ana);
        world
            .put(&json!({"event": {"S": "#digest"}, "name": {"S": event}, "title": {"S": event}, "count": {"N": "1"}}));
        world.wait(world.table.set_over_at(&EventId::parse(event).unwrap(), over_at)).unwrap();
    }
    let has_contact = |event: &str| world.items(event)[0].contains_key("contact");
    let fanout = world.fanout();
    fanout.invoke(&schedule()).response();
    assert!(!has_contact("dinner") && has_contact("dance"));
    assert_eq!(world.who_is_in("dinner"), ["Ana"]);
    // Nothing is left to do: one query for digests, and one for events.
    world.proxy.forward_all();
    fanout.invoke(&schedule()).response();
    let calls: Vec<_> = world.proxy.calls().iter().map(|call| call.operation().to_owned()).collect();
    assert_eq!(calls, ["Query", "Query"]);
    let page = world.wait(world.table.past(now, None, 10)).unwrap();
    assert_eq!(page.entries.len(), 2, "both events are still listed");
    drop(fanout.kill());
}
