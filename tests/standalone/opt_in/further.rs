//! Opt-in requests about further registrations of an address whose owner has confirmed another one.

use super::*;

/// The owner of an address has confirmed another registration.
pub async fn confirmed(sqlite: &Sqlite, email: &str) {
    let secret = Secret::new("correct-horse-battery").unwrap();
    let contact = ContactId::of(&Contact::email(email).unwrap(), &secret);
    let before = sqlite.opt_in(&contact).await.unwrap();
    let now = OptIn::after_confirming_registration(before);
    assert_eq!(sqlite.set_opt_in(&contact, before, now).await.unwrap(), Write::Stored);
}

fn counting(fails: Option<fn(Unavailable) -> SendError>) -> Arc<Counting> {
    Arc::new(Counting { mails: AtomicUsize::new(0), takes: Duration::from_millis(5), fails })
}

fn mails(mailer: &Counting) -> usize {
    mailer.mails.load(Ordering::SeqCst)
}

#[tokio::test]
async fn each_registration_is_asked_about_once() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let mailer = counting(None);
    let sender = sender(&sqlite, &mailer);
    let at = Timestamp::now();
    // The first request is about Ana's own registration.
    let _ = notify(&sender, &news("Ana", "ana@mail.example", at)).await.unwrap();
    assert_eq!(mails(&mailer), 1);
    confirmed(&sqlite, "ana@mail.example").await;

    let _ = notify(&sender, &news("Ana", "ana@mail.example", at)).await.unwrap();
    assert_eq!(mails(&mailer), 1, "her answer may still be on the queue");
    for day in [0, 1, 3, 30, 300] {
        let later = at.plus(Duration::from_secs(day * 24 * 60 * 60));
        let all: Vec<_> = ["Eve", "Finn"].map(|name| news(name, "ana@mail.example", later)).into();
        let again = all.iter().chain(&all).chain(&all);
        for notified in join_all(again.map(|notification| notify(&sender, notification))).await {
            assert_eq!(notified.unwrap(), Notified::NotWanted);
        }
        assert_eq!(mails(&mailer), 3, "after {day} days");
    }
}

#[tokio::test]
async fn address_gets_ten_requests_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let mailer = counting(None);
    let sender = sender(&sqlite, &mailer);
    let at = Timestamp::now();
    confirmed(&sqlite, "ana@mail.example").await;
    let all = |day: u64| {
        let at = at.plus(Duration::from_secs(day * 24 * 60 * 60));
        (0..25).map(move |number| news(&format!("Guest {number}"), "ana@mail.example", at))
    };
    for (day, expected) in [(0, 10), (0, 10), (1, 20), (2, 25), (3, 25)] {
        for notification in all(day) {
            assert_eq!(notify(&sender, &notification).await.unwrap(), Notified::NotWanted);
        }
        assert_eq!(mails(&mailer), expected, "on day {day}");
    }
    let usage = sender.limits.opt_in_usage(&sqlite, at).await.unwrap();
    assert_eq!(usage.spent, 10, "what exceeds the limit of the address does not count in the limit of all");
}

#[tokio::test]
async fn addresses_with_tags_share_the_ten_requests_of_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let mailer = counting(None);
    let sender = sender(&sqlite, &mailer);
    let at = Timestamp::now();
    for tag in 0..4 {
        let address = format!("ana+{tag}@mail.example");
        confirmed(&sqlite, &address).await;
        for number in 0..5 {
            let _ = notify(&sender, &news(&format!("Guest {tag} {number}"), &address, at)).await.unwrap();
        }
    }
    assert_eq!(mails(&mailer), 10);
}

#[tokio::test]
async fn hourly_limit_only_delays_the_request() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let mailer = counting(None);
    let sender = NotificationSender { limits: Limits { opt_ins_per_hour: 1, sms: None }, ..sender(&sqlite, &mailer) };
    let at = Timestamp::now();
    confirmed(&sqlite, "ana@mail.example").await;
    for hour in 0..3 {
        for name in ["Eve", "Finn"] {
            let later = at.plus(Duration::from_secs(hour * 60 * 60));
            let _ = notify(&sender, &news(name, "ana@mail.example", later)).await.unwrap();
        }
        assert_eq!(mails(&mailer), if hour == 0 { 1 } else { 2 });
    }
}

#[tokio::test]
async fn uncertain_request_about_a_registration_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let at = Timestamp::now();
    for (fails, email, asked) in [
        (SendError::Unavailable as fn(_) -> _, "ana@mail.example", 1),
        (SendError::RecipientUnavailable, "ben@mail.example", 1),
        (SendError::NotSent, "cleo@mail.example", 3),
    ] {
        let mailer = counting(Some(fails));
        let sender = sender(&sqlite, &mailer);
        confirmed(&sqlite, email).await;
        for minute in 0..3 {
            let _ = notify(&sender, &news("Eve", email, at.plus(Duration::from_secs(60 * minute)))).await;
        }
        assert_eq!(mails(&mailer), asked, "{email}");
    }
    // After the outage, the request that certainly did not arrive is sent once.
    let mailer = counting(None);
    let sender = sender(&sqlite, &mailer);
    for email in ["ana@mail.example", "ben@mail.example", "cleo@mail.example"] {
        let _ = notify(&sender, &news("Eve", email, at)).await.unwrap();
        let _ = notify(&sender, &news("Eve", email, at)).await.unwrap();
    }
    assert_eq!(mails(&mailer), 1);
}

#[tokio::test]
async fn confirmed_registration_is_notified() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let mailer = counting(None);
    let sender = sender(&sqlite, &mailer);
    let at = Timestamp::now();
    let trusted = news_after("Ana", at, Request::trusted_sign_up(Some(Contact::email("ana@mail.example").unwrap())));
    assert_eq!(notify(&sender, &trusted).await.unwrap(), Notified::NotWanted, "the owner is asked first");
    confirmed(&sqlite, "ana@mail.example").await;
    assert_eq!(notify(&sender, &trusted).await.unwrap(), Notified::Sent);
    assert_eq!(mails(&mailer), 2);
}
