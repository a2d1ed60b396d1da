//! What must be true of seats after every write, and in the end.

use std::collections::{BTreeMap, BTreeSet};

use countmein::domain::attendee::Attendee;
use countmein::domain::attendee_name::NameKey;
use countmein::domain::change::Movement;
use countmein::domain::digest::Digest;
use countmein::domain::registration::Registration;
use countmein::domain::seat::{Seat, SeatChange, Standing, party_of};
use countmein::domain::seats::{EventSeats, Recount};
use countmein::domain::signup::AttendeeKey;
use countmein::ports::MAX_SEAT_WRITES;

use super::{World, dance};
use crate::memory::Memory;
use crate::memory::seats::Commit;

type Rows = BTreeMap<AttendeeKey, Seat>;

/// What is wrong with a digest and the seats that are stored with it.
pub fn inspect(commit: &Commit<'_>) -> Vec<String> {
    let Some(seats) = &commit.digest.seats else {
        return if commit.changes.is_empty() { Vec::new() } else { vec!["seats without their totals".to_owned()] };
    };
    let mut problems = wrong_rows(commit);
    problems.extend(wrong_totals(seats, commit.rows));
    problems.extend(lost_places(commit));
    problems.extend(oversold(seats, commit));
    problems.extend(passed_over(seats, commit));
    if seats.recount.is_none() && commit.digest.count != commit.rows.len() as u64 {
        problems.push(format!("the count is {}, not {}", commit.digest.count, commit.rows.len()));
    }
    problems
}

/// Each changed seat is stored as the fan-out has read it, and its number is its own.
fn wrong_rows(commit: &Commit<'_>) -> Vec<String> {
    let mut problems = Vec::new();
    let writes: usize = commit.changes.iter().map(SeatChange::writes).sum();
    if writes > MAX_SEAT_WRITES {
        problems.push(format!("{writes} writes in one commit"));
    }
    let mut names = BTreeSet::new();
    for change in commit.changes {
        let Some(seat) = change.new.as_ref().or(change.old.as_ref()) else { continue };
        if commit.rows_before.get(&seat.attendee) != change.old.as_ref() || !names.insert(&seat.attendee) {
            problems.push(format!("{change:?} is not about the stored seat"));
        }
    }
    let numbers: BTreeSet<u64> = commit.rows.values().map(|seat| seat.number).collect();
    if numbers.len() < commit.rows.len() {
        problems.push(format!("two seats have the same number: {:?}", commit.rows.values()));
    }
    problems
}

fn is_waiting(seat: &&Seat) -> bool {
    seat.is_waiting()
}

/// The number of people who have a place.
fn heads<'a>(rows: impl IntoIterator<Item = &'a Seat>) -> u64 {
    rows.into_iter().filter(|seat| !seat.is_waiting()).map(|seat| u64::from(seat.party)).sum()
}

/// The totals are those of the seats, or while they are counted, of those that have been counted.
fn wrong_totals(seats: &EventSeats, rows: &Rows) -> Vec<String> {
    let is_counted = |seat: &&Seat| match &seats.recount {
        Some(Recount::Counting { after, .. }) => Some(&seat.attendee.name) <= after.as_ref(),
        Some(Recount::Seating) | None => true,
    };
    let counted: Vec<&Seat> = rows.values().filter(is_counted).collect();
    let waiting: Vec<&Seat> = counted.iter().copied().filter(is_waiting).collect();
    let mut sizes: BTreeMap<u8, u32> = BTreeMap::new();
    waiting.iter().for_each(|seat| *sizes.entry(seat.party).or_default() += 1);
    let expected = (heads(counted.iter().copied()), (counted.len() - waiting.len()) as u64, waiting.len() as u64);
    let totals = (seats.taken, seats.parties, seats.line.len());
    let mut problems = Vec::new();
    if totals != expected || seats.waiting() != sizes.into_iter().collect::<Vec<_>>() {
        problems.push(format!("the totals are {seats:?}, but the seats are {counted:?}"));
    }
    for seat in &waiting {
        let section = seats.line.section(seat.number);
        let in_section = |other: &&&Seat| (section.begins_at..seat.number).contains(&other.number);
        let before = section.before + waiting.iter().filter(in_section).count() as u64;
        if before != waiting.iter().filter(|other| other.number < seat.number).count() as u64 {
            problems.push(format!("{before} wait before {seat:?}"));
        }
    }
    problems
}

/// Whether this seat is that of the attendee's registration.
fn is_current(seat: &Seat, attendees: &BTreeMap<AttendeeKey, Attendee>) -> bool {
    let registration = attendees.get(&seat.attendee).and_then(Attendee::registration);
    registration.is_some_and(|registration| seat.is_of(registration))
}

/// Nobody who is still registered loses their place, or their place in line.
fn lost_places(commit: &Commit<'_>) -> Vec<String> {
    let has_lost = |change: &&SeatChange| {
        let Some(old) = change.old.as_ref().filter(|old| is_current(old, commit.attendees)) else { return false };
        let new = change.new.as_ref().filter(|new| new.number == old.number && new.is_of_same(old));
        new.is_none_or(|new| new.is_waiting() && !old.is_waiting())
    };
    commit.changes.iter().filter(has_lost).map(|change| format!("lost a place: {change:?}")).collect()
}

trait SameRegistration {
    fn is_of_same(&self, other: &Self) -> bool;
}

impl SameRegistration for Seat {
    fn is_of_same(&self, other: &Self) -> bool {
        (&self.owner, self.since) == (&other.owner, other.since)
    }
}

/// The number of places that a change gives to a party, and the party.
fn grant(change: &SeatChange) -> Option<(u64, &Seat)> {
    let new = change.new.as_ref().filter(|new| !new.is_waiting())?;
    let old = change.old.as_ref().filter(|old| old.number == new.number && !old.is_waiting());
    let more = new.party.saturating_sub(old.map_or(0, |old| old.party));
    (more > 0).then_some((more.into(), new))
}

fn is_counting(seats: &EventSeats) -> bool {
    matches!(seats.recount, Some(Recount::Counting { .. }))
}

/// Nobody gets a place if too many people have one then, except who signed up before the limit.
fn oversold(seats: &EventSeats, commit: &Commit<'_>) -> Vec<String> {
    let taken = heads(commit.rows.values());
    let is_too_much = seats.capacity.is_some_and(|capacity| taken > capacity.get().into());
    let is_wrong = |(_, seat): &(u64, &Seat)| {
        if is_counting(seats) { seat.since > seats.limited_since } else { is_too_much }
    };
    let granted = commit.changes.iter().filter_map(grant).filter(is_wrong);
    granted.map(|(_, seat)| format!("oversold: {taken} places with {seat:?} of {:?}", seats.capacity)).collect()
}

/// Nobody gets places while a party waits for longer that fits at that moment.
///
/// Which of several changes came first is not stored. So this takes the smallest number of places that may have been free
/// then: as if everybody else had got their places before and given them back after it, counted from the places that were free
/// before all changes and from those that are free after them.
fn passed_over(seats: &EventSeats, commit: &Commit<'_>) -> Vec<String> {
    let Some(capacity) = seats.capacity.filter(|_| !is_counting(seats)) else { return Vec::new() };
    let free = |rows: &Rows| u64::from(capacity.get()).saturating_sub(heads(rows.values()));
    let (before, after) = (free(commit.rows_before), free(commit.rows));
    let granted: u64 = commit.changes.iter().filter_map(grant).map(|(more, _)| more).sum();
    // Of a party that leaves and comes back in one commit, only the difference is known.
    let given_back: u64 = commit
        .changes
        .iter()
        .filter_map(|change| change.old.as_ref())
        .filter(|old| !old.is_waiting())
        .map(|old| u64::from(old.party))
        .sum();
    let is_unchanged = |seat: &&Seat| commit.rows_before.get(&seat.attendee) == Some(*seat);
    let waiting: Vec<&Seat> = commit.rows.values().filter(is_waiting).filter(is_unchanged).collect();
    let mut problems = Vec::new();
    for change in commit.changes {
        let Some((more, seat)) = grant(change) else { continue };
        let then = more.max((after + more).saturating_sub(given_back)).max((before + more).saturating_sub(granted));
        let has_grown = change.old.as_ref().is_some_and(|old| old.number == seat.number && !old.is_waiting());
        let is_first = |other: &&&Seat| (has_grown || other.number < seat.number) && u64::from(other.party) <= then;
        if let Some(first) = waiting.iter().find(is_first) {
            problems.push(format!("{seat:?} got {more} of {then} places before {first:?}: {:?}", commit.changes));
        }
    }
    problems
}

/// Who waits although they fit, after the last change was taken in.
pub fn unsettled(memory: &Memory) -> Vec<String> {
    let state = memory.state();
    let seats = state.digests.get(&dance()).and_then(|digest| digest.seats.as_ref());
    let Some(seats) = seats else { return Vec::new() };
    let fitting = state.seats.values().filter(is_waiting).filter(|seat| seats.fits(seat.party));
    let mut problems: Vec<String> = fitting.map(|seat| format!("{seat:?} fits into {seats:?}")).collect();
    if seats.recount.is_some() {
        problems.push("the recount has not ended".to_owned());
    }
    problems
}

impl World {
    /// What is wrong after all changes were delivered.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = std::mem::take(&mut self.memory.state().problems);
        problems.extend(self.wrong_end());
        let standings = || -> Vec<(AttendeeKey, Standing, u64)> {
            let state = self.memory.state();
            state.seats.values().map(|seat| (seat.attendee.clone(), seat.standing, seat.number)).collect()
        };
        let before = standings();
        self.repeat_everybody();
        if standings() != before {
            problems.push(format!("seats changed although nothing happened: {before:?}, {:?}", standings()));
        }
        problems.extend(self.wrong_end());
        problems.extend(self.too_small());
        problems.append(&mut self.memory.state().problems);
        problems
    }

    fn wrong_end(&self) -> Vec<String> {
        let state = self.memory.state();
        let mut problems = Vec::new();
        let Some(digest) = state.digests.get(&dance()) else { return problems };
        let limited = state.details.get(&dance()).filter(|details| details.limited_since.is_some());
        let on_roster: BTreeMap<&AttendeeKey, &Registration> =
            state.attendees.iter().filter_map(|(key, attendee)| Some((key, attendee.registration()?))).collect();
        let (Some(seats), Some(details)) = (&digest.seats, limited) else {
            if digest.seats.is_some() != limited.is_some() || !state.seats.is_empty() {
                problems.push(format!("the limit is not that of the details: {:?} {:?}", digest.seats, state.seats));
            }
            return problems;
        };
        if (seats.capacity, Some(seats.limited_since)) != (details.content.capacity, details.limited_since) {
            problems.push(format!("the limit is not that of the details: {seats:?}"));
        }
        if !on_roster.keys().copied().eq(state.seats.keys()) {
            problems.push(format!("the roster is {:?}, the seats are {:?}", on_roster.keys(), state.seats));
        }
        if digest.count != on_roster.len() as u64 {
            problems.push(format!("the count is {}, not {}", digest.count, on_roster.len()));
        }
        for (key, registration) in on_roster {
            let Some(seat) = state.seats.get(key) else { continue };
            let size = party_of(registration);
            let is_wrong_size = if seat.is_waiting() { seat.party != size } else { seat.party > size };
            if !seat.is_of(registration) || is_wrong_size {
                problems.push(format!("{seat:?} is not that of {registration:?}"));
            }
        }
        problems.extend(wrong_totals(seats, &state.seats));
        problems.extend(self.wrong_news(digest, &state.seats, &state.announcements));
        drop(state);
        problems.extend(unsettled(&self.memory));
        problems
    }

    /// Who has a place joined according to the last news about them, and nobody else.
    fn wrong_news(
        &self,
        digest: &Digest,
        rows: &Rows,
        announced: &[countmein::domain::event_announcement::EventAnnouncement],
    ) -> Vec<String> {
        let pending = digest.pending.as_ref().map(|pending| &pending.news);
        let all: Vec<_> = announced.iter().map(|announcement| &announcement.changes).chain(pending).collect();
        if all.iter().any(|changes| !changes.unnamed.is_empty()) {
            return Vec::new();
        }
        let mut last: BTreeMap<NameKey, Movement> = BTreeMap::new();
        for change in all.iter().flat_map(|changes| &changes.named) {
            last.insert(change.name.key().clone(), change.movement);
        }
        let placed: BTreeSet<&NameKey> =
            rows.values().filter(|seat| !seat.is_waiting()).map(|seat| &seat.attendee.name).collect();
        let known: BTreeSet<&NameKey> =
            last.iter().filter(|(_, movement)| **movement == Movement::Joined).map(|(name, _)| name).collect();
        let wrong = placed.symmetric_difference(&known).filter(|name| !self.unsure.contains(**name));
        wrong.map(|name| format!("the news about {name:?} is {:?}", last.get(*name))).collect()
    }

    /// Who has fewer places than they want although they are free.
    fn too_small(&self) -> Vec<String> {
        let state = self.memory.state();
        let seats = state.digests.get(&dance()).and_then(|digest| digest.seats.as_ref());
        let Some(seats) = seats else { return Vec::new() };
        let is_too_small = |seat: &&Seat| {
            let registration = state.attendees.get(&seat.attendee).and_then(Attendee::registration);
            let size = registration.map_or(0, party_of);
            !seat.is_waiting() && size > seat.party && seats.fits(size - seat.party)
        };
        state.seats.values().filter(is_too_small).map(|seat| format!("{seat:?} is too small for {seats:?}")).collect()
    }
}
