//! What people get from `fanout` and `deliver` together.

use countmein::domain::contact::Contact;
use countmein::domain::timestamp::Timestamp;
use serde_json::{Value, json};

use super::fanout::{counted, counts, metrics};
use super::outbox::Notifications;
use super::world::World;
use crate::support::runtime_api::Answer;
use crate::support::runtime_api::events::{attendee, records, schedule, stream_record};
use crate::support::runtime_api::proxy::Verdict;

pub const ANAS_PHONE: &str = "+14155552671";

/// Texts go to the United States at any time of the day.
pub const TEXTING: [(&str, &str); 3] =
    [("COUNTMEIN_SMS_COUNTRIES", "US"), ("COUNTMEIN_SMS_HOURS", "0-24 UTC"), ("COUNTMEIN_SMS_PER_DAY", "5")];

/// The stream record of a sign-up over the queue.
pub fn comes(world: &World, number: u32, name: &str, phone: Option<&str>) -> Value {
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
    let functions = Notifications::of(&world, &TEXTING);
    functions.invoke(&records([comes(&world, 1, "Ana", Some(ANAS_PHONE))]));
    let question = world.texts(ANAS_PHONE);
    assert_eq!(question.len(), 1, "{question:?}");
    assert!(question[0].contains("https://signup.example.org/events/dance/contact/"), "{question:?}");
    world.has_opted_in(&Contact::sms(ANAS_PHONE).unwrap());

    let now = Notifications::of(&world, &[&TEXTING[..], &[("COUNTMEIN_BACKOFF_INITIAL", "0")]].concat());
    world.end_backoff("dance");
    now.invoke(&records([comes(&world, 2, "Ben", None)]));

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
    let asleep = Notifications::of(&world, &[TEXTING[0], ("COUNTMEIN_SMS_HOURS", night), TEXTING[2]]);
    asleep.invoke(&records([comes(&world, 1, "Ana", Some(ANAS_PHONE))]));
    assert!(world.texts(ANAS_PHONE).is_empty());

    let awake = Notifications::of(&world, &TEXTING);
    world.end_backoff("dance");
    awake.invoke(&records([comes(&world, 2, "Ben", None)]));

    let texts = world.texts(ANAS_PHONE);
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("/events/dance/contact/"), "{texts:?}");
}

#[test]
fn link_again_goes_to_the_confirmed_phone() {
    let world = World::new();
    let functions = Notifications::of(&world, &TEXTING);
    let asks = |number, phone| {
        let mut item = attendee("dance", "Ana");
        item["contact"] = json!({ "M": { "sms": { "S": phone } } });
        let before = item.clone();
        item["link_asked_at"] = json!({ "N": "1795431700000" });
        world.put(&item);
        stream_record(number, Some(&before), Some(&item))
    };
    functions.invoke(&records([asks(1, ANAS_PHONE)]));
    assert!(world.texts(ANAS_PHONE).is_empty(), "nobody has said yes");
    world.has_opted_in(&Contact::sms(ANAS_PHONE).unwrap());

    functions.invoke(&records([asks(2, ANAS_PHONE)]));

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
    let functions = Notifications::of(
        &world,
        &[&TEXTING[..], &[("COUNTMEIN_BACKOFF_INITIAL", "0"), ("COUNTMEIN_BACKOFF_MAXIMUM", "0")]].concat(),
    );
    for (number, name) in (1..).zip(["Ana", "Ben", "Cleo", "Dora", "Emil", "Finn", "Gia"]) {
        functions.invoke(&records([comes(&world, number, name, Some(ANAS_PHONE))]));
    }
    assert_eq!(world.texts(ANAS_PHONE).len(), 1);
}

#[test]
fn unconfirmed_registration_of_a_confirmed_phone_gets_one_opt_in_text() {
    let world = World::new();
    let functions = Notifications::of(
        &world,
        &[&TEXTING[..], &[("COUNTMEIN_BACKOFF_INITIAL", "0"), ("COUNTMEIN_BACKOFF_MAXIMUM", "0")]].concat(),
    );
    world.has_confirmed_a_registration(&Contact::sms(ANAS_PHONE).unwrap());
    let mut ana = attendee("dance", "Ana");
    ana["contact"] = json!({ "M": { "sms": { "S": ANAS_PHONE } } });
    world.put(&ana);
    functions.invoke(&records([stream_record(1, None, Some(&ana))]));
    for (number, name) in (2..).zip(["Ben", "Cleo"]) {
        world.end_backoff("dance");
        functions.invoke(&records([comes(&world, number, name, None)]));
    }
    let texts = world.texts(ANAS_PHONE);
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("/events/dance/contact/"), "{texts:?}");

    ana["confirmed"] = json!({ "BOOL": true });
    world.put(&ana);
    world.end_backoff("dance");
    functions.invoke(&records([comes(&world, 4, "Dora", None)]));

    let texts = world.texts(ANAS_PHONE);
    assert!(texts.len() == 2 && texts[1].contains("Dora joined"), "{texts:?}");
}

#[test]
fn no_texts_without_country_or_budget() {
    let world = World::new();
    Notifications::of(&world, &[]).invoke(&records([comes(&world, 1, "Ana", Some(ANAS_PHONE))]));
    let elsewhere = Notifications::of(&world, &[("COUNTMEIN_SMS_COUNTRIES", "DE"), TEXTING[1], TEXTING[2]]);
    elsewhere.invoke(&records([comes(&world, 2, "Ben", Some(ANAS_PHONE))]));
    let spent = Notifications::of(&world, &[TEXTING[0], TEXTING[1], ("COUNTMEIN_SMS_PER_DAY", "0")]);
    spent.invoke(&records([comes(&world, 3, "Cleo", Some(ANAS_PHONE))]));
    assert!(world.texts(ANAS_PHONE).is_empty());
}

#[test]
fn only_mobile_phones_of_listed_countries_get_texts() {
    let world = World::new();
    let functions = Notifications::of(&world, &TEXTING);
    // The Bahamas, Jamaica, Canada, and premium numbers have the same calling code as US.
    let others = ["+12423591234", "+18762101234", "+16137827274", "+19002345678"];
    for (number, phone) in (1..).zip(others) {
        functions.invoke(&records([comes(&world, number, &format!("No {number}"), Some(phone))]));
    }
    functions.invoke(&records([comes(&world, 5, "Ana", Some(ANAS_PHONE))]));

    for phone in others {
        assert!(world.texts(phone).is_empty(), "{phone}");
    }
    assert_eq!(world.texts(ANAS_PHONE).len(), 1);
    let metrics = metrics(&functions.kill());
    for name in ["SuppressedBySmsCountries", "SuppressedBySmsLineType"] {
        assert!(metrics.iter().any(|line| line[name].is_number()), "{name}: {metrics:?}");
    }
}

#[test]
fn refuses_wrong_countries_at_start() {
    let world = World::new();
    for (countries, message) in [("US,UK", "write GB"), ("+49", "such as DE"), ("Germany", "such as DE,US")] {
        let deliver = world.deliver_with(&[("COUNTMEIN_SMS_COUNTRIES", countries), TEXTING[1], TEXTING[2]]);
        deliver.hand_out(&records([]));
        assert!(matches!(deliver.answer().0, Answer::Died), "{countries}");
        let lines = deliver.kill();
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
    let functions = Notifications::of(&world, &[TEXTING[0], TEXTING[1], ("COUNTMEIN_SMS_PER_DAY", "3")]);
    functions.invoke(&records([comes(&world, 1, "Ana", Some(ANAS_PHONE))]));
    let strangers: Vec<String> = (3..6).map(|digit| format!("+1415555267{digit}")).collect();
    let come = (2..).zip(&strangers).map(|(number, phone)| comes(&world, number, &format!("No {number}"), Some(phone)));
    functions.invoke(&records(come));

    world.end_backoff("dance");
    functions.invoke(&schedule());

    let asked: usize = strangers.iter().map(|phone| world.texts(phone).len()).sum();
    assert_eq!((asked, world.texts(ANAS_PHONE).len()), (2, 1));
    let held_back: f64 =
        metrics(&functions.kill()).iter().filter_map(|line| line["SuppressedBySmsAnswersPerDay"].as_f64()).sum();
    assert!(held_back >= 1.0, "it is counted");
}

#[test]
fn schedule_sends_pending_changes_after_backoff() {
    let world = World::new();
    world.has_opted_in(&Contact::sms(ANAS_PHONE).unwrap());
    let functions = Notifications::of(&world, &TEXTING);
    functions.invoke(&records([comes(&world, 1, "Ana", Some(ANAS_PHONE))]));
    for (number, name) in (2..).zip(["Ben", "Cleo", "Dora", "Emil", "Finn", "Gia", "Hal", "Ida", "Jon", "Kai"]) {
        functions.invoke(&records([comes(&world, number, name, None)]));
    }
    functions.invoke(&schedule());
    assert!(world.texts(ANAS_PHONE).is_empty(), "the backoff has not passed");

    world.end_backoff("dance");
    functions.invoke(&schedule());

    let texts = world.texts(ANAS_PHONE);
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("11 are in"), "{texts:?}");
}

#[test]
fn provider_outage_does_not_block_the_stream() {
    let world = World::new();
    world.has_opted_in(&Contact::sms(ANAS_PHONE).unwrap());
    let functions = Notifications::of(
        &world,
        &[&TEXTING[..], &[("COUNTMEIN_BACKOFF_INITIAL", "0"), ("COUNTMEIN_BACKOFF_MAXIMUM", "0")]].concat(),
    );
    functions.invoke(&records([comes(&world, 1, "Ana", Some(ANAS_PHONE))]));
    world.proxy.judge(|call| {
        if call.operation() == "Publish" { Verdict::Fail(503, "ServiceUnavailable") } else { Verdict::Forward }
    });

    for (number, name) in (2..).zip(["Ben", "Cleo"]) {
        functions.invoke(&records([comes(&world, number, name, None)]));
    }
    assert!(world.texts(ANAS_PHONE).is_empty());
    assert_eq!(counts(&world), counted([("dance", 3)]));

    // For everybody and for Ana, after each join.
    let resent = world.resent();
    let resent = resent["Records"].as_array().unwrap();
    assert_eq!(resent.len(), 4);
    world.proxy.forward_all();
    for message in resent {
        functions.retry(&records([message.clone()]));
    }
    let texts = world.texts(ANAS_PHONE);
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].starts_with("dance: Ben and Cleo joined; 3 are in."), "{texts:?}");
}
