use serde_json::{Value, json};
use url::Url;

use super::world::{ORGANISER_KEY, World};
use crate::support::runtime_api::events::http;
use crate::support::runtime_api::proxy::Verdict;
use crate::support::runtime_api::{Answer, Function};

fn body(response: &Value) -> Value {
    serde_json::from_str(response["body"].as_str().expect("it has a body")).expect("which is JSON")
}

/// Signs somebody up; the manage link.
fn sign_up(api: &Function, name: &str) -> Url {
    let response = api.invoke(&http("POST", "/events/dance/signups", Some(&json!({ "name": name })))).response();
    assert_eq!(response["statusCode"], 202, "{response}");
    Url::parse(body(&response)["manage"].as_str().expect("it gives a manage link")).unwrap()
}

fn status(api: &Function, path: &str) -> Value {
    api.invoke(&http("GET", path, None)).response()["statusCode"].clone()
}

#[test]
fn a_sign_up_over_http_is_one_call_and_then_a_message_on_the_queue() {
    let world = World::new();
    let api = world.api();

    sign_up(&api, "Melvin");

    let operations: Vec<String> = world.proxy.calls().iter().map(|call| call.operation().to_owned()).collect();
    assert_eq!(operations, ["GetSecretValue", "SendMessage"]);
    let message = &world.messages()[0];
    assert_eq!(
        (&message["event"], &message["name"], &message["channel"]),
        (&json!("dance"), &json!("Melvin"), &json!("http"))
    );
}

#[test]
fn a_manage_link_leads_back_over_https() {
    let world = World::new();
    let link = sign_up(&world.api(), "Melvin");
    assert!(link.as_str().starts_with("https://api.example.org/events/dance/manage/"), "{link}");
    let own = world.api_with(&[("COUNTMEIN_PUBLIC_URL", "https://signup.example.org")]);
    let link = sign_up(&own, "Ana");
    assert!(link.as_str().starts_with("https://signup.example.org/events/dance/manage/"), "{link}");
}

#[test]
fn it_is_well_and_says_so() {
    let world = World::new();
    assert_eq!(status(&world.api(), "/health"), 200);
}

#[test]
fn a_queue_that_does_not_answer_is_no_acknowledgement() {
    let world = World::new();
    let api = world.api();
    status(&api, "/health");
    world.proxy.judge(|_| Verdict::Fail(503, "ServiceUnavailable"));

    let response = api.invoke(&http("POST", "/events/dance/signups", Some(&json!({ "name": "Melvin" })))).response();

    assert_eq!(response["statusCode"], 503, "{response}");
    assert!(world.messages().is_empty());
}

#[test]
fn links_outlive_one_rotation_of_the_secret_behind_them_and_not_two() {
    let world = World::new();
    let link = sign_up(&world.api(), "Melvin").path().to_owned();
    assert_eq!(status(&world.api(), &link), 200);

    world.rotate_the_token_secret("the second secret behind the links");
    assert_eq!(status(&world.api(), &link), 200);
    world.rotate_the_token_secret("the third secret behind the links");
    assert_eq!(status(&world.api(), &link), 404);
}

#[test]
fn the_organiser_s_key_is_the_stage_s_secret() {
    let world = World::new();
    let api = world.api();
    let mut asked = http("GET", "/events", None);
    assert_eq!(api.invoke(&asked).response()["statusCode"], 401);
    asked["headers"]["authorization"] = json!(format!("Bearer {ORGANISER_KEY}"));
    assert_eq!(api.invoke(&asked).response()["statusCode"], 200);
}

#[test]
fn the_organiser_s_key_is_read_once_and_by_no_one_who_does_not_need_it() {
    let world = World::new();
    let api = world.api();
    let secrets_read = || world.proxy.calls().iter().filter(|call| call.operation() == "GetSecretValue").count();
    let mut asked = http("GET", "/events", None);

    assert_eq!(api.invoke(&asked).response()["statusCode"], 401);
    assert_eq!(secrets_read(), 1, "the token secret alone");
    asked["headers"]["authorization"] = json!(format!("Bearer {ORGANISER_KEY}"));
    for _ in 0..3 {
        assert_eq!(api.invoke(&asked).response()["statusCode"], 200);
    }
    assert_eq!(secrets_read(), 2);
}

#[test]
fn a_key_that_cannot_be_read_just_now_is_no_wrong_key() {
    let world = World::new();
    let api = world.api();
    status(&api, "/health");
    let mut asked = http("GET", "/events", None);
    asked["headers"]["authorization"] = json!(format!("Bearer {ORGANISER_KEY}"));

    world.proxy.judge(|_| Verdict::Fail(503, "ServiceUnavailable"));
    assert_eq!(api.invoke(&asked).response()["statusCode"], 503);
    world.proxy.judge(|_| Verdict::Forward);
    assert_eq!(api.invoke(&asked).response()["statusCode"], 200);
}

#[test]
fn a_function_that_lacks_a_setting_does_not_start_and_says_which() {
    let world = World::new();
    for (executable, setting) in [
        (env!("CARGO_BIN_EXE_api"), "COUNTMEIN_QUEUE_URL"),
        (env!("CARGO_BIN_EXE_ingest"), "COUNTMEIN_DEAD_LETTER_QUEUE_ARN"),
        (env!("CARGO_BIN_EXE_fanout"), "COUNTMEIN_TABLE"),
    ] {
        let mut environment = world.environment_of_api();
        environment.retain(|(name, _)| name != setting);
        let function = Function::start(executable.as_ref(), &environment);
        assert_eq!(function.answer().0, Answer::Died);
        let lines = function.kill();
        assert!(lines.iter().any(|line| line.contains(setting)), "{lines:?}");
    }
}
