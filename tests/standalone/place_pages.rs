//! Places and the waiting list as a person sees them, in Chromium. axe-core finds what keeps people with disabilities from using
//! the pages.

use std::path::Path;

use serde_json::{Value, json};

use crate::pages::{Browser, DESKTOP, PHONE, Scripts, sign_up_elsewhere};

/// The script of axe-core, which `tests/tools.sh` installs.
fn axe() -> String {
    let libraries = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv-pages/lib");
    let pythons = std::fs::read_dir(&libraries).expect("tests/tools.sh installs axe-core");
    let scripts = pythons.map(|python| python.unwrap().path().join("site-packages/axe_core_python/axe.min.js"));
    let script = scripts.into_iter().find(|script| script.exists()).expect("tests/tools.sh installs axe-core");
    std::fs::read_to_string(script).unwrap()
}

/// Checks the page that is shown.
pub async fn everybody_can_use(browser: &Browser) {
    assert!(browser.fits().await, "the page is wider than the window");
    assert_eq!(violations(browser).await, json!([]), "{}", browser.text().await);
}

/// What axe-core finds wrong with the page that is shown.
pub async fn violations(browser: &Browser) -> Value {
    browser.client.execute(&axe(), vec![]).await.unwrap();
    let run = "const done = arguments[arguments.length - 1]; axe.run().then((found) => done(found), (error) => done({ error: String(error) }))";
    let found = browser.client.execute_async(run, vec![]).await.unwrap();
    assert!(found["passes"].as_array().is_some_and(|passes| passes.len() > 10), "axe-core did not run: {found}");
    found["violations"].clone()
}

/// Creates an event with these places, and returns its path and that of the host's page.
async fn dinner(browser: &Browser, fields: Value) -> (String, String) {
    let url = format!("{}/events", browser.server);
    let created = tokio::task::spawn_blocking(move || {
        ureq::post(url).send_json(fields).unwrap().body_mut().read_json::<Value>().unwrap()
    });
    let created = created.await.unwrap();
    let path = |link: &Value| url::Url::parse(link.as_str().unwrap()).unwrap().path().to_owned();
    (path(&created["url"]), path(&created["host"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn full_event_becomes_a_waiting_list_without_reload() {
    let browser = Browser::open(Scripts::On, PHONE).await;
    let (event, host) = dinner(&browser, json!({ "title": "Dinner", "capacity": 2 })).await;
    browser.go(&event).await;
    browser.says("0 of 2 places taken").await;
    browser.mark().await;
    sign_up_elsewhere(&browser.server, "dinner", "Ana").await;
    browser.says("1 of 2 places taken").await;
    sign_up_elsewhere(&browser.server, "dinner", "Ben").await;
    browser.says("2 of 2 places taken").await;
    browser.says("All places are taken. You would be 1st on the waiting list.").await;
    sign_up_elsewhere(&browser.server, "dinner", "Cleo").await;
    browser.says("2 of 2 places taken · 1 waiting").await;
    browser.says("You would be 2nd on the waiting list.").await;
    let text = browser.text().await;
    let order = ["Ana", "Ben", "Waiting list", "Cleo"].map(|part| text.rfind(part).unwrap());
    assert!(order.is_sorted(), "{text}");
    assert!(browser.is_marked().await, "the page was loaded again");
    everybody_can_use(&browser).await;

    browser.type_into("name", "Dora").await;
    browser.press("Put me on the waiting list").await;
    browser.says("Dora, you are 2nd on the waiting list.").await;
    everybody_can_use(&browser).await;
    browser.mark().await;
    let host = host.rsplit('/').next().unwrap();
    let remove = ureq::delete(format!("{}{event}/attendees/cleo", browser.server));
    let removed = remove.header("Authorization", format!("Bearer {host}"));
    assert_eq!(tokio::task::spawn_blocking(move || removed.call()).await.unwrap().unwrap().status(), 202);
    browser.says("Dora, you are 1st on the waiting list.").await;
    assert!(browser.is_marked().await, "the page was loaded again");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_page_shows_that_sign_ups_closed_unless_somebody_types() {
    let browser = Browser::open(Scripts::On, PHONE).await;
    let typing = browser.another(Scripts::On, PHONE).await;
    let (event, host) = dinner(&browser, json!({ "title": "Dinner" })).await;
    browser.go(&event).await;
    typing.go(&event).await;
    typing.type_into("name", "Me").await;
    let close = ureq::post(format!("{}{host}", browser.server)).header("Accept", "application/json");
    let close = move || close.send_json(json!({ "action": "close" })).unwrap().status();
    assert_eq!(tokio::task::spawn_blocking(close).await.unwrap(), 200);
    browser.says("Sign-ups closed on").await;
    typing.type_into("name", "lvin").await;
    let name = typing.client.find(fantoccini::Locator::Id("name")).await.unwrap();
    assert_eq!(name.prop("value").await.unwrap().as_deref(), Some("Melvin"), "what somebody types is not lost");
    typing.press("Count me in").await;
    typing.says("Sign-ups closed on").await;
    typing.close().await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_full_event_are_complete_without_scripts() {
    let browser = Browser::open(Scripts::Off, PHONE).await;
    let fields = json!({ "title": "Dinner", "capacity": 2, "guests_per_signup": 3 });
    let (event, host) = dinner(&browser, fields).await;
    browser.go(&event).await;
    browser.says("Only 2 places are free.").await;
    browser.type_into("name", "Ana").await;
    browser.press("Count me in").await;
    browser.says("You have a place, Ana.").await;
    let guests = browser.client.find(fantoccini::Locator::Id("guests")).await.unwrap();
    guests.clear().await.unwrap();
    guests.send_keys("3").await.unwrap();
    browser.press("Save").await;
    browser.says("There was no room for 3 guests. You still have a place for yourself.").await;
    sign_up_elsewhere(&browser.server, "dinner", "Ben").await;
    sign_up_elsewhere(&browser.server, "dinner", "Cleo").await;
    for path in [event, host] {
        let deadline = std::time::Instant::now() + crate::pages::PATIENCE;
        loop {
            browser.go(&path).await;
            let text = browser.text().await;
            let waits = text.contains("Waiting list\nCleo") || text.contains("Cleo · 1st on the waiting list");
            if text.contains("2 of 2 places taken") && text.contains("· 1 waiting") && waits {
                break;
            }
            assert!(std::time::Instant::now() < deadline, "{text}");
        }
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn host_sees_who_waits() {
    let browser = Browser::open(Scripts::On, DESKTOP).await;
    let (event, host) = dinner(&browser, json!({ "title": "Dinner", "capacity": 1, "question": "Meat?" })).await;
    for name in ["Ana", "Ben", "Cleo"] {
        sign_up_elsewhere(&browser.server, "dinner", name).await;
    }
    browser.go(&event).await;
    browser.says("1 of 1 places taken · 2 waiting").await;
    everybody_can_use(&browser).await;
    browser.go(&host).await;
    browser.says("1 coming · 2 waiting").await;
    everybody_can_use(&browser).await;
    browser.close().await;
}
