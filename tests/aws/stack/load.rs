use countmein::domain::timestamp::Timestamp;
use countmein::ports::Queue as _;
use serde_json::json;

use super::support::{Stack, eventually};
use crate::support::seed;

const MESSAGES: usize = 2_000;
/// The percentage of messages that can never succeed, and of duplicates.
const POISON: usize = 1;
const DUPLICATES: usize = 20;

#[test]
fn mixed_load_ends_on_roster_or_rejects() {
    let stack = Stack::deploy();
    let mut poison: Vec<String> = (0..MESSAGES * POISON / 100).map(poisonous).collect();
    let duplicates = MESSAGES * DUPLICATES / 100;
    let different = MESSAGES - poison.len() - duplicates;
    // The first names also cancel; the cancel is newer by its time, whichever is delivered first.
    let cancels = different / 10;
    let signups = different - cancels;
    let an_hour_ago = Timestamp::now().as_millis() - 3_600_000;
    let mut bodies: Vec<String> = (0..signups).map(|number| body(number, "sign_up", an_hour_ago)).collect();
    bodies.extend((0..cancels).map(|number| body(number, "cancel", an_hour_ago + 1)));
    let mut random = seed::rng();
    bodies.extend((0..duplicates).map(|_| bodies[random.usize(..different)].clone()).collect::<Vec<_>>());
    bodies.extend(poison.iter().cloned());
    random.shuffle(&mut bodies);
    assert_eq!(bodies.len(), MESSAGES);

    stack.wait(stack.queue.send(bodies)).unwrap();

    eventually("empty queues", || stack.messages(), |(queue, dead)| queue.messages + dead.messages == 0);
    let expected: Vec<String> = (cancels..signups).map(name).collect();
    assert_eq!(stack.who_is_in("dance"), expected);
    let mut rejected: Vec<String> = stack.rejects().into_iter().map(|reject| reject.body).collect();
    rejected.sort();
    poison.sort();
    assert_eq!(rejected, poison);
    eventually("everybody counted", || stack.count("dance"), |count| *count == expected.len() as u64);
}

fn name(number: usize) -> String {
    format!("Guest {number:04}")
}

fn body(number: usize, action: &str, requested_at: i64) -> String {
    let id = format!("{action}-{number}");
    json!({ "event": "Dance", "name": name(number), "action": action, "requested_at": requested_at, "id": id })
        .to_string()
}

/// A bad message, of each kind in turn.
fn poisonous(number: usize) -> String {
    match number % 5 {
        0 => format!("not JSON, number {number}"),
        1 => json!({ "event": "Dance", "number": number }).to_string(),
        2 => json!({ "event": "Dance", "name": format!("#{number}") }).to_string(),
        3 => json!({ "event": "", "name": name(number) }).to_string(),
        _ => json!({ "event": "Dance", "name": name(number), "contact": { "email": "nobody" } }).to_string(),
    }
}
