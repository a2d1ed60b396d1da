//! An event with a limit, on a program whose clock is set by hand.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use countmein::adapters::metrics::prometheus::PrometheusMetrics;
use countmein::adapters::sqlite::Sqlite;
use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::capacity::Capacity;
use countmein::domain::channel::Channel;
use countmein::domain::contact::Contact;
use countmein::domain::contact_id::ContactId;
use countmein::domain::event::{Event, EventId};
use countmein::domain::event_details::{Content, EventDetails, Title};
use countmein::domain::language::Language;
use countmein::domain::opt_in::{OptIn, Scope};
use countmein::domain::outbox_message::OutboxMessage;
use countmein::domain::registration::RegistrationKey;
use countmein::domain::secret::Secret;
use countmein::domain::signup::{Request, Signup, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::{EventPorts, take_in};
use countmein::notify::links::Links;
use countmein::notify::text::MessageTexts;
use countmein::notify::{
    CLAIM_DURATION, DigestSender, Limits, MessageSender, NotificationSender, OptInsInFlight, OutboxSender,
};
use countmein::ports::{
    AttendeeSignups, ChangeFeed as _, Contacts as _, Events as _, Lane, Mail, Mailer, Outbox as _, Position,
    Roster as _, SendError, Sms, SmsSender, Unavailable, WebhookCall, WebhookCaller, Write,
};
use serde_json::Value;
use url::Url;

type Failure = fn(Unavailable) -> SendError;

/// Keeps what it is given, and fails as it is told to.
#[derive(Default)]
pub struct Mails {
    sent: Mutex<Vec<Mail>>,
    /// How many of them were taken.
    taken: Mutex<usize>,
    fails: Mutex<Option<Failure>>,
    hangs: AtomicBool,
}

#[async_trait]
impl Mailer for Mails {
    async fn send(&self, mail: &Mail) -> Result<(), SendError> {
        self.sent.lock().unwrap().push(mail.clone());
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        let unavailable = Unavailable { doing: "sending mail", cause: "451 try again later".to_owned() };
        self.fails.lock().unwrap().map_or(Ok(()), |fails| Err(fails(unavailable)))
    }
}

impl Mails {
    pub fn sent(&self) -> Vec<Mail> {
        self.sent.lock().unwrap().clone()
    }

    pub fn fails_with(&self, failure: Option<Failure>) {
        *self.fails.lock().unwrap() = failure;
    }

    pub fn hangs(&self, hangs: bool) {
        self.hangs.store(hangs, Ordering::SeqCst);
    }

    /// What was told since the last call, sorted.
    pub fn take(&self) -> Vec<String> {
        let (sent, mut taken) = (self.sent.lock().unwrap(), self.taken.lock().unwrap());
        let told = sent[*taken..].iter().map(|mail| {
            let who = mail.to.split('@').next().unwrap();
            let what = mail.subject.strip_prefix("Dinner: you ").unwrap();
            let what = what.strip_prefix("are ").map_or("place", |what| what.split(" on the").next().unwrap());
            format!("{who}: {what}")
        });
        let mut told: Vec<String> = told.collect();
        *taken = sent.len();
        told.sort();
        told
    }
}

/// Keeps the text messages.
#[derive(Default)]
pub struct Texts(Mutex<Vec<String>>);

#[async_trait]
impl SmsSender for Texts {
    async fn send(&self, sms: &Sms) -> Result<(), SendError> {
        self.0.lock().unwrap().push(sms.body.clone());
        Ok(())
    }
}

impl Texts {
    pub fn sent(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// Agrees when it is asked, and keeps the events.
#[derive(Default)]
pub struct Webhooks(Mutex<Vec<Value>>);

#[async_trait]
impl WebhookCaller for Webhooks {
    async fn call(&self, call: &WebhookCall) -> Result<(), SendError> {
        self.0.lock().unwrap().push(serde_json::from_str(&call.body).unwrap());
        Ok(())
    }

    async fn request_opt_in(&self, _: &ContactId, _: &Url, _: &str) -> Result<Option<OptIn>, SendError> {
        Ok(Some(OptIn::Confirmed(Scope::All)))
    }
}

impl Webhooks {
    pub fn sent(&self) -> Vec<Value> {
        self.0.lock().unwrap().clone()
    }
}

pub fn secret() -> Secret {
    Secret::new("correct-horse-battery").unwrap()
}

pub fn email(name: &str) -> Contact {
    Contact::email(&format!("{name}@mail.example")).unwrap()
}

/// A dinner with a limit, and the program that sends its messages.
pub struct Dinner {
    pub sqlite: Sqlite,
    pub sender: NotificationSender,
    pub mails: Arc<Mails>,
    pub start: Timestamp,
    position: Position,
    _folder: tempfile::TempDir,
}

impl Dinner {
    pub async fn new(places: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(folder.path()).unwrap();
        let (ports, mails) = (Arc::new(sqlite.clone()), Arc::new(Mails::default()));
        let sender = NotificationSender {
            texts: MessageTexts::new(Language::English, 10),
            links: Links { public_url: "https://signup.example.org".parse().unwrap(), token_secret: secret() },
            contact_secret: secret(),
            contacts: ports.clone(),
            budgets: ports,
            limits: Limits { opt_ins_per_hour: 100, sms: None },
            opt_ins_in_flight: OptInsInFlight::default(),
            metrics: Arc::new(PrometheusMetrics::new()),
            mailer: Some(mails.clone()),
            webhook_caller: None,
            sms_sender: None,
            broadcaster: None,
        };
        let content = Content {
            capacity: Some(Capacity::try_from(places).unwrap()),
            ..Content::titled(Title::parse("Dinner").unwrap())
        };
        let (now, position) = (Timestamp::now(), Position::Start);
        let details = EventDetails::new(EventId::parse("Dinner").unwrap(), content, now);
        assert_eq!(sqlite.create_event(&details, now).await.unwrap(), Write::Stored);
        Self { sqlite, sender, mails, start: now, position, _folder: folder }
    }

    pub fn event(&self) -> EventId {
        EventId::parse("Dinner").unwrap()
    }

    /// Signs somebody up with an address whose owner has agreed to messages.
    pub async fn signs_up(&mut self, name: &str) {
        self.signs_up_with(name, email(name)).await;
    }

    pub async fn signs_up_with(&mut self, name: &str, contact: Contact) {
        let id = ContactId::of(&contact, &self.sender.contact_secret);
        if self.sqlite.opt_in(&id).await.unwrap().is_none() {
            let all = OptIn::Confirmed(Scope::All);
            assert_eq!(self.sqlite.set_opt_in(&id, None, all).await.unwrap(), Write::Stored);
        }
        self.applies(name, Some(contact)).await;
    }

    pub async fn applies(&mut self, name: &str, contact: Option<Contact>) {
        self.asks(name, Request::trusted_sign_up(contact)).await;
    }

    /// Applies a request, and takes in what it changes.
    pub async fn asks(&mut self, name: &str, request: Request) {
        let signup = Signup {
            version: Version::now(),
            event: Event::parse("Dinner").unwrap(),
            name: AttendeeName::parse(name).unwrap(),
            channel: Channel::Queue,
            network: None,
            request,
        };
        let signups = vec![AttendeeSignups { key: signup.key(), signups: vec![signup] }];
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        assert!(self.sqlite.apply(signups, self.start, deadline).await[0].is_ok());
        let page = self.sqlite.changes(&self.position, 100).await.unwrap();
        self.position = page.last().unwrap().0.clone();
        let changes = page.into_iter().map(|(_, change)| change).collect();
        let ports = EventPorts::of(&self.sqlite, &self.sender.contact_secret);
        take_in(changes, ports, &BackoffPolicy::default(), self.start).await.unwrap();
    }

    pub async fn registration(&self, name: &str) -> RegistrationKey {
        let key = Signup {
            version: Version::now(),
            event: Event::parse("Dinner").unwrap(),
            name: AttendeeName::parse(name).unwrap(),
            channel: Channel::Queue,
            network: None,
            request: Request::Cancel,
        }
        .key();
        let attendee = self.sqlite.attendee(&key).await.unwrap().unwrap();
        RegistrationKey { attendee: key, owner: attendee.registration().unwrap().owner.clone() }
    }

    /// Puts the message to somebody into the outbox once more, as a queue that delivers at least once does.
    pub async fn repeats_message_to(&self, name: &str) {
        let message = OutboxMessage::SeatNews(self.registration(name).await);
        self.sqlite.put(vec![message], self.start).await.unwrap();
    }

    /// Sends what is due this many seconds after the start. Returns what was told, sorted.
    pub async fn told(&self, seconds: u64) -> Vec<String> {
        let clock = || self.start.plus(Duration::from_secs(seconds));
        let digests = DigestSender::of(&self.sqlite, &self.sender, CLAIM_DURATION, &clock);
        let sender = MessageSender { digests, seats: &self.sqlite, sender: &self.sender };
        let outbox = OutboxSender {
            outbox: &self.sqlite,
            lane: Lane::Direct,
            sender: &sender,
            metrics: &PrometheusMetrics::new(),
            clock: &clock,
            is_stopping: &|| false,
        };
        outbox.send_due(&|| Box::pin(std::future::pending())).await.unwrap();
        self.mails.take()
    }
}
