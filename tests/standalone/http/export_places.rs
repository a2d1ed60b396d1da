//! The export says who has a place.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{Running, serve};

/// The last two columns of each row, after the event and the name.
fn exported(server: &Running) -> Vec<[String; 4]> {
    let rows = server.exported().into_iter();
    rows.map(|row| [row[0].clone(), row[1].clone(), row[11].clone(), row[12].clone()]).collect()
}

fn row(cells: [&str; 4]) -> [String; 4] {
    cells.map(str::to_owned)
}

#[test]
fn export_ends_with_state_and_position() {
    let server = serve();
    for (title, capacity) in [("Dinner", Some(2)), ("Party", None), ("Show", Some(1))] {
        server
            .post("/events")
            .json(&json!({"title": title, "capacity": capacity, "guests_per_signup": 2}))
            .send()
            .is(201);
    }
    server.sign_up_with("dinner", &json!({"name": "Ana", "guests": 1}));
    for (event, name) in [("dinner", "Zoe"), ("dinner", "Ben"), ("party", "Ana"), ("show", "Ana"), ("show", "Ben")] {
        server.sign_up(event, name);
    }
    let expected = [
        row(["Dinner", "Ana", "confirmed", ""]),
        row(["Dinner", "Ben", "waiting", "2"]),
        row(["Dinner", "Zoe", "waiting", "1"]),
        row(["Party", "Ana", "", ""]),
        row(["Show", "Ana", "confirmed", ""]),
        row(["Show", "Ben", "waiting", "1"]),
    ];
    let deadline = Instant::now() + Duration::from_secs(60);
    while exported(&server) != expected {
        assert!(Instant::now() < deadline, "{:?}", exported(&server));
        std::thread::sleep(Duration::from_millis(50));
    }
    let json: Value = server.get("/organiser/export?format=json&event=dinner").organiser().send().is(200).json();
    assert_eq!((&json[1]["state"], &json[1]["position"]), (&json!("waiting"), &json!(2)));
    assert!(json[0].get("position").is_none() && json[0]["state"] == "confirmed", "{json}");
    let body = json!({"name": "Zoe"});
    let person = server.post("/organiser/person/export").organiser().json(&body).send().is(200).json();
    let zoe = &person["entries"][0];
    let place = &zoe["place"];
    let found = (&zoe["kind"], &place["state"], &place["position"]);
    assert_eq!(found, (&json!("registration"), &json!("waiting"), &json!(1)));

    // The import ignores both columns.
    let export = server.get("/organiser/export?event=show").organiser().send().is(200).text().to_owned();
    let other = serve();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("show.csv");
    std::fs::write(&file, export).unwrap();
    let mut import = std::process::Command::new(env!("CARGO_BIN_EXE_countmein"));
    import.env_clear().arg("import").arg(&file).args(["--url", &format!("http://{}", other.address)]);
    let output = import.args(["--organiser-key", super::support::KEY]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("state, position"), "{output:?}");
    while exported(&other).len() < 2 {
        assert!(Instant::now() < deadline, "the import is never applied");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(exported(&other).iter().all(|row| row[2].is_empty()), "the places of the other event are not limited");
}
