//! Limits on the opt-in requests that one event or one network causes, and on the digests of a mailbox; and how a message is
//! counted in them.

use countmein::domain::client_network::ClientNetwork;
use countmein::domain::limit::Limit;
use countmein::domain::outbox_message::OutboxMessage;
use countmein::notify::{Attempt, Outcome, SendMessage};
use countmein::ports::{AddressEntries, Asked, Budgets, Contacts, Deletion, People as _, Roster as _, Spending};

use super::outbox::Program;
use super::*;

const LIMIT: u64 = 300;

const HOUR: u64 = 60 * 60;

fn network(number: u16) -> Option<ClientNetwork> {
    Some(ClientNetwork::from_stored(number))
}

/// The sign-up of a person with an address of their own.
fn signs_up(event: &str, name: &str, network: Option<ClientNetwork>) -> Signup {
    let contact = Contact::email(format!("{}@mail.example", name.replace(' ', "-")).as_str()).unwrap();
    Signup {
        version: Version::now(),
        event: Event::parse(event).unwrap(),
        name: AttendeeName::parse(name).unwrap(),
        channel: Channel::Http,
        network,
        request: Request::sign_up(Some(contact)),
    }
}

impl Program {
    /// Signs people up, and returns how many of them are asked at once.
    async fn asks(&self, seconds: u64, signups: impl IntoIterator<Item = Signup>) -> u64 {
        for signup in signups {
            let registration = self.applies_signup(signup).await;
            self.puts_at(OutboxMessage::OptInRequest, &registration, seconds).await;
        }
        self.sends(seconds).await.finished
    }

    /// Uses up half of this hour's opt-in requests.
    async fn is_busy(&self, seconds: u64) {
        let busy = (0..LIMIT / 2).map(|number| signs_up(&format!("Busy {number}"), &format!("Busy {number}"), None));
        assert_eq!(self.asks(seconds, busy).await, LIMIT / 2);
    }
}

#[tokio::test]
async fn guests_of_a_dinner_in_one_network_are_asked_at_once() {
    let program = Program::with_limit(LIMIT);
    program.is_busy(0).await;
    let guests = (0..41).map(|number| signs_up("Dinner", &format!("Guest {number}"), network(1)));
    assert_eq!(program.asks(0, guests).await, 41);
}

#[tokio::test]
async fn flood_from_one_network_waits_and_delays_nobody_else() {
    let program = Program::with_limit(LIMIT);
    for is_one_event in [false, true] {
        let seconds = if is_one_event { 4 * HOUR } else { 0 };
        let dinner = &format!("Dinner {is_one_event}");
        let flood = (0..400).map(|number| {
            let event = if is_one_event { dinner.clone() } else { format!("Event {number}") };
            signs_up(&event, &format!("Stranger {number} {is_one_event}"), network(1))
        });
        assert_eq!(program.asks(seconds, flood).await, LIMIT / 2);
        let guests = (0..41).map(|number| signs_up(dinner, &format!("Guest {number} {is_one_event}"), network(2)));
        assert_eq!(program.asks(seconds + 1, guests).await, 41);
        assert_eq!(program.asks(seconds + 1, [signs_up(dinner, &format!("Ana {is_one_event}"), None)]).await, 1);
        assert_eq!(program.asks(seconds + 1, [signs_up(dinner, &format!("Ben {is_one_event}"), network(1))]).await, 0);
        // In the next hour, the flood goes on where it stopped, as far as that harms nobody.
        assert_eq!(program.sends(seconds + HOUR).await.finished, LIMIT / 2);
        assert_eq!(
            program.asks(seconds + HOUR + 1, [signs_up(dinner, &format!("Cleo {is_one_event}"), network(2))]).await,
            1
        );
        assert_eq!(program.sends(seconds + 2 * HOUR).await.finished, 101, "all who waited");
    }
}

#[tokio::test]
async fn one_event_may_cause_sixty_at_once_and_then_twenty_an_hour() {
    let program = Program::with_limit(LIMIT);
    program.is_busy(0).await;
    let flood = (0..400).map(|number| signs_up("Dinner", &format!("Stranger {number}"), None));
    assert_eq!(program.asks(0, flood).await, 60 + 20);
    assert_eq!(program.asks(1, [signs_up("Dance", "Greta", None)]).await, 1);
    assert_eq!(program.sends(HOUR).await.finished, LIMIT / 2 + 20, "half of the next hour is free for all");
    assert_eq!(program.sends(2 * HOUR).await.finished, 150, "all who waited");
}

#[tokio::test]
async fn last_tenth_is_for_those_whom_a_trusted_channel_signs_up() {
    let program = Program::with_limit(LIMIT);
    program.is_busy(0).await;
    let more = (0..200).map(|number| signs_up(&format!("Event {number}"), &format!("Guest {number}"), None));
    assert_eq!(program.asks(0, more).await, LIMIT / 2 - LIMIT / 10);
    // The limits of an event do not apply to them.
    let trusted = (0..100).map(|number| {
        let signup = signs_up("Dinner", &format!("Member {number}"), None);
        let Request::SignUp { contact, .. } = signup.request else { panic!("{signup:?}") };
        Signup { channel: Channel::Queue, request: Request::trusted_sign_up(contact), ..signup }
    });
    assert_eq!(program.asks(1, trusted).await, LIMIT / 10);
}

#[tokio::test]
async fn request_that_is_held_back_counts_nowhere() {
    let program = Program::with_limit(LIMIT);
    program.is_busy(0).await;
    // The network is at its limit, and each of these is about the same event.
    let first = (0..60).map(|number| signs_up(&format!("Event {number}"), &format!("Guest {number}"), network(1)));
    assert_eq!(program.asks(0, first).await, 60);
    let held = (0..90).map(|number| signs_up("Dinner", &format!("Stranger {number}"), network(1)));
    assert_eq!(program.asks(0, held).await, 0);
    let guests = (0..41).map(|number| signs_up("Dinner", &format!("Other {number}"), network(2)));
    assert_eq!(program.asks(1, guests).await, 41, "the event has caused none yet");
}

#[tokio::test]
async fn new_address_of_a_registration_counts_for_the_network_that_gave_it() {
    let program = Program::with_limit(LIMIT);
    program.is_busy(0).await;
    let first = (0..60).map(|number| signs_up(&format!("Event {number}"), &format!("Guest {number}"), network(1)));
    assert_eq!(program.asks(0, first).await, 60, "more would be too many for this network");
    let ana = signs_up("Dinner", "Ana", network(1));
    let registration = program.applies_signup(ana.clone()).await;
    for number in 0..70 {
        let contact = Contact::email(&format!("new-{number}@mail.example")).unwrap();
        let registration_id = registration.owner.clone();
        let request = Request::SetContact { registration: registration_id, contact: Some(contact), confirmed: false };
        program.applies_signup(Signup { version: Version::now(), network: network(2), request, ..ana.clone() }).await;
        program.puts_at(OutboxMessage::OptInRequest, &registration, 0).await;
        program.sends(0).await;
    }
    assert_eq!(program.mail_offered() as u64, LIMIT / 2 + 60 + 60);
}

#[tokio::test]
async fn mailbox_gets_forty_digests_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let mailer = Arc::new(Counting { mails: AtomicUsize::new(0), takes: Duration::ZERO, fails: None });
    let sender = sender(&sqlite, &mailer);
    let start = Timestamp::parse_rfc3339("2026-11-27T01:00:00Z").unwrap();
    let sends = async |number: u64, hours: u64| {
        let address = format!("ana+{}@mail.example", number % 2);
        sender.notify(&news("Ana", &address, start.plus(Duration::from_secs(hours * HOUR)))).await
    };
    for number in 0..40 {
        assert_eq!(sends(number, 0).await.unwrap(), Notified::Sent);
    }
    assert!(matches!(sends(40, 20).await, Err(SendError::LimitReached(Limit::DigestsPerDay))));
    assert_eq!(sends(41, 24).await.unwrap(), Notified::Sent);
    assert_eq!(mailer.mails.load(Ordering::SeqCst), 41);
    let _ = notify(&sender, &news("Ben", "ben@mail.example", start)).await.unwrap();
    assert_eq!(mailer.mails.load(Ordering::SeqCst), 42, "another mailbox");
}

#[tokio::test]
async fn digest_that_was_not_sent_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let at = Timestamp::parse_rfc3339("2026-11-27T01:00:00Z").unwrap();
    for fails in [SendError::NotSent as fn(_) -> _, |cause: Unavailable| SendError::Rejected(cause.cause)] {
        let mailer = Arc::new(Counting { mails: AtomicUsize::new(0), takes: Duration::ZERO, fails: Some(fails) });
        let sender = sender(&sqlite, &mailer);
        for _ in 0..50 {
            let failure = sender.notify(&news("Ana", "ana@mail.example", at)).await.unwrap_err();
            assert!(!matches!(failure, SendError::LimitReached(_)), "{failure}");
        }
    }
}

#[tokio::test]
async fn digest_that_may_have_arrived_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let mailer = Arc::new(Counting { mails: AtomicUsize::new(0), takes: Duration::ZERO, fails: None });
    let sender = sender(&sqlite, &mailer);
    let at = Timestamp::parse_rfc3339("2026-11-27T01:00:00Z").unwrap();
    for number in 0..50 {
        let again = Notification { is_in_doubt: number > 0, ..news("Ana", "ana@mail.example", at) };
        assert_eq!(sender.notify(&again).await.unwrap(), Notified::Sent);
    }
}

/// Budgets that cannot be refunded.
struct WithoutRefunds(Sqlite);

#[async_trait]
impl Budgets for WithoutRefunds {
    async fn spend(&self, budget: &str, limit: u64, ends_at: Timestamp) -> Result<Spending, Unavailable> {
        self.0.spend(budget, limit, ends_at).await
    }

    async fn refund(&self, _: &str) -> Result<(), Unavailable> {
        Err(Unavailable { doing: "refunding a budget", cause: "throttled".to_owned() })
    }

    async fn spent(&self, budget: &str) -> Result<u64, Unavailable> {
        self.0.spent(budget).await
    }
}

#[tokio::test]
async fn failed_refund_does_not_change_the_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let at = Timestamp::parse_rfc3339("2026-11-27T01:00:00Z").unwrap();
    let failing = |fails| {
        let mailer = Arc::new(Counting { mails: AtomicUsize::new(0), takes: Duration::ZERO, fails: Some(fails) });
        NotificationSender { budgets: Arc::new(WithoutRefunds(sqlite.clone())), ..sender(&sqlite, &mailer) }
    };
    let digest = news("Ana", "ana@mail.example", at);
    assert!(matches!(failing(SendError::NotSent).notify(&digest).await, Err(SendError::NotSent(_))));
    let rejecting = failing(|cause: Unavailable| SendError::Rejected(cause.cause));
    assert!(matches!(rejecting.notify(&digest).await, Err(SendError::Rejected(_))));
}

/// Contacts that another process changes at the same time.
struct Contended(Sqlite);

#[async_trait]
impl Contacts for Contended {
    async fn opt_in(&self, contact: &ContactId) -> Result<Option<OptIn>, Unavailable> {
        self.0.opt_in(contact).await
    }

    async fn set_opt_in(&self, id: &ContactId, expected: Option<OptIn>, new: OptIn) -> Result<Write, Unavailable> {
        let other = OptIn::Pending { at: Timestamp::EARLIEST };
        let _ = self.0.set_opt_in(id, expected, other).await?;
        self.0.set_opt_in(id, expected, new).await
    }

    async fn delete_opt_in(&self, contact: &ContactId) -> Result<Deletion, Unavailable> {
        self.0.delete_opt_in(contact).await
    }
}

#[tokio::test]
async fn request_that_another_process_sends_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let mailer = Arc::new(Counting { mails: AtomicUsize::new(0), takes: Duration::ZERO, fails: None });
    let sender = NotificationSender { contacts: Arc::new(Contended(sqlite.clone())), ..sender(&sqlite, &mailer) };
    let at = Timestamp::parse_rfc3339("2026-11-27T01:00:00Z").unwrap();
    let _ = notify(&sender, &news("Ana", "ana@mail.example", at)).await.unwrap();
    let usage = sender.limits.opt_in_usage(&sqlite, at).await.unwrap();
    assert_eq!((mailer.mails.load(Ordering::SeqCst), usage.spent), (0, 0));
}

/// A sender that a limit stops, and whose provider then does not answer.
#[derive(Default)]
struct Stopped {
    attempts: AtomicUsize,
}

/// The attempts that the limit stops.
const STOPPED: usize = 50;

#[async_trait]
impl SendMessage for Stopped {
    async fn attempt(&self, _: &OutboxMessage, _: Attempt) -> Result<Outcome, SendError> {
        match self.attempts.fetch_add(1, Ordering::SeqCst) {
            0..STOPPED => Err(SendError::LimitReached(Limit::SmsHours)),
            STOPPED => Ok(Outcome::Uncertain { reason: "no answer".to_owned() }),
            _ => Ok(Outcome::Delivered),
        }
    }
}

#[tokio::test]
async fn attempts_that_a_limit_stops_do_not_count() {
    let program = Program::with_limit(LIMIT);
    let ana = program.applies_signup(signs_up("Dinner", "Ana", None)).await;
    program.puts_at(OutboxMessage::OptInRequest, &ana, 0).await;
    let sender = Stopped::default();
    for quarter in 0..=STOPPED as u64 {
        program.sends_with(&sender, quarter * 15 * 60).await;
    }
    assert_eq!(sender.attempts.load(Ordering::SeqCst), STOPPED + 1);
    program.sends_with(&sender, STOPPED as u64 * 15 * 60 + 30).await;
    assert_eq!(sender.attempts.load(Ordering::SeqCst), STOPPED + 2, "it is tried again soon");
}

#[tokio::test]
async fn network_is_deleted_with_the_contact() {
    let program = Program::with_limit(LIMIT);
    let count = |text: &str| -> u64 {
        let db = rusqlite::Connection::open(program.database()).unwrap();
        let sql = "SELECT (SELECT count(*) FROM change WHERE instr(new_image, ?1)) +
                          (SELECT count(*) FROM attendee WHERE network IS NOT NULL)";
        db.query_row(sql, [text], |row| row.get(0)).unwrap()
    };
    let ana = program.applies_signup(signs_up("Dinner", "Ana", network(4_711))).await;
    assert_eq!((count("\"network\""), count("4711")), (2, 2));
    program.sqlite().remove(&ana.attendee.name, None, program.at(1)).await.unwrap();
    assert_eq!(count("\"network\""), 0);
    // The upkeep deletes contacts, and a removal by address deletes the attendee before it deletes the address from the feed.
    let ben = program.applies_signup(signs_up("Dinner", "Ben", network(4_711))).await;
    program.sqlite().delete_contacts(&ben.attendee.event, None, 10, program.at(1)).await.unwrap();
    assert_eq!(count("\"network\""), 0);
    program.applies_signup(signs_up("Dance", "Cleo", network(4_711))).await;
    let address = Contact::email("cleo@mail.example").unwrap();
    program.sqlite().remove_address(&address, None, AddressEntries::default(), program.at(1)).await.unwrap();
    assert_eq!(count("\"network\""), 1, "in the row of the attendee, who was not named");
}

/// A mailer whose provider asks the owners of addresses itself, like SNS.
#[derive(Default)]
struct Provider {
    asked: AtomicUsize,
    asked_further: AtomicUsize,
    mails: AtomicUsize,
}

#[async_trait]
impl Mailer for Provider {
    async fn send(&self, _: &Mail) -> Result<(), SendError> {
        self.mails.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn request_opt_in(&self, _: &Mail) -> Result<Asked, SendError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(Asked::ByProvider)
    }

    async fn request_further_opt_in(&self, _: &Mail) -> Result<(), SendError> {
        self.asked_further.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[tokio::test]
async fn yes_to_a_provider_is_for_the_registration_that_it_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(folder.path()).unwrap();
    let unused = Arc::new(Counting { mails: AtomicUsize::new(0), takes: Duration::ZERO, fails: None });
    let provider = Arc::new(Provider::default());
    let sender = NotificationSender { mailer: Some(provider.clone()), ..sender(&sqlite, &unused) };
    let at = Timestamp::now();
    let own = news("Ana", "ana@mail.example", at);
    for _ in 0..3 {
        assert_eq!(notify(&sender, &own).await.unwrap(), Notified::Sent, "the provider delivers it after the yes");
    }
    assert_eq!((provider.asked.load(Ordering::SeqCst), provider.mails.load(Ordering::SeqCst)), (1, 3));
    for number in 0..150 {
        let signup = signs_up(&format!("Event {number}"), "Ana", network(1));
        let (attendee, _) = attendee::apply_all(None, &[signup], at);
        let invented = Notification { to: Recipient::Attendee(Box::new(attendee.unwrap())), ..own.clone() };
        assert_eq!(notify(&sender, &invented).await.unwrap(), Notified::NotWanted);
    }
    let counts = [&provider.asked, &provider.asked_further, &provider.mails].map(|count| count.load(Ordering::SeqCst));
    assert_eq!(counts, [1, 10, 3]);
}
