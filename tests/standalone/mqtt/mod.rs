//! Presses of buttons over a real MQTT broker, with its own client.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::program::{Program, serve};
use broker::{Authority, Broker};

mod broker;

const PATIENCE: Duration = Duration::from_secs(60);

const KEY: &str = "correct-horse-battery";

fn start(data: &TempDir, broker: &str, more: &[&str]) -> Program {
    let mut command = serve(data.path());
    command.args(["--organiser-key", KEY, "--mqtt", broker]).args(more);
    Program::start(command)
}

fn button(program: &Program, arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_countmein"))
        .env_clear()
        .args(["button", "add"])
        .args(arguments)
        .args(["--url", &program.url, "--organiser-key", KEY])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn get(program: &Program, path: &str) -> Value {
    let request = ureq::get(format!("{}{path}", program.url)).header("Authorization", format!("Bearer {KEY}"));
    request.call().unwrap().body_mut().read_json().unwrap()
}

fn who(program: &Program) -> Vec<String> {
    let roster = get(program, "/events/dance/attendees?limit=1000");
    roster["attendees"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
}

fn eventually<T: std::fmt::Debug>(what: &str, look: impl Fn() -> T, holds: impl Fn(&T) -> bool) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = look();
        if holds(&seen) {
            return seen;
        }
        assert!(Instant::now() < deadline, "{what}: {seen:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn shelly(event: &str, count: u32) -> String {
    json!({ "event": event, "event_cnt": count }).to_string()
}

const SHELLY: &str = "shellies/shellybutton1-A4CF12/input_event/0";

#[test]
fn presses_survive_broker_and_program_restarts() {
    let (data, broker) = (tempfile::tempdir().unwrap(), Broker::start(""));
    let program = start(&data, &broker.url(), &[]);
    button(&program, &["shellybutton1-A4CF12", "Dance", "Ana"]);
    button(&program, &["hall", "Dance", "Ben"]);
    button(&program, &["hall:2", "Dance", "Ben"]);
    button(&program, &["G030PM0123456789", "Dance", "Cleo"]);
    broker.wait_for_a_subscriber();

    broker.publish(SHELLY, &shelly("S", 1));
    broker.publish("zigbee2mqtt/hall", r#"{"action":"1_single","battery":100,"linkquality":255}"#);
    broker.publish("zigbee2mqtt/hall", r#"{"action":"","battery":100,"linkquality":255}"#);
    broker.publish(
        "iotbutton/G030PM0123456789",
        r#"{"serialNumber":"G030PM0123456789","clickType":"SINGLE","batteryVoltage":"2000 mV"}"#,
    );
    eventually("all three", || who(&program), |names| names == &["Ana", "Ben", "Cleo"]);
    broker.publish(SHELLY, &shelly("L", 2));
    eventually("Ana's leaving", || who(&program), |names| names == &["Ben", "Cleo"]);

    // While the program is away, and over a restart of the broker.
    program.kill();
    broker.publish("zigbee2mqtt/hall", r#"{"action":"1_hold"}"#);
    broker.publish(SHELLY, &shelly("S", 3));
    let broker = broker.restart();
    broker.publish("iotbutton/G030PM0123456789", r#"{"serialNumber":"G030PM0123456789","clickType":"LONG"}"#);
    let program = start(&data, &broker.url(), &[]);
    eventually("what was pressed meanwhile", || who(&program), |names| names == &["Ana"]);

    // While the broker is away, the program stays.
    let broker = broker.restart();
    broker.wait_for_a_subscriber();
    // Two presses of one button within a second would be one.
    broker.publish("zigbee2mqtt/hall", r#"{"action":"2_single"}"#);
    eventually("Ben again", || who(&program), |names| names == &["Ana", "Ben"]);
    assert_eq!(get(&program, "/organiser/rejects")["rejects"], json!([]));
    assert!(program.terminate().0);
}

#[test]
fn presses_survive_kills() {
    const BUTTONS: usize = 40;
    let (data, broker) = (tempfile::tempdir().unwrap(), Broker::start(""));
    let program = start(&data, &broker.url(), &[]);
    broker.wait_for_a_subscriber();
    for number in 0..BUTTONS {
        let body = json!({ "serial": format!("b{number}"), "event": "Dance", "name": format!("Guest {number:02}") });
        let register = ureq::post(format!("{}/organiser/buttons", program.url));
        register.header("Authorization", format!("Bearer {KEY}")).send_json(body).unwrap();
    }
    let mut program = Some(program);
    for number in 0..BUTTONS {
        broker.publish(&format!("zigbee2mqtt/b{number}"), r#"{"action":"single"}"#);
        if number % 10 == 5 {
            program.take().unwrap().kill();
        } else if number % 10 == 9 {
            program = Some(start(&data, &broker.url(), &[]));
        }
    }
    let program = program.unwrap();
    eventually("everybody", || who(&program).len(), |count| *count == BUTTONS);
}

/// The broker sends everything at once instead of waiting for acknowledgements. It does not save its state after each
/// message, so that it is fast.
const SENDS_AT_ONCE: &str = "max_inflight_messages 0\nmax_queued_messages 0\nautosave_on_changes false\n";

#[test]
fn backlog_is_delivered_once() {
    const MESSAGES: usize = 3_000;
    const PRESSES: usize = 20;
    let (data, broker) = (tempfile::tempdir().unwrap(), Broker::start(SENDS_AT_ONCE));
    let program = start(&data, &broker.url(), &[]);
    broker.wait_for_a_subscriber();
    for number in 0..PRESSES {
        button(&program, &[&format!("b{number}"), "Dance", &format!("Guest {number:02}")]);
    }
    button(&program, &["last", "Dance", "Zoe"]);
    assert!(program.terminate().0);
    for number in 0..PRESSES {
        broker.publish(&format!("zigbee2mqtt/b{number}"), r#"{"action":"single"}"#);
        broker.publish_lines("zigbee2mqtt/lamp", &vec![r#"{"state":"ON"}"#; MESSAGES / PRESSES]);
    }

    let program = start(&data, &broker.url(), &[]);
    eventually("everybody", || who(&program).len(), |count| *count == PRESSES);
    for number in 0..PRESSES {
        let removed = ureq::post(format!("{}/organiser/signups", program.url));
        let body = json!({ "event": "Dance", "name": format!("Guest {number:02}"), "action": "cancel" });
        removed.header("Authorization", format!("Bearer {KEY}")).send_json(body).unwrap();
    }
    eventually("nobody", || who(&program), Vec::is_empty);
    assert!(program.terminate().0);

    let program = start(&data, &broker.url(), &[]);
    broker.wait_for_a_subscriber();
    broker.publish("zigbee2mqtt/last", r#"{"action":"single"}"#);
    // The broker delivers what was not acknowledged before anything new.
    eventually("the last press", || who(&program), |names| names.contains(&"Zoe".to_owned()));
    assert_eq!(who(&program), ["Zoe"], "a press was delivered again");
}

#[test]
fn retained_messages_are_ignored() {
    let (data, broker) = (tempfile::tempdir().unwrap(), Broker::start(""));
    broker.publish_with("hall/event/button/state", r#"{"event_type":"single"}"#, &["-r"]);
    let program = start(&data, &broker.url(), &[]);
    button(&program, &["hall/event/button/state", "Dance", "Ana"]);
    broker.wait_for_a_subscriber();
    broker.publish("zigbee2mqtt/lamp", r#"{"state":"ON"}"#);
    broker.publish("stat/lamp/RESULT", r#"{"POWER":"ON"}"#);
    broker.publish("zigbee2mqtt/large", &format!(r#"{{"action":"single","x":"{}"}}"#, "x".repeat(10_000)));
    broker.publish("zigbee2mqtt/unknown", r#"{"action":"single"}"#);
    let rejects = eventually("a reject", || get(&program, "/organiser/rejects"), |body| body["rejects"] != json!([]));
    assert_eq!(rejects["rejects"].as_array().unwrap().len(), 1);
    assert!(rejects["rejects"][0]["reason"].as_str().unwrap().contains("unknown"), "{rejects}");
    assert!(who(&program).is_empty());

    button(&program, &["unknown", "Dance", "Zoe"]);
    let id = rejects["rejects"][0]["id"].as_str().unwrap();
    let redrive = ureq::post(format!("{}/organiser/rejects/{id}/redrive", program.url));
    redrive.header("Authorization", format!("Bearer {KEY}")).send_json(json!({})).unwrap();
    eventually("Zoe", || who(&program), |names| names == &["Zoe"]);
}

/// By default, names may contain slashes, and what else zigbee2mqtt sends leaves no trace.
#[test]
fn everything_that_zigbee2mqtt_sends_is_understood_or_passed_over() {
    let (data, broker) = (tempfile::tempdir().unwrap(), Broker::start(""));
    let program = start(&data, &broker.url(), &[]);
    button(&program, &["first floor/hall/door", "Dance", "Ana"]);
    button(&program, &["hall:left", "Dance", "Ben"]);
    broker.wait_for_a_subscriber();
    broker.publish("zigbee2mqtt/bridge/state", r#"{"state":"online"}"#);
    broker.publish("zigbee2mqtt/bridge/devices", &format!("[{}]", "{},".repeat(10_000)));
    broker.publish("zigbee2mqtt/first floor/hall/door/availability", "online");
    broker.publish("zigbee2mqtt/cellar", r#"{"temperature":21.5,"humidity":60}"#);
    broker.publish("zigbee2mqtt/cellar/temperature", "21.5");
    broker.publish("zigbee2mqtt/lamp/set", r#"{"state":"ON"}"#);
    broker.publish("zigbee2mqtt/knob", r#"{"action":"rotate_left"}"#);
    for _ in 0..3 {
        broker.publish("zigbee2mqtt/first floor/other", r#"{"action":"on_press"}"#);
    }
    broker.publish("zigbee2mqtt/hall/action", "single_left");
    broker.publish("zigbee2mqtt/first floor/hall/door", r#"{"action":"1_short_release"}"#);
    eventually("both", || who(&program), |names| names == &["Ana", "Ben"]);
    let counts = || {
        let rejects = get(&program, "/organiser/rejects");
        let entry =
            |reject: &Value| (reject["reason"].to_string().contains("first floor/other"), reject["count"].as_u64());
        rejects["rejects"].as_array().unwrap().iter().map(entry).collect::<Vec<_>>()
    };
    eventually("one entry that counts", counts, |counts| counts == &[(true, Some(3))]);
}

#[test]
fn topics_can_be_chosen() {
    let (data, broker) = (tempfile::tempdir().unwrap(), Broker::start(""));
    let program = start(&data, &broker.url(), &["--mqtt-topic", "club/#", "--mqtt-topic", "zigbee2mqtt/first floor/+"]);
    button(&program, &["club/door", "Dance", "Ana"]);
    button(&program, &["first floor/hall", "Dance", "Ben"]);
    broker.wait_for_a_subscriber();
    broker.publish("club/door", r#"{"event_type":"single"}"#);
    broker.publish("zigbee2mqtt/first floor/hall", r#"{"action":"single"}"#);
    eventually("both", || who(&program), |names| names == &["Ana", "Ben"]);

    // The broker goes on sending what was subscribed to before, and the log says so.
    assert!(program.terminate().0);
    let broker = broker.restart();
    let program = start(&data, &broker.url(), &["--mqtt-topic", "club/#"]);
    broker.wait_for_a_subscriber();
    broker.publish("zigbee2mqtt/first floor/hall", r#"{"action":"hold"}"#);
    broker.publish("zigbee2mqtt/first floor/hall", r#"{"action":"hold"}"#);
    broker.publish("club/door", r#"{"event_type":"long_press"}"#);
    eventually("Ana's leaving", || who(&program), |names| names == &["Ben"]);
    let log = program.log();
    assert_eq!(log.matches("no --mqtt-topic matches").count(), 1, "{log}");
    assert!(log.contains("zigbee2mqtt/first floor/hall"), "{log}");
}

#[test]
fn shared_subscriptions_work() {
    let (data, broker) = (tempfile::tempdir().unwrap(), Broker::start(""));
    let program = start(&data, &broker.url(), &["--mqtt-topic", "$share/countmein/club/#"]);
    button(&program, &["club/door", "Dance", "Ana"]);
    broker.wait_for_a_subscriber();
    broker.publish("club/door", r#"{"event_type":"single"}"#);
    eventually("Ana", || who(&program), |names| names == &["Ana"]);
}

#[test]
fn late_broker_is_found() {
    let data = tempfile::tempdir().unwrap();
    let broker = Broker::start("").stop();
    let program = start(&data, &broker.url(), &[]);
    button(&program, &["hall", "Dance", "Ana"]);
    let broker = broker.start_again();
    broker.wait_for_a_subscriber();
    broker.publish("zigbee2mqtt/hall", r#"{"action":"single"}"#);
    eventually("Ana", || who(&program), |names| names == &["Ana"]);
}

#[test]
fn client_certificates_are_used() {
    let (data, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let file = |name: &str| authority.file(name).display().to_string();
    let broker = Broker::start(&format!(
        "cafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate true\nuse_identity_as_username true\n",
        file("authority.pem"),
        file("server.pem"),
        file("server.key"),
    ));
    let broker_url = format!("mqtts://localhost:{}", broker.port);
    let identity = ["--mqtt-cert", &file("client.pem"), "--mqtt-key", &file("client.key")];
    let program = start(&data, &broker_url, &[&["--mqtt-ca", &file("authority.pem")], &identity[..]].concat());
    button(&program, &["hall", "Dance", "Ana"]);
    broker.wait_for_a_subscriber();
    let tls = ["--cafile", &file("authority.pem"), "--cert", &file("client.pem"), "--key", &file("client.key")];
    broker.publish_with("zigbee2mqtt/hall", r#"{"action":"single"}"#, &tls);
    eventually("Ana", || who(&program), |names| names == &["Ana"]);
}

#[test]
fn wrong_password_is_logged_once() {
    let data = tempfile::tempdir().unwrap();
    let passwords = data.path().join("passwords");
    let made = Command::new("mosquitto_passwd").args(["-b", "-c"]).arg(&passwords).args(["ana", "right"]).status();
    assert!(made.unwrap().success());
    let broker = Broker::start(&format!("allow_anonymous false\npassword_file {}\n", passwords.display()));
    let folder = tempfile::tempdir().unwrap();
    let mut command = serve(folder.path());
    command.args(["--organiser-key", KEY]).env("COUNTMEIN_MQTT", format!("mqtt://ana:WRONG@localhost:{}", broker.port));
    let log = data.path().join("log");
    command.stderr(fs::File::create(&log).unwrap());
    let mut process = command.spawn().unwrap();
    let read = || fs::read_to_string(&log).unwrap();
    let warned = |log: &str| log.matches("MQTT connection failed").count();
    eventually("a warning", read, |log| warned(log) == 1);
    // After two attempts.
    eventually("more tries", || broker.log(), |log| log.matches("not authori").count() >= 3);
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(warned(&read()), 1);
    assert!(!read().contains("WRONG"), "{}", read());

    let program = start(&folder, &format!("mqtt://ana:right@localhost:{}", broker.port), &[]);
    button(&program, &["hall", "Dance", "Ana"]);
    broker.wait_for_a_subscriber();
    broker.publish_with("zigbee2mqtt/hall", r#"{"action":"single"}"#, &["-u", "ana", "-P", "right"]);
    eventually("Ana", || who(&program), |names| names == &["Ana"]);
}

/// The warnings about failed connections.
fn failures(program: &Program) -> Vec<Value> {
    let lines = program.log();
    let entries = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    entries.filter(|entry| entry["message"] == "MQTT connection failed; retrying").collect()
}

#[test]
fn certificate_that_is_not_accepted_is_reported_once_with_a_hint() {
    let authority = Authority::new();
    let file = |name: &str| authority.file(name).display().to_string();
    let ca = file("authority.pem");
    let trusted = ["--mqtt-ca", ca.as_str()];
    for (certificate, options, more, hint) in [
        ("expired", &trusted[..], "", "has expired"),
        ("server", &[][..], "", "--mqtt-ca"),
        ("server", &trusted[..], "require_certificate true\n", "--mqtt-cert"),
    ] {
        let key = file(&format!("{certificate}.key"));
        let broker = Broker::start(&format!(
            "cafile {ca}\ncertfile {}\nkeyfile {key}\n{more}",
            file(&format!("{certificate}.pem"))
        ));
        let data = tempfile::tempdir().unwrap();
        let program = start(&data, &format!("mqtts://localhost:{}", broker.port), options);
        // After several attempts.
        eventually("attempts", || broker.log(), |log| log.matches("New connection").count() >= 4);
        let failures = failures(&program);
        assert_eq!(failures.len(), 1, "{certificate} {options:?} {more}: {failures:?}");
        assert!(failures[0]["hint"].as_str().unwrap().contains(hint), "{failures:?}");
    }
}

/// Two programs whose folders are copies of each other take turns at the broker.
#[test]
fn client_with_the_same_id_is_reported_once_with_a_hint() {
    let (data, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let broker = Broker::start("");
    drop(start(&data, &broker.url(), &[]));
    for entry in fs::read_dir(data.path()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let programs = [start(&data, &broker.url(), &[]), start(&copy, &broker.url(), &[])];
    eventually("clashes", || broker.log(), |log| log.matches("already connected").count() >= 6);
    for program in &programs {
        let failures = failures(program);
        let of_clash = failures.iter().filter(|failure| failure["hint"].as_str().unwrap().contains("same client id"));
        assert_eq!(of_clash.count(), 1, "{failures:?}");
        assert!(failures.len() <= 2, "{failures:?}");
        assert!(program.log().matches("connected to the MQTT broker").count() <= 3, "{}", program.log());
    }
}

#[test]
fn conflicting_settings_are_refused() {
    let missing = Path::new("/nowhere.pem").display().to_string();
    for (arguments, message) in [
        (vec!["--mqtt", "http://broker.example"], "mqtt://HOST"),
        (vec!["--mqtt", "mqtt://broker.example", "--mqtt-ca", &missing], "mqtts://"),
        (vec!["--mqtt-topic", "a/b"], "--mqtt <URL>"),
        (vec!["--mqtt", "mqtt://broker.example", "--mqtt-topic", "a/#/b"], "# at the end"),
        (vec!["--mqtt", "mqtts://broker.example", "--mqtt-cert", &missing], "--mqtt-key"),
    ] {
        let output = serve(tempfile::tempdir().unwrap().path()).args(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(message), "{arguments:?}: {output:?}");
    }
    let arguments = ["--mqtt", "mqtts://broker.example", "--mqtt-ca", &missing];
    let output = serve(tempfile::tempdir().unwrap().path()).args(arguments).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains(&missing), "{output:?}");
}
