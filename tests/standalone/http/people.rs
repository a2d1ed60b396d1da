//! People's data: the export, and the removal.

use serde_json::json;

use super::events::create;
use super::places::until;
use super::support::{Running, dump, enqueue, serve, serve_with};

#[test]
fn export_lists_attendees_with_contacts() {
    let server = serve();
    server.sign_up_with("Dance", &json!({"name": "Ana", "contact": {"email": "ana@example.org"}}));
    server.sign_up_with("Dance", &json!({"name": "Ben", "contact": {"sms": "+14155552671"}}));
    server.sign_up_with("Chess Club", &json!({"name": "Cem", "contact": {"webhook": "https://example.org/a,b"}}));
    let dora = server.sign_up("Dance", "Dora");
    server.cancel(&dora);

    let answer = server.get("/organiser/export").organiser().send().is(200);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"attendees.csv\"");
    assert!(
        answer.text().starts_with(
            "\u{feff}event,name,email,phone,webhook,since,channel,guests,answer,note,language,state,position\r\n"
        ),
        "{}",
        answer.text()
    );
    let rows: Vec<Vec<String>> = server.exported().into_iter().map(|row| row[..5].to_vec()).collect();
    assert_eq!(rows[0], ["Chess Club", "Cem", "", "", "https://example.org/a,b"]);
    assert_eq!(rows[1], ["Dance", "Ana", "ana@example.org", "", ""]);
    assert_eq!(rows[2], ["Dance", "Ben", "", "'+14155552671", ""]);
    assert_eq!(rows.len(), 3);
}

#[test]
fn export_of_one_event_holds_it_alone() {
    let server = serve();
    server.sign_up("Dance", "Ana");
    server.sign_up("Chess Club", "Ben");
    let export = |event: &str| server.get(&format!("/organiser/export?event={event}")).organiser().send();
    assert_eq!(export("chess_club").is(200).text().lines().count(), 2);
    assert_eq!(export("").is(200).text().lines().count(), 3);
    assert_eq!(export("nothing").is(200).text().lines().count(), 1);
    export("%F0%9F%8E%89").refuses_field("event");
}

#[test]
fn exported_csv_is_read_back_whole() {
    let server = serve();
    let names = ["\"Ana\"", "Ana, the first", "Ana; \"x\", 'y'", "שרה", "👩‍👩‍👧", "a\u{301},", ",", "\""];
    for name in names {
        server.sign_up("dance", name);
    }
    let mut exported: Vec<String> = server.exported().into_iter().map(|row| row[1].clone()).collect();
    exported.sort();
    let mut expected = names.map(|name| name.replace("a\u{301}", "á"));
    expected.sort();
    assert_eq!(exported, expected);
}

#[test]
fn export_holds_no_spreadsheet_formulas() {
    let server = serve();
    for name in ["=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"#A1\",\"x\")", "＝1+1"] {
        server.sign_up("-A1", name);
    }
    server.sign_up_with("dance", &json!({"name": "Eve", "contact": {"email": "=1+1|x!A0@example.org"}}));
    server.sign_up_with("dance", &json!({"name": "Fay", "contact": {"sms": "+14155552671"}}));
    let rows = server.exported();
    assert_eq!(rows.len(), 8);
    for cell in rows.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']), "{cell}");
    }
}

#[test]
fn removal_leaves_nothing_behind() {
    let data = tempfile::tempdir().unwrap();
    enqueue(data.path(), &[r#"{"event": "Dance", "name": "ANA", "contact": {"fax": "555-0100"}}"#]);
    let server = serve_with(data, |_| {});
    for event in ["dance", "gala"] {
        server.sign_up_with(event, &json!({"name": "Ana", "contact": {"email": "ana@example.org"}}));
        server.sign_up_with(event, &json!({"name": "Ben", "contact": {"email": "ben@example.org"}}));
    }
    assert_eq!(server.rejects().len(), 1);
    let remove = |body| server.post("/organiser/remove").organiser().json(&body).send();
    assert_eq!(remove(json!({"name": " ANA "})).is(200).json(), json!({"removed": 3}));
    assert_eq!(remove(json!({"name": "Ana"})).is(200).json(), json!({"removed": 0}));
    assert_eq!((server.who("dance"), server.who("gala")), (vec!["Ben".to_owned()], vec!["Ben".to_owned()]));
    assert!(server.rejects().is_empty());
    let kept = dump(&server.database()).join("\n");
    assert!(!kept.contains("ana@example.org") && !kept.contains("555-0100"), "{kept}");
    assert!(kept.contains("ben@example.org"));
}

#[test]
fn removal_may_name_one_event() {
    let server = serve();
    server.sign_up("dance", "Ana");
    server.sign_up("gala", "Ana");
    let remove = |body| server.post("/organiser/remove").organiser().json(&body).send();
    assert_eq!(remove(json!({"name": "Ana", "event": "DANCE"})).is(200).json(), json!({"removed": 1}));
    assert_eq!(server.who("gala"), ["Ana"]);
    remove(json!({})).refuses_field("name");
    remove(json!({"name": "#details"})).refuses_field("name");
    remove(json!({"name": "Ana", "event": "🎉"})).refuses_field("event");
    remove(json!({"name": "Ana", "event": 7})).refuses_field("event");

    let form = |name| {
        let fields = [("name", name), ("event", ""), ("sure", "1")];
        server.post("/organiser/remove").organiser().browser().form(&fields)
    };
    assert!(form("Nobody").send().is(422).text().contains("look at the spelling"));
    assert_eq!(form("Ana").send().leads_to(), "/organiser?done=removed");
    assert!(server.who("gala").is_empty());
}

/// The organiser names an event by its title or its link, also if its id ends in random characters.
#[test]
fn title_or_link_of_an_unlisted_event_names_it() {
    let server = serve();
    let dinner = json!({ "title": "Club dinner", "visibility": "unlisted" });
    let one = create(&server, &dinner);
    until(|| server.get("/events").organiser().send().text().contains(&one.id), "it is in the calendar");
    server.sign_up(&one.id, "Ana");
    let export = |event: &str| server.get(&format!("/organiser/export?event={event}")).organiser().send();
    for name in ["Club%20dinner", &one.id, &format!("https%3A%2F%2Fexample.org%2Fevents%2F{}", one.id)] {
        assert_eq!(export(name).is(200).text().lines().count(), 2, "{name}");
    }
    let form = [("name", "Ana"), ("event", "Club dinner"), ("sure", "1")];
    let remove = || server.post("/organiser/remove").organiser().browser().form(&form).send();
    assert_eq!(remove().leads_to(), "/organiser?done=removed");
    assert!(server.who(&one.id).is_empty());

    let other = create(&server, &dinner);
    until(|| server.get("/events").organiser().send().text().contains(&other.id), "it is in the calendar");
    let page = remove().is(422);
    assert!(page.words().contains("Several events have this title."), "{}", page.words());
    export("Club%20dinner").refuses_field("event");
}

/// What a spreadsheet would change is text for it, and comes back as it was.
#[test]
fn export_is_imported_into_an_empty_server() {
    let (server, other) = (serve(), serve());
    create(&server, &json!({ "title": "Dinner", "guests_per_signup": 3, "question": "Meat?" }));
    let people = [
        json!({ "name": "=1+1", "answer": "1/2", "note": "'=2\n\nLate", "guests": 3 }),
        json!({ "name": "'007", "answer": "TRUE", "contact": { "sms": "+14155552671" } }),
        json!({ "name": "007", "answer": "3 Dec", "language": "de", "contact": { "email": "zoë@münchen.example" } }),
        json!({ "name": "’t Hooft, \"Gerard\"", "note": "a;b, c", "contact": { "webhook": "https://example.org/hook,1" } }),
        json!({ "name": "Zoë 👩‍👩‍👧", "answer": "2026-12-03" }),
    ];
    for person in &people {
        server.sign_up_with("Dinner", person);
        server.sign_up_with("1E5", &json!({ "name": person["name"] }));
    }
    create(&other, &json!({ "title": "Dinner", "guests_per_signup": 3 }));
    let table = server.get("/organiser/export").organiser().send().is(200).text();
    // As Excel saves it in many countries.
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let mut saved = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    saved.write_record(rows.headers().unwrap()).unwrap();
    rows.records().for_each(|row| saved.write_record(&row.unwrap()).unwrap());
    let saved = String::from_utf8(saved.into_inner().unwrap()).unwrap();
    let imported =
        other.post("/organiser/import").organiser().browser().form(&[("table", &saved), ("form_token", "t")]).send();
    assert!(imported.words().contains("10 sign-ups were accepted."), "{}", imported.words());
    other.settled();
    // When and over which channel they came is not imported.
    let compared = |server: &Running| -> Vec<Vec<String>> {
        let rows = server.exported().into_iter();
        rows.map(|row| {
            row.into_iter().enumerate().filter(|(column, _)| ![5, 6].contains(column)).map(|(_, cell)| cell).collect()
        })
        .collect()
    };
    assert_eq!(compared(&other), compared(&server));
}
