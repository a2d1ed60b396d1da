//! Random histories: whatever happens, every change reaches every other attendee, and not too often.
//!
//! To see that the histories find bugs, these were made by hand. Each was found within 1,000 histories:
//!
//! * A batch of changes that is repeated is counted again (`Digest::add_changes` without `seen`).
//! * A write conflict is taken for a stored digest (`add_to_digest`), or ends the storing of progress (`Round::save`).
//! * A page that could not be read is taken for a page that was sent (`Round::page`).
//! * A recipient who could not be reached is forgotten at the second attempt (`Round::try_again`).
//! * A notification that was not sent is taken for delivered (`Telling::tell`).
//! * A notification whose answer was lost is taken for not delivered (`Telling::count` without `is_doubtful`).

use std::time::Duration;

use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::signup::Request;
use proptest::prelude::*;

use crate::memory::{Fault, Memory};
use crate::support::seed;
use crate::{DANCE, DAY, PEOPLE, Step, World, start};

/// Histories that each property is tried with, unless the environment sets another number. `.ci/run` tries two seeds.
const CASES: u32 = 500;

/// What the design promises of any 24 hours.
const PER_DAY: usize = 30;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let person = 0..PEOPLE.len();
    let step = prop_oneof![
        6 => person.clone().prop_map(Step::Join),
        4 => person.clone().prop_map(Step::Leave),
        4 => (1_u64..300).prop_map(Step::Wait),
        2 => (300_u64..30_000).prop_map(Step::Wait),
        1 => (1_u64..4_000).prop_map(Step::SetBack),
        8 => Just(Step::Work),
        3 => (0_usize..40).prop_map(Step::Crash),
        8 => (0_usize..16, prop::sample::select(vec![Fault::Refused, Fault::AnswerLost, Fault::Repeated, Fault::Overtaken]))
            .prop_map(|(calls, fault)| Step::Fail(calls, fault)),
        2 => (person, 1_u64..8_000).prop_map(|(person, time)| Step::Down(person, time)),
    ];
    prop::collection::vec(step, 1..80)
}

proptest! {
    #![proptest_config(seed::config(CASES))]

    #[test]
    fn every_change_reaches_every_other_attendee(steps in steps()) {
        let mut world = World::new();
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
            let guest = format!("Guest {}", number % 50);
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
