use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countmein::domain::attendee::{Applied, Attendee, apply_all};
use countmein::domain::attendee_name::NameKey;
use countmein::domain::event::EventId;
use countmein::domain::event_creators::EventCreators;
use countmein::domain::registration_details::{Answer, Edit, RegistrationEdit};
use countmein::domain::signup::{AttendeeKey, Request, Signup, SignupId};
use countmein::domain::timestamp::Timestamp;
use countmein::formats::message;
use countmein::ingest::{Outcome, Processed, ingest, ingest_dead_letter};
use countmein::ports::{
    ApplyError, AttendeeSignups, Deferrals, Deletion, Delivery, EventSummary, MAX_RECEIVES, MAX_REJECT_BYTES,
    RejectEntry, RejectedMessage, RejectedMessages, Roster, RosterPage, STOPPED_REASON, Unavailable,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::backend::{BATCH_TIME, Backend};
use crate::people::{at, attendee, changes_of, changes_since, email, event_id, id, person, roster, unique, who_is_in};
use crate::support::seed;

/// When every message of a case has arrived.
pub const ARRIVED: i64 = 100;

pub fn delivery(message_id: &str, body: &str) -> Delivery {
    Delivery {
        message_id: message_id.to_owned(),
        receipt: format!("receipt of {message_id}"),
        body: body.to_owned(),
        arrived_at: at(ARRIVED),
        receive_count: 1,
        deferrals: Deferrals::default(),
    }
}

/// A delivery of this request; its message is named after it.
fn delivered(signup: &Signup) -> Delivery {
    delivery(signup.version.id.as_str(), &message::write(signup))
}

/// A message id of the case's own.
pub fn message_id() -> String {
    unique("message").replace(' ', "-")
}

pub async fn run(backend: &Backend, deliveries: &[Delivery]) -> Vec<Outcome> {
    let processed = backend.ingest(deliveries, backend.roster.clone(), backend.rejected.clone(), at(ARRIVED)).await;
    processed.into_iter().map(|each| each.outcome).collect()
}

pub async fn reject(backend: &Backend, id: &str) -> Option<RejectedMessage> {
    backend.rejected.get(id).await.expect("the backend is there")
}

pub async fn bad_message_harms_no_other(backend: &Backend) {
    let event = unique("Dance");
    let (not_json, nameless) = (message_id(), message_id());
    let deliveries = [
        delivered(&person(&event, "Ana").enrols(1, "a")),
        delivery(&not_json, "hello"),
        delivered(&person(&event, "Ben").enrols(1, "b")),
        delivery(&nameless, r#"{"event": "Dance"}"#),
    ];

    let outcomes = run(backend, &deliveries).await;

    assert_eq!((&outcomes[0], &outcomes[2]), (&Outcome::Stored, &Outcome::Stored));
    assert_eq!(outcomes[3], Outcome::Rejected("`name` is missing; add it".to_owned()));
    assert_eq!(who_is_in(backend, &event).await, ["Ana", "Ben"]);
    for (outcome, poison) in [(&outcomes[1], &deliveries[1]), (&outcomes[3], &deliveries[3])] {
        let Outcome::Rejected(reason) = outcome else { panic!("{outcome:?}") };
        let expected = RejectedMessage::new(poison, reason.clone(), at(ARRIVED));
        assert_eq!(reject(backend, &poison.message_id).await, Some(expected));
    }
}

pub async fn oversized_message_is_kept_cut(backend: &Backend) {
    const SIZE: usize = 1_024 * 1_024;
    let event = unique("Dance");
    let id = message_id();
    let oversized = delivery(&id, &format!("x{}y", "é".repeat(SIZE / 2 - 1)));

    let outcomes = run(backend, &[oversized, delivered(&person(&event, "Ana").enrols(1, "a"))]).await;

    assert!(matches!(outcomes[..], [Outcome::Rejected(_), Outcome::Stored]), "{outcomes:?}");
    let reject = reject(backend, &id).await.expect("it is stored");
    assert_eq!(reject.body.len(), MAX_REJECT_BYTES - 1, "whole characters only");
    assert!(reject.reason.contains(&format!("the message has {SIZE} bytes")), "{}", reject.reason);
}

pub async fn several_requests_are_one_change(backend: &Backend) {
    let event = unique("Dance");
    let (typed, shouted) = (person(&event, "Ana"), person(&event.to_uppercase(), "ANA"));
    let newest_first = [typed.enrols(3, "c"), shouted.cancels(2, "b"), typed.enrols(1, "a")];

    let outcomes = run(backend, &newest_first.each_ref().map(delivered)).await;

    assert_eq!(outcomes, [Outcome::Stored, Outcome::Stored, Outcome::Stored], "they are applied oldest first");
    let changes = changes_of(backend, &[&event]).await;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].new, attendee(backend, &typed).await);
    assert_eq!(changes[0].new.as_ref().expect("Ana is in").newest.id, id("c"));
}

pub async fn every_delivery_has_its_own_outcome(backend: &Backend) {
    let event = unique("Dance");
    let [ana, ben] = ["Ana", "Ben"].map(|name| person(&event, name));
    let bad = message_id();
    let deliveries = [
        delivered(&ben.leaves(9, "early", &SignupId::new(at(8)))),
        delivered(&ana.enrols(2, "a")),
        delivery(&bad, "[]"),
        Delivery { receipt: "second receipt".to_owned(), ..delivered(&ana.enrols(2, "a")) },
    ];
    let late = [delivered(&ana.cancels(1, "late"))];

    let processed = backend.ingest(&deliveries, backend.roster.clone(), backend.rejected.clone(), at(ARRIVED)).await;

    for (each, delivery) in processed.iter().zip(&deliveries) {
        assert_eq!(&each.delivery, delivery, "the outcomes have the order of the deliveries");
    }
    let outcomes: Vec<Outcome> = processed.into_iter().map(|each| each.outcome).collect();
    assert_eq!(outcomes[0], Outcome::TooEarly);
    assert_eq!(outcomes[1], Outcome::Stored);
    assert!(matches!(outcomes[2], Outcome::Rejected(_)), "{outcomes:?}");
    assert_eq!(outcomes[3], Outcome::Duplicate);
    assert_eq!(run(backend, &late).await, [Outcome::Stale]);
    assert_eq!(run(backend, &[]).await, []);
}

pub async fn second_delivery_changes_nothing(backend: &Backend) {
    let event = unique("Dance");
    let first = delivery(&message_id(), &format!(r#"{{"event": "{event}", "name": "Ana"}}"#));
    let again = Delivery { receipt: "another".to_owned(), receive_count: 2, ..first.clone() };
    assert_eq!(run(backend, &[first]).await, [Outcome::Stored]);
    assert_eq!(run(backend, &[again.clone(), again]).await, [Outcome::Duplicate, Outcome::Duplicate]);
    assert_eq!(changes_of(backend, &[&event]).await.len(), 1);
}

pub async fn only_the_owner_changes_a_registration(backend: &Backend) {
    let event = unique("Dance");
    let ana = person(&event, "Ana");
    let owner = SignupId::new(at(1));
    let (stranger, forged) = (message_id(), message_id());
    let amends = |second, message: &str, registration: &SignupId| {
        let request = Request::SetContact {
            registration: registration.clone(),
            contact: Some(email("eve@example.org")),
            confirmed: false,
        };
        delivered(&ana.asks(second, message, request))
    };
    run(backend, &[delivered(&ana.enrols_with(1, owner.as_str(), email("ana@example.org")))]).await;
    run(backend, &[delivered(&ana.joins(2, "somebody"))]).await;

    let outcomes =
        run(backend, &[delivered(&ana.leaves(3, &stranger, &id("somebody"))), amends(4, &forged, &id("other"))]).await;

    assert!(matches!(outcomes[..], [Outcome::Rejected(_), Outcome::Rejected(_)]), "{outcomes:?}");
    for message in [&stranger, &forged] {
        let reject = reject(backend, message).await.expect("it is kept");
        assert_eq!(
            reject.reason,
            "another sign-up began this registration; only the person with its link may change it"
        );
    }
    let registration = attendee(backend, &ana).await.expect("Ana is in").registration().cloned().expect("Ana is in");
    assert_eq!((&registration.owner, registration.contact.as_ref()), (&owner, Some(&email("ana@example.org"))));
    assert_eq!(run(backend, &[delivered(&ana.leaves(5, &message_id(), &owner))]).await, [Outcome::Stored]);
    assert_eq!(who_is_in(backend, &event).await, [""; 0]);
}

pub async fn early_cancel_waits_for_its_signup(backend: &Backend) {
    let event = unique("Dance");
    let ana = person(&event, "Ana");
    let owner = SignupId::new(at(1));
    let cancel = delivered(&ana.leaves(2, &message_id(), &owner));

    let outcomes = run(backend, std::slice::from_ref(&cancel)).await;
    assert_eq!(outcomes, [Outcome::TooEarly]);
    assert_eq!(run(backend, &[delivered(&ana.joins(1, owner.as_str()))]).await, [Outcome::Stored]);
    assert_eq!(run(backend, std::slice::from_ref(&cancel)).await, [Outcome::Stored]);
    assert_eq!(who_is_in(backend, &event).await, [""; 0]);
    assert_eq!(reject(backend, &cancel.message_id).await, None);
}

fn out_of_order() -> Unavailable {
    Unavailable { doing: "testing", cause: "out of order".to_owned() }
}

/// Rejects that cannot be written.
struct ReadOnlyRejects;

#[async_trait]
impl RejectedMessages for ReadOnlyRejects {
    async fn put(&self, _: Vec<RejectedMessage>) -> Result<(), Unavailable> {
        Err(out_of_order())
    }

    async fn list(&self, _: usize, _: Option<&str>) -> Result<Vec<RejectedMessage>, Unavailable> {
        Err(out_of_order())
    }

    async fn entries(&self, _: usize, _: Option<&str>) -> Result<Vec<RejectEntry>, Unavailable> {
        Err(out_of_order())
    }

    async fn get(&self, _: &str) -> Result<Option<RejectedMessage>, Unavailable> {
        Err(out_of_order())
    }

    async fn delete(&self, _: &str) -> Result<Deletion, Unavailable> {
        Err(out_of_order())
    }
}

pub async fn unstored_rejects_are_retried(backend: &Backend) {
    let event = unique("Dance");
    let ana = person(&event, "Ana");
    let (poison, stranger) = (message_id(), message_id());
    run(backend, &[delivered(&ana.enrols(1, "a"))]).await;
    let deliveries = [
        delivery(&poison, "hello"),
        delivered(&person(&event, "Ben").enrols(1, "b")),
        delivered(&ana.leaves(2, &stranger, &id("other"))),
    ];

    let processed = backend.ingest(&deliveries, backend.roster.clone(), Arc::new(ReadOnlyRejects), at(ARRIVED)).await;

    let outcomes: Vec<Outcome> = processed.into_iter().map(|each| each.outcome).collect();
    let retry = Outcome::Failed("testing failed: out of order".to_owned());
    assert_eq!(outcomes, [retry.clone(), Outcome::Stored, retry]);
    assert!(matches!(
        run(backend, &deliveries).await[..],
        [Outcome::Rejected(_), Outcome::Duplicate, Outcome::Rejected(_)]
    ));
    assert!(reject(backend, &poison).await.is_some() && reject(backend, &stranger).await.is_some());
}

/// What happens to the requests about one attendee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Applied,
    /// They fail and have no effect.
    Refused,
    /// They take effect, but the answer is lost.
    AnswerLost,
}

/// A roster that fails some batches as planned, and records what the others should result in.
struct Witness {
    roster: Arc<dyn Roster>,
    /// The fates of the next batches; those after the last are applied.
    fates: Mutex<Vec<Fate>>,
    /// A batch with this attendee makes it panic.
    trap: Option<AttendeeKey>,
    account: Mutex<Account>,
}

#[derive(Default)]
struct Account {
    attendees: BTreeMap<AttendeeKey, Attendee>,
    writes: usize,
}

impl Witness {
    fn of(roster: Arc<dyn Roster>, mut fates: Vec<Fate>) -> Self {
        fates.reverse();
        Self { roster, fates: Mutex::new(fates), trap: None, account: Mutex::default() }
    }

    fn next_fate(&self) -> Fate {
        self.fates.lock().unwrap().pop().unwrap_or(Fate::Applied)
    }
}

impl Account {
    fn apply(&mut self, batch: &AttendeeSignups, now: Timestamp) -> Vec<Applied> {
        let (stored, applied) = apply_all(self.attendees.get(&batch.key), &batch.signups, now);
        if let Some(attendee) = stored {
            self.attendees.insert(batch.key.clone(), attendee);
            self.writes += 1;
        }
        applied
    }
}

#[async_trait]
impl Roster for Witness {
    async fn apply(
        &self,
        batches: Vec<AttendeeSignups>,
        now: Timestamp,
        deadline: Instant,
    ) -> Vec<Result<Vec<Applied>, ApplyError>> {
        assert!(batches.iter().all(|batch| Some(&batch.key) != self.trap.as_ref()), "it stepped into the trap");
        let fates: Vec<Fate> = batches.iter().map(|_| self.next_fate()).collect();
        let passed = batches.into_iter().zip(&fates).filter(|(_, fate)| **fate != Fate::Refused);
        let passed: Vec<AttendeeSignups> = passed.map(|(batch, _)| batch).collect();
        let mut answers = self.roster.apply(passed.clone(), now, deadline).await.into_iter();
        for (answer, batch) in answers.as_slice().iter().zip(&passed) {
            let expected = self.account.lock().unwrap().apply(batch, now);
            assert_eq!(answer.as_ref().expect("the backend is there"), &expected);
        }
        let mut next = || answers.next().expect("each is answered");
        let answer = |fate| match fate {
            Fate::Applied => next(),
            Fate::Refused => Err(out_of_order().into()),
            Fate::AnswerLost => next().and(Err(out_of_order().into())),
        };
        fates.into_iter().map(answer).collect()
    }

    async fn attendee(&self, key: &AttendeeKey) -> Result<Option<Attendee>, Unavailable> {
        self.roster.attendee(key).await
    }

    async fn roster(&self, event: &EventId, limit: usize, after: Option<&NameKey>) -> Result<RosterPage, Unavailable> {
        self.roster.roster(event, limit, after).await
    }

    async fn events(&self, limit: usize, after: Option<&EventId>) -> Result<Vec<EventSummary>, Unavailable> {
        self.roster.events(limit, after).await
    }

    async fn all_attendees(&self, limit: usize, after: Option<&AttendeeKey>) -> Result<Vec<Attendee>, Unavailable> {
        self.roster.all_attendees(limit, after).await
    }

    async fn remove(&self, name: &NameKey, event: Option<&EventId>, now: Timestamp) -> Result<u64, Unavailable> {
        self.roster.remove(name, event, now).await
    }
}

pub async fn failed_attendee_is_retried_alone(backend: &Backend) {
    let event = unique("Dance");
    let [ana, ben] = ["Ana", "Ben"].map(|name| person(&event, name));
    let deliveries = [ben.enrols(1, "b"), ana.enrols(1, "a"), ana.enrols(2, "c")].each_ref().map(delivered);
    let witness = Arc::new(Witness::of(backend.roster.clone(), vec![Fate::Refused, Fate::Applied]));

    let processed = backend.ingest(&deliveries, witness.clone(), backend.rejected.clone(), at(ARRIVED)).await;

    let outcomes: Vec<Outcome> = processed.into_iter().map(|each| each.outcome).collect();
    let retry = Outcome::Failed("testing failed: out of order".to_owned());
    assert_eq!(outcomes, [Outcome::Stored, retry.clone(), retry], "Ana's batch comes first, by name");
    assert_eq!(who_is_in(backend, &event).await, ["Ben"]);
    assert_eq!(run(backend, &deliveries).await, [Outcome::Duplicate, Outcome::Stored, Outcome::Stored]);
    assert_eq!(who_is_in(backend, &event).await, ["Ana", "Ben"]);
}

pub async fn panicking_message_fails_alone(backend: &Backend) {
    let event = unique("Dance");
    let [ana, ben, cleo] = ["Ana", "Ben", "Cleo"].map(|name| person(&event, name));
    let deliveries = [&ana, &ben, &cleo].map(|person| delivered(&person.enrols(1, "a")));
    let witness = Arc::new(Witness { trap: Some(ben.key()), ..Witness::of(backend.roster.clone(), Vec::new()) });

    let processed = backend.ingest(&deliveries, witness.clone(), backend.rejected.clone(), at(ARRIVED)).await;

    let outcomes: Vec<Outcome> = processed.into_iter().map(|each| each.outcome).collect();
    let panicked = Outcome::Panicked("it stepped into the trap".to_owned());
    assert_eq!(outcomes, [Outcome::Stored, panicked, Outcome::Stored]);
    assert_eq!(who_is_in(backend, &event).await, ["Ana", "Cleo"]);
}

pub async fn repeated_panic_becomes_a_reject(backend: &Backend) {
    let ana = person(&unique("Dance"), "Ana");
    let id = message_id();
    let crashing = Delivery { receive_count: MAX_RECEIVES, ..delivered(&ana.enrols(1, &id)) };
    let witness = Arc::new(Witness { trap: Some(ana.key()), ..Witness::of(backend.roster.clone(), Vec::new()) });

    backend.ingest(std::slice::from_ref(&crashing), witness, backend.rejected.clone(), at(ARRIVED)).await;

    let reason = "the program panicked on this message: it stepped into the trap".to_owned();
    assert_eq!(reject(backend, &id).await, Some(RejectedMessage::new(&crashing, reason, at(ARRIVED))));
}

pub async fn transient_failure_never_becomes_a_reject(backend: &Backend) {
    let event = unique("Dance");
    let id = message_id();
    let often = Deferrals { attempts: 1_000_000, early_attempts: 0 };
    let mut delivery = delivered(&person(&event, "Ana").enrols(1, &id));
    for receive_count in [1, MAX_RECEIVES, 1_000] {
        delivery = Delivery { receive_count, deferrals: often, ..delivery };
        let refusing = Arc::new(Witness::of(backend.roster.clone(), vec![Fate::Refused]));
        let processed =
            backend.ingest(std::slice::from_ref(&delivery), refusing, backend.rejected.clone(), at(ARRIVED)).await;
        assert!(matches!(processed[..], [Processed { outcome: Outcome::Failed(_), .. }]), "{processed:?}");
    }
    assert_eq!(reject(backend, &id).await, None);
    assert_eq!(run(backend, &[delivery]).await, [Outcome::Stored]);
    assert_eq!(who_is_in(backend, &event).await, ["Ana"]);
}

pub async fn request_without_its_signup_becomes_a_reject(backend: &Backend) {
    let ana = person(&unique("Dance"), "Ana");
    let id = message_id();
    let leaves = delivered(&ana.leaves(2, &id, &SignupId::new(at(1))));
    let early = |early_attempts| {
        let deferrals = Deferrals { attempts: 1_000, early_attempts };
        Delivery { deferrals, ..leaves.clone() }
    };

    assert_eq!(run(backend, &[early(7)]).await, [Outcome::TooEarly]);
    assert_eq!(reject(backend, &id).await, None);

    let reason = "the sign-up that this request refers to did not arrive".to_owned();
    assert_eq!(run(backend, &[early(8)]).await, [Outcome::Rejected(reason.clone())]);
    assert_eq!(reject(backend, &id).await, Some(RejectedMessage::new(&early(8), reason, at(ARRIVED))));
}

pub async fn dead_letter_is_tried_and_finally_rejected(backend: &Backend) {
    let event = unique("Dance");
    let [ana, ben] = ["Ana", "Ben"].map(|name| person(&event, name));
    let dead = |signup: &Signup, receive_count| Delivery { receive_count, ..delivered(signup) };
    let attempt = async |delivery: Delivery| {
        let mut processed =
            ingest_dead_letter(delivery, backend, EventCreators::Anyone, at(ARRIVED), Instant::now() + BATCH_TIME)
                .await;
        processed.remove(0).outcome
    };

    assert_eq!(attempt(dead(&ana.enrols(1, "a"), MAX_RECEIVES + 3)).await, Outcome::Stored);
    let deadly = dead(&ben.enrols(1, &message_id()), MAX_RECEIVES + 4);
    assert_eq!(attempt(deadly.clone()).await, Outcome::Rejected(STOPPED_REASON.to_owned()));

    assert_eq!(who_is_in(backend, &event).await, ["Ana"]);
    let expected = RejectedMessage::new(&deadly, STOPPED_REASON.to_owned(), at(ARRIVED));
    assert_eq!(reject(backend, &deadly.message_id).await, Some(expected));
}

/// A roster that applies a batch and returns no outcomes.
struct SilentRoster(Witness);

#[async_trait]
impl Roster for SilentRoster {
    async fn apply(
        &self,
        batches: Vec<AttendeeSignups>,
        now: Timestamp,
        deadline: Instant,
    ) -> Vec<Result<Vec<Applied>, ApplyError>> {
        self.0.apply(batches, now, deadline).await;
        Vec::new()
    }

    async fn attendee(&self, key: &AttendeeKey) -> Result<Option<Attendee>, Unavailable> {
        self.0.attendee(key).await
    }

    async fn roster(&self, event: &EventId, limit: usize, after: Option<&NameKey>) -> Result<RosterPage, Unavailable> {
        self.0.roster(event, limit, after).await
    }

    async fn events(&self, limit: usize, after: Option<&EventId>) -> Result<Vec<EventSummary>, Unavailable> {
        self.0.events(limit, after).await
    }

    async fn all_attendees(&self, limit: usize, after: Option<&AttendeeKey>) -> Result<Vec<Attendee>, Unavailable> {
        self.0.all_attendees(limit, after).await
    }

    async fn remove(&self, name: &NameKey, event: Option<&EventId>, now: Timestamp) -> Result<u64, Unavailable> {
        self.0.remove(name, event, now).await
    }
}

pub async fn silent_roster_loses_nothing(backend: &Backend) {
    let ana = person(&unique("Dance"), "Ana");
    let silent = SilentRoster(Witness::of(backend.roster.clone(), Vec::new()));
    let processed = backend
        .ingest(&[delivered(&ana.enrols(1, "a"))], Arc::new(silent), backend.rejected.clone(), at(ARRIVED))
        .await;
    assert!(matches!(processed[..], [Processed { outcome: Outcome::Failed(_), .. }]), "{processed:?}");
}

pub async fn invalid_message_is_rejected_after_the_deadline(backend: &Backend) {
    let id = message_id();
    let processed =
        ingest(vec![delivery(&id, "hello")], &backend.ports, EventCreators::Anyone, at(ARRIVED), Instant::now()).await;
    assert!(matches!(processed[..], [Processed { outcome: Outcome::Rejected(_), .. }]), "{processed:?}");
    assert!(reject(backend, &id).await.is_some());
}

/// A request of a random history, before it knows its event.
#[derive(Debug, Clone)]
pub struct Drawn {
    dance: bool,
    name: &'static str,
    second: i64,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Join,
    JoinWithContact,
    Enrol,
    Cancel,
    /// By the owner of the request of this number, or by a stranger if there is none.
    Leave(usize),
    Amend(usize),
    /// By the owner: removes the contact.
    Forget(usize),
    Notify(usize, bool),
    /// By the owner of the address that the request of this number gives.
    Confirm(usize),
    /// By the owner: changes the guests and the answer.
    Answer(usize),
    SendLink,
    /// No message at all.
    Poison,
}

/// Requests, the order and batches of their deliveries, and the failures.
#[derive(Debug, Clone)]
pub struct History {
    requests: Vec<Drawn>,
    /// Numbers of requests; each occurs at least once.
    pub deliveries: Vec<usize>,
    pub batch_sizes: Vec<usize>,
    fates: Vec<Fate>,
}

pub fn some_history() -> impl Strategy<Value = History> {
    let kind = prop_oneof![
        2 => Just(Kind::Join),
        2 => Just(Kind::JoinWithContact),
        3 => Just(Kind::Enrol),
        3 => Just(Kind::Cancel),
        2 => (0..12_usize).prop_map(Kind::Leave),
        1 => (0..12_usize).prop_map(Kind::Amend),
        1 => (0..12_usize).prop_map(Kind::Forget),
        1 => (0..12_usize, any::<bool>()).prop_map(|(number, on)| Kind::Notify(number, on)),
        2 => (0..12_usize).prop_map(Kind::Confirm),
        1 => (0..12_usize).prop_map(Kind::Answer),
        1 => Just(Kind::SendLink),
        1 => Just(Kind::Poison),
    ];
    let drawn = (any::<bool>(), prop::sample::select(vec!["Ana", "ANA", "Ben", "Cleo"]), 0..8_i64, kind)
        .prop_map(|(dance, name, second, kind)| Drawn { dance, name, second, kind });
    prop::collection::vec(drawn, 1..14)
        .prop_flat_map(|requests| {
            let again = prop::collection::vec(0..requests.len(), 0..10);
            let deliveries = (0..requests.len()).collect::<Vec<_>>();
            let deliveries = again.prop_map(move |again| [deliveries.clone(), again].concat()).prop_shuffle();
            let batch_sizes = prop::collection::vec(1..6_usize, 1..8);
            let fate = prop_oneof![5 => Just(Fate::Applied), 1 => Just(Fate::Refused), 1 => Just(Fate::AnswerLost)];
            (Just(requests), deliveries, batch_sizes, prop::collection::vec(fate, 0..10))
        })
        .prop_map(|(requests, deliveries, batch_sizes, fates)| History { requests, deliveries, batch_sizes, fates })
}

/// The requests of a history on two events. Ids are chosen once, since requests name each other; an id contains
/// the second of its request. A bad message is no sign-up.
pub struct Asked {
    pub ids: Vec<SignupId>,
    pub signups: Vec<Option<Signup>>,
}

impl Asked {
    /// The delivery of a request.
    pub fn message(&self, number: usize) -> Delivery {
        match &self.signups[number] {
            Some(signup) => delivered(signup),
            None => delivery(self.ids[number].as_str(), "poison"),
        }
    }
}

impl History {
    pub fn ask(&self, dance: &str, pizza: &str) -> Asked {
        let ids: Vec<SignupId> = self.requests.iter().map(|drawn| SignupId::new(at(drawn.second))).collect();
        let stranger = id("stranger");
        let signups = (self.requests.iter().zip(&ids))
            .map(|(drawn, signup_id)| {
                let person = person(if drawn.dance { dance } else { pizza }, drawn.name);
                let registration = |number: usize| ids.get(number).unwrap_or(&stranger).clone();
                let contact = || Some(email(&format!("a{}@example.org", drawn.second)));
                let answer = |text| RegistrationEdit {
                    answer: Edit::Set(Answer::parse(text).expect("it is an answer")),
                    ..RegistrationEdit::default()
                };
                let request = match drawn.kind {
                    Kind::Join => Request::SignUp { contact: None, confirmed: false, details: answer("No meat") },
                    Kind::JoinWithContact => Request::sign_up(contact()),
                    Kind::Enrol => Request::trusted_sign_up(contact()),
                    Kind::Cancel => Request::Cancel,
                    Kind::Leave(number) => Request::CancelRegistration { registration: registration(number) },
                    Kind::Amend(number) => Request::SetContact {
                        registration: registration(number),
                        contact: Some(email("owner@example.org")),
                        confirmed: drawn.second % 2 == 0,
                    },
                    Kind::Forget(number) => {
                        Request::SetContact { registration: registration(number), contact: None, confirmed: false }
                    }
                    Kind::Notify(number, on) => Request::SetNotifications { registration: registration(number), on },
                    Kind::Confirm(number) => {
                        let second = self.requests.get(number).map_or(0, |given| given.second);
                        let contact = email(&format!("a{second}@example.org"));
                        Request::ConfirmContact { registration: registration(number), contact }
                    }
                    Kind::Answer(number) => {
                        // The event's host allows guests, or does not.
                        let guests = u8::try_from(drawn.second % 3).expect("there are few seconds");
                        let details = RegistrationEdit { guests: Some(guests), ..answer("No fish") };
                        Request::SetDetails { registration: registration(number), details }
                    }
                    Kind::SendLink => Request::SendLink,
                    Kind::Poison => return None,
                };
                Some(person.asks(drawn.second, signup_id.as_str(), request))
            })
            .collect();
        Asked { ids, signups }
    }
}

/// How often a delivery is retried, as by the queue.
const TRIES: u32 = 5;

/// Runs a history, and compares the backend's state with what the requests ask for.
async fn run_history(backend: &Backend, history: &History) {
    let (dance, pizza) = (unique("Dance"), unique("Pizza"));
    let before = backend.catch_up().await;
    let asked = history.ask(&dance, &pizza);
    let Asked { ids, signups } = &asked;

    let witness = Arc::new(Witness::of(backend.roster.clone(), history.fates.clone()));
    let mut waiting: Vec<(usize, u32)> = history.deliveries.iter().map(|number| (*number, 0)).collect();
    let mut sizes = history.batch_sizes.iter().cycle();
    let mut settled: BTreeSet<usize> = BTreeSet::new();
    let mut stored = BTreeSet::new();
    while !waiting.is_empty() {
        let size = waiting.len().min(*sizes.next().expect("there is a size"));
        let tried: Vec<(usize, u32)> = waiting.drain(..size).collect();
        let deliveries: Vec<Delivery> = tried.iter().map(|(number, _)| asked.message(*number)).collect();
        let processed = backend.ingest(&deliveries, witness.clone(), backend.rejected.clone(), at(ARRIVED)).await;
        assert_eq!(processed.len(), deliveries.len());
        for ((number, tries), each) in tried.into_iter().zip(processed) {
            assert_eq!(each.delivery.message_id, ids[number].as_str());
            match each.outcome {
                Outcome::Failed(_) | Outcome::TooEarly if tries + 1 < TRIES => waiting.push((number, tries + 1)),
                Outcome::Failed(_) | Outcome::TooEarly | Outcome::Panicked(_) => {}
                Outcome::Stored => {
                    settled.insert(number);
                    assert!(stored.insert(number), "request {number} is stored twice");
                }
                Outcome::Duplicate | Outcome::Stale | Outcome::Ignored => {
                    settled.insert(number);
                }
                Outcome::Rejected(_) => {
                    settled.insert(number);
                    assert!(reject(backend, ids[number].as_str()).await.is_some(), "request {number} is nowhere");
                }
            }
        }
    }
    let account = std::mem::take(&mut *witness.account.lock().unwrap());

    for event in [&dance, &pizza] {
        let page = roster(backend, event, 100, None).await;
        let expected: Vec<Attendee> = (account.attendees.values())
            .filter(|attendee| attendee.event == event_id(event) && attendee.registration().is_some())
            .cloned()
            .collect();
        assert_eq!(page.count, expected.len() as u64);
        assert_eq!(page.attendees, expected);
    }
    newest_decides(signups, &settled, &account);

    let changes = changes_since(backend, &before, &[&dance, &pizza]).await;
    assert_eq!(changes.len(), account.writes, "each write is one change");
    let mut followed: BTreeMap<AttendeeKey, Attendee> = BTreeMap::new();
    for change in changes {
        assert_eq!(change.old.as_ref(), followed.get(&change.key), "each change begins where the last ended");
        followed.insert(change.key, change.new.expect("nobody was removed"));
    }
    assert_eq!(followed, account.attendees);
}

/// Without requests of an owner, the newest request of a name decides, whatever the order was.
fn newest_decides(signups: &[Option<Signup>], settled: &BTreeSet<usize>, account: &Account) {
    let mut newest: BTreeMap<AttendeeKey, &Signup> = BTreeMap::new();
    let mut owned = BTreeSet::new();
    for (number, signup) in signups.iter().enumerate() {
        let Some(signup) = signup.as_ref().filter(|signup| signup.request != Request::SendLink) else { continue };
        let is_owners = matches!(
            signup.request,
            Request::CancelRegistration { .. }
                | Request::SetContact { .. }
                | Request::ConfirmContact { .. }
                | Request::SetNotifications { .. }
                | Request::SetDetails { .. }
        );
        if is_owners || !settled.contains(&number) {
            owned.insert(signup.key());
        }
        let newest = newest.entry(signup.key()).or_insert(signup);
        if signup.version > newest.version {
            *newest = signup;
        }
    }
    for (key, signup) in newest.into_iter().filter(|(key, _)| !owned.contains(key)) {
        let is_in = account.attendees.get(&key).is_some_and(|attendee| attendee.registration().is_some());
        assert_eq!(is_in, signup.request != Request::Cancel, "{key:?} after {signup:?}");
    }
}

pub async fn random_history_leaves_its_requests_outcome(backend: &Backend) {
    let backend = backend.clone();
    let runtime = Handle::current();
    // On a thread of its own, since the runner of proptest calls back and waits.
    let histories = tokio::task::spawn_blocking(move || {
        TestRunner::new(seed::config(backend.histories)).run(&some_history(), |history| {
            runtime.block_on(run_history(&backend, &history));
            Ok(())
        })
    });
    if let Err(failure) = histories.await.expect("the histories go on") {
        panic!("{failure}");
    }
}
