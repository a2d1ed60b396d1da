//! A stage of its own for each test: a table on MiniStack, and a proxy before it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use countmein::adapters::dynamodb::EventsTable;
use countmein::adapters::s3;
use countmein::adapters::sqs::Sqs;
use countmein::domain::change::{Change, Movement};
use countmein::domain::contact::Contact;
use countmein::domain::contact_id::ContactId;
use countmein::domain::event::EventId;
use countmein::domain::opt_in::{OptIn, Scope};
use countmein::domain::secret::Secret;
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{
    ChangeFeed as _, Contacts as _, DamagedChange, Delivery, Digests as _, Position, Queue as _, RejectedMessage,
    RejectedMessages as _, Roster as _, Write,
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use url::Url;

use crate::support::ministack::stream::TableStream;
use crate::support::ministack::texts::texts;
use crate::support::ministack::{self, Account};
use crate::support::runtime_api::proxy::{Proxy, Verdict};
use crate::support::runtime_api::{Function, events};

pub const TABLE: &str = "Events";

const EXPORTS: &str = "exports";

/// The ARN of the dead-letter queue.
pub const DEAD_LETTERS: &str = "arn:aws:sqs:us-east-1:000000000000:DeadLetters";

/// The organiser's key of the stage.
pub const ORGANISER_KEY: &str = "the organiser's key of this stage";

/// The names of the stage's secrets.
const ORGANISER_SECRET: &str = "organiser";
const TOKEN_SECRET: &str = "token";
const CONTACT_SECRET: &str = "contact";

/// The key of the hashes that identify contacts.
pub const CONTACT_KEY: &str = "the secret that tells addresses apart";

pub struct World {
    pub proxy: Proxy,
    pub config: SdkConfig,
    pub table: EventsTable,
    account: Account,
    runtime: Runtime,
    /// Its URL.
    queue: String,
    pub(super) outbox: String,
    pub(super) outbox_dead_letters: String,
}

impl World {
    pub fn new() -> Self {
        let account = Account::new();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let config = account.config();
        let table = EventsTable::new(&config, TABLE);
        runtime.block_on(table.ensure()).unwrap();
        let (queue, _) = runtime.block_on(ministack::queues(&config, Duration::from_secs(30)));
        let outbox = ministack::queues_named(&config, ("Outbox", "OutboxDeadLetters"), Duration::from_secs(30));
        let (outbox, outbox_dead_letters) = runtime.block_on(outbox);
        for (name, value) in [
            (ORGANISER_SECRET, ORGANISER_KEY),
            (TOKEN_SECRET, "the first secret behind the links"),
            (CONTACT_SECRET, CONTACT_KEY),
        ] {
            let make = secrets(&config).create_secret().name(name).secret_string(value);
            runtime.block_on(make.send()).unwrap();
        }
        runtime.block_on(sns(&config).create_topic().name("announcements").send()).unwrap();
        let endpoint = Url::parse(&account.endpoint).unwrap().socket_addrs(|| None).unwrap()[0];
        Self { proxy: Proxy::before(endpoint), config, table, account, runtime, queue, outbox, outbox_dead_letters }
    }

    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Forwards all calls, and does this before the call with this number gets to its endpoint.
    pub fn before_call(&self, number: usize, work: impl Future<Output = ()> + Send + 'static) {
        let (runtime, work) = (self.runtime.handle().clone(), Mutex::new(Some(work)));
        self.proxy.judge(move |call| {
            if call.number == number {
                runtime.block_on(work.lock().unwrap().take().expect("one call has this number"));
            }
            Verdict::Forward
        });
    }

    /// What the template gives every function.
    pub fn environment(&self) -> Vec<(String, String)> {
        let variables = [
            ("AWS_ENDPOINT_URL", self.proxy.url()),
            ("AWS_ACCESS_KEY_ID", self.account.id.clone()),
            ("COUNTMEIN_TABLE", TABLE.to_owned()),
            ("COUNTMEIN_STAGE", "testing".to_owned()),
            ("COUNTMEIN_DEAD_LETTER_QUEUE_ARN", DEAD_LETTERS.to_owned()),
            ("COUNTMEIN_QUEUE_URL", self.queue.clone()),
            ("COUNTMEIN_OUTBOX_URL", self.outbox.clone()),
            ("COUNTMEIN_OUTBOX_DEAD_LETTERS_URL", self.outbox_dead_letters.clone()),
            ("COUNTMEIN_EXPORTS_BUCKET", EXPORTS.to_owned()),
            ("COUNTMEIN_RETRY_INITIAL", "1".to_owned()),
        ];
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Creates the bucket for large exports.
    pub fn create_exports_bucket(&self) {
        let create = s3::client(&self.config).create_bucket().bucket(EXPORTS);
        self.wait(create.send()).unwrap();
    }

    /// Receives this many messages from the queue.
    pub fn receive(&self, count: usize) -> Vec<Delivery> {
        let queue = Sqs::new(&self.config, &self.queue);
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut received = Vec::new();
        while received.len() < count {
            assert!(Instant::now() < deadline, "only {received:?}");
            received.extend(self.wait(queue.receive(count)).unwrap());
        }
        received
    }

    pub fn ingest(&self) -> Function {
        Function::start(Path::new(env!("CARGO_BIN_EXE_ingest")), &self.environment())
    }

    pub fn fanout(&self) -> Function {
        self.fanout_with(&[])
    }

    pub fn fanout_with(&self, more: &[(&str, &str)]) -> Function {
        let mut environment = self.environment();
        let more = [("COUNTMEIN_CONTACT_SECRET", CONTACT_SECRET)].iter().chain(more);
        environment.extend(more.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Function::start(Path::new(env!("CARGO_BIN_EXE_fanout")), &environment)
    }

    pub fn deliver_with(&self, more: &[(&str, &str)]) -> Function {
        let mut environment = self.environment_of_deliver();
        environment.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Function::start(Path::new(env!("CARGO_BIN_EXE_deliver")), &environment)
    }

    pub fn environment_of_deliver(&self) -> Vec<(String, String)> {
        let mut environment = self.environment();
        let variables = [
            ("COUNTMEIN_TOKEN_SECRET", TOKEN_SECRET.to_owned()),
            ("COUNTMEIN_CONTACT_SECRET", CONTACT_SECRET.to_owned()),
            ("COUNTMEIN_PUBLIC_URL", "https://signup.example.org".to_owned()),
            ("COUNTMEIN_ANNOUNCEMENTS_TOPIC", self.topic("announcements")),
            ("COUNTMEIN_CONTACT_TOPICS", self.topic("contact-")),
        ];
        environment.extend(variables.map(|(name, value)| (name.to_owned(), value)));
        environment
    }

    fn topic(&self, name: &str) -> String {
        format!("arn:aws:sns:{}:{}:{name}", ministack::REGION, self.account.id)
    }

    /// Puts an item into the table, given as DynamoDB's JSON.
    pub fn put(&self, item: &Value) {
        let client = aws_sdk_dynamodb::Client::new(&self.config);
        let attribute = |value: &Value| match value.as_object().and_then(|value| value.iter().next()) {
            Some((kind, text)) if kind == "S" => AttributeValue::S(text.as_str().unwrap().to_owned()),
            Some((kind, number)) if kind == "N" => AttributeValue::N(number.as_str().unwrap().to_owned()),
            Some((kind, on)) if kind == "BOOL" => AttributeValue::Bool(on.as_bool().unwrap()),
            Some((kind, map)) if kind == "M" => {
                let map = map.as_object().unwrap().iter();
                AttributeValue::M(
                    map.map(|(name, value)| (name.clone(), AttributeValue::S(value["S"].as_str().unwrap().to_owned())))
                        .collect(),
                )
            }
            other => panic!("an attribute {other:?}?"),
        };
        let item = item.as_object().unwrap().iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
        self.wait(client.put_item().table_name(TABLE).set_item(Some(item)).send()).unwrap();
    }

    /// Makes every event due, as if all backoff had passed.
    pub fn end_backoff(&self, event: &str) {
        let event = EventId::parse(event).unwrap();
        let mut digest = self.wait(self.table.digest(&event)).unwrap().expect("the event has a digest");
        let now = Timestamp::now();
        digest.backoff = None;
        digest.pending.iter_mut().for_each(|pending| pending.due_at = now);
        assert_eq!(self.wait(self.table.store(&digest)).unwrap(), Write::Stored);
    }

    /// Confirms a contact for all registrations.
    pub fn has_opted_in(&self, contact: &Contact) {
        self.set_opt_in(contact, OptIn::Confirmed(Scope::All));
    }

    /// Confirms a contact for confirmed registrations.
    pub fn has_confirmed_a_registration(&self, contact: &Contact) {
        self.set_opt_in(contact, OptIn::Confirmed(Scope::ConfirmedRegistrations));
    }

    fn set_opt_in(&self, contact: &Contact, opt_in: OptIn) {
        let id = ContactId::of(contact, &Secret::new(CONTACT_KEY).unwrap());
        let before = self.wait(self.table.opt_in(&id)).unwrap();
        assert_eq!(self.wait(self.table.set_opt_in(&id, before, opt_in)).unwrap(), Write::Stored);
    }

    /// The text messages to a phone.
    pub fn texts(&self, number: &str) -> Vec<String> {
        texts(&self.account, number)
    }

    pub fn queue_url(&self) -> &str {
        &self.queue
    }

    pub fn api(&self) -> Function {
        self.api_with(&[])
    }

    pub fn api_with(&self, more: &[(&str, &str)]) -> Function {
        let mut environment = self.environment_of_api();
        environment.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Function::start(Path::new(env!("CARGO_BIN_EXE_api")), &environment)
    }

    pub fn environment_of_api(&self) -> Vec<(String, String)> {
        let mut environment = self.environment();
        let variables = [
            ("COUNTMEIN_QUEUE_URL", self.queue.clone()),
            ("COUNTMEIN_RETRY_INITIAL", "1".to_owned()),
            ("COUNTMEIN_ORGANISER_SECRET", ORGANISER_SECRET.to_owned()),
            ("COUNTMEIN_CONTACT_SECRET", CONTACT_SECRET.to_owned()),
            ("COUNTMEIN_TOKEN_SECRET", TOKEN_SECRET.to_owned()),
        ];
        environment.extend(variables.map(|(name, value)| (name.to_owned(), value)));
        environment
    }

    /// Makes a new version of the secret, as a rotation does.
    pub fn rotate_the_token_secret(&self, value: &str) {
        let put = secrets(&self.config).put_secret_value().secret_id(TOKEN_SECRET).secret_string(value);
        self.wait(put.send()).unwrap();
    }

    /// The messages on the queue.
    pub fn messages(&self) -> Vec<Value> {
        let queue = Sqs::new(&self.config, &self.queue);
        let messages = self.wait(queue.receive(10)).unwrap();
        messages.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
    }

    /// The display names on the roster, in order.
    pub fn who_is_in(&self, event: &str) -> Vec<String> {
        let roster = self.wait(self.table.roster(&EventId::parse(event).unwrap(), 1_000, None)).unwrap();
        roster.attendees.iter().map(|attendee| attendee.name.to_string()).collect()
    }

    pub fn rejects(&self) -> Vec<RejectedMessage> {
        self.wait(self.table.list(1_000, None)).unwrap()
    }

    /// The joins and leaves of an event in the table's stream.
    pub fn movements(&self, event: &str) -> Vec<(Movement, String)> {
        let changes: Vec<Change> = self.changes().into_iter().map(Result::unwrap).collect();
        let changes = changes.iter().filter(|change| change.event().as_str() == event);
        let movements = changes.filter_map(|change| change.attendee()?.movement());
        movements.map(|(movement, attendee)| (movement, attendee.name.to_string())).collect()
    }

    /// All changes in the table's stream.
    pub fn changes(&self) -> Vec<Result<Change, DamagedChange>> {
        let stream = TableStream::of(&self.account, TABLE);
        let changes = self.wait(stream.changes(&Position::Start, 100_000)).unwrap();
        changes.into_iter().map(|(_, change)| change).collect()
    }

    /// The account's number, which is also its access key.
    pub fn account_id(&self) -> &str {
        &self.account.id
    }

    /// The items of a partition.
    pub fn items(&self, event: &str) -> Vec<HashMap<String, AttributeValue>> {
        let query = aws_sdk_dynamodb::Client::new(&self.config).query().table_name(TABLE).consistent_read(true);
        let query = query.key_condition_expression("event = :event");
        let query = query.expression_attribute_values(":event", AttributeValue::S(event.to_owned()));
        self.wait(query.send()).unwrap().items.unwrap()
    }
}

fn sns(config: &SdkConfig) -> aws_sdk_sns::Client {
    aws_sdk_sns::Client::new(config)
}

fn secrets(config: &SdkConfig) -> aws_sdk_secretsmanager::Client {
    aws_sdk_secretsmanager::Client::new(config)
}

/// A message that signs somebody up for the dance with a contact.
pub fn guest(number: usize) -> Value {
    guest_of("Dance", number)
}

pub fn guest_of(event: &str, number: usize) -> Value {
    let contact = json!({ "email": format!("somebody-{number}@mail.example.org") });
    let body = json!({ "event": event, "name": format!("Guest {number:03}"), "contact": contact });
    events::message(&format!("message-{event}-{number}"), &body)
}

/// The message ids of the batch item failures in an answer of `ingest` or `deliver`.
pub fn failures(response: &Value) -> Vec<&str> {
    let failures = response["batchItemFailures"].as_array().expect("it answers as SQS wants it");
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap()).collect()
}
