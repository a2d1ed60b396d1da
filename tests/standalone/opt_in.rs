//! Opt-in requests: one for each address, however many sign-ups bring it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use countmein::adapters::metrics::prometheus::PrometheusMetrics;
use countmein::adapters::sqlite::Sqlite;
use countmein::domain::announcement::Announcement;
use countmein::domain::attendee;
use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::change::Movements;
use countmein::domain::channel::Channel;
use countmein::domain::contact::Contact;
use countmein::domain::contact_id::ContactId;
use countmein::domain::event::Event;
use countmein::domain::language::Language;
use countmein::domain::notification::{Notification, Recipient};
use countmein::domain::opt_in::{OptIn, Scope};
use countmein::domain::secret::Secret;
use countmein::domain::signup::{Request, Signup, SignupId, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::notify::links::Links;
use countmein::notify::text::MessageTexts;
use countmein::notify::{Limits, NotificationSender, OptInsInFlight};
use countmein::ports::{
    Contacts as _, Mail, Mailer, Notified, Notifier as _, SendError, Unavailable, WebhookCall, WebhookCaller, Write,
};
use futures_util::future::join_all;
use url::Url;

mod further;
mod origins;
mod outbox;

/// A mailer that counts mails and is slow.
struct Counting {
    mails: AtomicUsize,
    takes: Duration,
    fails: Option<fn(Unavailable) -> SendError>,
}

#[async_trait]
impl Mailer for Counting {
    async fn send(&self, _: &Mail) -> Result<(), SendError> {
        self.mails.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.takes).await;
        let unavailable = Unavailable { doing: "sending mail", cause: "no answer".to_owned() };
        self.fails.map_or(Ok(()), |fails| Err(fails(unavailable)))
    }
}

/// A webhook that echoes after a delay and counts its calls.
#[derive(Default)]
struct Echoing {
    asked: AtomicUsize,
    called: AtomicUsize,
}

#[async_trait]
impl WebhookCaller for Echoing {
    async fn call(&self, _: &WebhookCall) -> Result<(), SendError> {
        self.called.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn request_opt_in(&self, _: &ContactId, _: &Url, _: &str) -> Result<Option<OptIn>, SendError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(Some(OptIn::Confirmed(Scope::All)))
    }
}

fn sender(sqlite: &Sqlite, mailer: &Arc<Counting>) -> NotificationSender {
    let secret = || Secret::new("correct-horse-battery").unwrap();
    let ports = Arc::new(sqlite.clone());
    NotificationSender {
        texts: MessageTexts::new(Language::English, 10),
        links: Links { public_url: "https://signup.example.org".parse().unwrap(), token_secret: secret() },
        contact_secret: secret(),
        contacts: ports.clone(),
        budgets: ports,
        limits: Limits { opt_ins_per_hour: 100, sms: None },
        opt_ins_in_flight: OptInsInFlight::default(),
        metrics: Arc::new(PrometheusMetrics::new()),
        mailer: Some(mailer.clone()),
        webhook_caller: None,
        sms_sender: None,
        broadcaster: None,
    }
}

/// Sends a notification if the recipient has agreed, and else asks.
async fn notify(sender: &NotificationSender, notification: &Notification) -> Result<Notified, SendError> {
    let Recipient::Attendee(attendee) = &notification.to else { panic!("{notification:?}") };
    if !sender.is_permitted(attendee, notification.at, None).await? {
        return Ok(Notified::NotWanted);
    }
    sender.notify(notification).await
}

/// A notification of an attendee with an email address.
fn news(name: &str, email: &str, at: Timestamp) -> Notification {
    news_to(name, Contact::email(email).unwrap(), at)
}

fn news_to(name: &str, contact: Contact, at: Timestamp) -> Notification {
    news_after(name, at, Request::sign_up(Some(contact)))
}

/// A notification of an attendee after this request.
fn news_after(name: &str, at: Timestamp, request: Request) -> Notification {
    let event = Event::parse("Dance").unwrap();
    let signup = Signup {
        version: Version { requested_at: at, id: SignupId::parse("s-1").unwrap() },
        event: event.clone(),
        name: AttendeeName::parse(name).unwrap(),
        channel: Channel::Http,
        network: None,
        request,
    };
    let (attendee, _) = attendee::apply_all(None, &[signup], at);
    let announcement = Announcement {
        event: event.id().clone(),
        title: "Dance".to_owned(),
        joined: vec!["Zoe".to_owned()],
        left: Vec::new(),
        others: Movements::default(),
        count: 2,
    };
    let to = Recipient::Attendee(Box::new(attendee.unwrap()));
    Notification { id: format!("1-{name}"), to, announcement, at, is_in_doubt: false }
}

#[tokio::test]
async fn concurrent_signups_send_one_opt_in_request() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let mailer = Arc::new(Counting { mails: AtomicUsize::new(0), takes: Duration::from_millis(20), fails: None });
    let sender = sender(&sqlite, &mailer);
    let at = Timestamp::now();
    let all: Vec<Notification> =
        (0..40).map(|number| news(&format!("Guest {number}"), "Victim@mail.example", at)).collect();
    for notified in join_all(all.iter().map(|notification| notify(&sender, notification))).await {
        assert_eq!(notified.unwrap(), Notified::NotWanted);
    }
    assert_eq!(mailer.mails.load(Ordering::SeqCst), 1);
    // No second request for another spelling of the address, nor a minute before two days have passed.
    let later = at.plus(Duration::from_secs(48 * 60 * 60 - 60));
    let _ = notify(&sender, &news("Guest 41", "VICTIM@mail.example", later)).await.unwrap();
    assert_eq!(mailer.mails.load(Ordering::SeqCst), 1);
    // After two days one of the concurrent notifications asks again.
    let much_later = at.plus(Duration::from_secs(48 * 60 * 60));
    let all: Vec<Notification> =
        (0..40).map(|number| news(&format!("Guest {number}"), "victim@mail.example", much_later)).collect();
    join_all(all.iter().map(|notification| notify(&sender, notification))).await;
    assert_eq!(mailer.mails.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn mailbox_gets_one_request_however_many_tags_its_addresses_have() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let mailer = Arc::new(Counting { mails: AtomicUsize::new(0), takes: Duration::from_millis(5), fails: None });
    let sender = sender(&sqlite, &mailer);
    let at = Timestamp::now();
    let requests = async |hours: u64| {
        let at = at.plus(Duration::from_secs(hours * 60 * 60));
        let tagged =
            (0..130).map(|number| news(&format!("Guest {number}"), &format!("target+{number}@mail.example"), at));
        let all: Vec<Notification> = tagged.chain([news("Guest", "Target@mail.example", at)]).collect();
        for notified in join_all(all.iter().map(|notification| notify(&sender, notification))).await {
            assert_eq!(notified.unwrap(), Notified::NotWanted);
        }
        mailer.mails.load(Ordering::SeqCst)
    };
    assert_eq!((requests(0).await, requests(47).await, requests(48).await), (1, 1, 2));
    let _ = notify(&sender, &news("Other", "other+tag@mail.example", at)).await.unwrap();
    assert_eq!(mailer.mails.load(Ordering::SeqCst), 3, "another mailbox is asked");
}

#[tokio::test]
async fn webhook_notifications_wait_for_the_challenge() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let mailer = Arc::new(Counting { mails: AtomicUsize::new(0), takes: Duration::ZERO, fails: None });
    let webhook = Arc::new(Echoing::default());
    let sender = NotificationSender { webhook_caller: Some(webhook.clone()), ..sender(&sqlite, &mailer) };
    let contact = || Contact::webhook("https://hooks.example.org/ana").unwrap();
    let at = Timestamp::now();
    let all: Vec<Notification> = (0..40).map(|number| news_to(&format!("Guest {number}"), contact(), at)).collect();
    for notified in join_all(all.iter().map(|notification| notify(&sender, notification))).await {
        assert_eq!(notified.unwrap(), Notified::Sent);
    }
    assert_eq!((webhook.asked.load(Ordering::SeqCst), webhook.called.load(Ordering::SeqCst)), (1, 40));
}

#[tokio::test]
async fn uncertain_opt_in_request_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let failing = |fails| Arc::new(Counting { mails: AtomicUsize::new(0), takes: Duration::ZERO, fails: Some(fails) });
    let (unknown, unanswered): (fn(_) -> _, fn(_) -> _) = (SendError::Unavailable, SendError::RecipientUnavailable);
    let at = Timestamp::now();
    for (mailer, email, asked) in [
        (failing(unknown), "ana@mail.example", 1),
        (failing(unanswered), "ben@mail.example", 1),
        (failing(SendError::NotSent), "cleo@mail.example", 3),
    ] {
        let sender = sender(&sqlite, &mailer);
        for minute in 0..3 {
            let _ = notify(&sender, &news("Ana", email, at.plus(Duration::from_secs(60 * minute)))).await;
        }
        assert_eq!(mailer.mails.load(Ordering::SeqCst), asked, "{email}");
    }
}
