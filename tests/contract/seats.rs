//! Seats are stored with the digest of their event, and found by name, and by size and number.

use std::time::Duration;

use countmein::domain::attendee_name::NameKey;
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::capacity::Capacity;
use countmein::domain::change::Change;
use countmein::domain::digest::Digest;
use countmein::domain::event::EventId;
use countmein::domain::event_details::{Content, EventDetails, Title};
use countmein::domain::outbox_message::OutboxMessage;
use countmein::domain::registration_details::RegistrationEdit;
use countmein::domain::seat::{Seat, SeatChange, Standing};
use countmein::domain::seats::{EventSeats, SeatCounts};
use countmein::domain::signup::{AttendeeKey, Request, Signup, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::{DigestUpdate, take_in};
use countmein::ports::{MAX_SEAT_WRITES, Position, Write};

use crate::backend::Backend;
use crate::people::{apply, event_id, id, person, unique};

fn key(event: &EventId, name: &str) -> AttendeeKey {
    AttendeeKey { event: event.clone(), name: NameKey::of(name).unwrap() }
}

fn seat(event: &EventId, name: &str, party: u8, standing: Standing, number: u64) -> Seat {
    let (owner, since) = (id(name), Timestamp::now());
    Seat { attendee: key(event, name), owner, since, party, standing, number }
}

fn added(seat: &Seat) -> SeatChange {
    SeatChange { old: None, new: Some(seat.clone()) }
}

fn digest(event: &EventId) -> Digest {
    let seats = EventSeats::new(Capacity::try_from(40).unwrap(), Timestamp::now());
    Digest { seats: Some(seats), ..Digest::new(event.clone(), "Dinner".to_owned()) }
}

pub async fn seats_are_stored_with_their_digest_or_not_at_all(backend: &Backend) {
    let event = event_id(&unique("dinner"));
    let (ana, ben) = (seat(&event, "ana", 1, Standing::Confirmed, 7), seat(&event, "ben", 3, Standing::Waiting, 8));
    let mut digest = digest(&event);
    digest.seats.as_mut().unwrap().count(&ana);
    digest.seats.as_mut().unwrap().count(&ben);
    let stored = backend.seats.commit(&digest, &[added(&ana), added(&ben)], Timestamp::now()).await.unwrap();
    assert_eq!(stored, Write::Stored);
    assert_eq!(backend.seats.summary(&event).await.unwrap(), digest.seats);

    let late = SeatChange { old: Some(ana.clone()), new: None };
    let changes = [late.clone(), added(&seat(&event, "cleo", 1, Standing::Waiting, 9))];
    let conflict = backend.seats.commit(&digest, &changes, Timestamp::now()).await.unwrap();
    assert_eq!(conflict, Write::Conflict, "the digest has another version");
    let keys = ["ben", "cleo", "ana"].map(|name| key(&event, name));
    assert_eq!(backend.seats.seats(&keys).await.unwrap(), [Some(ben.clone()), None, Some(ana.clone())]);
    assert_eq!(backend.seats.waiting_numbers(&event).await.unwrap(), [8]);

    let digest = Digest { version: 1, ..digest };
    let confirmed = Seat { standing: Standing::Confirmed, ..ben.clone() };
    let change = SeatChange { old: Some(ben), new: Some(confirmed.clone()) };
    assert_eq!(backend.seats.commit(&digest, &[late, change], Timestamp::now()).await.unwrap(), Write::Stored);
    assert_eq!(backend.seats.seats(&keys).await.unwrap(), [Some(confirmed.clone()), None, None]);
    assert!(backend.seats.waiting_numbers(&event).await.unwrap().is_empty());
    assert_eq!(backend.digests.digest(&event).await.unwrap().unwrap().version, 2);
    let between = async |first, last| {
        let (first, last) = (NameKey::of(first).unwrap(), NameKey::of(last).unwrap());
        backend.seats.seats_between(&event, &first, &last).await.unwrap()
    };
    assert_eq!(between("ben", "ben").await, std::slice::from_ref(&confirmed));
    assert_eq!(between("ana", "zoe").await, [confirmed]);
    assert_eq!(between("beth", "zoe").await, []);
    let other = event_id(&unique("other"));
    assert_eq!(backend.seats.summary(&other).await.unwrap(), None);
}

/// As many writes as one commit may have.
pub async fn largest_commit_is_stored(backend: &Backend) {
    let event = event_id(&unique("dinner"));
    let seats: Vec<Seat> = (0..MAX_SEAT_WRITES / 3)
        .map(|number| seat(&event, &format!("guest-{number}"), 2, Standing::Waiting, number as u64 + 1))
        .collect();
    let digest = digest(&event);
    let all: Vec<SeatChange> = seats.iter().map(added).collect();
    assert_eq!(backend.seats.commit(&digest, &all, Timestamp::now()).await.unwrap(), Write::Stored);
    let smaller = |seat: &Seat| SeatChange { old: Some(seat.clone()), new: Some(Seat { party: 1, ..seat.clone() }) };
    let all: Vec<SeatChange> = seats.iter().map(smaller).collect();
    assert_eq!(all.iter().map(SeatChange::writes).sum::<usize>(), MAX_SEAT_WRITES);
    assert_eq!(
        backend.seats.commit(&Digest { version: 1, ..digest }, &all, Timestamp::now()).await.unwrap(),
        Write::Stored
    );
    assert_eq!(backend.seats.first_waiting(&event, 2, 100).await.unwrap(), []);
    assert_eq!(backend.seats.first_waiting(&event, 1, 100).await.unwrap().len(), MAX_SEAT_WRITES / 3);
}

pub async fn those_who_wait_come_by_size_and_number(backend: &Backend) {
    let event = event_id(&unique("dinner"));
    let waiting = |name, party, number| seat(&event, name, party, Standing::Waiting, number);
    let seats =
        [waiting("a", 1, 100), waiting("b", 2, 9), waiting("c", 1, 11), waiting("d", 12, 5), waiting("e", 1, 3)];
    let confirmed = seat(&event, "f", 1, Standing::Confirmed, 1);
    let changes: Vec<SeatChange> = seats.iter().chain([&confirmed]).map(added).collect();
    assert_eq!(backend.seats.commit(&digest(&event), &changes, Timestamp::now()).await.unwrap(), Write::Stored);
    let names = async |size, limit| -> Vec<String> {
        let found = backend.seats.first_waiting(&event, size, limit).await.unwrap();
        found.iter().map(|party| party.key.name.as_str().to_owned()).collect()
    };
    assert_eq!(names(1, 2).await, ["e", "c"]);
    assert_eq!(names(1, 9).await, ["e", "c", "a"]);
    assert_eq!(names(12, 9).await, ["d"]);
    assert_eq!(names(3, 9).await, [""; 0]);
    assert_eq!(backend.seats.waiting_numbers(&event).await.unwrap(), [3, 5, 9, 11, 100]);
    let count = async |numbers| backend.seats.count_waiting(&event, &[1, 2, 12], numbers).await.unwrap();
    assert_eq!((count(0..1_000).await, count(4..11).await, count(9..9).await), (5, 2, 0));
    // Nobody has signed up with these names.
    assert!(backend.seats.first_waiting(&event, 1, 9).await.unwrap().iter().all(|party| party.attendee.is_none()));
}

/// An event with changes that nobody else takes in.
pub struct Dinner<'a> {
    pub backend: &'a Backend,
    pub details: EventDetails,
    position: Position,
}

impl<'a> Dinner<'a> {
    pub async fn new(backend: &'a Backend, places: u32) -> Self {
        Self::with_capacity(backend, Some(Capacity::try_from(places).unwrap())).await
    }

    pub async fn unlimited(backend: &'a Backend) -> Self {
        Self::with_capacity(backend, None).await
    }

    async fn with_capacity(backend: &'a Backend, capacity: Option<Capacity>) -> Self {
        let title = unique("Dinner");
        let event = event_id(&title);
        let content = Content { capacity, guests_per_signup: 9, ..Content::titled(Title::parse(&title).unwrap()) };
        let details = EventDetails::new(event, content, Timestamp::now());
        assert_eq!(backend.events.create_event(&details, Timestamp::now()).await.unwrap(), Write::Stored);
        Self { backend, details: EventDetails { version: 1, ..details }, position: Position::Start }
    }

    pub async fn requests(&self, name: &str, request: Request) {
        let signup = person(self.details.content.title.as_str(), name).asks(0, "a", request);
        apply(&*self.backend.roster, vec![Signup { version: Version::now(), ..signup }]).await;
    }

    pub async fn sign_up(&self, name: &str, guests: u8) {
        let details = RegistrationEdit { guests: Some(guests), ..RegistrationEdit::default() };
        self.requests(name, Request::TrustedSignUp { contact: None, details }).await;
    }

    pub async fn set_places(&mut self, places: Option<u32>) {
        self.details.content.capacity = places.map(|places| Capacity::try_from(places).unwrap());
        let details = self.details.clone().limited(Timestamp::now());
        assert_eq!(self.backend.events.store_details(&details, Timestamp::now()).await.unwrap(), Write::Stored);
        self.details = EventDetails { version: details.version + 1, ..details };
    }

    /// Cancels the event, whatever its version is now.
    pub async fn cancel(&self) {
        let details = self.backend.events.details_of(&self.details.event).await.unwrap().unwrap();
        let cancelled = EventDetails { cancelled_at: Some(Timestamp::now()), ..(*details).clone() };
        assert_eq!(self.backend.events.store_details(&cancelled, Timestamp::now()).await.unwrap(), Write::Stored);
    }

    /// Takes in the changes since the last time.
    pub async fn take_in(&mut self) -> DigestUpdate {
        let mut changes = Vec::new();
        loop {
            let page = self.backend.changes.changes(&self.position, 100).await.unwrap();
            let Some((last, _)) = page.last() else { break };
            self.position = last.clone();
            let of_event = |change: &Change| *change.event() == self.details.event;
            changes.extend(page.into_iter().filter_map(|(_, change)| change.ok()).filter(of_event).map(Ok));
        }
        let (backoff, now) = (BackoffPolicy::default(), Timestamp::now());
        take_in(changes, self.backend.event_ports(), &backoff, now).await.unwrap().1
    }

    pub async fn counts(&self) -> SeatCounts {
        self.backend.seats.summary(&self.details.event).await.unwrap().unwrap().counts()
    }

    /// The names of all who have a seat with this standing, and the sizes of their parties, by their numbers.
    pub async fn list(&self, standing: Standing) -> Vec<(String, u8)> {
        let page = self.backend.seats.parties_after(&self.details.event, None, 100_000).await.unwrap();
        let mut seats: Vec<Seat> = page.parties.into_iter().filter_map(|party| party.seat).collect();
        seats.retain(|seat| seat.standing == standing);
        seats.sort_by_key(|seat| seat.number);
        seats.into_iter().map(|seat| (seat.attendee.name.as_str().to_owned(), seat.party)).collect()
    }
}

pub fn named(parties: &[(&str, u8)]) -> Vec<(String, u8)> {
    parties.iter().map(|(name, party)| ((*name).to_owned(), *party)).collect()
}

pub async fn full_event_has_a_waiting_list(backend: &Backend) {
    let mut dinner = Dinner::new(backend, 3).await;
    for (name, guests) in [("ana", 1), ("ben", 0), ("cleo", 1), ("dora", 0)] {
        dinner.sign_up(name, guests).await;
        dinner.take_in().await;
    }
    assert_eq!(dinner.list(Standing::Confirmed).await, named(&[("ana", 2), ("ben", 1)]));
    assert_eq!(dinner.list(Standing::Waiting).await, named(&[("cleo", 2), ("dora", 1)]));
    assert_eq!(dinner.counts().await, SeatCounts { capacity: Capacity::try_from(3).ok(), taken: 3, waiting: 2 });
    let dora = backend.seats.seats(&[key(&dinner.details.event, "dora")]).await.unwrap().remove(0).unwrap();
    assert_eq!(backend.seats.waiting_before(&dora).await.unwrap(), 1);

    dinner.requests("ben", Request::Cancel).await;
    dinner.take_in().await;
    assert_eq!(dinner.list(Standing::Confirmed).await, named(&[("ana", 2), ("dora", 1)]));
    dinner.sign_up("ana", 4).await;
    dinner.take_in().await;
    assert_eq!(dinner.list(Standing::Confirmed).await, named(&[("ana", 2), ("dora", 1)]), "more guests do not fit");
    dinner.sign_up("ana", 0).await;
    dinner.sign_up("cleo", 0).await;
    dinner.take_in().await;
    assert_eq!(dinner.list(Standing::Confirmed).await, named(&[("ana", 1), ("cleo", 1), ("dora", 1)]));
    assert_eq!(dinner.list(Standing::Waiting).await, []);
    let event = dinner.details.event.clone();
    assert_eq!(backend.roster.roster(&event, 9, None).await.unwrap().seats, Some(dinner.counts().await));
    let page = backend.calendar.upcoming(Timestamp::EARLIEST, None, 1_000).await.unwrap();
    let entry = page.entries.into_iter().find(|entry| entry.event.id == event).unwrap();
    assert_eq!((entry.event.count, entry.event.seats), (3, Some(dinner.counts().await)));
    let digest = backend.digests.digest(&event).await.unwrap().unwrap();
    assert_eq!(digest.count, 3);
    let news = digest.pending.unwrap().news.named;
    let news: Vec<String> = news.iter().map(|change| format!("{} {:?}", change.name, change.movement)).collect();
    assert_eq!(news, ["ana Joined", "ben Joined", "ben Left", "dora Joined", "cleo Joined"]);
    backend.roster.remove(&NameKey::of("ana").unwrap(), Some(&dinner.details.event), Timestamp::now()).await.unwrap();
    dinner.take_in().await;
    assert_eq!(dinner.counts().await.taken, 2);
}

pub async fn limit_is_set_raised_lowered_and_removed(backend: &Backend) {
    let mut dinner = Dinner::new(backend, 100).await;
    dinner.set_places(Some(1)).await;
    for number in 0..50 {
        dinner.sign_up(&format!("guest-{number:02}"), 0).await;
    }
    dinner.take_in().await;
    assert_eq!((dinner.counts().await.taken, dinner.counts().await.waiting), (1, 49));
    dinner.set_places(Some(45)).await;
    dinner.take_in().await;
    assert_eq!((dinner.counts().await.taken, dinner.counts().await.waiting), (45, 5));
    dinner.set_places(Some(2)).await;
    dinner.take_in().await;
    assert_eq!((dinner.counts().await.taken, dinner.counts().await.waiting), (45, 5), "nobody loses a place");
    dinner.set_places(None).await;
    dinner.sign_up("late", 3).await;
    dinner.take_in().await;
    assert_eq!(dinner.counts().await, SeatCounts { capacity: None, taken: 54, waiting: 0 });
}

pub async fn attendees_from_before_the_limit_keep_their_places(backend: &Backend) {
    let mut dinner = Dinner::unlimited(backend).await;
    for number in 0..70 {
        dinner.sign_up(&format!("guest-{number:02}"), u8::from(number == 0)).await;
    }
    dinner.take_in().await;
    dinner.set_places(Some(50)).await;
    let limited_since = dinner.details.limited_since.unwrap();
    while Timestamp::now() <= limited_since {
        // Whoever signs up in the same millisecond keeps their place.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    dinner.sign_up("late", 0).await;
    dinner.take_in().await;
    assert_eq!((dinner.counts().await.taken, dinner.counts().await.waiting), (71, 1));
    assert_eq!(dinner.list(Standing::Waiting).await, named(&[("late", 1)]));
    assert_eq!(backend.digests.digest(&dinner.details.event).await.unwrap().unwrap().count, 71);
}

/// Takes the messages about the seats of an event that were not taken before.
async fn news(backend: &Backend, event: &EventId) -> Vec<OutboxMessage> {
    let mut messages = backend.take_seat_messages().await;
    messages.retain(|message| message.event() == event);
    messages
}

pub async fn each_change_puts_its_news_into_the_outbox_once(backend: &Backend) {
    let event = event_id(&unique("dinner"));
    let (ana, ben) = (seat(&event, "ana", 1, Standing::Confirmed, 1), seat(&event, "ben", 2, Standing::Waiting, 2));
    let digest = digest(&event);
    let to_ben = || vec![OutboxMessage::SeatNews(ben.registration())];
    let commit = async |version, changes: &[SeatChange]| {
        let digest = Digest { version, ..digest.clone() };
        backend.seats.commit(&digest, changes, Timestamp::now()).await.unwrap()
    };
    assert_eq!(commit(0, &[added(&ana), added(&ben)]).await, Write::Stored);
    assert_eq!(news(backend, &event).await, to_ben(), "whoever has a place from the beginning need not be told");
    assert_eq!(commit(0, &[added(&ana), added(&ben)]).await, Write::Conflict);
    assert_eq!(news(backend, &event).await, []);

    let smaller = Seat { party: 1, ..ben.clone() };
    assert_eq!(commit(1, &[SeatChange { old: Some(ben.clone()), new: Some(smaller.clone()) }]).await, Write::Stored);
    assert_eq!(news(backend, &event).await, [], "the number of guests is no news");
    let confirmed = Seat { standing: Standing::Confirmed, ..smaller.clone() };
    let promoted = SeatChange { old: Some(smaller), new: Some(confirmed.clone()) };
    let left = SeatChange { old: Some(ana), new: None };
    assert_eq!(commit(2, &[left, promoted]).await, Write::Stored);
    assert_eq!(news(backend, &event).await, to_ben());
    let again = Seat { owner: id("again"), standing: Standing::Waiting, number: 3, ..confirmed.clone() };
    let came_back = SeatChange { old: Some(confirmed), new: Some(again.clone()) };
    assert_eq!(commit(3, &[came_back]).await, Write::Stored);
    assert_eq!(news(backend, &event).await, [OutboxMessage::SeatNews(again.registration())]);
}
