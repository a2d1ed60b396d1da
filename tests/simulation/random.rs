//! Random histories: whatever happens, every change reaches every other attendee, and not too often.
//!
//! To see that the histories find bugs, these were made by hand. Each was found within 1,000 histories:
//!
//! * A watermark does not advance after a notification was sent (`DigestSender::send_copy`).
//! * A notification whose answer was lost is taken for not sent, so that the next one is not in doubt (the same).
//! * A notification that was certainly not sent ends the doubt about an earlier one (the same).
//! * The position is stored although the outbox did not take the messages (`Announcer::expand_page`).
//! * Changes of attendees with the same mailbox are news (`NamedChange::has_mailbox`).
//! * A deferred message leaves the outbox (`OutboxSender::process`).

use std::time::Duration;

use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::signup::Request;
use proptest::prelude::*;

use crate::memory::{Fault, Memory, QUIET};
use crate::support::seed;
use crate::{DANCE, DAY, PEOPLE, Step, World, start};

/// Histories that each property is tried with, unless the environment sets another number. `.ci/run` tries two seeds.
const CASES: u32 = 500;

/// What the design promises of any 24 hours.
const PER_DAY: usize = 30;

/// What happens, and whether the outbox is like SQS.
fn histories() -> impl Strategy<Value = (Vec<Step>, bool)> {
    let person = 0..PEOPLE.len();
    // Most calls of an invocation are before the first ones that send.
    let calls = || prop_oneof![2 => 0_usize..16, 1 => 16_usize..80];
    let fault = prop::sample::select(vec![Fault::Refused, Fault::AnswerLost, Fault::Repeated, Fault::Overtaken]);
    let step = prop_oneof![
        6 => person.clone().prop_map(Step::Join),
        4 => person.clone().prop_map(Step::Leave),
        4 => (1_u64..300).prop_map(Step::Wait),
        2 => (300_u64..30_000).prop_map(Step::Wait),
        1 => (1_u64..4_000).prop_map(Step::SetBack),
        6 => Just(Step::Work),
        3 => Just(Step::WorkTwice),
        3 => Just(Step::Duplicate),
        4 => calls().prop_map(Step::Crash),
        8 => (calls(), fault.clone()).prop_map(|(calls, fault)| Step::Fail(calls, fault)),
        3 => (person.clone(), 1_u64..8_000).prop_map(|(person, time)| Step::Down(person, time)),
        3 => (person.clone(), 1_u64..8_000).prop_map(|(person, time)| Step::Silent(person, time)),
    ];
    // What goes wrong at the end is not made good by a later announcement.
    let last = prop_oneof![
        calls().prop_map(Step::Crash),
        (calls(), fault).prop_map(|(calls, fault)| Step::Fail(calls, fault)),
        Just(Step::WorkTwice),
    ];
    let end = (person, last).prop_map(|(person, last)| vec![Step::Wait(400), Step::Join(person), last]);
    // Less is promised after the clock was set back, so most clocks are not.
    let sets_back = prop::bool::weighted(0.2);
    let steps = (prop::collection::vec(step, 1..80), end, sets_back).prop_map(|(mut steps, end, sets_back)| {
        steps.retain(|step| sets_back || !matches!(step, Step::SetBack(_)));
        [steps, end].concat()
    });
    (steps, any::<bool>())
}

proptest! {
    #![proptest_config(seed::config(CASES))]

    #[test]
    fn every_change_reaches_every_other_attendee((steps, is_queue) in histories()) {
        let mut world = World::new(is_queue);
        for step in &steps {
            world.take(step);
        }
        world.ack();
        prop_assert_eq!(world.problems(), Vec::<String>::new());
    }
}

proptest! {
    #![proptest_config(seed::config(CASES))]

    #[test]
    fn no_recipient_gets_over_thirty_daily(
        pauses in prop::collection::vec(prop_oneof![0_u64..90, 0_u64..2_000, 20_000_u64..23_000], 100..400),
    ) {
        let memory = Memory::new(start());
        memory.request(DANCE, "Zoe", Request::trusted_sign_up(None));
        for (number, pause) in pauses.into_iter().enumerate() {
            let until = memory.now().plus(Duration::from_secs(pause));
            while let Some(due) = memory.next_due().filter(|due| *due <= until) {
                memory.advance(due.since(memory.now()));
                memory.work(BackoffPolicy::default());
            }
            memory.advance(until.since(memory.now()));
            let guest = format!("{QUIET} guest {}", number % 50);
            let request = if number % 100 < 50 { Request::trusted_sign_up(None) } else { Request::Cancel };
            memory.request(DANCE, &guest, request);
            memory.work(BackoffPolicy::default());
        }
        let state = memory.state();
        let times: Vec<_> = state.notified.iter().filter(|(_, name, _)| name == "Zoe").map(|(at, _, _)| *at).collect();
        for (first, at) in times.iter().enumerate() {
            let in_a_day = times[first..].iter().filter(|time| time.since(*at) < DAY).count();
            prop_assert!(in_a_day <= PER_DAY, "{in_a_day} from {at}");
        }
    }
}
