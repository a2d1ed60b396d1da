//! The pages as a person uses them, in Chromium.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::http::Method;
use countmein::app::server::Server;
use countmein::app::settings::{ListEveryone, NotificationSettings, Settings, Site, Store, WebhookPolicy};
use countmein::domain::event_creators::EventCreators;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use url::Url;

/// Longer than any page needs, also on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Browser {
    pub client: Client,
    driver: Child,
    pub server: String,
    /// The data of the server, unless another browser has started it.
    data: Option<tempfile::TempDir>,
    _profile: tempfile::TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The whole process group, or a failed test would leave its browser running.
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.driver.id())]).status();
        let _ = self.driver.wait();
    }
}

/// A command of the Chrome DevTools Protocol, which chromedriver passes on.
#[derive(Debug)]
struct DevTools {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "cmd": self.command, "params": self.parameters }).to_string()))
    }
}

#[derive(Clone, Copy, PartialEq)]
pub enum Scripts {
    On,
    Off,
}

pub const PHONE: (u32, u32) = (390, 844);
pub const DESKTOP: (u32, u32) = (1280, 900);

impl Browser {
    pub async fn open(scripts: Scripts, size: (u32, u32)) -> Self {
        Self::open_on(tempfile::tempdir().unwrap(), scripts, size).await
    }

    /// A browser on a server with this data.
    pub async fn open_on(data: tempfile::TempDir, scripts: Scripts, size: (u32, u32)) -> Self {
        let server = serve(data.path().to_owned()).await;
        let mut browser = Self::with_server(server, scripts, size).await;
        browser.data = Some(data);
        browser
    }

    /// Another person's browser, on the same server.
    pub async fn another(&self, scripts: Scripts, size: (u32, u32)) -> Self {
        Self::with_server(self.server.clone(), scripts, size).await
    }

    async fn with_server(server: String, scripts: Scripts, (width, height): (u32, u32)) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("chromedriver is installed; tests/run installs it");
        let mut options = json!({
            "args": [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                format!("--user-data-dir={}", profile.path().display()),
            ],
            "mobileEmulation": { "deviceMetrics": { "width": width, "height": height, "pixelRatio": 1.0, "touch": false } },
        });
        if scripts == Scripts::Off {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let capabilities = Capabilities::from_iter([("goog:chromeOptions".to_owned(), options)]);
        let address = format!("http://127.0.0.1:{port}");
        let deadline = Instant::now() + PATIENCE;
        let client = loop {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            match builder.capabilities(capabilities.clone()).connect(&address).await {
                Ok(client) => break client,
                Err(error) => assert!(Instant::now() < deadline, "chromedriver does not answer: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        Self { client, driver, server, data: None, _profile: profile }
    }

    pub async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.server)).await.unwrap();
    }

    pub async fn type_into(&self, field: &str, text: &str) {
        self.client.find(Locator::Id(field)).await.unwrap().send_keys(text).await.unwrap();
    }

    pub async fn press(&self, label: &str) {
        let button = format!("//button[normalize-space()='{label}']");
        self.client.find(Locator::XPath(&button)).await.unwrap().click().await.unwrap();
    }

    /// Shows a part of the page that is folded.
    pub async fn unfold(&self, label: &str) {
        let summary = format!("//summary[normalize-space()='{label}']");
        self.client.find(Locator::XPath(&summary)).await.unwrap().click().await.unwrap();
    }

    async fn tick(&self, field: &str) {
        let box_of = format!("input[name='{field}']");
        self.client.find(Locator::Css(&box_of)).await.unwrap().click().await.unwrap();
    }

    pub async fn follow(&self, label: &str) {
        self.client.find(Locator::LinkText(label)).await.unwrap().click().await.unwrap();
    }

    pub async fn text(&self) -> String {
        self.client.find(Locator::Css("main")).await.unwrap().text().await.unwrap()
    }

    /// Waits until the page says `text`.
    pub async fn says(&self, text: &str) {
        self.says_within(text, PATIENCE).await;
    }

    /// Loads the page again until it says `text`.
    pub async fn eventually_shows(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.text().await.contains(text) {
            assert!(Instant::now() < deadline, "the page never says {text:?}, but: {}", self.text().await);
            self.client.refresh().await.unwrap();
        }
    }

    pub async fn says_within(&self, text: &str, patience: Duration) {
        let deadline = Instant::now() + patience;
        loop {
            let shown = match self.client.find(Locator::Css("main")).await {
                Ok(main) => main.text().await.unwrap_or_default(),
                Err(_) => String::new(),
            };
            if shown.contains(text) {
                return;
            }
            assert!(Instant::now() < deadline, "the page never says {text:?}, but: {shown}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Marks the page, so that a reload shows.
    pub async fn mark(&self) {
        self.client.execute("document.body.dataset.mark = 'here'", vec![]).await.unwrap();
    }

    pub async fn is_marked(&self) -> bool {
        self.client.execute("return document.body.dataset.mark === 'here'", vec![]).await.unwrap() == json!(true)
    }

    /// Runs a command of the Chrome DevTools Protocol.
    pub async fn devtools(&self, command: &'static str, parameters: Value) {
        self.client.issue_cmd(DevTools { command, parameters }).await.unwrap();
    }

    /// Whether everything fits the width. `innerWidth` would not do: a phone zooms out until everything fits.
    pub async fn fits(&self) -> bool {
        let script = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        self.client.execute(script, vec![]).await.unwrap() == json!(true)
    }

    pub async fn close(self) {
        self.client.clone().close().await.unwrap();
    }
}

async fn serve(data: PathBuf) -> String {
    let settings = Settings {
        new_database: false,
        listen: "127.0.0.1:0".parse().unwrap(),
        data,
        store: Store::Sqlite,
        organiser_key: Some(countmein::domain::secret::Secret::new("correct horse battery").unwrap()),
        public_url: None,
        site: Site::default(),
        cors_origins: Vec::new(),
        rate_limit: 0,
        behind_proxy: false,
        list_everyone: ListEveryone::Loopback,
        event_creators: EventCreators::Anyone,
        contact_retention: countmein::upkeep::days(countmein::upkeep::DEFAULT_CONTACT_DAYS),
        alexa: None,
        flic_key: None,
        mqtt: None,
        notifications: NotificationSettings { webhooks: WebhookPolicy::Off, ..NotificationSettings::default() },
    };
    let server = Server::bind(&settings).await.unwrap();
    let address = server.address().unwrap();
    tokio::spawn(server.run(std::future::pending()));
    format!("http://{address}")
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Creates an event, which the program lists under the slug of its title.
pub async fn create_event(server: &str, title: &'static str) {
    let url = format!("{server}/events");
    let create = move || ureq::post(url).send_json(serde_json::json!({ "title": title })).unwrap();
    tokio::task::spawn_blocking(create).await.unwrap();
}

pub async fn sign_up_elsewhere(server: &str, event: &str, name: &str) {
    let url = format!("{server}/events/{event}/signups");
    let body = json!({ "name": name });
    let answer = tokio::task::spawn_blocking(move || ureq::post(url).send_json(body)).await.unwrap().unwrap();
    assert_eq!(answer.status(), 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn signup_appears_without_reload() {
    let browser = Browser::open(Scripts::On, PHONE).await;
    create_event(&browser.server, "Pizza Night").await;
    browser.go("/events/Pizza%20Night").await;
    browser.says("Nobody has signed up yet").await;
    browser.mark().await;
    sign_up_elsewhere(&browser.server, "pizza-night", "Ana").await;
    browser.says("1 signed up").await;
    assert!(browser.text().await.contains("Ana"));
    assert!(browser.is_marked().await, "the page was loaded again");

    browser.type_into("name", "Melvin").await;
    browser.press("Count me in").await;
    browser.says("You’re in, Melvin.").await;
    browser.go("/events/pizza-night").await;
    browser.says("You’re in as Melvin").await;
    browser.says("2 signed up").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_page_cancels_and_signs_up_again() {
    let browser = Browser::open(Scripts::On, DESKTOP).await;
    create_event(&browser.server, "Dance").await;
    browser.go("/events/Dance").await;
    browser.type_into("name", "Melvin").await;
    browser.press("Count me in").await;
    browser.says("You’re in, Melvin.").await;

    browser.unfold("I can’t come").await;
    browser.press("Cancel my sign-up").await;
    browser.says("Melvin, you are not on the list.").await;
    browser.press("I can come after all").await;
    browser.says("You’re in, Melvin.").await;
    browser.follow("Who else is coming").await;
    browser.says("1 signed up").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn taken_name_is_explained() {
    let browser = Browser::open(Scripts::On, PHONE).await;
    sign_up_elsewhere(&browser.server, "dance", "Melvin").await;
    browser.go("/events/dance").await;
    browser.says("1 signed up").await;
    browser.type_into("name", "MELVIN").await;
    browser.press("Count me in").await;
    browser.says("Somebody with this name is already on the list.").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_works_without_scripts() {
    let browser = Browser::open(Scripts::Off, PHONE).await;
    create_event(&browser.server, "Pizza Night").await;
    browser.go("/events/Pizza%20Night").await;
    browser.says("Nobody has signed up yet").await;
    browser.type_into("name", "Melvin").await;
    browser.press("Count me in").await;
    browser.says("You’re in, Melvin.").await;
    browser.go("/").await;
    browser.unfold("Lost your link?").await;
    browser.type_into("event", "Pizza Night").await;
    browser.press("Go to the event").await;
    browser.says("You’re in as Melvin").await;
    browser.follow("change").await;

    browser.follow("Who else is coming").await;
    browser.says("1 signed up").await;
    browser.unfold("Sign up somebody else").await;
    browser.type_into("name", "evil.com").await;
    browser.press("Sign up").await;
    browser.says("Please leave out web addresses").await;
    let name = browser.client.active_element().await.unwrap();
    assert_eq!(
        name.prop("value").await.unwrap().as_deref(),
        Some("evil.com"),
        "the field with the problem has the focus"
    );
    name.clear().await.unwrap();
    browser.type_into("name", "Ana").await;
    browser.press("Count me in").await;
    browser.says("You’re in, Ana.").await;
    browser.unfold("I can’t come").await;
    browser.press("Cancel my sign-up").await;
    browser.says("Ana, you are not on the list.").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_name_is_only_text() {
    let browser = Browser::open(Scripts::On, PHONE).await;
    let hostile = "<img src=x onerror=document.body.remove()>";
    sign_up_elsewhere(&browser.server, "dance", hostile).await;
    sign_up_elsewhere(&browser.server, "dance", &"W".repeat(80)).await;
    browser.go("/events/dance").await;
    browser.says("2 signed up").await;
    // Shown by the server, then by the script.
    assert!(browser.text().await.contains(hostile));
    sign_up_elsewhere(&browser.server, "dance", "Ana").await;
    browser.says("3 signed up").await;
    assert!(browser.text().await.contains(hostile));
    assert!(browser.fits().await, "the page is wider than the phone");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn organiser_removes_a_person_on_pages() {
    let browser = Browser::open(Scripts::Off, PHONE).await;
    sign_up_elsewhere(&browser.server, "dance", "Melvin").await;
    browser.go("/events").await;
    browser.type_into("key", "wrong horse battery").await;
    browser.press("Log in").await;
    browser.says("This is not the organiser’s key.").await;
    browser.type_into("key", "correct horse battery").await;
    browser.press("Log in").await;
    browser.says("All messages were processed.").await;
    browser.says("1 signed up").await;

    browser.unfold("Remove…").await;
    browser.type_into("name", "melvin").await;
    browser.tick("sure").await;
    browser.press("Remove for good").await;
    browser.says("No upcoming events.").await;
    browser.press("Log out").await;
    browser.says("Organiser’s key").await;
    browser.close().await;
}
