//! The examples of docs/publishing.md, unchanged.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::support::{Stack, eventually};
use crate::support::ministack::{REGION, SECRET_KEY};

const OPEN: &str = "COUNTMEIN_MINISTACK";

/// The examples in a language.
fn examples(language: &str) -> Vec<String> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/publishing.md")).unwrap();
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// The AWS CLI ignores the endpoint variable for SQS; MiniStack finds an API by its account.
const SHELL: &str = r#"
set -euo pipefail
aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }
curl() { command curl --silent --fail --header "$authorization" "$@"; }
"#;

fn run(stack: &Stack, command: &mut Command) {
    let binaries = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin");
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    let output = command
        .env("PATH", path)
        .env("queue", stack.output("QueueUrl"))
        .env("url", stack.url(""))
        .env("authorization", format!("Authorization: {}", stack.authorization()))
        .env("AWS_ENDPOINT_URL", &stack.account.endpoint)
        .env("AWS_ACCESS_KEY_ID", &stack.account.id)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_CONFIG_FILE", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn every_publishing_example_signs_up() {
    let stack = Stack::deploy_to(OPEN, &[]);
    let (shell, python) = (examples("sh"), examples("python"));
    assert_eq!((shell.len(), python.len()), (2, 1));
    for example in &shell {
        run(&stack, Command::new("bash").arg("-c").arg(format!("{SHELL}{example}")));
    }
    run(&stack, Command::new("python").arg("-c").arg(&python[0]));
    eventually("everybody", || stack.who_is_in("dance"), |names| names == &["Ana", "Ben", "Cleo", "Dora"]);
    assert!(stack.rejects().is_empty());
}
