//! No log level writes an address.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::instrument::WithSubscriber as _;
use tracing::level_filters::LevelFilter;

use super::canned::{CannedSns, done};
use super::failures::{holds_no_address, worded};
use crate::support::http::Message;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn logs_hold_no_address_at_any_level() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(move || writer.clone()).finish();
    let talk = async {
        tracing::trace!("all is logged");
        CannedSns::answering(done).everything().await;
        CannedSns::refusing(403, "AuthorizationError", &worded()).everything().await;
        CannedSns::answering(|_| Message::answer(200, worded())).everything().await;
    };
    talk.with_subscriber(subscriber).await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("all is logged"), "{log}");
    for line in log.lines() {
        holds_no_address(line);
    }
}
