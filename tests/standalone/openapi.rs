//! The published contract as others use it: a public validator, and a generated client that signs somebody up.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::program::{Program, serve};

fn tool(name: &str) -> Command {
    Command::new(root().join(".venv-openapi/bin").join(name))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{error}: tests/tools.sh installs {command:?}"));
    assert!(output.status.success(), "{output:?}");
    output
}

#[test]
fn public_validator_accepts_the_contract() {
    let contract = root().join("docs/openapi.json");
    let output = run(tool("openapi-spec-validator").arg("--schema").arg("3.1").arg(&contract));
    assert!(String::from_utf8_lossy(&output.stdout).contains("OK"), "{output:?}");
    // The validator does find a mistake.
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("openapi.json");
    let mut contract: Value = serde_json::from_str(&std::fs::read_to_string(contract).unwrap()).unwrap();
    contract["paths"]["/health"]["get"]["responses"] = json!("all is well");
    std::fs::write(&broken, contract.to_string()).unwrap();
    assert!(!tool("openapi-spec-validator").arg("--schema").arg("3.1").arg(&broken).output().unwrap().status.success());
}

#[test]
fn generated_client_signs_up() {
    let folder = tempfile::tempdir().unwrap();
    let client = folder.path().join("client");
    let mut generate = tool("openapi-python-client");
    generate.args(["generate", "--meta", "none", "--path"]).arg(root().join("docs/openapi.json"));
    run(generate.arg("--output-path").arg(&client).current_dir(folder.path()));
    let data = tempfile::tempdir().unwrap();
    let program = Program::start(serve(data.path()));

    let script = root().join("tests/openapi/sign_up.py");
    let output = run(tool("python").arg(script).arg(&program.url).env("PYTHONPATH", folder.path()));

    let output: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output["accepted"], json!({ "event": "dance", "name": "Melvin" }));
    assert_eq!(output["names"], json!(["Melvin"]));
    assert_eq!(output["problem"], "urn:countmein:problem:invalid-field");
}
