//! What attendees find on their pages, and what it costs to store it.

use rusqlite::Connection;

use super::*;
use countmein::adapters::sqlite::DATABASE;

/// The tasks that follow the changes, each of which stores how far it is.
const FOLLOWERS: u64 = 2;

/// The number of rows in all tables when every task has stored that it has seen all changes.
fn count_rows(data: &Path) -> u64 {
    let db = Connection::open(data.join(DATABASE)).unwrap();
    let up_to_date = "SELECT count(*) FROM follower WHERE CAST(position AS INTEGER) = (SELECT max(seq) FROM change)";
    eventually("all followers", || {
        let number: u64 = db.query_row(up_to_date, (), |row| row.get(0)).unwrap();
        (number == FOLLOWERS).then_some(())
    });
    let tables: Vec<String> = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .unwrap()
        .query_map((), |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let count = |table: &String| -> u64 {
        db.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).unwrap()
    };
    tables.iter().map(count).sum()
}

fn texts(manage: &str) -> Vec<String> {
    let messages = &get(manage)["messages"];
    messages.as_array().unwrap().iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_join_stores_as_much_on_a_large_roster_as_on_a_small_one() {
    let data = tempfile::tempdir().unwrap();
    let mut command = serve(data.path());
    command.args(["--backoff-initial", "1", "--backoff-maximum", "1"]);
    let program = Program::start(command);
    let mut stored = Vec::new();
    for (from, to) in [(0, 2), (2, 200)] {
        let links: Vec<String> =
            (from..to).map(|number| sign_up(&program, &format!("Guest {number}"), &json!(null))).collect();
        let last_but_one = &links[links.len() - 2];
        eventually("the last guest", || {
            texts(last_but_one).iter().any(|text| text.contains(&format!("{to} are in"))).then_some(())
        });
        let before = count_rows(data.path());
        let name = format!("Last of {to}");
        let manage = sign_up(&program, &name, &json!(null));
        eventually("the announcement", || texts(last_but_one).iter().any(|text| text.contains(&name)).then_some(()));
        stored.push(count_rows(data.path()) - before);
        ureq::post(&manage).send_json(json!({"action": "cancel"})).unwrap();
        eventually("the cancellation", || {
            texts(last_but_one).iter().any(|text| text.contains(&format!("{name} left"))).then_some(())
        });
    }
    assert_eq!(stored[0], stored[1], "{stored:?}");
}

#[test]
fn page_shows_what_happened_since_the_sign_up() {
    let data = tempfile::tempdir().unwrap();
    let mut command = serve(data.path());
    command.args(["--backoff-initial", "1", "--backoff-maximum", "1"]);
    let program = Program::start(command);
    let ana = sign_up(&program, "Ana", &json!(null));
    let ben = sign_up(&program, "Ben", &json!(null));
    eventually("Ben", || texts(&ana).iter().any(|text| text.contains("Ben")).then_some(()));
    let cleo = sign_up(&program, "Cleo", &json!(null));
    eventually("Cleo", || texts(&ben).iter().any(|text| text.contains("Cleo")).then_some(()));
    assert_eq!(texts(&ana), ["Dance: Cleo joined; 3 are in.", "Dance: Ben joined; 2 are in."]);
    assert_eq!(texts(&cleo), Vec::<String>::new(), "nothing but her own sign-up happened since");

    ureq::post(&ana).send_json(json!({"action": "cancel"})).unwrap();
    let again = sign_up(&program, "Ana", &json!(null));
    eventually("Ana's way out and in", || (get(&again)["state"] == "in").then_some(()));
    assert_eq!(texts(&again), Vec::<String>::new(), "a new registration begins with an empty page");
}
