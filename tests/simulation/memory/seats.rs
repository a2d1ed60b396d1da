//! The seats, which change together with the digest of their event.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use async_trait::async_trait;
use countmein::domain::attendee::Attendee;
use countmein::domain::attendee_name::NameKey;
use countmein::domain::digest::Digest;
use countmein::domain::event::EventId;
use countmein::domain::seat::{Party, Seat, SeatChange};
use countmein::domain::seats::EventSeats;
use countmein::domain::signup::AttendeeKey;
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{PartyPage, Seats, Unavailable, Write};

use super::{Memory, State};

/// A digest that is stored together with changes of seats.
pub struct Commit<'a> {
    pub digest: &'a Digest,
    pub changes: &'a [SeatChange],
    pub rows_before: &'a BTreeMap<AttendeeKey, Seat>,
    pub rows: &'a BTreeMap<AttendeeKey, Seat>,
    pub attendees: &'a BTreeMap<AttendeeKey, Attendee>,
}

impl State {
    pub fn change_seats(&mut self, digest: &Digest, changes: &[SeatChange]) {
        let rows_before = self.inspect.map(|_| self.seats.clone());
        for change in changes {
            match change {
                SeatChange { new: Some(seat), .. } => drop(self.seats.insert(seat.attendee.clone(), seat.clone())),
                SeatChange { old: Some(seat), new: None } => drop(self.seats.remove(&seat.attendee)),
                SeatChange { old: None, new: None } => {}
            }
        }
        if let (Some(inspect), Some(rows_before)) = (self.inspect, &rows_before) {
            let (rows, attendees) = (&self.seats, &self.attendees);
            self.problems.extend(inspect(&Commit { digest, changes, rows_before, rows, attendees }));
        }
    }

    fn party(&self, key: AttendeeKey) -> Party {
        let (attendee, seat) = (self.attendees.get(&key).cloned(), self.seats.get(&key).cloned());
        Party { key, attendee, seat }
    }

    fn waiting<'a>(&'a self, event: &'a EventId) -> impl Iterator<Item = &'a Seat> {
        self.seats.values().filter(move |seat| seat.attendee.event == *event && seat.is_waiting())
    }
}

#[async_trait]
impl Seats for Memory {
    async fn seats(&self, _: &[AttendeeKey]) -> Result<Vec<Option<Seat>>, Unavailable> {
        unreachable!("the simulation reads the seats itself")
    }

    async fn seats_between(&self, _: &EventId, _: &NameKey, _: &NameKey) -> Result<Vec<Seat>, Unavailable> {
        unreachable!("the simulation reads the seats itself")
    }

    async fn parties(&self, event: &EventId, names: &[NameKey]) -> Result<Vec<Party>, Unavailable> {
        self.step().await;
        self.read()?;
        let state = self.state();
        Ok(names.iter().map(|name| state.party(AttendeeKey { event: event.clone(), name: name.clone() })).collect())
    }

    async fn first_waiting(&self, event: &EventId, size: u8, limit: usize) -> Result<Vec<Party>, Unavailable> {
        self.step().await;
        self.read()?;
        let state = self.state();
        let mut of_size: Vec<&Seat> = state.waiting(event).filter(|seat| seat.party == size).collect();
        of_size.sort_by_key(|seat| seat.number);
        Ok(of_size.into_iter().take(limit).map(|seat| state.party(seat.attendee.clone())).collect())
    }

    async fn parties_after(
        &self,
        event: &EventId,
        after: Option<&NameKey>,
        limit: usize,
    ) -> Result<PartyPage, Unavailable> {
        self.step().await;
        self.read()?;
        let state = self.state();
        let on_roster = state.attendees.iter().filter(|(_, attendee)| attendee.registration().is_some());
        let names: BTreeSet<&AttendeeKey> = on_roster.map(|(key, _)| key).chain(state.seats.keys()).collect();
        let names = names.into_iter().filter(|key| key.event == *event && Some(&key.name) > after);
        let parties: Vec<Party> = names.take(limit).map(|key| state.party(key.clone())).collect();
        let next = parties.last().filter(|_| parties.len() == limit).map(|last| last.key.name.clone());
        Ok(PartyPage { parties, damaged_seats: Vec::new(), of_damaged: Vec::new(), next })
    }

    async fn waiting_numbers(&self, event: &EventId) -> Result<Vec<u64>, Unavailable> {
        self.step().await;
        self.read()?;
        let mut numbers: Vec<u64> = self.state().waiting(event).map(|seat| seat.number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    async fn count_waiting(&self, event: &EventId, _: &[u8], numbers: Range<u64>) -> Result<u64, Unavailable> {
        Ok(self.state().waiting(event).filter(|seat| numbers.contains(&seat.number)).count() as u64)
    }

    async fn commit(&self, digest: &Digest, changes: &[SeatChange], _: Timestamp) -> Result<Write, Unavailable> {
        self.store_with(digest, None, changes).await
    }

    async fn delete_damaged_seat(&self, _: &AttendeeKey) -> Result<(), Unavailable> {
        unreachable!("no seat is damaged")
    }

    async fn summary(&self, event: &EventId) -> Result<Option<EventSeats>, Unavailable> {
        Ok(self.state().digests.get(event).and_then(|digest| digest.seats.clone()))
    }
}
