use countmein::domain::change::Movement;
use serde_json::{Value, json};

use super::world::{World, failures, guest_of};
use crate::support::runtime_api::events::{message, records};
use crate::support::runtime_api::proxy::{Call, Verdict};

/// Sign-ups in a batch. With one cancel and one bad message the batch makes CALLS calls.
const GUESTS: usize = 8;
/// One for each, and a second one for who leaves: the first finds them there.
const CALLS: usize = GUESTS + 3;

/// The moment at which the function is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// Before the call of this number reaches the table.
    Before(usize),
    /// After the call is done, and before the function gets the answer.
    After(usize),
}

impl Moment {
    fn judge(self, call: &Call) -> Verdict {
        match self {
            Self::Before(number) if call.number == number => Verdict::HoldBefore,
            Self::After(number) if call.number == number => Verdict::HoldAfter,
            _ => Verdict::Forward,
        }
    }
}

/// Runs the batch in a new process, and kills the process at that moment.
fn is_killed(world: &World, batch: &Value, moment: Moment) {
    world.proxy.judge(move |call| moment.judge(call));
    let ingest = world.ingest();
    ingest.hand_out(batch);
    world.proxy.until_it_holds();
    ingest.kill();
}

fn moments() -> impl Iterator<Item = Moment> {
    (1..=CALLS).flat_map(|number| [Moment::Before(number), Moment::After(number)])
}

#[test]
fn killed_ingest_loses_and_doubles_nothing() {
    let world = World::new();
    for (round, moment) in moments().enumerate() {
        let event = format!("dance-{round}");
        let asked = |id: &str, fields: Value| message(&format!("{id}-{round}"), &fields);
        let early = asked("early", json!({ "event": event, "name": "Zoe", "requested_at": 1_795_431_500_000_i64 }));
        let leaves = asked("leaves", json!({ "event": event, "name": "Zoe", "action": "cancel" }));
        let poison = asked("poison", json!({ "event": event }));
        world.proxy.forward_all();
        let early = records([early]);
        world.ingest().invoke(&early).response();
        let batch = records((0..GUESTS).map(|number| guest_of(&event, number)).chain([leaves, poison]));

        is_killed(&world, &batch, moment);
        // A queue may deliver again what was acknowledged long ago.
        world.proxy.forward_all();
        world.ingest().invoke(&early).response();
        // The retry is killed elsewhere, so that each moment is met with much and with little done.
        let again = match moment {
            Moment::Before(number) => Moment::After(CALLS + 1 - number),
            Moment::After(number) => Moment::Before(CALLS + 1 - number),
        };
        is_killed(&world, &batch, again);
        world.proxy.forward_all();
        let answer = world.ingest().invoke(&batch).response();

        assert_eq!(failures(&answer), [""; 0], "{moment:?}");
        let guests: Vec<String> = (0..GUESTS).map(|number| format!("Guest {number:03}")).collect();
        assert_eq!(world.who_is_in(&event), guests, "{moment:?}");
        let rejects = world.rejects();
        let poisoned = rejects.iter().filter(|reject| reject.id == format!("poison-{round}"));
        assert_eq!(poisoned.count(), 1, "{moment:?}");
        let mut movements = world.movements(&event);
        movements.sort_by_key(|(movement, name)| (*movement == Movement::Left, name.clone()));
        let mut expected: Vec<_> = guests.into_iter().map(|name| (Movement::Joined, name)).collect();
        expected.extend([(Movement::Joined, "Zoe".to_owned()), (Movement::Left, "Zoe".to_owned())]);
        assert_eq!(movements, expected, "{moment:?}");
    }
}
