//! What the operator sees of the outbox.

use super::*;

#[test]
fn metrics_count_waiting_and_attempted_messages() {
    let mail = MailServer::start(&[]);
    let data = tempfile::tempdir().unwrap();
    let program = mailing(data.path(), &mail, &[]);
    let metrics = || ureq::get(format!("{}/metrics", program.url)).call().unwrap().body_mut().read_to_string().unwrap();
    let value = |name: &str| -> Option<f64> {
        metrics().lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    };
    assert_eq!(value("countmein_outbox_messages"), Some(0.0));
    assert_eq!(value("countmein_outbox_oldest_seconds"), Some(0.0));

    // The mail server puts the second address off.
    for (name, address) in [("Ana", "ana@mail.example"), ("Ben", "rcpt-450@mail.example")] {
        sign_up(&program, name, &json!({ "email": address }));
    }
    for outcome in ["finished", "deferred"] {
        let name = format!("countmein_direct_messages_total{{kind=\"opt_in_request\",outcome=\"{outcome}\"}}");
        assert_eq!(eventually(&name, || value(&name)), 1.0);
    }
    assert_eq!(value("countmein_outbox_messages"), Some(1.0));
    assert!(value("countmein_outbox_oldest_seconds") > Some(0.0));
}
