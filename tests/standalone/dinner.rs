//! Omar plans a dinner for forty on his phone, and Greta signs up on hers.

use std::time::Duration;

use fantoccini::Locator;
use serde_json::{Value, json};

use crate::pages::{Browser, PHONE, Scripts, sign_up_elsewhere};
use crate::place_pages::everybody_can_use;

/// A page without scripts looks again every 30 s at a sign-up that waits.
const NEXT_LOOK: Duration = Duration::from_secs(60);

/// Checks a page for people with disabilities. This needs scripts.
async fn check(browser: &Browser, scripts: Scripts) {
    if scripts == Scripts::On {
        everybody_can_use(browser).await;
    }
}

/// The personal page of somebody who signs up elsewhere.
async fn sign_up(server: &str, event: &str, name: &str) -> String {
    let (url, body) = (format!("{server}/events/{event}/signups"), json!({ "name": name }));
    let answer = tokio::task::spawn_blocking(move || {
        ureq::post(url).send_json(body).unwrap().body_mut().read_json::<Value>().unwrap()
    });
    answer.await.unwrap()["manage"].as_str().unwrap().to_owned()
}

async fn forty_and_one_sign_up(scripts: Scripts) {
    let omar = Browser::open(scripts, PHONE).await;
    let greta = omar.another(scripts, PHONE).await;
    omar.go("/").await;
    check(&omar, scripts).await;
    omar.follow("New event").await;
    omar.says("What").await;
    check(&omar, scripts).await;
    omar.type_into("title", "Thursday's dinner").await;
    // As on a keyboard for American English: the date, Tab, and the time.
    omar.type_into("starts_at", "12032031\u{e004}0700PM").await;
    omar.type_into("place", "Moorweg 3").await;
    omar.type_into("capacity", "40").await;
    omar.press("Create the event").await;
    omar.says("Your event is ready.").await;
    omar.says("Wednesday, 3 December 2031").await;
    check(&omar, scripts).await;
    let link = omar.client.find(Locator::Css("section.card a")).await.unwrap();
    let link = link.attr("href").await.unwrap().unwrap();
    let event = link.rsplit('/').next().unwrap().to_owned();

    let first = sign_up(&omar.server, &event, "Guest 01").await;
    for number in 2..=40 {
        sign_up_elsewhere(&omar.server, &event, &format!("Guest {number:02}")).await;
    }
    greta.client.goto(&link).await.unwrap();
    greta.eventually_shows("40 of 40 places taken").await;
    greta.says("You would be 1st on the waiting list.").await;
    check(&greta, scripts).await;
    greta.type_into("name", "Greta").await;
    greta.press("Put me on the waiting list").await;
    greta.says("Greta, you are 1st on the waiting list.").await;
    check(&greta, scripts).await;
    if scripts == Scripts::On {
        greta.mark().await;
    }

    let cancel = move || ureq::post(first).send_json(json!({ "action": "cancel" })).unwrap().status();
    assert_eq!(tokio::task::spawn_blocking(cancel).await.unwrap(), 202);
    greta.says_within("You have a place, Greta.", NEXT_LOOK).await;
    if scripts == Scripts::On {
        assert!(greta.is_marked().await, "the page was loaded again");
    }

    omar.client.refresh().await.unwrap();
    omar.eventually_shows("40 coming").await;
    omar.press("Close sign-ups").await;
    omar.says("Sign-ups are closed.").await;
    greta.client.goto(&link).await.unwrap();
    greta.says("You’re in as Greta").await;
    greta.says("Sign-ups closed on").await;
    omar.follow("Print the list").await;
    omar.says("Greta").await;
    let list = omar.text().await;
    assert!(list.contains("Guest 40") && !list.contains("Guest 01"), "{list}");
    check(&omar, scripts).await;
    greta.close().await;
    omar.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_and_one_sign_up_with_scripts() {
    forty_and_one_sign_up(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_and_one_sign_up_without_scripts() {
    forty_and_one_sign_up(Scripts::Off).await;
}
