//! The two backends side by side: the same messages in the same order have the same outcome on both.

use std::collections::BTreeSet;

use countmein::domain::change::{AttendeeChange, Change, DetailsChange};
use countmein::domain::deleted_event::{DeletedEvent, DeletionState};
use countmein::domain::event_details::{Content, EventDetails, Title};
use countmein::domain::host_link::HostRole;
use countmein::domain::timestamp::Timestamp;
use countmein::ingest::Outcome;
use countmein::ports::{RejectedMessage, RosterPage, Write};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use strum::VariantArray as _;
use tokio::runtime::Handle;

use crate::backend;
use crate::backend::Backend;
use crate::deletion::marker;
use crate::events::details;
use crate::ingest::{Asked, History, some_history};
use crate::people::{all_changes_since, at, event_id, roster, unique};
use crate::support::seed;

const HISTORIES: u32 = 500;

/// Everything that a backend reports after a history.
#[derive(Debug, PartialEq, Default)]
struct Report {
    outcomes: Vec<Outcome>,
    rosters: Vec<RosterPage>,
    rejects: Vec<Option<RejectedMessage>>,
    changes: Vec<Vec<AttendeeChange>>,
    edits: Vec<Write>,
    details: Vec<Option<EventDetails>>,
    details_changes: Vec<DetailsChange>,
}

/// What a host does between two batches.
#[derive(Debug, Clone, Copy)]
enum HostAction {
    Create,
    /// Allows this number of guests.
    Edit(u8),
    EditOutdated,
    /// Sign-ups close at this second.
    Close(i64),
    Cancel,
    Archive,
    Reopen,
    Revoke(HostRole),
    /// Deletes the event at this second.
    Delete(i64),
}

fn some_actions() -> impl Strategy<Value = Vec<(bool, HostAction)>> {
    let action = prop_oneof![
        Just(HostAction::Create),
        (0..3_u8).prop_map(HostAction::Edit),
        Just(HostAction::EditOutdated),
        (0..8_i64).prop_map(HostAction::Close),
        Just(HostAction::Cancel),
        Just(HostAction::Archive),
        Just(HostAction::Reopen),
        prop::sample::select(HostRole::VARIANTS).prop_map(HostAction::Revoke),
        (0..8_i64).prop_map(HostAction::Delete),
    ];
    prop::collection::vec((any::<bool>(), action), 0..8)
}

/// Does what a host does, as far as the event has a host.
async fn act(backend: &Backend, event: &str, action: HostAction) -> Option<Write> {
    let new =
        || EventDetails::new(event_id(event), Content::titled(Title::parse(event).expect("it is a title")), at(0));
    let written = match (action, details(backend, &event_id(event)).await) {
        (HostAction::Create, _) => {
            let new = match marker(backend, &event_id(event)).await {
                Some(deleted) => deleted.begin_anew(new().content, at(0)),
                None => new(),
            };
            backend.events.create_event(&new, at(0)).await
        }
        (_, None) => return None,
        (HostAction::Delete(second), Some(details)) => {
            delete_at(backend, &details, at(second)).await;
            Ok(Write::Stored)
        }
        (action, Some(mut details)) => {
            match action {
                HostAction::Create | HostAction::Delete(_) => unreachable!("it is done above"),
                HostAction::Edit(guests) => details.content.guests_per_signup = guests,
                HostAction::EditOutdated => details.version += 1,
                HostAction::Close(second) => details.content.signups.closes_at = Some(at(second)),
                HostAction::Cancel => details.cancelled_at = Some(at(1)),
                HostAction::Archive => details.archived_at = Some(at(1)),
                HostAction::Reopen => (details.cancelled_at, details.archived_at) = (None, None),
                HostAction::Revoke(role) => details.links.revoke(role),
            }
            backend.events.store_details(&details, at(0)).await
        }
    };
    Some(written.expect("the backend is there"))
}

/// Deletes an event without the entries that belong to no single event.
async fn delete_at(backend: &Backend, details: &EventDetails, deleted_at: Timestamp) {
    let (event, links, version) = (details.event.clone(), details.links, details.version);
    let mut deleted = DeletedEvent { event, deleted_at, state: DeletionState::InProgress, links, version };
    loop {
        let stored = backend.events.store_deletion(&deleted, at(0)).await.expect("the backend is there");
        assert_eq!(stored, Write::Stored);
        deleted.version += 1;
        if deleted.state == DeletionState::Complete {
            return;
        }
        backend.deletions.delete_event_state(&deleted.event, at(0)).await.expect("the backend is there");
        match backend.deletions.delete_attendees(&deleted, 100).await.expect("the backend is there").newest_left {
            Some(newest) => deleted.deleted_at = newest,
            None => deleted.state = DeletionState::Complete,
        }
    }
}

async fn run_history(
    backend: &Backend,
    history: &History,
    actions: &[(bool, HostAction)],
    events: &[&str; 2],
    asked: &Asked,
) -> Report {
    let before = backend.catch_up().await;
    let (mut outcomes, mut edits) = (Vec::new(), Vec::new());
    let mut actions = actions.iter();
    // The change feed of SQLite no longer contains the changes of a deleted event.
    let mut deleted = BTreeSet::new();
    let mut sizes = history.batch_sizes.iter().cycle();
    let mut waiting = &history.deliveries[..];
    while !waiting.is_empty() {
        if let Some((first, action)) = actions.next() {
            let event = events[usize::from(!first)];
            let edit = act(backend, event, *action).await;
            if matches!(action, HostAction::Delete(_)) && edit.is_some() {
                deleted.insert(event_id(event));
            }
            edits.extend(edit);
        }
        let size = waiting.len().min(*sizes.next().expect("there is a size"));
        let (batch, others) = waiting.split_at(size);
        waiting = others;
        let deliveries: Vec<_> = batch.iter().map(|number| asked.message(*number)).collect();
        let processed = backend.ingest(&deliveries, backend.roster.clone(), backend.rejected.clone(), at(100)).await;
        outcomes.extend(processed.into_iter().map(|each| each.outcome));
    }
    let mut report = Report { outcomes, edits, ..Report::default() };
    for event in events {
        report.rosters.push(roster(backend, event, 100, None).await);
        report.details.push(details(backend, &event_id(event)).await);
    }
    let outcomes = history.deliveries.iter().zip(&report.outcomes);
    for (number, _) in outcomes.filter(|(_, outcome)| matches!(outcome, Outcome::Rejected(_))) {
        report.rejects.push(backend.rejected.get(asked.ids[*number].as_str()).await.expect("the backend is there"));
    }
    // Between attendees of an event a stream keeps no order, and neither does a batch.
    let mut changes = Vec::new();
    for change in all_changes_since(backend, &before, events).await {
        match change {
            change if deleted.contains(change.event()) => {}
            Change::Attendee(change) => changes.push(change),
            Change::Details(change) => report.details_changes.push(change),
        }
    }
    // Nor between events.
    report.details_changes.sort_by(|one, other| one.event.cmp(&other.event));
    changes.sort_by(|one, other| one.key.cmp(&other.key));
    report.changes = changes.chunk_by(|one, other| one.key == other.key).map(<[AttendeeChange]>::to_vec).collect();
    report
}

#[tokio::test]
async fn backends_agree_on_random_histories() {
    let (here, there) = (backend::sqlite().await, backend::aws().await);
    let runtime = Handle::current();
    let compared = tokio::task::spawn_blocking(move || {
        let cases = (some_history(), some_actions()).prop_map(Box::new);
        TestRunner::new(seed::config(HISTORIES)).run(&cases, |case| {
            let (history, actions) = *case;
            let (dance, pizza) = (unique("Dance"), unique("Pizza"));
            let events = [&*dance, &*pizza];
            let asked = history.ask(&dance, &pizza);
            let (here, there) = runtime.block_on(async {
                tokio::join!(
                    run_history(&here, &history, &actions, &events, &asked),
                    run_history(&there, &history, &actions, &events, &asked)
                )
            });
            prop_assert_eq!(here, there);
            Ok(())
        })
    });
    if let Err(failure) = compared.await.expect("the histories go on") {
        panic!("{failure}");
    }
}
