//! Opt-in requests and links wait in the outbox until they are sent.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use countmein::adapters::sqlite::DATABASE;
use countmein::domain::limit::Limit;
use countmein::domain::outbox_message::{DigestDelivery, DigestRecipient, MessageKind, OutboxMessage};
use countmein::domain::registration::RegistrationKey;
use countmein::notify::{CLAIM_DURATION, DigestSender, MessageSender, OutboxSender, SendMessage, SmsLimits};
use countmein::ports::{
    AttendeeSignups, Contacts, Deletion, Deletions as _, IngestCounts, Lane, LastAttempt, MessageOutcome, Meter,
    Outbox as _, OutboxTable as _, Retry, Roster as _, Sms, SmsSender,
};

use super::*;

type Failure = fn(Unavailable) -> SendError;

/// A mail server whose behaviour changes.
#[derive(Default)]
struct MailServer {
    offered: AtomicUsize,
    fails: Mutex<Option<Failure>>,
    hangs: AtomicBool,
    is_slow: AtomicBool,
}

#[async_trait]
impl Mailer for MailServer {
    async fn send(&self, _: &Mail) -> Result<(), SendError> {
        self.offered.fetch_add(1, Ordering::SeqCst);
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.is_slow.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let unavailable = Unavailable { doing: "sending mail", cause: "451 try again later".to_owned() };
        self.fails.lock().unwrap().map_or(Ok(()), |fails| Err(fails(unavailable)))
    }
}

impl MailServer {
    fn offered(&self) -> usize {
        self.offered.load(Ordering::SeqCst)
    }

    fn fails_with(&self, failure: Option<Failure>) {
        *self.fails.lock().unwrap() = failure;
    }
}

/// The number of attempts, by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attempts {
    pub finished: u64,
    deferred: u64,
    rejected: u64,
    expired: u64,
}

/// Counts attempts.
#[derive(Default)]
struct Counter(Mutex<Attempts>);

impl Meter for Counter {
    fn attempted(&self, outcomes: &[(MessageKind, MessageOutcome)]) {
        let mut attempts = self.0.lock().unwrap();
        for (_, outcome) in outcomes {
            match outcome {
                MessageOutcome::Delivered => panic!("no message is a digest"),
                MessageOutcome::Finished => attempts.finished += 1,
                MessageOutcome::Deferred => attempts.deferred += 1,
                MessageOutcome::Rejected => attempts.rejected += 1,
                MessageOutcome::Expired => attempts.expired += 1,
            }
        }
    }

    fn accepted(&self, _: Channel, _: u32) {}
    fn ingested(&self, _: &IngestCounts) {}
    fn parked(&self, _: u64) {}
    fn suppressed(&self, _: Limit) {}
    fn checkpoint_failed(&self) {}
    fn answered(&self, _: &str, _: &str, _: u16, _: Duration) {}
}

fn secret() -> Secret {
    Secret::new("correct-horse-battery").unwrap()
}

/// A program whose clock is set by hand.
pub struct Program {
    sqlite: Sqlite,
    sender: NotificationSender,
    mail: Arc<MailServer>,
    start: Timestamp,
    folder: tempfile::TempDir,
}

impl Program {
    fn new() -> Self {
        Self::with_limit(100)
    }

    pub fn with_limit(opt_ins_per_hour: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(folder.path()).unwrap();
        let mail = Arc::new(MailServer::default());
        let counting = Arc::new(Counting { mails: AtomicUsize::new(0), takes: Duration::ZERO, fails: None });
        let limits = Limits { opt_ins_per_hour, sms: None };
        let sender = NotificationSender { mailer: Some(mail.clone()), limits, ..sender(&sqlite, &counting) };
        // The beginning of an hour, in which the limits begin anew.
        // The limits of a day end at midnight (UTC).
        let start = Timestamp::from_millis(Timestamp::now().as_millis() / 86_400_000 * 86_400_000).unwrap();
        Self { sqlite, sender, mail, start, folder }
    }

    pub fn at(&self, seconds: u64) -> Timestamp {
        self.start.plus(Duration::from_secs(seconds))
    }

    async fn applies(&self, name: &str, request: Request) -> RegistrationKey {
        let signup = Signup {
            version: Version::now(),
            event: Event::parse("Dance").unwrap(),
            name: AttendeeName::parse(name).unwrap(),
            channel: Channel::Http,
            network: None,
            request,
        };
        self.applies_signup(signup).await
    }

    pub async fn applies_signup(&self, signup: Signup) -> RegistrationKey {
        let attendee = signup.key();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        let signups = AttendeeSignups { key: attendee.clone(), signups: vec![signup.clone()] };
        assert!(self.sqlite.apply(vec![signups], self.start, deadline).await[0].is_ok());
        RegistrationKey { attendee, owner: signup.version.id }
    }

    /// Signs somebody up, and puts the opt-in request to the address into the outbox.
    async fn signs_up(&self, name: &str, email: &str) -> RegistrationKey {
        let registration = self.applies(name, Request::sign_up(Some(Contact::email(email).unwrap()))).await;
        self.puts(OutboxMessage::OptInRequest, &registration).await;
        registration
    }

    async fn puts(&self, message: fn(RegistrationKey) -> OutboxMessage, registration: &RegistrationKey) {
        self.puts_at(message, registration, 0).await;
    }

    pub async fn puts_at(&self, message: fn(RegistrationKey) -> OutboxMessage, of: &RegistrationKey, seconds: u64) {
        self.sqlite.put(vec![message(of.clone())], self.at(seconds)).await.unwrap();
    }

    pub fn mail_offered(&self) -> usize {
        self.mail.offered()
    }

    async fn confirms(&self, contact: &Contact) {
        let id = ContactId::of(contact, &secret());
        let all = OptIn::Confirmed(Scope::All);
        assert_eq!(self.sqlite.set_opt_in(&id, None, all).await.unwrap(), Write::Stored);
    }

    /// Sends what is due this many seconds after the start.
    pub async fn sends(&self, seconds: u64) -> Attempts {
        self.sends_in(Lane::Direct, seconds).await
    }

    async fn sends_in(&self, lane: Lane, seconds: u64) -> Attempts {
        let clock = || self.at(seconds);
        let digests = DigestSender::of(&self.sqlite, &self.sender, CLAIM_DURATION, &clock);
        let attempts = Counter::default();
        self.sends_through(
            &MessageSender { digests, seats: &self.sqlite, sender: &self.sender },
            &attempts,
            lane,
            seconds,
        )
        .await;
        attempts.0.into_inner().unwrap()
    }

    /// Sends what is due with this sender.
    pub async fn sends_with(&self, sender: &dyn SendMessage, seconds: u64) {
        self.sends_through(sender, &PrometheusMetrics::new(), Lane::Direct, seconds).await;
    }

    async fn sends_through(&self, sender: &dyn SendMessage, metrics: &dyn Meter, lane: Lane, seconds: u64) {
        let clock = || self.at(seconds);
        let outbox =
            OutboxSender { outbox: &self.sqlite, lane, sender, metrics, clock: &clock, is_stopping: &|| false };
        outbox.send_due(&|| Box::pin(std::future::pending())).await.unwrap();
    }

    pub fn sqlite(&self) -> &Sqlite {
        &self.sqlite
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join(DATABASE)
    }
}

const FINISHED: Attempts = Attempts { finished: 1, deferred: 0, rejected: 0, expired: 0 };
const DEFERRED: Attempts = Attempts { finished: 0, deferred: 1, rejected: 0, expired: 0 };
const NOTHING: Attempts = Attempts { finished: 0, deferred: 0, rejected: 0, expired: 0 };

#[tokio::test]
async fn refused_opt_in_request_is_tried_again_until_it_is_sent() {
    let program = Program::new();
    program.signs_up("Ana", "ana@mail.example").await;
    program.mail.fails_with(Some(SendError::NotSent));
    for (seconds, sent) in [(0, DEFERRED), (29, NOTHING), (30, DEFERRED), (89, NOTHING), (90, DEFERRED)] {
        assert_eq!(program.sends(seconds).await, sent, "after {seconds} seconds");
    }
    program.mail.fails_with(None);
    assert_eq!((program.sends(209).await, program.sends(210).await), (NOTHING, FINISHED));
    assert_eq!(program.mail.offered(), 4);
    assert_eq!(program.sends(100_000).await, NOTHING, "it is sent once");
}

#[tokio::test]
async fn uncertain_opt_in_request_is_not_sent_again() {
    let program = Program::new();
    program.signs_up("Ana", "ana@mail.example").await;
    program.mail.fails_with(Some(SendError::Unavailable));
    assert_eq!((program.sends(0).await, program.sends(30).await), (DEFERRED, FINISHED));
    assert_eq!(program.mail.offered(), 1);
}

#[tokio::test]
async fn rejected_opt_in_request_is_not_tried_again() {
    let program = Program::new();
    program.signs_up("Ana", "ana@mail.example").await;
    program.mail.fails_with(Some(|unavailable| SendError::Rejected(unavailable.cause)));
    assert_eq!((program.sends(0).await, program.sends(100_000).await), (FINISHED, NOTHING));
    assert_eq!(program.mail.offered(), 1);
}

#[tokio::test]
async fn message_is_dropped_after_a_day() {
    let program = Program::new();
    program.signs_up("Ana", "ana@mail.example").await;
    program.mail.fails_with(Some(SendError::NotSent));
    let day = 24 * 60 * 60;
    assert_eq!((program.sends(0).await, program.sends(day - 1).await), (DEFERRED, DEFERRED));
    assert_eq!(program.sends(day + 59).await, Attempts { expired: 1, ..NOTHING });
    assert_eq!(program.sends(2 * day).await, NOTHING);
}

#[tokio::test]
async fn request_that_a_limit_holds_back_is_sent_when_the_limit_allows() {
    let program = Program::with_limit(1);
    for name in ["Ana", "Ben", "Cleo"] {
        program.signs_up(name, &format!("{name}@mail.example")).await;
    }
    assert_eq!(program.sends(0).await, Attempts { finished: 1, deferred: 2, ..NOTHING });
    let mut offered = Vec::new();
    for quarter in 1..=12 {
        program.sends(quarter * 15 * 60).await;
        offered.push(program.mail.offered());
    }
    assert_eq!(offered, [1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3]);
    // The 48 hours begin when the request is sent.
    let mut requested_at = Vec::new();
    for name in ["Ana", "Ben", "Cleo"] {
        let contact = ContactId::of(&Contact::email(&format!("{name}@mail.example")).unwrap(), &secret());
        match program.sqlite.opt_in(&contact).await.unwrap() {
            Some(OptIn::Pending { at }) => requested_at.push(at),
            other => panic!("{name}: {other:?}"),
        }
    }
    requested_at.sort_unstable();
    assert_eq!(requested_at, [0, 4, 8].map(|quarter| program.at(quarter * 15 * 60)));
}

#[tokio::test]
async fn refused_request_costs_nothing() {
    let program = Program::with_limit(1);
    further::confirmed(&program.sqlite, "ben@mail.example").await;
    program.signs_up("Ana", "ana@mail.example").await;
    program.signs_up("Ben", "ben@mail.example").await;
    program.mail.fails_with(Some(SendError::NotSent));
    for seconds in [0, 30, 90, 210, 450, 930, 1_830] {
        assert_eq!(program.sends(seconds).await, Attempts { deferred: 2, ..NOTHING }, "after {seconds} seconds");
    }
    let usage = program.sender.limits.opt_in_usage(&program.sqlite, program.at(1_830)).await.unwrap();
    assert_eq!(usage.spent, 0);
    program.mail.fails_with(None);
    assert_eq!(program.sends(2_730).await, Attempts { finished: 1, deferred: 1, ..NOTHING }, "one an hour");
}

#[tokio::test]
async fn interrupted_attempt_is_repeated() {
    let program = Program::new();
    program.mail.hangs.store(true, Ordering::SeqCst);
    for confirmed_before in [false, true] {
        let address = format!("ana-{confirmed_before}@mail.example");
        if confirmed_before {
            further::confirmed(&program.sqlite, &address).await;
        }
        program.signs_up(&address, &address).await;
    }
    let interrupted = tokio::time::timeout(Duration::from_millis(200), program.sends(0)).await;
    assert!(interrupted.is_err(), "the program stops while it waits for the mail server");
    assert_eq!(program.mail.offered(), 2);
    program.mail.hangs.store(false, Ordering::SeqCst);
    assert_eq!(program.sends(119).await, NOTHING, "another process may still be at it");
    program.sqlite.end_claims(program.at(119)).await.unwrap();

    assert_eq!(program.sends(119).await, Attempts { finished: 2, ..NOTHING });
    assert_eq!(program.mail.offered(), 4);
    assert_eq!(program.sends(1_000).await, NOTHING);
}

#[tokio::test]
async fn refused_link_costs_nothing_and_is_tried_again() {
    let program = Program::new();
    let ana = program.applies("Ana", Request::sign_up(Some(Contact::email("ana@mail.example").unwrap()))).await;
    program.confirms(&Contact::email("ana@mail.example").unwrap()).await;
    program.puts(OutboxMessage::ManageLink, &ana).await;
    program.mail.fails_with(Some(SendError::NotSent));
    for attempt in 0..10 {
        assert_eq!(program.sends(attempt * 900).await, DEFERRED);
    }
    program.mail.fails_with(None);
    assert_eq!(program.sends(9_000).await, FINISHED);
    assert_eq!(program.mail.offered(), 11);
}

#[tokio::test]
async fn nothing_is_sent_about_a_registration_that_has_ended() {
    let program = Program::new();
    program.signs_up("Ana", "ana@mail.example").await;
    program.applies("Ana", Request::Cancel).await;
    assert_eq!((program.sends(0).await, program.sends(1_000).await), (FINISHED, NOTHING));
    assert_eq!(program.mail.offered(), 0);
}

#[tokio::test]
async fn message_that_is_being_sent_is_not_retried_by_hand() {
    let program = Program::new();
    let ana = program.signs_up("Ana", "ana@example.org").await;
    program.puts(OutboxMessage::OptInRequest, &ana).await;
    let retry = async |seconds| program.sqlite.retry("1", program.at(seconds)).await.unwrap();
    assert_eq!(retry(0).await, Retry::Due);
    let claimed = program.sqlite.claim(Lane::Direct, 10, program.at(0), program.at(300)).await.unwrap();
    assert_eq!(retry(1).await, Retry::Attempted);
    let reason = "451 try again later";
    program.sqlite.defer(&claimed[0], program.at(900), LastAttempt::Resolved, reason).await.unwrap();
    let waiting = program.sqlite.waiting(10, None).await.unwrap();
    assert_eq!((waiting[0].due_at, waiting[0].last_failure.as_deref()), (program.at(900), Some(reason)));
    assert_eq!(program.sqlite.waiting(10, Some("1")).await.unwrap(), []);
    assert_eq!(retry(2).await, Retry::Due);
    assert_eq!(program.sqlite.claim(Lane::Direct, 10, program.at(2), program.at(300)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn claimed_message_is_given_to_nobody_else_and_can_begin_anew() {
    let program = Program::new();
    let ana = program.signs_up("Ana", "ana@mail.example").await;
    program.puts(OutboxMessage::OptInRequest, &ana).await;
    let claim = async |seconds, until| {
        program.sqlite.claim(Lane::Direct, 10, program.at(seconds), program.at(until)).await.unwrap()
    };
    let first = claim(0, 60).await;
    assert_eq!(first.len(), 1, "a repeated message is one");
    assert_eq!((first[0].attempts, first[0].unresolved_since), (1, None));
    assert_eq!(claim(59, 119).await, []);
    let second = claim(60, 120).await;
    assert_eq!((second[0].attempts, second[0].unresolved_since), (2, Some(program.at(0))));
    let third = claim(120, 180).await;
    assert_eq!((third[0].attempts, third[0].unresolved_since), (3, Some(program.at(0))));
    let second = third;
    program.sqlite.finish(&first[0]).await.unwrap();
    // The contact changes while a request to the old one is sent.
    program.puts(OutboxMessage::OptInRequest, &ana).await;
    program.sqlite.finish(&second[0]).await.unwrap();
    program.sqlite.defer(&second[0], program.at(1_000), LastAttempt::Resolved, "refused").await.unwrap();
    let anew = claim(120, 180).await;
    assert_eq!((anew[0].attempts, anew[0].unresolved_since), (1, None));
    program.sqlite.release(&anew[0]).await.unwrap();
    let released = claim(120, 180).await;
    assert_eq!((released[0].attempts, released[0].unresolved_since), (1, None));
    program.sqlite.finish(&released[0]).await.unwrap();
    assert_eq!(claim(10_000, 10_060).await, []);
}

#[tokio::test]
async fn removals_and_deletions_clear_the_outbox() {
    let program = Program::new();
    let (ana, ben) =
        (program.signs_up("Ana", "ana@mail.example").await, program.signs_up("Ben", "ben@mail.example").await);
    let waiting = async || {
        let entries = program.sqlite.claim(Lane::Direct, 10, program.at(0), program.at(0)).await.unwrap();
        entries.into_iter().map(|entry| entry.message).collect::<Vec<_>>()
    };
    assert_eq!(waiting().await, [&ana, &ben].map(|registration| OutboxMessage::OptInRequest(registration.clone())));
    program.sqlite.remove(&ana.attendee.name, None, program.at(1)).await.unwrap();
    assert_eq!(waiting().await, [OutboxMessage::OptInRequest(ben.clone())]);
    program.sqlite.delete_event_state(&ben.attendee.event, program.at(1)).await.unwrap();
    assert_eq!(waiting().await, []);
}

/// Stops the program while it waits for the mail server, and starts it again.
async fn interrupt(program: &Program) {
    program.mail.hangs.store(true, Ordering::SeqCst);
    assert!(tokio::time::timeout(Duration::from_millis(200), program.sends(0)).await.is_err());
    program.mail.hangs.store(false, Ordering::SeqCst);
    program.sqlite.end_claims(program.at(1)).await.unwrap();
}

#[tokio::test]
async fn interrupted_attempt_is_repeated_after_a_refusal() {
    let program = Program::new();
    program.signs_up("Ana", "ana@mail.example").await;
    interrupt(&program).await;
    program.mail.fails_with(Some(SendError::NotSent));
    assert_eq!(program.sends(10).await, DEFERRED);
    program.mail.fails_with(None);
    assert_eq!((program.sends(1_000).await, program.mail.offered()), (FINISHED, 3));
}

#[tokio::test]
async fn interrupted_attempt_is_repeated_after_a_limit() {
    let program = Program::with_limit(1);
    program.signs_up("Ana", "ana@mail.example").await;
    interrupt(&program).await;
    assert_eq!(program.sends(10).await, DEFERRED, "the interrupted attempt counts");
    assert_eq!((program.sends(3_700).await, program.mail.offered()), (FINISHED, 2));
}

#[tokio::test]
async fn attempt_that_is_interrupted_twice_is_repeated() {
    let program = Program::new();
    program.signs_up("Ana", "ana@mail.example").await;
    interrupt(&program).await;
    program.sqlite.claim(Lane::Direct, 10, program.at(10), program.at(130)).await.unwrap();
    program.sqlite.end_claims(program.at(10)).await.unwrap();
    assert_eq!((program.sends(20).await, program.mail.offered()), (FINISHED, 2));
}

/// Fails at the second write.
struct FailingContacts {
    sqlite: Sqlite,
    writes: AtomicUsize,
}

#[async_trait]
impl Contacts for FailingContacts {
    async fn opt_in(&self, contact: &ContactId) -> Result<Option<OptIn>, Unavailable> {
        self.sqlite.opt_in(contact).await
    }

    async fn set_opt_in(&self, id: &ContactId, expected: Option<OptIn>, new: OptIn) -> Result<Write, Unavailable> {
        if self.writes.fetch_add(1, Ordering::SeqCst) == 1 {
            return Err(Unavailable { doing: "storing an opt-in", cause: "disk full".to_owned() });
        }
        self.sqlite.set_opt_in(id, expected, new).await
    }

    async fn delete_opt_in(&self, contact: &ContactId) -> Result<Deletion, Unavailable> {
        self.sqlite.delete_opt_in(contact).await
    }
}

#[tokio::test]
async fn request_is_sent_after_a_failed_write() {
    let mut program = Program::new();
    program.sender.contacts = Arc::new(FailingContacts { sqlite: program.sqlite.clone(), writes: AtomicUsize::new(0) });
    program.signs_up("Ana", "ana@mail.example").await;
    assert_eq!((program.sends(0).await, program.mail.offered()), (DEFERRED, 0));
    assert_eq!((program.sends(900).await, program.mail.offered()), (FINISHED, 1));
}

#[tokio::test]
async fn request_waits_for_another_one_to_the_same_mailbox() {
    let program = Program::new();
    program.signs_up("Ana", "ana@mail.example").await;
    program.signs_up("Anna", "ana+club@mail.example").await;
    program.mail.fails_with(Some(SendError::NotSent));
    program.mail.is_slow.store(true, Ordering::SeqCst);
    assert_eq!(program.sends(0).await, Attempts { deferred: 2, ..NOTHING });
    assert_eq!(program.mail.offered(), 1);
    program.applies("Ana", Request::Cancel).await;
    program.mail.fails_with(None);
    assert_eq!(program.sends(900).await, Attempts { finished: 2, ..NOTHING });
    assert_eq!(program.mail.offered(), 2, "Anna is asked");
}

#[tokio::test]
async fn uncertain_link_is_not_sent_again() {
    let program = Program::new();
    let ana = program.applies("Ana", Request::sign_up(Some(Contact::email("ana@mail.example").unwrap()))).await;
    program.confirms(&Contact::email("ana@mail.example").unwrap()).await;
    for failure in [SendError::Unavailable as Failure, SendError::RecipientUnavailable] {
        program.mail.fails_with(Some(failure));
        program.puts(OutboxMessage::ManageLink, &ana).await;
        assert_eq!((program.sends(0).await, program.sends(1_000).await), (FINISHED, NOTHING));
    }
    assert_eq!(program.mail.offered(), 2);
}

/// Counts text messages.
#[derive(Default)]
struct Texts(AtomicUsize);

#[async_trait]
impl SmsSender for Texts {
    async fn send(&self, _: &Sms) -> Result<(), SendError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[tokio::test]
async fn link_by_text_message_waits_for_the_permitted_hours() {
    let mut program = Program::new();
    program.start = Timestamp::parse_rfc3339("2026-12-03T06:00:00Z").unwrap();
    let texts = Arc::new(Texts::default());
    program.sender.sms_sender = Some(texts.clone());
    let (countries, hours) = ("US".parse().unwrap(), "8-21 UTC".parse().unwrap());
    program.sender.limits.sms = Some(SmsLimits { countries, hours, per_day: 10 });
    let phone = Contact::sms("+14155552671").unwrap();
    let ana = program.applies("Ana", Request::sign_up(Some(phone.clone()))).await;
    program.confirms(&phone).await;
    program.puts(OutboxMessage::ManageLink, &ana).await;
    let hour = 60 * 60;
    assert_eq!((program.sends(0).await, program.sends(hour).await), (DEFERRED, DEFERRED));
    assert_eq!(texts.0.load(Ordering::SeqCst), 0);
    assert_eq!((program.sends(2 * hour).await, texts.0.load(Ordering::SeqCst)), (FINISHED, 1));
}

#[tokio::test]
async fn new_messages_go_before_retries() {
    let program = Program::with_limit(1_000);
    program.mail.fails_with(Some(SendError::NotSent));
    for number in 0..70 {
        program.signs_up(&format!("Guest {number}"), &format!("guest{number}@mail.example")).await;
    }
    assert_eq!((program.sends(0).await.deferred, program.sends(0).await), (70, NOTHING));
    program.signs_up("Ana", "ana@mail.example").await;
    program.mail.fails_with(None);
    let claimed = program.sqlite.claim(Lane::Direct, 1, program.at(30), program.at(30)).await.unwrap();
    assert_eq!(claimed[0].message.attendee().unwrap().as_str(), "ana");
}

#[tokio::test]
async fn message_of_an_unknown_kind_blocks_no_other() {
    let program = Program::new();
    let database = rusqlite::Connection::open(program.folder.path().join(DATABASE)).unwrap();
    let sql =
        "INSERT INTO outbox (kind, event, name, owner, first_at, due_at) VALUES ('reminder', 'dance', 'x', 'y', 1, 1)";
    database.execute(sql, ()).unwrap();
    program.signs_up("Ana", "ana@mail.example").await;
    assert_eq!(program.sends(0).await, FINISHED);
}

#[tokio::test]
async fn start_after_a_clock_was_set_back_makes_messages_due() {
    let program = Program::new();
    let ana = program.applies("Ana", Request::sign_up(Some(Contact::email("ana@mail.example").unwrap()))).await;
    program.sqlite.put(vec![OutboxMessage::OptInRequest(ana)], program.at(7 * 24 * 60 * 60)).await.unwrap();
    assert_eq!(program.sends(0).await, NOTHING);
    program.sqlite.end_claims(program.at(0)).await.unwrap();
    assert_eq!(program.sends(0).await, FINISHED);
}

/// A digest asks for the opt-in before the message that is for it, and is interrupted.
#[tokio::test]
async fn opt_in_request_of_an_interrupted_digest_is_sent() {
    let program = Program::new();
    let ana = program.signs_up("Ana", "ana@mail.example").await;
    let announced_at = Timestamp::now().plus(Duration::from_secs(3_600));
    let to = DigestRecipient::Attendees(vec![ana.attendee.name.clone()]);
    let digest = OutboxMessage::Digest(DigestDelivery {
        event: ana.attendee.event.clone(),
        announced_at,
        owed_since: announced_at,
        to,
    });
    program.sqlite.put(vec![digest], program.start).await.unwrap();
    program.mail.hangs.store(true, Ordering::SeqCst);
    let digests = program.sends_in(Lane::Digests, 0);
    assert!(tokio::time::timeout(Duration::from_millis(200), digests).await.is_err(), "the program is killed");
    assert_eq!(program.mail.offered(), 1);
    program.mail.hangs.store(false, Ordering::SeqCst);
    program.sqlite.end_claims(program.at(10)).await.unwrap();
    for seconds in [10, 400, 4_000] {
        program.sends_in(Lane::Digests, seconds).await;
        program.sends_in(Lane::Direct, seconds).await;
    }
    assert_eq!(program.mail.offered(), 2, "the interrupted request is sent again");
}

#[tokio::test]
async fn digest_does_not_wait_for_an_opt_in_request_that_is_refused() {
    let program = Program::new();
    let ana = program.signs_up("Ana", "ana@mail.example").await;
    let announced_at = Timestamp::now().plus(Duration::from_secs(3_600));
    let to = DigestRecipient::Attendees(vec![ana.attendee.name.clone()]);
    let event = ana.attendee.event.clone();
    let digest = OutboxMessage::Digest(DigestDelivery { event, announced_at, owed_since: announced_at, to });
    program.sqlite.put(vec![digest], program.start).await.unwrap();
    program.mail.fails_with(Some(SendError::NotSent));
    assert_eq!(program.sends_in(Lane::Digests, 0).await, FINISHED);
    program.mail.fails_with(None);
    assert_eq!((program.sends(30).await, program.mail.offered()), (FINISHED, 2), "the request is sent later");
}
