//! Decides who gets a place, and stores each round of decisions together with the digest.

use std::collections::HashSet;

use crate::domain::attendee::Attendee;
use crate::domain::attendee_name::NameKey;
use crate::domain::backoff::BackoffPolicy;
use crate::domain::change::AttendeeChange;
use crate::domain::contact::Contact;
use crate::domain::contact_id::ContactId;
use crate::domain::digest::Digest;
use crate::domain::event::EventId;
use crate::domain::pending_changes::NamedChange;
use crate::domain::seat::{MAX_WRITES_OF_CHANGE, Party, SeatChange};
use crate::domain::seats::{
    Counted, Decided, EventSeats, Heads, Moved, Recount, count_page, decide, earlier_movement, wanted_heads,
};
use crate::domain::timestamp::Timestamp;
use crate::ports::{MAX_SEAT_WRITES, Seats, Unavailable, Write};

/// Attendees who are read together when all of an event are read.
const PAGE: usize = 500;

/// Attendees whose changes are taken in together: as many as one round can decide about.
const MAX_PARTIES: usize = MAX_SEAT_WRITES;

/// Attendees whose seats are counted together. Each takes at most three writes.
const MAX_COUNTED: usize = MAX_SEAT_WRITES / MAX_WRITES_OF_CHANGE;

/// The result of [`SeatRounds::settle`].
pub struct Settled {
    pub write: Write,
    /// Whether records are damaged, so that some seats could not be decided.
    pub has_damaged: bool,
}

/// Decides about the seats of one event.
pub struct SeatRounds<'a> {
    pub seats: &'a dyn Seats,
    /// The changes of attendees that are the reason, for the names and mailboxes of those who have left.
    pub changes: &'a [&'a AttendeeChange],
    pub mailbox: &'a (dyn Fn(&Contact) -> ContactId + Sync),
    pub backoff: &'a BackoffPolicy,
    pub now: Timestamp,
}

impl SeatRounds<'_> {
    /// Decides about all seats that the changes affect, in as many rounds as necessary, and stores the digest unless it
    /// `is_unchanged`. Each attendee is read as they are on the roster now, so it does no harm if a change is repeated, late or
    /// missing.
    ///
    /// Returns [`Write::Conflict`] if another process stored the digest meanwhile. What was decided until then stays, and it is
    /// safe to repeat the call with the digest as it is stored then.
    ///
    /// # Panics
    /// If the event has no seats.
    pub async fn settle(&self, digest: &mut Digest, is_unchanged: bool) -> Result<Settled, Unavailable> {
        let version = digest.version;
        while let Some(recount) = seats_of(digest).recount.clone() {
            let stored = match recount {
                Recount::Counting { after, seats_earlier } => {
                    self.count_next_page(digest, after, seats_earlier).await?
                }
                Recount::Seating => self.seat_everybody(digest).await?,
            };
            if stored == Write::Conflict {
                return Ok(Settled { write: Write::Conflict, has_damaged: false });
            }
        }
        let mut seen = HashSet::new();
        let names = self.changes.iter().map(|change| &change.key.name).filter(|name| seen.insert(*name));
        let is_unchanged = is_unchanged && digest.version == version;
        self.decide_about(digest, names.cloned().collect(), is_unchanged).await
    }

    /// Adds to the digest who joined and left with registrations from before the places were limited. `new` are the changes of
    /// the roster that the digest has not contained before. Returns whether this changed the digest.
    ///
    /// # Panics
    /// If the event has no seats.
    pub async fn announce_earlier(&self, digest: &mut Digest, new: &[&AttendeeChange]) -> Result<bool, Unavailable> {
        let limited_since = seats_of(digest).limited_since;
        let is_earlier = |attendee: &Option<Attendee>| {
            let registration = attendee.as_ref().and_then(Attendee::registration);
            registration.is_some_and(|registration| registration.since <= limited_since)
        };
        let earlier = new.iter().filter(|change| is_earlier(&change.old) || is_earlier(&change.new));
        let (earlier, names): (Vec<_>, Vec<_>) = earlier.map(|change| (*change, change.key.name.clone())).unzip();
        if earlier.is_empty() {
            return Ok(false);
        }
        let mut has_news = false;
        let parties = self.seats.parties(&digest.event, &names).await?;
        for change in earlier {
            let party = parties.iter().find(|party| party.key == change.key);
            let movement = party.and_then(|party| earlier_movement(seats_of(digest), change, party));
            let named = movement.and_then(|movement| NamedChange::of(change, movement, self.mailbox));
            has_news |= named.is_some();
            named.into_iter().for_each(|named| digest.add_news(named, self.backoff, self.now));
        }
        Ok(has_news)
    }

    /// Decides about these attendees in their order. `is_unchanged` says that the digest is as it is stored.
    async fn decide_about(
        &self,
        digest: &mut Digest,
        mut names: Vec<NameKey>,
        mut is_unchanged: bool,
    ) -> Result<Settled, Unavailable> {
        let mut has_damaged = false;
        loop {
            let next = &names[..names.len().min(MAX_PARTIES)];
            let mut parties = self.seats.parties(&digest.event, next).await?;
            has_damaged |= parties.len() < next.len();
            // `upgrade-table` has moved these attendees to another key. Their seats move too.
            parties.retain(|party| party.attendee.is_some() || *party.key.name.refolded() == party.key.name);
            let Decided { changes, moved, taken_in, is_settled } = self.round(digest, &mut parties).await?;
            let left = parties.get(taken_in).map(|party| &party.key.name);
            let taken_in = next.iter().position(|name| Some(name) == left).unwrap_or(next.len());
            names.drain(..taken_in);
            // The next round would find the same. This happens only if the waiting list is damaged.
            let is_stuck = taken_in == 0 && changes.is_empty() && is_unchanged;
            for moved in moved {
                self.announce(digest, &moved);
            }
            let is_to_store = !is_unchanged || !changes.is_empty();
            if is_to_store && self.commit(digest, &changes).await? == Write::Conflict {
                return Ok(Settled { write: Write::Conflict, has_damaged });
            }
            is_unchanged = true;
            if is_stuck || is_settled && names.is_empty() {
                return Ok(Settled { write: Write::Stored, has_damaged: has_damaged || is_stuck && !is_settled });
            }
        }
    }

    async fn round(&self, digest: &mut Digest, parties: &mut [Party]) -> Result<Decided, Unavailable> {
        let mut heads = Heads::default();
        for wanted in wanted_heads(seats_of(digest), parties, MAX_SEAT_WRITES) {
            let first = self.seats.first_waiting(&digest.event, wanted.size, wanted.limit).await?;
            // A party may have changed since it was read. Nobody is in a round as two different parties, or somebody else would
            // get the place between them.
            for head in &first {
                if let Some(party) = parties.iter_mut().find(|party| party.key == head.key) {
                    party.attendee.clone_from(&head.attendee);
                }
            }
            heads.add(wanted, first);
        }
        Ok(decide(seats_of(digest), parties, heads, MAX_SEAT_WRITES))
    }

    /// Counts the seats of the next attendees.
    async fn count_next_page(
        &self,
        digest: &mut Digest,
        after: Option<NameKey>,
        seats_earlier: bool,
    ) -> Result<Write, Unavailable> {
        let page = self.seats.parties_after(&digest.event, after.as_ref(), PAGE).await?;
        let names = page.parties.iter().map(|party| &party.key.name);
        let names = names.chain(page.of_damaged.iter().map(|seat| &seat.attendee.name));
        let last = page.next.or_else(|| names.max().cloned());
        if last.is_none() {
            let numbers = self.seats.waiting_numbers(&digest.event).await?;
            seats_of(digest).end_counting(&numbers);
            return self.commit(digest, &[]).await;
        }
        for attendee in &page.damaged_seats {
            self.seats.delete_damaged_seat(attendee).await?;
        }
        // Attendees whose records are damaged keep their seats.
        let mut of_damaged = page.of_damaged.iter().peekable();
        let chunks: Vec<&[Party]> = page.parties.chunks(MAX_COUNTED).collect();
        for number in 0..chunks.len().max(1) {
            let parties = chunks.get(number).copied().unwrap_or_default();
            let end =
                if number + 1 < chunks.len() { parties.last().map(|party| &party.key.name) } else { last.as_ref() };
            let seats = seats_of(digest);
            while let Some(seat) = of_damaged.next_if(|seat| Some(&seat.attendee.name) <= end) {
                seats.count(seat);
            }
            let Counted { changes, moved } = count_page(seats, parties);
            seats.recount = Some(Recount::Counting { after: end.cloned(), seats_earlier });
            moved.iter().for_each(|moved| self.announce(digest, moved));
            if self.commit(digest, &changes).await? == Write::Conflict {
                return Ok(Write::Conflict);
            }
        }
        Ok(Write::Stored)
    }

    /// Decides about all attendees who have no seat, in the order in which they signed up, and ends the recount.
    async fn seat_everybody(&self, digest: &mut Digest) -> Result<Write, Unavailable> {
        let mut without_seat = Vec::new();
        for_each_party(self.seats, &digest.event, |Party { key, attendee, seat }| {
            let Some(registration) = attendee.as_ref().and_then(Attendee::registration) else { return };
            if seat.is_none_or(|seat| !seat.is_of(registration)) {
                without_seat.push((registration.since, key.name));
            }
        })
        .await?;
        without_seat.sort();
        let names = without_seat.into_iter().map(|(_, name)| name).collect();
        if self.decide_about(digest, names, true).await?.write == Write::Conflict {
            return Ok(Write::Conflict);
        }
        seats_of(digest).recount = None;
        digest.rebuild_requested_at = None;
        self.commit(digest, &[]).await
    }

    async fn commit(&self, digest: &mut Digest, changes: &[SeatChange]) -> Result<Write, Unavailable> {
        let seats = seats_of(digest);
        if seats.recount.is_none() {
            digest.count = seats.parties + seats.line.len();
        }
        let stored = self.seats.commit(digest, changes, self.now).await?;
        if stored == Write::Stored {
            digest.version += 1;
        }
        Ok(stored)
    }

    /// Adds to the digest that somebody got a place or gave it back.
    fn announce(&self, digest: &mut Digest, moved: &Moved) {
        let changes = || self.changes.iter().rev().filter(|change| change.key == moved.key);
        let in_changes = || changes().find_map(|change| change.new.as_ref().or(change.old.as_ref()));
        // Nothing is known any more about an attendee who was removed a long time ago.
        let Some(attendee) = moved.attendee.as_ref().or_else(in_changes) else { return };
        let contact = attendee.registration().and_then(|registration| registration.contact.as_ref());
        let contact = contact.or_else(|| changes().find_map(|change| change.contact()));
        let change = NamedChange {
            name: attendee.name.clone(),
            movement: moved.movement,
            requested_at: attendee.newest.requested_at,
            mailbox: contact.map(self.mailbox),
        };
        digest.add_news(change, self.backoff, self.now);
    }
}

/// Reads all parties of an event, page by page.
pub async fn for_each_party(
    seats: &dyn Seats,
    event: &EventId,
    mut each: impl FnMut(Party),
) -> Result<(), Unavailable> {
    let mut after = None;
    loop {
        let page = seats.parties_after(event, after.as_ref(), PAGE).await?;
        page.parties.into_iter().for_each(&mut each);
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

fn seats_of(digest: &mut Digest) -> &mut EventSeats {
    digest.seats.as_mut().expect("the caller has checked that the event has seats")
}
