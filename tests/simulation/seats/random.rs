//! Random histories: whatever happens, nobody is passed over, and no place is given twice.
//!
//! To see that the histories find bugs, these were made by hand. Each was found within 1,000 histories:
//!
//! * Free places go to any party that fits, whatever its number (`Round::next_that_fits`).
//! * Somebody new gets places although a party waits that fits (`decide`).
//! * The number of guests grows whether they fit or not (`Round::resize`).
//! * A party on the waiting list with another number of guests gets places that are not free (the same).
//! * Changes that were delivered before are not looked at again (`SeatRounds::settle`).
//! * A recount keeps the seats of those who have left (`count_page`).
//! * A recount does not report who has left (`SeatRounds::count_next_page`).
//! * A recount gives nobody a seat (`SeatRounds::seat_everybody`).
//! * Parties that must wait for the next round are left out (`SeatRounds::decide_about`).
//! * Who comes back keeps the seat of the old registration (`Round::take_in`).
//! * Numbers of seats begin anew after an earlier version of the program stored the digest (`EventSeats::after_versions`).
//! * Seats that such a version has left out of the digest are not counted again (`Digest::take_in_details`).

use proptest::prelude::*;

use super::{Ask, Delivery, Step, Trouble, Which, Workers, World};
use crate::PEOPLE;
use crate::memory::Fault;
use crate::support::seed;

/// Histories that are tried, unless the environment sets another number. `.ci/run` tries two seeds.
const CASES: u32 = 500;

fn asks() -> impl Strategy<Value = Ask> {
    let person = 0..PEOPLE.len();
    let guests = prop_oneof![4 => Just(0_u8), 3 => 1_u8..4, 1 => 4_u8..8];
    let late = prop_oneof![4 => Just(0), 1 => 1_u64..60];
    let places = prop_oneof![6 => (1_u32..14).prop_map(Some), 1 => (30_u32..80).prop_map(Some), 2 => Just(None)];
    prop_oneof![
        12 => (person.clone(), guests.clone(), late)
            .prop_map(|(person, guests, late)| Ask::SignUp { person, guests, late }),
        6 => person.clone().prop_map(Ask::Leave),
        3 => (person.clone(), guests).prop_map(|(person, guests)| Ask::Rejoin { person, guests }),
        1 => person.prop_map(Ask::Remove),
        4 => places.prop_map(Ask::Limit),
    ]
}

fn deliveries() -> impl Strategy<Value = Delivery> {
    let which = prop_oneof![
        3 => (1_usize..100, any::<u64>()).prop_map(|(count, seed)| Which::New { count, seed }),
        3 => (1_usize..5, any::<u64>()).prop_map(|(count, seed)| Which::New { count, seed }),
        2 => (0.0..1.0, 1_usize..20).prop_map(|(part, count)| Which::Old { part, count }),
    ];
    let workers = prop_oneof![
        3 => Just(Workers::One),
        2 => (any::<u64>(), prop::collection::vec(asks(), 0..4))
            .prop_map(|(seed, meanwhile)| Workers::Two { seed, meanwhile }),
    ];
    let calls = || prop_oneof![3 => 0_usize..10, 1 => 10_usize..40];
    let fault = prop::sample::select(vec![Fault::Refused, Fault::AnswerLost, Fault::Repeated, Fault::Overtaken]);
    let trouble = prop_oneof![
        4 => Just(Trouble::None),
        1 => calls().prop_map(Trouble::Crash),
        2 => (calls(), fault).prop_map(|(calls, fault)| Trouble::Fail(calls, fault)),
    ];
    (which, workers, trouble).prop_map(|(which, workers, trouble)| Delivery { which, workers, trouble })
}

fn histories() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        20 => asks().prop_map(Step::Ask),
        14 => deliveries().prop_map(Step::Deliver),
        1 => any::<usize>().prop_map(Step::Lose),
        1 => Just(Step::ForgetSeats),
        1 => Just(Step::Recount),
        2 => Just(Step::Announce),
        2 => (1_u64..300).prop_map(Step::Wait),
        1 => (0_u8..3).prop_map(|guests| Step::Ask(Ask::Crowd(guests))),
        1 => Just(Step::Ask(Ask::CrowdLeaves)),
    ];
    // Less is promised after a change was lost, and a crowd takes its time.
    let kinds = (prop::bool::weighted(0.3), prop::bool::weighted(0.5), prop::bool::weighted(0.1));
    (prop::collection::vec(step, 1..80), kinds).prop_map(|(mut steps, (loses, forgets, has_crowd))| {
        steps.retain(|step| match step {
            Step::Lose(_) => loses,
            Step::ForgetSeats => forgets,
            Step::Ask(Ask::Crowd(_) | Ask::CrowdLeaves) => has_crowd,
            _ => true,
        });
        steps
    })
}

proptest! {
    #![proptest_config(seed::config(CASES))]

    #[test]
    fn no_place_is_given_twice_and_nobody_is_passed_over(steps in histories()) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            let problems = std::mem::take(&mut world.memory.state().problems);
            prop_assert_eq!(problems, Vec::<String>::new(), "{:?}", steps);
        }
        world.finish();
        prop_assert_eq!(world.problems(), Vec::<String>::new(), "{:?}", steps);
    }
}
