//! Short histories with faults that the random ones have found.

use super::{Ask, Delivery, Step, Trouble, Which, Workers, World};
use crate::memory::Fault;

const ANA: usize = 0;
const BEN: usize = 1;
const CLEO: usize = 2;
const DORA: usize = 3;

fn signs_up(person: usize, guests: u8) -> Step {
    Step::Ask(Ask::SignUp { person, guests, late: 0 })
}

fn leaves(person: usize) -> Step {
    Step::Ask(Ask::Leave(person))
}

fn places(places: u32) -> Step {
    Step::Ask(Ask::Limit(Some(places)))
}

/// The feed delivers everything.
fn deliver() -> Step {
    let which = Which::New { count: 100, seed: 0 };
    Step::Deliver(Delivery { which, workers: Workers::One, trouble: Trouble::None })
}

/// Two workers take changes in at the same time, while people ask for something.
fn deliver_to_two(which: Which, seed: u64, meanwhile: Vec<Ask>, trouble: Trouble) -> Step {
    Step::Deliver(Delivery { which, workers: Workers::Two { seed, meanwhile }, trouble })
}

fn check(steps: &[Step]) {
    let mut world = World::new();
    steps.iter().for_each(|step| world.take(step));
    assert_eq!(world.memory.state().problems, Vec::<String>::new());
    world.finish();
    assert_eq!(world.problems(), Vec::<String>::new());
}

#[test]
fn forgotten_seats_are_counted_again() {
    check(&[places(1), signs_up(ANA, 0), signs_up(BEN, 0), deliver(), Step::ForgetSeats, leaves(ANA)]);
}

#[test]
fn numbers_are_not_used_again_after_seats_were_forgotten() {
    let late = Step::Ask(Ask::SignUp { person: ANA, guests: 0, late: 60 });
    check(&[places(5), signs_up(BEN, 0), deliver(), Step::ForgetSeats, late]);
}

#[test]
fn who_signed_up_before_the_limit_is_announced_although_it_was_taken_in_first() {
    check(&[signs_up(ANA, 0), places(1)]);
    check(&[signs_up(ANA, 0), places(1), signs_up(BEN, 0), deliver()]);
}

#[test]
fn who_left_before_the_limit_was_taken_in_is_announced() {
    check(&[signs_up(ANA, 0), signs_up(BEN, 0), deliver(), leaves(ANA), places(1)]);
}

#[test]
fn who_comes_back_to_the_end_of_the_line_has_left() {
    let rejoins = Step::Ask(Ask::Rejoin { person: ANA, guests: 0 });
    check(&[signs_up(ANA, 0), signs_up(BEN, 0), deliver(), places(1), rejoins]);
}

#[test]
fn who_leaves_during_a_recount_is_announced() {
    check(&[places(2), signs_up(ANA, 0), deliver(), Step::Recount, leaves(ANA)]);
}

#[test]
fn party_that_is_taken_in_again_keeps_its_place_in_line() {
    let four = [places(4), signs_up(ANA, 3), signs_up(BEN, 1), signs_up(CLEO, 1), signs_up(DORA, 1), deliver()];
    check(&[&four[..], &[signs_up(BEN, 1), leaves(ANA)]].concat());
}

#[test]
fn recount_takes_in_another_number_of_guests_of_a_party_that_waits() {
    let waits = [places(1), signs_up(ANA, 0), signs_up(BEN, 0), deliver()];
    check(&[&waits[..], &[signs_up(BEN, 1), Step::Lose(0)]].concat());
}

#[test]
fn party_that_changes_while_it_is_read_is_one_party() {
    let ask = |person, guests| Ask::SignUp { person, guests, late: 0 };
    let new = |count, seed| Which::New { count, seed };
    let three = Step::Deliver(Delivery { which: new(3, 0), workers: Workers::One, trouble: Trouble::None });
    check(&[
        leaves(ANA),
        leaves(ANA),
        deliver_to_two(new(1, 0), 0, vec![Ask::Limit(Some(1))], Trouble::None),
        deliver_to_two(new(1, 0), 0, vec![Ask::Leave(CLEO), ask(ANA, 0)], Trouble::Fail(0, Fault::Refused)),
        three,
        deliver_to_two(
            Which::Old { part: 0.0, count: 4 },
            335_025_912_632_215_770,
            vec![ask(ANA, 0), Ask::Leave(BEN), ask(CLEO, 0)],
            Trouble::None,
        ),
        signs_up(DORA, 0),
        leaves(ANA),
        deliver_to_two(
            new(4, 11_936_507_751_881_708_143),
            8_662_854_205_968_746_986,
            vec![ask(CLEO, 1)],
            Trouble::None,
        ),
    ]);
}
