//! Errors and logs hold no webhook address.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use countmein::adapters::webhook::WebhookSettings;
use countmein::ports::WebhookCaller as _;
use tracing::level_filters::LevelFilter;
use url::Url;

use super::{call, impatient, patient, webhooks};
use crate::support::http::Message;
use crate::support::receiver::Receiver;

#[tokio::test]
async fn errors_and_logs_hold_no_address() {
    let log = Log::start();
    let elsewhere = "https://other-secret-host.example/secret-path";
    let plain = Receiver::writing(move |request, mut stream| {
        let status = request.path().split('/').nth(1).unwrap().parse().unwrap();
        Message::answer(status, "").with("location", elsewhere).write(&mut stream)
    });
    let tls = Receiver::over_tls(Message::answer(200, ""));
    let rooted = WebhookSettings { roots: Some(tls.roots()), ..patient() };
    let secret_url = |url: &str| -> Url { format!("{url}/secret-path?secret-query").parse().unwrap() };
    let mut texts = Vec::new();
    for (settings, url) in [
        (patient(), plain.url("/200/secret-path?secret-query")),
        (patient(), plain.url("/302/secret-path?secret-query")),
        (patient(), plain.url("/404/secret-path?secret-query")),
        (patient(), plain.url("/500/secret-path?secret-query")),
        (patient(), secret_url("ftp://secret-host.example")),
        (patient(), tls.url("/secret-path?secret-query")),
        (rooted.clone(), tls.url("/secret-path?secret-query")),
        (rooted, tls.url_at("127.0.0.1", "/secret-path?secret-query")),
        (impatient(), secret_url("https://secret-host.invalid")),
        (WebhookSettings { allow_private: false, ..patient() }, tls.url("/secret-path?secret-query")),
        (WebhookSettings { allow_private: false, ..patient() }, plain.url("/200/secret-path?secret-query")),
    ] {
        let webhooks = webhooks(&settings);
        for outcome in [webhooks.call(&call(url.clone())).await, webhooks.challenge(&url, "secret-text").await] {
            texts.extend(outcome.err().map(|failure| format!("{failure} {failure:?}")));
        }
    }
    tracing::info!("the log is captured");

    assert!(texts.len() > 10, "{texts:?}");
    let log = log.text();
    assert!(log.contains("the log is captured"));
    for text in texts.iter().chain([&log]) {
        for private in ["secret", "localhost", "127.0.0.1", "://"] {
            assert!(!text.contains(private), "{private} in {text}");
        }
    }
}

/// Every line that the program and its libraries log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start() -> Self {
        let log = Self::default();
        let lines = log.clone();
        tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(move || lines.clone()).init();
        log
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
