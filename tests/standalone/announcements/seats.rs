//! Whoever has to wait for a place is told, and told again when there is one.

use countmein::adapters::sqlite::DATABASE;

use super::*;

/// The next mail about a seat. The others are digests.
fn next_about_a_seat(mail: &MailServer) -> Value {
    std::iter::repeat_with(|| mail.next()).find(is_about_a_seat).expect("the server sends on")
}

fn is_about_a_seat(mail: &Value) -> bool {
    header(mail, "Subject").starts_with("Dance: you ")
}

#[test]
fn place_is_told_once_although_the_program_restarts() {
    let mail = MailServer::start(&[]);
    let data = tempfile::tempdir().unwrap();
    let program = mailing(data.path(), &mail, &[]);
    // Ana agrees to messages about all her sign-ups.
    sign_up_for(&program, "Party", "Ana", &json!({ "email": "ana@mail.example" }));
    ureq::post(links(&mail.next()).remove(0)).send_form([("action", "confirm_all")]).unwrap();
    let details = json!({ "title": "Dance", "capacity": 1 });
    assert_eq!(ureq::post(format!("{}/events", program.url)).send_json(details).unwrap().status(), 201);
    let ben = sign_up(&program, "Ben", &json!(null));
    eventually("Ben", || (get(&ben)["state"] == "in").then_some(()));

    let ana = sign_up(&program, "Ana", &json!({ "email": "ana@mail.example" }));
    let waits = next_about_a_seat(&mail);
    assert_eq!(waits["to"], json!(["ana@mail.example"]));
    assert_eq!(header(&waits, "Subject"), "Dance: you are number 1 on the waiting list");
    assert_eq!(links(&waits), [ana.as_str()]);
    assert_eq!(header(&waits, "List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    ureq::post(&ben).send_json(json!({ "action": "cancel" })).unwrap();
    let place = next_about_a_seat(&mail);
    assert_eq!(place["to"], json!(["ana@mail.example"]));
    assert_eq!(header(&place, "Subject"), "Dance: you have a place");
    assert_eq!(links(&place), [ana.as_str()]);
    assert!(program.terminate().0);

    // As if the program had been killed before it removed the message from the outbox.
    let database = rusqlite::Connection::open(data.path().join(DATABASE)).unwrap();
    let sql = "INSERT OR REPLACE INTO outbox (kind, event, name, owner, first_at, due_at)
               SELECT 'seat_news', event, name, owner, unixepoch() * 1000, 0 FROM seat";
    assert_eq!(database.execute(sql, ()).unwrap(), 1);
    let program = mailing(data.path(), &mail, &[]);
    let is_empty = || database.query_row("SELECT count(*) FROM outbox", (), |row| row.get::<_, u32>(0)).unwrap() == 0;
    eventually("the end of the message", || is_empty().then_some(()));
    assert!(program.terminate().0);
    let left = mail.stop();
    assert!(!left.iter().any(is_about_a_seat), "{left:?}");
}
