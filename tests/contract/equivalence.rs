//! The two backends side by side: the same messages in the same order have the same outcome on both.

use countmein::domain::change::AttendeeChange;
use countmein::ingest::Outcome;
use countmein::ports::{RejectedMessage, RosterPage};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::runtime::Handle;

use crate::backend;
use crate::backend::Backend;
use crate::ingest::{Asked, History, some_history};
use crate::people::{at, changes_since, roster, unique};
use crate::support::seed;

const HISTORIES: u32 = 1_000;

/// Everything that a backend reports after a history.
#[derive(Debug, PartialEq)]
struct Report {
    outcomes: Vec<Outcome>,
    rosters: Vec<RosterPage>,
    rejects: Vec<Option<RejectedMessage>>,
    changes: Vec<Vec<AttendeeChange>>,
}

async fn run_history(backend: &Backend, history: &History, events: &[&str; 2], asked: &Asked) -> Report {
    let before = backend.catch_up().await;
    let mut outcomes = Vec::new();
    let mut sizes = history.batch_sizes.iter().cycle();
    let mut waiting = &history.deliveries[..];
    while !waiting.is_empty() {
        let size = waiting.len().min(*sizes.next().expect("there is a size"));
        let (batch, others) = waiting.split_at(size);
        waiting = others;
        let deliveries: Vec<_> = batch.iter().map(|number| asked.message(*number)).collect();
        let processed = backend.ingest(&deliveries, backend.roster.clone(), backend.rejected.clone(), at(100)).await;
        outcomes.extend(processed.into_iter().map(|each| each.outcome));
    }
    let mut report = Report { outcomes, rosters: Vec::new(), rejects: Vec::new(), changes: Vec::new() };
    for event in events {
        report.rosters.push(roster(backend, event, 100, None).await);
    }
    let outcomes = history.deliveries.iter().zip(&report.outcomes);
    for (number, _) in outcomes.filter(|(_, outcome)| matches!(outcome, Outcome::Rejected(_))) {
        report.rejects.push(backend.rejected.get(asked.ids[*number].as_str()).await.expect("the backend is there"));
    }
    // Between attendees of an event a stream keeps no order, and neither does a batch.
    let mut changes = changes_since(backend, &before, events).await;
    changes.sort_by(|one, other| one.key.cmp(&other.key));
    report.changes = changes.chunk_by(|one, other| one.key == other.key).map(<[AttendeeChange]>::to_vec).collect();
    report
}

#[tokio::test]
async fn backends_agree_on_random_histories() {
    let (here, there) = (backend::sqlite().await, backend::aws().await);
    let runtime = Handle::current();
    let compared = tokio::task::spawn_blocking(move || {
        TestRunner::new(seed::config(HISTORIES)).run(&some_history(), |history| {
            let (dance, pizza) = (unique("Dance"), unique("Pizza"));
            let events = [&*dance, &*pizza];
            let asked = history.ask(&dance, &pizza);
            let (here, there) = runtime.block_on(async {
                tokio::join!(
                    run_history(&here, &history, &events, &asked),
                    run_history(&there, &history, &events, &asked)
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
