//! Webhook addresses that attack the caller: by redirects, private addresses, slow or endless answers.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use countmein::adapters::webhook::WebhookSettings;
use countmein::ports::{SendError, WebhookCaller as _};
use futures_util::future::join_all;

use super::{NOT_ECHOED, PATIENCE, call, impatient, is_reject, is_retry, patient, webhooks};
use crate::support::http::Message;
use crate::support::receiver::Receiver;

#[tokio::test]
async fn redirects_are_not_followed() {
    let target = Receiver::answering(Message::answer(200, ""));
    for status in [301, 302, 303, 307, 308] {
        let redirecting = Receiver::answering(Message::answer(status, "").with("location", target.url("/inner")));
        let outcome = webhooks(&patient()).call(&call(redirecting.url("/"))).await;
        assert!(
            is_reject(&outcome, "the webhook answered with a redirect, which is not followed"),
            "{status}: {outcome:?}"
        );
    }
    assert_eq!(target.connections(), 0);
}

#[tokio::test]
async fn private_addresses_are_refused() {
    let receiver = Receiver::over_tls(Message::answer(200, "text"));
    let public_only = webhooks(&WebhookSettings { allow_private: false, roots: Some(receiver.roots()), ..patient() });
    for host in ["127.0.0.1", "localhost", "127.1", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let to = receiver.url_at(host, "/hook");
        for outcome in [public_only.call(&call(to.clone())).await, public_only.challenge(&to, "text").await] {
            assert!(is_reject(&outcome, "the webhook's address is not public"), "{host}: {outcome:?}");
        }
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn only_https_leaves_the_machine() {
    let public_only = webhooks(&WebhookSettings { allow_private: false, ..patient() });
    let outcome = public_only.call(&call("http://1.1.1.1/".parse().unwrap())).await;
    assert!(is_reject(&outcome, "the webhook's address is not https"), "{outcome:?}");
    for no_web_address in ["ftp://localhost/", "data:,x"] {
        let outcome = webhooks(&patient()).call(&call(no_web_address.parse().unwrap())).await;
        assert!(matches!(outcome, Err(SendError::Rejected(_))), "{no_web_address}: {outcome:?}");
    }
}

#[tokio::test]
async fn slow_receiver_times_out() {
    let silent = Receiver::writing(|_, _| {
        thread::sleep(PATIENCE);
        Ok(())
    });
    let trickling_head = Receiver::writing(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nx: ")?;
        trickle(stream)
    });
    let trickling_body = Receiver::writing(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n")?;
        trickle(stream)
    });
    let started = Instant::now();
    let webhooks = webhooks(&impatient());
    for outcome in [
        webhooks.call(&call(silent.url("/"))).await,
        webhooks.call(&call(trickling_head.url("/"))).await,
        webhooks.challenge(&trickling_body.url("/"), "text").await,
    ] {
        assert!(is_retry(&outcome), "{outcome:?}");
        assert!(outcome.unwrap_err().to_string().contains("timed out"));
    }
    assert!(started.elapsed() < PATIENCE);
}

fn trickle(stream: &mut dyn Write) -> io::Result<()> {
    loop {
        stream.write_all(b" ")?;
        stream.flush()?;
        thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn endless_answer_is_cut() {
    let written = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&written);
    let endless = Receiver::writing(move |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        loop {
            stream.write_all(&[b'a'; 1_024])?;
            counted.fetch_add(1_024, Ordering::SeqCst);
        }
    });
    let webhooks = webhooks(&patient());

    webhooks.call(&call(endless.url("/"))).await.unwrap();
    let outcome = webhooks.challenge(&endless.url("/"), &"a".repeat(8 * 1_024)).await;

    assert!(is_reject(&outcome, NOT_ECHOED), "{outcome:?}");
    // What the system took in on both sides, and no more.
    assert!(written.load(Ordering::SeqCst) < 64 * 1_024 * 1_024);
}

#[tokio::test]
async fn concurrent_calls_are_bounded() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let receiver = Receiver::writing(move |_, mut stream| {
        seen.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(50));
        now.fetch_sub(1, Ordering::SeqCst);
        Message::answer(200, "").write(&mut stream)
    });
    let (webhooks, call) = (webhooks(&patient()), call(receiver.url("/")));

    let outcomes = join_all((0..64).map(|_| webhooks.call(&call))).await;

    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let most = most.load(Ordering::SeqCst);
    assert!((2..=16).contains(&most), "{most}");
}
