//! An upgrade of a deployed stage, with the functions of an earlier version still at work.
//!
//! The test needs an earlier version: `.ci/long` builds it, and names its checkout and the folder of its executables in the
//! environment.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use countmein::domain::event::EventId;
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{Calendar as _, Roster as _};
use serde_json::{Value, json};

use super::support::{Stack, Version, eventually};
use crate::support::ministack::{Account, REGION, SECRET_KEY};

const CHECKOUT: &str = "COUNTMEIN_EARLIER_CHECKOUT";
const EXECUTABLES: &str = "COUNTMEIN_EARLIER_EXECUTABLES";

/// Sign-ups of each of the stages of the upgrade.
const SIGN_UPS: usize = 40;

fn folder(variable: &str) -> PathBuf {
    env::var_os(variable).unwrap_or_else(|| panic!("{variable} is not set; run .ci/long")).into()
}

/// A command of this version that works on the stack.
fn command(stack: &Stack, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countmein"));
    command.env_clear().args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.envs([
        ("AWS_ENDPOINT_URL", stack.account.endpoint.as_str()),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", &stack.account.id),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
    ]);
    command
}

/// The program of this version, which processes the messages of the same queue.
struct Beside(Child);

impl Beside {
    fn start(stack: &Stack, data: &Path) -> Self {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--store", "dynamodb", "--queue", "sqs"];
        let mut command = command(stack, &arguments);
        command.arg("--data").arg(data);
        command.args(["--table", stack.output("TableName"), "--queue-url", stack.output("QueueUrl")]);
        Self(command.spawn().unwrap())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Publishes sign-ups of one stage of the upgrade; every fourth person cancels. Returns who is in afterwards.
fn sign_up(stack: &Stack, stage: &str, family: &str) -> Vec<String> {
    let sqs = aws_sdk_sqs::Client::new(&stack.config);
    let publish = |message: Value| {
        let send = sqs.send_message().queue_url(stack.output("QueueUrl")).message_body(message.to_string());
        stack.wait(send.send()).unwrap();
    };
    let names: Vec<String> = (0..SIGN_UPS).map(|number| format!("{stage} {family} {number:02}")).collect();
    for name in &names {
        publish(json!({"event": "Dance", "name": name}));
    }
    let (gone, stay): (Vec<_>, Vec<_>) = names.into_iter().enumerate().partition(|(number, _)| number % 4 == 0);
    for (_, name) in gone {
        publish(json!({"event": "Dance", "name": name, "action": "cancel"}));
    }
    stay.into_iter().map(|(_, name)| name).collect()
}

#[test]
#[ignore = "needs an earlier version, which .ci/long builds"]
fn upgrade_of_a_stage_loses_nothing() {
    let earlier = Version::earlier(&folder(CHECKOUT), &folder(EXECUTABLES));
    let stack = Stack::deploy_version(&earlier, Account::on("COUNTMEIN_MINISTACK"), &[]);
    let mut names = sign_up(&stack, "A", "O’Neill");
    let count = |expected: usize| {
        eventually("the count", || stack.count("dance"), |count| *count == expected as u64);
    };
    count(names.len());
    let (status, accepted) = stack.post("/events/Dance/signups", &json!({ "name": "Zoe O’Neill" }));
    assert_eq!(status, 202, "{accepted}");
    let link = url::Url::parse(accepted["manage"].as_str().unwrap()).unwrap();
    names.push("Zoe O’Neill".to_owned());
    count(names.len());

    // Old functions and the new program on the same queue and table. Names whose key changed are not among these sign-ups:
    // an old function does not find an attendee whom a new one stored under such a name (docs/limits.md).
    let data = tempfile::tempdir().unwrap();
    let beside = Beside::start(&stack, data.path());
    names.extend(sign_up(&stack, "B", "Müller"));
    count(names.len());

    // The new functions take over while sign-ups arrive.
    names.extend(sign_up(&stack, "C", "Müller"));
    stack.upgrade(&Version::this());
    names.extend(sign_up(&stack, "D", "O’Neill"));
    count(names.len());

    // The table is upgraded while sign-ups arrive.
    let upgrade = command(&stack, &["upgrade-table", "--json", "--table", stack.output("TableName")]).spawn().unwrap();
    names.extend(sign_up(&stack, "E", "O’Neill"));
    let output = upgrade.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let upgraded: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(upgraded["kept_apart"], json!([]));
    count(names.len());
    drop(beside);

    names.sort();
    let mut found = stack.who_is_in("dance");
    found.sort();
    assert_eq!(found, names);
    assert_eq!(stack.rejects(), []);
    let page = stack.wait(stack.table.upcoming(Timestamp::now(), None, 10)).unwrap();
    let dance = EventId::parse("dance").unwrap();
    assert_eq!(page.entries.iter().map(|entry| &entry.event.id).collect::<Vec<_>>(), [&dance]);
    // Keys of today, and links that were sent before.
    let roster = stack.wait(stack.table.roster(&dance, 1_000, None)).unwrap();
    assert!(roster.attendees.iter().all(|attendee| !attendee.name.key().as_str().contains('’')));
    assert_eq!(stack.get(link.path()).1["state"], "in");
}
