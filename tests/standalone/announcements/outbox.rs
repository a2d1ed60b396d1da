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
        let name = format!("countmein_messages_total{{kind=\"opt_in_request\",outcome=\"{outcome}\"}}");
        assert_eq!(eventually(&name, || value(&name)), 1.0);
    }
    assert_eq!(value("countmein_outbox_messages"), Some(1.0));
    assert!(value("countmein_outbox_oldest_seconds") > Some(0.0));
}

#[test]
fn command_lists_retries_and_drops_messages() {
    let mail = MailServer::start(&[]);
    let data = tempfile::tempdir().unwrap();
    let program = mailing(data.path(), &mail, &[]);
    let key = fs::read_to_string(data.path().join("organiser.key")).unwrap();
    let outbox = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countmein"));
        command.env_clear().arg("outbox").args(arguments).args(["--url", &program.url, "--organiser-key", key.trim()]);
        let output = command.output().unwrap();
        let printed = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.success(), String::from_utf8(printed).unwrap())
    };
    assert_eq!(outbox(&["list"]), (true, "No messages wait.\n".to_owned()));

    sign_up(&program, "Ben", &json!({ "email": "rcpt-450@mail.example" }));
    let attempted = |attempts: u32| {
        eventually("the attempt", || {
            let (_, list) = outbox(&["list"]);
            list.contains(&format!("after {attempts}: ")).then_some(list)
        })
    };
    let list = attempted(1);
    assert!(list.starts_with("1       opt in request  ben on dance; next attempt "), "{list}");
    assert!(list.contains("450"), "it says why: {list}");
    assert_eq!(outbox(&["retry", "1"]), (true, "Message 1 is tried again now.\n".to_owned()));
    attempted(2);

    assert_eq!(outbox(&["drop", "1"]), (true, "Message 1 was dropped.\n".to_owned()));
    assert_eq!(outbox(&["list"]), (true, "No messages wait.\n".to_owned()));
    for (action, id) in [("retry", "1"), ("drop", "1"), ("drop", "x")] {
        let (succeeded, error) = outbox(&[action, id]);
        assert!(!succeeded && error.contains("There is no message with this id."), "{error}");
    }
}
