//! Every page in every state, in Chromium: for people who enlarge the text, use a narrow phone, a keyboard, a dark screen or high
//! contrast, or read German.
//!
//! With `PAGE_PICTURES=folder`, the pictures of all pages are stored in the folder.

use std::path::{Path, PathBuf};

use countmein::adapters::sqlite::Sqlite;
use countmein::domain::contact::Contact;
use countmein::domain::event::EventId;
use countmein::domain::event_details::{Content, EventDetails, Title};
use countmein::domain::schedule::{Schedule, Zone};
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{Events, Write};
use fantoccini::Locator;
use serde_json::{Value, json};
use ureq::RequestBuilder;
use ureq::typestate::WithBody;

use crate::http::support::{consent_link, enqueue};
use crate::pages::{Browser, DESKTOP, PATIENCE, PHONE, Scripts, create_event};
use crate::place_pages::violations;

/// What the server gets over its API. It is called from blocking code.
struct Api(String);

impl Api {
    fn post(&self, path: &str) -> RequestBuilder<WithBody> {
        ureq::post(format!("{}{path}", self.0)).header("Accept", "application/json")
    }

    /// Creates an event, and returns its path and that of the host's page.
    fn create(&self, fields: &Value) -> (String, String) {
        let created: Value = self.post("/events").send_json(fields).unwrap().body_mut().read_json().unwrap();
        let path = |link: &Value| url::Url::parse(link.as_str().unwrap()).unwrap().path().to_owned();
        (path(&created["url"]), path(&created["host"]))
    }

    /// Signs somebody up, and returns the path of the personal page when the sign-up is on the list.
    fn sign_up(&self, event: &str, fields: &Value) -> String {
        let mut answer = self.post(&format!("{event}/signups")).send_json(fields).unwrap();
        let answer: Value = answer.body_mut().read_json().unwrap();
        let manage = answer["manage"].as_str().unwrap().to_owned();
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let mut shown = ureq::get(&manage).header("Accept", "application/json").call().unwrap();
            let shown: Value = shown.body_mut().read_json().unwrap();
            if shown["state"] == "in" && shown["place"]["state"] != "pending" {
                return url::Url::parse(&manage).unwrap().path().to_owned();
            }
            assert!(std::time::Instant::now() < deadline, "{shown}");
        }
    }

    fn act(&self, path: &str, action: &Value) {
        self.post(path).send_json(action).unwrap();
    }
}

/// The names and the paths of all states that have an address.
fn states(api: &Api) -> Vec<(&'static str, String)> {
    let dinner = json!({
        "title": "Thursday's dinner", "capacity": 3, "guests_per_signup": 2, "question": "Do you eat meat?",
        "description": "Bring a chair, and see https://example.org/menu for what there is.\n\nThe door is open from 18:30.",
        "starts_at": "2031-12-03T19:00", "ends_at": "2031-12-03T23:00", "zone": "Europe/Berlin", "place": "Moorweg 3, Hamburg",
    });
    let (full, host) = api.create(&dinner);
    let ana = api.sign_up(
        &full,
        &json!({ "name": "Ana", "guests": 1, "answer": "no", "contact": { "email": "ana@example.org" } }),
    );
    api.sign_up(&full, &json!({ "name": "Bartholomäus von und zu Unaussprechlichkeitshausen", "answer": "yes" }));
    let cleo = api.sign_up(&full, &json!({ "name": "Cleo", "guests": 2 }));
    api.sign_up(&full, &json!({ "name": "Dora" }));

    let (open, _) = api.create(&json!({ "title": "Open evening", "capacity": 40 }));
    let gone = api.sign_up(&open, &json!({ "name": "Emil" }));
    api.act(&gone, &json!({ "action": "cancel" }));
    let (unlimited, _) =
        api.create(&json!({ "title": "Garden party", "starts_at": "2031-06-01T15:00", "zone": "America/New_York" }));
    api.sign_up(&unlimited, &json!({ "name": "Finn" }));
    let later = json!({ "title": "Opens later", "signups_open_at": "2031-01-01T00:00", "starts_at": "2031-02-01T15:00", "zone": "Europe/Berlin" });
    let (later, _) = api.create(&later);
    let (closed, closed_host) = api.create(&json!({ "title": "Closed dinner", "capacity": 10 }));
    api.act(&closed_host, &json!({ "action": "close" }));
    let (cancelled, cancelled_host) = api.create(&json!({ "title": "Cancelled dinner" }));
    let invited = api.sign_up(&cancelled, &json!({ "name": "Gina" }));
    api.act(&cancelled_host, &json!({ "action": "cancel" }));
    let (archived, archived_host) = api.create(&json!({ "title": "Archived dinner" }));
    api.act(&archived_host, &json!({ "action": "archive" }));

    let states = [
        ("home", "/".to_owned()),
        ("new", "/new".to_owned()),
        ("find", "/find?event=nothing".to_owned()),
        ("event-full", full.clone()),
        ("event-open", open.clone()),
        ("event-unlimited", unlimited),
        ("event-opens-later", later),
        ("event-closed", closed),
        ("event-cancelled", cancelled),
        ("event-archived", archived),
        ("event-over", "/events/breakfast".to_owned()),
        ("event-unknown", "/events/Pizza%20Night".to_owned()),
        ("personal-in", ana),
        ("personal-waiting", cleo),
        ("personal-out", gone),
        ("personal-cancelled", invited),
        ("host", host.clone()),
        ("host-created", format!("{host}?done=created")),
        ("host-closed", closed_host),
        ("host-cancelled", cancelled_host),
        ("host-archived", archived_host),
        ("edit", format!("{host}/edit")),
        ("print", format!("{host}/print")),
        ("delete", format!("{host}/delete")),
        ("poster", format!("{full}/poster")),
        ("error-link", format!("{full}/manage/nonsense")),
        ("error-page", "/nothing/here".to_owned()),
        ("login", "/organiser".to_owned()),
    ];
    states.to_vec()
}

/// Stores an event that is over. None can be created so.
async fn store_breakfast(folder: &Path) {
    let zone = Zone::utc();
    let start = zone.parse_local("2020-12-03T08:00").unwrap();
    let end = zone.parse_local("2020-12-03T10:00").unwrap();
    let schedule = Schedule::new(zone, start, Some(end)).unwrap();
    let content = Content { schedule: Some(schedule), ..Content::titled(Title::parse("Breakfast").unwrap()) };
    let now = Timestamp::now();
    let details = EventDetails::new(EventId::parse("breakfast").unwrap(), content, now);
    let sqlite = Sqlite::open(folder).unwrap();
    assert_eq!(sqlite.store_details(&details, now).await.unwrap(), Write::Stored);
}

/// The states that only the organiser sees.
const OF_ORGANISER: [(&str, &str); 6] = [
    ("organiser", "/organiser"),
    ("organiser-events", "/events"),
    ("organiser-attention", "/organiser/rejects"),
    ("organiser-buttons", "/organiser/buttons"),
    ("organiser-outbox", "/organiser/outbox"),
    ("organiser-event", "/events/open-evening"),
];

/// How somebody looks at a page.
#[derive(Clone, Copy)]
struct Look {
    name: &'static str,
    language: &'static str,
    width: u32,
    height: u32,
    /// In percent.
    text_size: u32,
    features: &'static [(&'static str, &'static str)],
    /// axe-core takes most of the time, and finds the same in similar looks.
    has_axe: bool,
}

const ON_PHONE: Look = Look {
    name: "phone",
    language: "en",
    width: PHONE.0,
    height: PHONE.1,
    text_size: 100,
    features: &[],
    has_axe: true,
};
const DARK_DESKTOP: Look = Look {
    name: "desktop-dark",
    language: "de",
    width: DESKTOP.0,
    height: DESKTOP.1,
    features: &[("prefers-color-scheme", "dark")],
    ..ON_PHONE
};
const NARROW: Look = Look { name: "narrow", language: "de", width: 320, height: 640, has_axe: false, ..ON_PHONE };
const LARGE_TEXT: Look = Look { name: "large-text", width: 360, text_size: 200, has_axe: false, ..ON_PHONE };
const HIGH_CONTRAST: Look =
    Look { name: "high-contrast", features: &[("forced-colors", "active")], has_axe: false, ..ON_PHONE };

impl Look {
    async fn apply(self, browser: &Browser) {
        let metrics = json!({ "width": self.width, "height": self.height, "deviceScaleFactor": 1, "mobile": true });
        browser.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let features: Vec<Value> =
            self.features.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        browser.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    async fn show(self, browser: &Browser, path: &str) {
        let separator = if path.contains('?') { '&' } else { '?' };
        browser.go(&format!("{path}{separator}lang={}", self.language)).await;
    }
}

/// What is wrong with the page that is shown, beyond what axe-core finds.
const FAULTS: &str = r#"
const faults = [];
const isShown = (element) => element.checkVisibility();
const name = (element) => `${element.tagName.toLowerCase()} ${element.id || element.name || element.textContent.trim().slice(0, 40)}`;
if (!document.title.includes(" · Count Me In")) faults.push(`title: ${document.title}`);
if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
for (const element of document.querySelectorAll("[tabindex]"))
  if (element.tabIndex > 0) faults.push(`tab order: ${name(element)}`);
// Links in a line of text are exempt (WCAG 2.2, 2.5.8).
for (const element of document.querySelectorAll("button, .button, input, select, textarea, summary")) {
  if (!isShown(element) || element.type === "hidden") continue;
  const target = element.closest("label") ?? element;
  if (target.getBoundingClientRect().height < 43.5) faults.push(`lower than 44 px: ${name(element)}`);
}
const luminance = (color) => {
  const parts = color.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255);
  const linear = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
};
const background = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (!/, 0\)$|transparent/.test(color)) return color;
  }
  return "rgb(255, 255, 255)";
};
for (const element of document.querySelectorAll("input, select, textarea")) {
  if (!isShown(element) || ["hidden", "checkbox", "radio"].includes(element.type)) continue;
  const [one, other] = [getComputedStyle(element).borderTopColor, background(element.parentElement)].map(luminance);
  const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  if (contrast < 3) faults.push(`border of ${contrast.toFixed(2)}: ${name(element)}`);
}
const width = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth > width)
  for (const element of document.querySelectorAll("main *"))
    if (isShown(element) && element.getBoundingClientRect().right > width && !element.closest(".scroll")) faults.push(`wider than the window: ${name(element)}`);
for (const element of document.querySelectorAll("[aria-invalid=true]")) {
  const description = (element.getAttribute("aria-describedby") ?? "").split(" ").map((id) => document.getElementById(id));
  if (!description.some((text) => text?.classList.contains("error"))) faults.push(`no error at ${name(element)}`);
}
for (const element of document.querySelectorAll("main p, main li, main td, main label, main h1, main h2")) {
  if (!isShown(element) || element.textContent.trim().length < 12) continue;
  const letters = element.getBoundingClientRect().width / parseFloat(getComputedStyle(element).fontSize);
  if (letters < 4) faults.push(`a few letters a line: ${name(element)}`);
}
return faults;
"#;

/// Somebody who looks at pages, and what they found wrong.
struct Reader {
    browser: Browser,
    look: Look,
    faults: Vec<String>,
}

impl Reader {
    async fn open(&self, path: &str) {
        self.look.show(&self.browser, path).await;
    }

    /// Checks the page that is shown.
    async fn check(&mut self, state: &str) {
        let size = format!("document.documentElement.style.fontSize = '{}%'", self.look.text_size);
        self.browser.client.execute(&size, vec![]).await.unwrap();
        let language = self.browser.client.execute("return document.documentElement.lang", vec![]).await.unwrap();
        let faults = self.browser.client.execute(FAULTS, vec![]).await.unwrap();
        let violations = if self.look.has_axe { violations(&self.browser).await } else { json!([]) };
        take_picture(&self.browser, state, self.look.name).await;
        self.look.apply(&self.browser).await;
        let mut found: Vec<String> =
            faults.as_array().unwrap().iter().map(|fault| fault.as_str().unwrap().to_owned()).collect();
        if language != json!(self.look.language) {
            found.push(format!("in {language}"));
        }
        for violation in violations.as_array().unwrap() {
            let nodes = violation["nodes"].as_array().unwrap().iter().map(|node| node["html"].to_string());
            found.push(format!("{}: {}", violation["id"], nodes.collect::<Vec<_>>().join(" ")));
        }
        self.faults.extend(found.into_iter().map(|fault| format!("{state}: {fault}")));
    }

    async fn press(&self, button: &str) {
        self.browser.client.find(Locator::Css(button)).await.unwrap().click().await.unwrap();
    }

    async fn wait_for(&self, element: &str) {
        self.browser.client.wait().at_most(PATIENCE).for_element(Locator::Css(element)).await.unwrap();
    }
}

async fn take_picture(browser: &Browser, state: &str, look: &str) {
    let Some(folder) = std::env::var_os("PAGE_PICTURES").map(PathBuf::from) else { return };
    let height = "return Math.min(document.documentElement.scrollHeight, 4000)";
    let height = browser.client.execute(height, vec![]).await.unwrap();
    let width = browser.client.execute("return window.innerWidth", vec![]).await.unwrap();
    let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": true });
    browser.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    let picture = browser.client.screenshot().await.unwrap();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{look}-{state}.png")), picture).unwrap();
}

async fn check_all_states(look: Look) {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_owned();
    let database = folder.join("countmein.sqlite");
    store_breakfast(&folder).await;
    let damaged =
        [r#"{"serialNumber": "G030MD0123456789", "clickType": "SINGLE"}"#, r#"{"event": "Dance", "name": ""}"#];
    tokio::task::spawn_blocking(move || enqueue(&folder, &damaged)).await.unwrap();
    let browser = Browser::open_on(data, Scripts::On, (look.width, look.height)).await;
    let api = Api(browser.server.clone());
    let mut states = tokio::task::spawn_blocking(move || states(&api)).await.unwrap();
    let address = Contact::from_line("ana@example.org").unwrap();
    states.push(("opt-in", consent_link(&database, &address)));
    look.apply(&browser).await;
    let mut reader = Reader { browser, look, faults: Vec::new() };
    for (state, path) in &states {
        reader.open(path).await;
        reader.check(state).await;
    }
    let open_event = &states.iter().find(|(state, _)| *state == "event-open").unwrap().1;
    check_forms(&mut reader, open_event).await;

    reader.open("/organiser").await;
    reader.browser.type_into("key", "correct horse battery").await;
    reader.press("main button").await;
    reader.wait_for("form[action='/organiser/logout']").await;
    for (state, path) in OF_ORGANISER {
        reader.open(path).await;
        reader.check(state).await;
    }
    reader.open("/organiser").await;
    reader.press("summary:has(+ form[action='/organiser/import'])").await;
    reader.browser.type_into("table", "event,name,email,shoe\nOpen evening,Ida,,38\nOpen evening,Jan,nowhere,\n").await;
    reader.press("form[action='/organiser/import'] button").await;
    reader.wait_for("[role=status]").await;
    reader.check("import-result").await;
    reader.open("/organiser/rejects").await;
    let message = reader.browser.client.find(Locator::Css("main a[href^='/organiser/rejects/']")).await.unwrap();
    let message = message.attr("href").await.unwrap().unwrap();
    reader.open(&message).await;
    reader.check("organiser-message").await;
    if look.name == "phone" {
        check_print(&mut reader, &states).await;
    }
    assert!(reader.faults.is_empty(), "{}:\n{}", look.name, reader.faults.join("\n"));
    reader.browser.close().await;
}

/// What is for paper.
async fn check_print(reader: &mut Reader, states: &[(&'static str, String)]) {
    reader.browser.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
    for (state, path) in states.iter().filter(|(state, _)| ["print", "poster", "event-full"].contains(state)) {
        reader.open(path).await;
        let shown = "return [...document.querySelectorAll('button, form, nav, .no-print, footer')].filter((element) => element.checkVisibility()).map((element) => element.outerHTML)";
        let shown = reader.browser.client.execute(shown, vec![]).await.unwrap();
        if shown != json!([]) {
            reader.faults.push(format!("{state}: on paper: {shown}"));
        }
        take_picture(&reader.browser, state, "paper").await;
    }
}

/// What forms answer.
async fn check_forms(reader: &mut Reader, open_event: &str) {
    reader.open(open_event).await;
    reader.browser.type_into("name", "evil.com").await;
    reader.press("#signup button").await;
    reader.wait_for("[aria-invalid=true]").await;
    let focus = reader.browser.client.execute("return document.activeElement.id", vec![]).await.unwrap();
    assert_eq!(focus, json!("name"), "the field with the problem has the focus");
    reader.check("event-refused").await;

    reader.open("/new").await;
    reader.browser.type_into("title", "evil.com").await;
    // As on a keyboard for American English: the date, Tab, and the time.
    reader.browser.type_into("starts_at", "12032031\u{e004}0700PM").await;
    reader.press("main button:not([name])").await;
    reader.wait_for("[aria-invalid=true]").await;
    reader.check("new-refused").await;

    reader.open(open_event).await;
    reader.browser.type_into("name", "Hugo").await;
    reader.press("#signup button").await;
    reader.wait_for("#state").await;
    reader.open(open_event).await;
    reader.check("event-own").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_use_every_page_on_a_phone() {
    check_all_states(ON_PHONE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_use_every_page_on_a_dark_desktop_in_german() {
    check_all_states(DARK_DESKTOP).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_use_every_page_on_a_narrow_phone_in_german() {
    check_all_states(NARROW).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_use_every_page_with_large_text() {
    check_all_states(LARGE_TEXT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_use_every_page_with_high_contrast() {
    check_all_states(HIGH_CONTRAST).await;
}

/// The fields and buttons in the order in which the Tab key reaches them.
#[tokio::test(flavor = "multi_thread")]
async fn tab_key_goes_through_the_page_in_reading_order() {
    let browser = Browser::open(Scripts::On, PHONE).await;
    create_event(&browser.server, "Dance").await;
    browser.go("/events/Dance").await;
    let mut reached = Vec::new();
    for _ in 0..6 {
        browser.client.active_element().await.unwrap().send_keys("\u{e004}").await.unwrap();
        let name = "const at = document.activeElement; return at.id || at.textContent.trim()";
        reached.push(browser.client.execute(name, vec![]).await.unwrap().as_str().unwrap().to_owned());
    }
    assert_eq!(
        reached,
        ["Skip to content", "Count Me In", "name", "Count me in", "Lost your personal link?", "Deutsch"]
    );
    browser.close().await;
}
