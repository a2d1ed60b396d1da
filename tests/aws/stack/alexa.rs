//! The Alexa skill's function, as Alexa invokes it.

use std::fs;
use std::path::Path;

use countmein::domain::timestamp::Timestamp;
use serde_json::Value;

use super::support::{Stack, eventually};

const IAM: &str = "COUNTMEIN_MINISTACK_IAM";
const SKILL_ID: &str = "AlexaSkillId=amzn1.ask.skill.01234567-89ab-cdef-0123-456789abcdef";

/// A recorded request, made now.
fn request(path: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/alexa").join(path);
    let mut request: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    request["request"]["timestamp"] = Timestamp::now().to_string().into();
    request
}

/// The function's answer or its error.
fn invoke(stack: &Stack, request: &Value) -> Value {
    let answer = tempfile::NamedTempFile::new().unwrap();
    let (name, payload) = (stack.output("AlexaFunctionName"), request.to_string());
    let file = answer.path().to_str().unwrap();
    stack.aws(&["lambda", "invoke", "--function-name", name, "--payload", &payload, file]);
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn echo_signup_reaches_the_roster() {
    let stack = Stack::deploy_to(IAM, &[SKILL_ID]);
    let signed_up = invoke(&stack, &request("en/03-name-given.json"));
    let said = signed_up["response"]["outputSpeech"]["text"].as_str().unwrap_or_else(|| panic!("{signed_up}"));
    assert!(said.starts_with("Melvin is in for Dance."), "{said}");
    eventually("Melvin", || stack.who_is_in("dance"), |names| names == &["Melvin"]);
    let who = invoke(&stack, &request("en/04-who-is-coming.json"));
    assert!(who["response"]["outputSpeech"]["text"].as_str().unwrap().starts_with("Melvin is in for Dance."), "{who}");
    // The household is recognised.
    let proposed = invoke(&stack, &request("en/07-sign-up-at-once-without-a-name.json"));
    assert_eq!(proposed["response"]["outputSpeech"]["text"], "Shall I sign up Melvin for Pizza Night?");

    let mut other = request("en/04-who-is-coming.json");
    other["context"]["System"]["application"]["applicationId"] = "amzn1.ask.skill.other".into();
    assert!(invoke(&stack, &other)["errorMessage"].as_str().unwrap().contains("another skill"));

    let policy = stack.aws(&["lambda", "get-policy", "--function-name", stack.output("AlexaFunctionName")]);
    let policy = policy["Policy"].as_str().unwrap();
    assert!(policy.contains("alexa-appkit.amazon.com") && policy.contains("amzn1.ask.skill.01234567"), "{policy}");
}
