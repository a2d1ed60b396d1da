//! Mail over SMTP, to a real server.

use std::time::{Duration, Instant};

use countmein::adapters::smtp::{SmtpMailer, SmtpSettings};
use countmein::domain::contact::Contact;
use countmein::domain::contact_id::ContactId;
use countmein::ports::{Mail, Mailer as _, SendError};
use futures_util::future::join_all;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use url::Url;

use crate::support::mail_server::MailServer;
use parrot::parrot;

mod parrot;

const PATIENCE: Duration = Duration::from_secs(60);

const SENDER: &str = "Tanzkreis Köln <events@club.example>";

/// How to reach a server without TLS, with `user:password@` or nothing as the login.
fn clear(login: &str, server: &MailServer) -> String {
    format!("smtp://{login}127.0.0.1:{}?tls=none", server.port)
}

fn smtp(url: &str) -> SmtpMailer {
    smtp_with(url, SENDER, SmtpSettings::default())
}

fn smtp_with(url: &str, from: &str, settings: SmtpSettings) -> SmtpMailer {
    SmtpMailer::with_settings(&Url::parse(url).unwrap(), from, settings).unwrap()
}

fn to(address: &str) -> Mail {
    Mail {
        id: format!("news-1-{address}"),
        contact: ContactId::from_stored("a-contact".to_owned()),
        to: address.to_owned(),
        subject: "Dance".to_owned(),
        body: "Melvin is in.\n".to_owned(),
        unsubscribe: None,
    }
}

/// Of a mail, as its server decoded it.
fn header<'a>(mail: &'a Value, name: &str) -> &'a str {
    let all: Vec<_> = mail["headers"].as_array().unwrap().iter().filter(|header| header[0] == name).collect();
    assert_eq!(all.len(), 1, "{name}: {mail:#}");
    all[0][1].as_str().unwrap()
}

/// Asserts that the failure is transient, and returns its cause.
#[track_caller]
fn retry(sent: Result<(), SendError>) -> String {
    match sent.unwrap_err() {
        SendError::Unavailable(unavailable) | SendError::NotSent(unavailable) => {
            without_address(unavailable.to_string())
        }
        other => panic!("not to be tried again: {other}"),
    }
}

/// Asserts that the failure is permanent, and returns its cause.
#[track_caller]
fn reject(sent: Result<(), SendError>) -> String {
    match sent.unwrap_err() {
        SendError::Rejected(why) => without_address(why),
        failure => panic!("to be tried again: {failure}"),
    }
}

#[track_caller]
fn without_address(text: String) -> String {
    assert!(!text.contains('@') && !text.contains("example"), "{text}");
    text
}

#[tokio::test]
async fn mail_arrives_as_written() {
    let server = MailServer::start(&[]);
    let subject = "Zoë und 12 andere sind dabei: Tanzabend im großen Saal, mit Überraschung für alle – 舞踏会 💃";
    let body = format!("Hallo Zoë,\n\n.\n..wer kommt?\n{}\n\nBis bald\n", "Ana, Melvin, ".repeat(100));
    let unsubscribe = format!("https://club.example/stop/{}", "a".repeat(100));
    let mail = Mail {
        subject: subject.to_owned(),
        body: body.clone(),
        unsubscribe: Some(Url::parse(&unsubscribe).unwrap()),
        ..to("ana+dance@example.org")
    };
    smtp(&clear("", &server)).send(&mail).await.unwrap();

    let taken = server.next();
    assert_eq!(taken["from"], "events@club.example");
    assert_eq!(taken["to"], serde_json::json!(["ana+dance@example.org"]));
    assert_eq!(taken["body"], body.replace("\n", "\r\n"));
    assert_eq!(taken["defects"], serde_json::json!([]), "{taken:#}");
    assert_eq!(header(&taken, "From"), SENDER);
    assert_eq!(header(&taken, "To"), "ana+dance@example.org");
    assert_eq!(header(&taken, "Subject"), subject);
    assert_eq!(header(&taken, "MIME-Version"), "1.0");
    assert_eq!(header(&taken, "Content-Type"), r#"text/plain; charset="utf-8""#);
    assert_eq!(header(&taken, "Auto-Submitted"), "auto-generated");
    assert_eq!(header(&taken, "List-Unsubscribe"), format!("<{unsubscribe}>"));
    assert_eq!(header(&taken, "List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let date = jiff::fmt::rfc2822::parse(header(&taken, "Date")).unwrap().timestamp();
    assert!(jiff::Timestamp::now().duration_since(date).abs() < jiff::SignedDuration::from_mins(1), "{date}");
    for line in taken["raw"].as_str().unwrap().split("\r\n") {
        assert!(line.len() <= 998 && !line.contains(['\r', '\n']), "{line:?}");
    }
}

#[tokio::test]
async fn repeated_mail_keeps_id_and_connection() {
    let server = MailServer::start(&[]);
    let smtp = smtp(&clear("", &server));
    for address in ["ana@example.org", "ana@example.org", "ben@example.org"] {
        smtp.send(&to(address)).await.unwrap();
    }

    let taken = [server.next(), server.next(), server.next()];
    let ids = taken.each_ref().map(|mail| header(mail, "Message-ID"));
    assert!(ids[0].starts_with('<') && ids[0].ends_with("@club.example>") && !ids[0].contains("news"), "{ids:?}");
    assert!(ids[0] == ids[1] && ids[1] != ids[2], "{ids:?}");
    assert_eq!(taken.each_ref().map(|mail| &mail["connection"]), [1, 1, 1]);
    assert!(!taken[0]["raw"].as_str().unwrap().contains("List-Unsubscribe"));
}

#[tokio::test]
async fn permanent_refusal_keeps_the_connection() {
    let server = MailServer::start(&[]);
    let smtp = smtp(&clear("", &server));
    for (address, why) in [
        ("rcpt-550@example.org", "the server answered 550 5.1.1"),
        ("rcpt-501@example.org", "the server answered 501 5.1.1"),
        ("data-554@example.org", "the server answered 554 5.1.1"),
        ("rcpt-550-2.1@example.org", "the server answered 550 5.2.1"),
    ] {
        assert_eq!(reject(smtp.send(&to(address)).await), why);
    }
    smtp.send(&to("ana@example.org")).await.unwrap();
    assert_eq!(server.stop().last().unwrap()["connection"], 1);
}

/// The enhanced status code decides whether another attempt is in vain: what RFC 3463 says, and what large providers send.
#[tokio::test]
async fn enhanced_status_decides_which_answers_are_final() {
    let server = MailServer::start(&[]);
    let smtp = smtp(&clear("", &server));
    // No such mailbox, an address of another form, moved, a domain without mail, a disabled mailbox; no such mailbox at
    // Microsoft, at Hotmail; and answers without a status.
    for asked in [
        "550-1.1", "550-1.2", "553-1.3", "550-1.6", "556-1.10", "550-2.1", "550-4.1", "550-5.0", "550-0", "551-0",
        "553-0",
    ] {
        reject(smtp.send(&to(&format!("rcpt-{asked}@example.org"))).await);
    }
    // A full mailbox, our address, the mail system, its network, a command, a policy; and answers without a status.
    for asked in [
        "552-2.2", "550-1.7", "550-3.0", "554-3.2", "550-4.4", "554-4.5", "502-5.1", "550-5.4", "550-7.1", "554-7.26",
        "552-0", "554-0",
    ] {
        retry(smtp.send(&to(&format!("rcpt-{asked}@example.org"))).await);
    }
}

#[tokio::test]
async fn address_with_other_letters_needs_smtputf8() {
    let server = MailServer::start(&["--smtputf8"]);
    let zoe = Contact::email("zoë@münchen.example").unwrap();
    smtp(&clear("", &server)).send(&to(zoe.address())).await.unwrap();
    let mail = server.next();
    assert_eq!(mail["to"], json!(["zoë@xn--mnchen-3ya.example"]));
    assert_eq!(mail["options"], json!(["SMTPUTF8", "BODY=8BITMIME"]));
    assert!(header(&mail, "To").contains("zoë@xn--mnchen-3ya.example"), "{mail}");
    // No other mail needs it.
    smtp(&clear("", &server)).send(&to("ana@example.org")).await.unwrap();
    assert_eq!(server.next()["options"], json!([]));

    let server = MailServer::start(&[]);
    let why = reject(smtp(&clear("", &server)).send(&to(zoe.address())).await);
    assert_eq!(why, "the server does not support addresses with other letters than a to z (SMTPUTF8)");
    smtp(&clear("", &server)).send(&to("ana@example.org")).await.unwrap();
}

#[tokio::test]
async fn transient_refusal_is_retried() {
    let server = MailServer::start(&[]);
    let smtp = smtp(&clear("", &server));
    for code in ["rcpt-421", "rcpt-450", "data-451", "rcpt-503", "rcpt-530", "rcpt-534", "rcpt-535", "rcpt-538"] {
        let why = retry(smtp.send(&to(&format!("{code}@example.org"))).await);
        assert!(why.starts_with(&format!("sending mail failed: the server answered {}", &code[5..])), "{why}");
    }
    // Our address, a daily quota, a suspected spammer.
    for status in ["1.8", "4.5", "7.1", "7.26"] {
        let why = retry(smtp.send(&to(&format!("rcpt-550-{status}@example.org"))).await);
        assert_eq!(why, format!("sending mail failed: the server answered 550 5.{status}"));
    }
    let not_ours = smtp_with(&clear("", &server), "mail-553@example.org", SmtpSettings::default());
    assert_eq!(
        retry(not_ours.send(&to("ana@example.org")).await),
        "sending mail failed: the server answered 553 5.1.1"
    );
}

#[tokio::test]
async fn returning_server_is_found() {
    let server = MailServer::start(&[]);
    let (smtp, port) = (smtp(&clear("", &server)), server.port.to_string());
    smtp.send(&to("ana@example.org")).await.unwrap();
    server.stop();
    retry(smtp.send(&to("ana@example.org")).await);

    let server = MailServer::start(&["--port", &port]);
    smtp.send(&to("ana@example.org")).await.unwrap();
    assert_eq!(server.stop().len(), 1);
}

#[tokio::test]
async fn lost_answer_is_not_reused() {
    let server = MailServer::start(&[]);
    let settings = SmtpSettings { step_timeout: Duration::from_secs(3), ..SmtpSettings::default() };
    let smtp = smtp_with(&clear("", &server), SENDER, settings);
    let why = retry(smtp.send(&to("silence@example.org")).await);
    assert_eq!(why, "sending mail failed: the server did not answer in time");

    smtp.send(&to("ana@example.org")).await.unwrap();
    let taken = server.stop();
    assert_eq!((taken.len(), &taken[0]["connection"]), (1, &Value::from(2)));
}

#[tokio::test]
async fn silent_server_opens_the_circuit_breaker() {
    let server = MailServer::start(&[]);
    let settings = SmtpSettings {
        step_timeout: Duration::from_secs(1),
        retry_delay: Duration::from_secs(2),
        ..SmtpSettings::default()
    };
    let smtp = smtp_with(&clear("", &server), SENDER, settings);
    let mails: Vec<_> = (0..60).map(|number| to(&format!("silence-{number}@example.org"))).collect();
    let whys: Vec<String> = join_all(mails.iter().map(|mail| smtp.send(mail))).await.into_iter().map(retry).collect();
    let waited = whys.iter().filter(|why| why.ends_with("the server did not answer in time")).count();
    let let_alone =
        whys.iter().filter(|why| why.ends_with("the server did not answer recent emails; sending is paused")).count();
    // Some attempts have begun when the fourth timeout opens the circuit breaker.
    assert!(waited + let_alone == 60 && waited <= 8, "{whys:?}");

    let deadline = Instant::now() + PATIENCE;
    while smtp.send(&to("ana@example.org")).await.is_err() {
        assert!(Instant::now() < deadline, "it is tried again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn mail_that_gets_no_connection_is_certainly_not_sent() {
    let server = MailServer::start(&[]);
    let settings = SmtpSettings { connection_wait: Duration::from_millis(200), ..SmtpSettings::default() };
    let smtp = smtp_with(&clear("", &server), SENDER, settings);
    let silent: Vec<_> = (0..4).map(|number| to(&format!("silence-{number}@example.org"))).collect();
    let ana = to("ana@example.org");
    let occupied = join_all(silent.iter().map(|mail| smtp.send(mail)));
    let sent = tokio::select! {
        biased;
        _ = occupied => panic!("the server does not answer for seconds"),
        sent = smtp.send(&ana) => sent,
    };
    assert!(matches!(sent, Err(SendError::NotSent(_))), "{sent:?}");
}

#[tokio::test]
async fn concurrent_mails_share_connections() {
    let server = MailServer::start(&[]);
    let smtp = smtp(&clear("", &server));
    let mails: Vec<_> = (0..30).map(|number| to(&format!("ana-{number}@example.org"))).collect();
    for sent in join_all(mails.iter().map(|mail| smtp.send(mail))).await {
        sent.unwrap();
    }
    let taken = server.stop();
    assert_eq!(taken.len(), 30);
    assert!(taken.iter().all(|mail| mail["connection"].as_u64() <= Some(4)), "{taken:#?}");
}

#[tokio::test]
async fn line_breaks_inject_nothing() {
    let server = MailServer::start(&[]);
    let smtp = smtp(&clear("", &server));
    for end in ["\r\n", "\n", "\r"] {
        let mail = Mail {
            id: format!("1{end}X-Id: 1"),
            subject: format!("Dance{end}Bcc: eve@example.org{end}{end}Buy!"),
            body: format!("Hello{end}.{end}MAIL FROM:<eve@example.org>{end}"),
            ..to("ana@example.org")
        };
        smtp.send(&mail).await.unwrap();
        let taken = server.next();
        assert_eq!(
            header(&taken, "Subject").split_whitespace().collect::<Vec<_>>(),
            ["Dance", "Bcc:", "eve@example.org", "Buy!"]
        );
        assert_eq!(taken["headers"].as_array().unwrap().len(), 9, "{taken:#}");
        assert!(taken["body"].as_str().unwrap().starts_with("Hello"), "{taken:#}");

        for address in [format!("ana@example.org>{end}DATA"), format!("\"a{end}b\"@example.org"), end.to_owned()] {
            reject(smtp.send(&to(&address)).await);
        }
    }
    assert_eq!(server.stop(), [] as [Value; 0]);
}

#[tokio::test]
async fn nothing_is_sent_without_required_tls() {
    let (port, conversation) = parrot(&["220 mail.test ESMTP\r\n", "250-mail.test\r\n250 AUTH PLAIN LOGIN\r\n"]);
    let smtp = smtp(&format!("smtp://ana:secret@127.0.0.1:{port}"));
    let why = retry(smtp.send(&to("ana@example.org")).await);
    assert!(why.contains("STARTTLS"), "{why}");
    assert_eq!(conversation.join().unwrap(), "EHLO club.example\r\n");
}

#[tokio::test]
async fn malformed_answer_is_not_quoted() {
    let (port, conversation) =
        parrot(&["220 mail.test\r\n", "250 mail.test\r\n", "250 go on\r\n", "ana@example.org is not here\r\n"]);
    let smtp = smtp(&format!("smtp://127.0.0.1:{port}?tls=none"));
    let why = retry(smtp.send(&to("ana@example.org")).await);
    assert_eq!(why, "sending mail failed: the server's answer is not SMTP");
    assert!(conversation.join().unwrap().ends_with("RCPT TO:<ana@example.org>\r\n"));
}

#[tokio::test]
async fn only_trusted_certificates_are_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, certificate.pem() + &key.serialize_pem()).unwrap();
        (file.into_os_string().into_string().unwrap(), certificate.pem().into_bytes())
    };
    let (ours, ours_pem) = certificate("127.0.0.1");
    let (others, others_pem) = certificate("mail.example.org");

    for (scheme, tls) in [("smtp", "starttls"), ("smtps", "implicit")] {
        for (file, roots, is_trusted) in [
            (&ours, Some(&ours_pem), true),
            (&ours, Some(&others_pem), false),
            (&ours, None, false),
            (&others, Some(&others_pem), false),
        ] {
            let server = MailServer::start(&["--tls", tls, "--certificate", file, "--login", "ana", "secret"]);
            let settings = SmtpSettings { roots: roots.cloned(), ..SmtpSettings::default() };
            let smtp = smtp_with(&format!("{scheme}://ana:secret@127.0.0.1:{}", server.port), SENDER, settings);
            let sent = smtp.send(&to("ana@example.org")).await;
            if is_trusted {
                sent.unwrap();
                let taken = server.next();
                assert_eq!((&taken["encrypted"], &taken["login"]), (&true.into(), &"ana".into()), "{scheme}");
            } else {
                let SendError::NotSent(why) = sent.unwrap_err() else { panic!("it is known that nothing was sent") };
                assert!(why.cause.contains("certificate"), "{why}");
                assert_eq!(server.stop(), [] as [Value; 0], "{scheme}");
            }
        }
    }
}

#[tokio::test]
async fn refused_login_is_retried() {
    let server = MailServer::start(&["--login", "ana@club", "p@ss:w/rd%"]);
    let sent_as = async |login: &str| smtp(&clear(login, &server)).send(&to("ana@example.org")).await;
    sent_as("ana%40club:p%40ss%3Aw%2Frd%25@").await.unwrap();
    assert_eq!(server.next()["login"], "ana@club");
    assert!(retry(sent_as("ana%40club:wrong@").await).starts_with("sending mail failed: the server answered 535"));
    assert!(retry(sent_as("").await).starts_with("sending mail failed: the server answered 530"));
}

#[test]
fn invalid_sender_or_certificate_stops_the_start() {
    let url = Url::parse("smtps://mail.example.org").unwrap();
    for sender in ["", "Count Me In", "events@", "events@bücher.example", "a@example.org, b@example.org"] {
        assert!(SmtpMailer::with_settings(&url, sender, SmtpSettings::default()).is_err(), "{sender}");
    }
    for roots in ["", "mail.example.org", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let settings = SmtpSettings { roots: Some(roots.into()), ..SmtpSettings::default() };
        assert!(SmtpMailer::with_settings(&url, SENDER, settings).is_err(), "{roots}");
    }
}
