use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::domain::timestamp::Timestamp;

/// The amount of random data that each device family's decoder gets.
const FUZZ_BYTES: usize = 10_000_000;

/// A file in `tests/golden/buttons`: a message and the press in it, or `null` if the message is not a press.
struct Golden {
    name: String,
    topic: String,
    payload: String,
    press: Value,
}

fn golden() -> Vec<Golden> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/buttons");
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        Golden { name, topic: text(&file["topic"]), payload: text(&file["payload"]), press: file["press"].clone() }
    };
    fs::read_dir(folder).unwrap().map(read).collect()
}

fn decoded(topic: &str, payload: &[u8]) -> Result<Decoded, DecodeError> {
    decode(&ButtonMessage { topic: topic.to_owned(), payload: payload.to_owned(), received_at: Timestamp::EARLIEST })
}

#[test]
fn decodes_golden_payloads() {
    let golden = golden();
    assert!(golden.len() >= 64, "{}", golden.len());
    for Golden { name, topic, payload, press } in golden {
        let found = match decoded(&topic, payload.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}")) {
            Decoded::Press(Press { serial, kind, deduplication_key }) => {
                let key = deduplication_key.map(|key| match key {
                    DeduplicationKey::Counter(key) | DeduplicationKey::Time(key) => key,
                    DeduplicationKey::Gesture => "gesture".to_owned(),
                });
                json!({ "serial": serial.as_str(), "kind": kind.as_str(), "mark": key })
            }
            Decoded::NotAPress => Value::Null,
            Decoded::NotUnderstood { serial, action } => json!({ "serial": serial.as_str(), "not_understood": action }),
        };
        assert_eq!(found, press, "{name}");
    }
}

#[test]
fn error_has_topic_but_no_payload() {
    for payload in ["SECRET", "{\"SECRET\": 1}", "[]", "17", "\"SECRET\"", "{\"event\": \"SECRET\"}", "{"] {
        let error = decoded("hall/door", payload.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("`hall/door`") && !error.contains("SECRET"), "{payload}: {error}");
    }
    assert!(decoded("hall/door", &[0xff, 0]).is_err());
    let long = format!("iotbutton/{}", "x".repeat(300));
    let error = decoded(&long, br#"{"serialNumber":"A","clickType":"SINGLE"}"#).unwrap_err();
    assert!(error.to_string().ends_with("has 300 bytes; at most 256 are allowed"), "{error}");
}

#[test]
fn rejects_several_presses_in_one_message() {
    let events =
        br#"{"params": {"ts": 1.0, "events": [{"id": 0, "event": "single_push"}, {"id": 1, "event": "long_push"}]}}"#;
    assert!(decoded("shelly/events/rpc", events).is_err());
}

#[test]
fn topic_determines_the_device() {
    let with_other_serial = br#"{"serialNumber": "OTHER", "clickType": "SINGLE"}"#;
    let Ok(Decoded::Press(press)) = decoded("iotbutton/OWN", with_other_serial) else {
        panic!("the message must be a press")
    };
    assert_eq!(press.serial.as_str(), "OWN");
    let flic = br#"{"buttonSerialNumber": "OTHER", "clickType": "click", "pressedAt": "2026-11-25T18:00:00Z"}"#;
    assert!(decoded("http/OWN", flic).is_err());
}

/// The actions of a device family in docs/buttons.md, with their topic and payload. `{}` stands for the action.
struct Documented {
    device: &'static str,
    topic: &'static str,
    payload: &'static str,
    actions: &'static [&'static str],
}

const DOCUMENTED: [Documented; 10] = [
    Documented {
        device: "AWS IoT Button",
        topic: "iotbutton/SERIAL",
        payload: r#"{"serialNumber": "SERIAL", "clickType": "{}"}"#,
        actions: &["SINGLE", "DOUBLE", "LONG", "TRIPLE"],
    },
    Documented {
        device: "AWS IoT 1-Click",
        topic: "any",
        payload: r#"{"deviceEvent": {"buttonClicked": {"clickType": "{}"}}, "deviceInfo": {"deviceId": "SERIAL"}}"#,
        actions: &["SINGLE", "DOUBLE", "LONG", "TRIPLE"],
    },
    Documented {
        device: "Shelly, first generation",
        topic: "shellies/SERIAL/input_event/0",
        payload: r#"{"event": "{}", "event_cnt": 1}"#,
        actions: &["S", "SS", "SSS", "L", "SL", "LS", ""],
    },
    Documented {
        device: "Shelly, later generations",
        topic: "SERIAL/events/rpc",
        payload: r#"{"params": {"ts": 1.0, "events": [{"component": "input:0", "id": 0, "event": "{}"}]}}"#,
        actions: &["single_push", "double_push", "triple_push", "long_push", "quad_push", "btn_down", "btn_up"],
    },
    Documented {
        device: "Shelly BLU behind a gateway, MQTT",
        topic: "SERIAL/events/rpc",
        payload: r#"{"params": {"ts": 1.0, "events": [{"component": "bthomedevice:200", "id": 200, "event": "{}", "idx": 0}]}}"#,
        actions: &["single_push", "double_push", "triple_push", "long_push", "hold_press"],
    },
    Documented {
        device: "Shelly BLU behind a gateway, HTTP",
        topic: "http/SERIAL",
        payload: r#"{"component": "bthomedevice:200", "event": "{}", "idx": 1, "ts": 1.0}"#,
        actions: &["single_push", "double_push", "triple_push", "long_push", "hold_press"],
    },
    Documented {
        device: "zigbee2mqtt",
        topic: "zigbee2mqtt/SERIAL",
        payload: r#"{"action": "{}"}"#,
        actions: &[
            "single",
            "press",
            "click",
            "on",
            "toggle",
            "on_press",
            "1_single",
            "1_short_release",
            "press_release",
            "2_single",
            "button_2_single",
            "single_left",
            "right_press",
            "off",
            "arrow_left_click",
            "dots_1_short_release",
            "double",
            "1_double",
            "double_right",
            "triple",
            "hold",
            "on_hold",
            "long",
            "1_long_press",
            "hold_left",
            "release",
            "hold_release",
            "1_initial_press",
            "1_long_release",
            "brightness_move_up",
            "brightness_stop",
            "color_wheel",
            "rotate_left",
            "shake",
            "",
            "quadruple",
            "many",
            "recall_1",
        ],
    },
    Documented {
        device: "Tasmota",
        topic: "stat/SERIAL/RESULT",
        payload: r#"{"Button1": {"Action": "{}"}}"#,
        actions: &["SINGLE", "DOUBLE", "TRIPLE", "HOLD", "CLEAR", "TOGGLE", "QUAD", "PENTA"],
    },
    Documented {
        device: "ESPHome",
        topic: "SERIAL",
        payload: r#"{"event_type": "{}"}"#,
        actions: &["single", "press", "click", "double", "triple_click", "long_press", "hold", "release", "quadruple"],
    },
    Documented {
        device: "Flic",
        topic: "http/SERIAL",
        payload: r#"{"buttonSerialNumber": "SERIAL", "clickType": "{}", "pressedAt": "2026-11-25T18:00:00Z"}"#,
        actions: &["click", "double_click", "hold", "shake"],
    },
];

const TABLE: (&str, &str) = ("<!-- actions: begin -->\n", "<!-- actions: end -->\n");

/// Lists what the decoder takes each documented action as.
fn table_of_actions() -> String {
    let mut lines = vec!["| device | what it reports | taken as |".to_owned(), "|---|---|---|".to_owned()];
    for Documented { device, topic, payload, actions } in DOCUMENTED {
        let mut by_meaning: Vec<(String, Vec<String>)> = Vec::new();
        for action in actions {
            let meaning = match decoded(topic, payload.replace("{}", action).as_bytes()).unwrap() {
                Decoded::Press(press) => format!("{} press of `{}`", press.kind.as_str(), press.serial),
                Decoded::NotAPress => "passed over".to_owned(),
                Decoded::NotUnderstood { .. } => "needs attention, if the button is registered".to_owned(),
            };
            let shown = if action.is_empty() { "nothing".to_owned() } else { format!("`{action}`") };
            match by_meaning.iter_mut().find(|(known, _)| *known == meaning) {
                Some((_, actions)) => actions.push(shown),
                None => by_meaning.push((meaning, vec![shown])),
            }
        }
        lines.extend(
            by_meaning.iter().map(|(meaning, actions)| format!("| {device} | {} | {meaning} |", actions.join(", "))),
        );
    }
    lines.join("\n") + "\n"
}

/// With `UPDATE_EXPECTED=1`, writes the table.
#[test]
fn documentation_lists_what_actions_are_taken_as() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/buttons.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(TABLE.0).unwrap();
    let (table, after) = rest.split_once(TABLE.1).unwrap();
    let expected = table_of_actions();
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&path, format!("{before}{}{expected}{}{after}", TABLE.0, TABLE.1)).unwrap();
        return;
    }
    assert_eq!(table, expected, "run this test with UPDATE_EXPECTED=1");
}

/// Makes random changes to a payload.
fn garbled(payload: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = payload.to_vec();
    for _ in 0..random.usize(0..4) {
        let at = random.usize(0..=bytes.len());
        match random.u8(0..5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.u8(..)),
            2 => bytes.extend_from_within(at..),
            3 if at < bytes.len() => bytes[at] = random.u8(..),
            _ => {
                let token = ["null", "-1", "1e999", "[[[[", "{}", "\"\\ud800\"", "18446744073709551616", "\u{202e}"];
                let token = random.choice(token).expect("the array is not empty");
                bytes.splice(at..at, token.bytes());
            }
        }
    }
    bytes.truncate(4_096);
    bytes
}

/// Decodes random data and garbled golden payloads of a device family. `family`
/// is the prefix of the names of its golden files.
fn fuzz(family: &str) {
    let golden: Vec<Golden> = golden().into_iter().filter(|golden| golden.name.starts_with(family)).collect();
    assert!(!golden.is_empty(), "{family}");
    let mut random = crate::seed::rng();
    let mut sent = 0;
    while sent < FUZZ_BYTES {
        let Golden { topic, payload, .. } = &golden[random.usize(..golden.len())];
        let bytes = if random.u8(..10) == 0 {
            (0..random.usize(0..200)).map(|_| random.u8(..)).collect()
        } else {
            garbled(payload.as_bytes(), &mut random)
        };
        sent += bytes.len();
        // An error must not repeat the payload, which can be long.
        if let Err(error) = decoded(topic, &bytes) {
            assert!(error.to_string().len() < 1_000);
        }
    }
}

macro_rules! fuzz {
    ($($name:ident: $family:literal;)+) => {$(
        #[test]
        fn $name() {
            fuzz($family);
        }
    )+};
}

fuzz! {
    aws_iot_button_decoder_survives_random_bytes: "aws-iot-button";
    aws_1_click_decoder_survives_random_bytes: "aws-1-click";
    shelly_gen1_decoder_survives_random_bytes: "shelly-gen1";
    shelly_gen2_decoder_survives_random_bytes: "shelly-gen2";
    shelly_blu_decoder_survives_random_bytes: "shelly-blu";
    zigbee2mqtt_decoder_survives_random_bytes: "zigbee2mqtt";
    tasmota_decoder_survives_random_bytes: "tasmota";
    esphome_decoder_survives_random_bytes: "esphome";
    flic_decoder_survives_random_bytes: "flic";
}
