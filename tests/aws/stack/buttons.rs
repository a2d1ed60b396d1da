//! Presses of buttons on their way over IoT Core: by a real MQTT client over TLS, and by its HTTP API.

use std::fs;
use std::path::Path;
use std::process::Command;

use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::button::{Button, PressActions, Serial};
use countmein::domain::event::Event;
use countmein::ports::Buttons as _;
use serde_json::Value;

use super::support::{Stack, eventually};

const IAM: &str = "COUNTMEIN_MINISTACK_IAM";

fn register(stack: &Stack, serial: &str, name: &str) {
    let button = Button {
        serial: Serial::parse(serial).unwrap(),
        event: Event::parse("Dance").unwrap(),
        attendee: AttendeeName::parse(name).unwrap(),
        actions: PressActions::default(),
        contact: None,
    };
    stack.wait(stack.table.register(button)).unwrap();
}

/// A device of the account, with a certificate of its own.
struct Device {
    folder: tempfile::TempDir,
}

impl Device {
    fn new(stack: &Stack) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = stack.aws(&["iot", "create-keys-and-certificate", "--set-as-active"]);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        fs::write(folder.path().join("certificate.pem"), text(&made["certificatePem"])).unwrap();
        fs::write(folder.path().join("key.pem"), text(&made["keyPair"]["PrivateKey"])).unwrap();
        let authority = ureq::get(format!("{}/_ministack/iot/ca.pem", stack.account.endpoint)).call();
        let authority = authority.unwrap().body_mut().read_to_string().unwrap();
        fs::write(folder.path().join("authority.pem"), authority).unwrap();
        let policy =
            r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}"#;
        stack.aws(&["iot", "create-policy", "--policy-name", "buttons", "--policy-document", policy]);
        stack.aws(&["iot", "attach-policy", "--policy-name", "buttons", "--target", &text(&made["certificateArn"])]);
        Self { folder }
    }

    /// Returns once the broker has acknowledged it.
    fn publish(&self, topic: &str, payload: &str) {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        let port = std::env::var("COUNTMEIN_MINISTACK_MQTT").expect("tests/with-ministack says it");
        let output = Command::new("mosquitto_pub")
            .args(["-h", "localhost", "-p", &port, "-q", "1", "-t", topic, "-m", payload, "-i", "device"])
            .args(["--cafile", &file("authority.pem"), "--cert", &file("certificate.pem"), "--key", &file("key.pem")])
            .output()
            .expect("tests/tools.sh installs mosquitto_pub");
        assert!(output.status.success(), "{output:?}");
    }
}

#[test]
fn mqtt_presses_reach_roster_or_rejects() {
    let stack = Stack::deploy();
    register(&stack, "G030PM0123456789", "Ana");
    register(&stack, "hall", "Ben");
    register(&stack, "shellyplusi4-test:2", "Cleo");
    let device = Device::new(&stack);
    device.publish("iotbutton/G030PM0123456789", r#"{"serialNumber":"G030PM0123456789","clickType":"SINGLE"}"#);
    device.publish("zigbee2mqtt/hall", r#"{"action":"single","battery":100}"#);
    device.publish("zigbee2mqtt/hall", r#"{"action":"","battery":100}"#);
    let push = r#"{"src":"shellyplusi4-test","params":{"ts":1.0,"events":[{"id":1,"event":"single_push"}]}}"#;
    device.publish("shellyplusi4-test/events/rpc", push);
    eventually("all three", || stack.who_is_in("dance"), |names| names == &["Ana", "Ben", "Cleo"]);

    device.publish("zigbee2mqtt/hall", r#"{"action":"hold"}"#);
    device.publish("shellies/shellybutton1-0/input_event/0", r#"{"event":"S","event_cnt":2}"#);

    eventually("Ben's leaving", || stack.who_is_in("dance"), |names| names == &["Ana", "Cleo"]);
    let rejects = eventually("a reject", || stack.rejects(), |rejects| !rejects.is_empty());
    assert!(rejects[0].reason.contains("shellybutton1-0"), "{rejects:?}");
}

#[test]
fn http_press_signs_up() {
    let stack = Stack::deploy_to(IAM, &[]);
    register(&stack, "G030PM0123456789", "Ana");
    let payload = r#"{"serialNumber":"G030PM0123456789","clickType":"SINGLE","batteryVoltage":"2000 mV"}"#;
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(Path::new(file.path()), payload).unwrap();
    let payload = format!("file://{}", file.path().display());
    let publish = ["iot-data", "publish", "--topic", "iotbutton/G030PM0123456789", "--qos", "1", "--payload", &payload];
    stack.aws(&publish);
    eventually("Ana", || stack.who_is_in("dance"), |names| names == &["Ana"]);
}
