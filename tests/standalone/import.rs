//! CSV imports by the command.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{io, thread};

use serde_json::{Value, json};

use crate::support::program::{Program, serve};

const PATIENCE: Duration = Duration::from_secs(120);

const KEY: &str = "correct-horse-battery";

const ROWS: usize = 30_000;
/// One in this many rows is invalid.
const BAD: usize = 1_000;

fn start(data: &Path) -> Program {
    let mut command = serve(data);
    command.args(["--organiser-key", KEY, "--webhooks", "off"]);
    Program::start(command)
}

fn countmein(program: &Program, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countmein"));
    command.env_clear().args(arguments).env("COUNTMEIN_URL", &program.url).env("COUNTMEIN_ORGANISER_KEY", KEY);
    command
}

fn import(program: &Program, table: &Path) -> Output {
    countmein(program, &["import", table.to_str().unwrap(), "--json"]).output().unwrap()
}

fn summary(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn get(program: &Program, path: &str) -> Value {
    ureq::get(format!("{}{path}", program.url)).call().unwrap().body_mut().read_json().unwrap()
}

fn count(program: &Program, event: &str) -> u64 {
    get(program, &format!("/events/{event}/attendees?limit=1"))["count"].as_u64().unwrap()
}

fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn names(program: &Program, event: &str) -> Vec<String> {
    let roster = get(program, &format!("/events/{event}/attendees?limit=1000"));
    roster["attendees"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
}

fn large_table(path: &Path) -> io::Result<()> {
    let mut table = BufWriter::new(File::create(path)?);
    writeln!(table, "name;email;event")?;
    for number in 0..ROWS {
        let email = if number % BAD == 7 { "nowhere".to_owned() } else { format!("guest-{number}@mail.example") };
        writeln!(table, "Guest {number};{email};Festival")?;
    }
    table.flush()
}

/// Runs the import on a terminal, kills it after a third of the rows, and returns what it printed.
fn killed_in_the_middle(program: &Program, table: &Path) -> String {
    let pid = table.with_extension("pid");
    let line = format!(
        "echo $$ > '{}'; exec '{}' import '{}'",
        pid.display(),
        env!("CARGO_BIN_EXE_countmein"),
        table.display()
    );
    let mut terminal = Command::new("script")
        .args(["--quiet", "--return", "--flush", "--command", &line, "/dev/null"])
        .env("COUNTMEIN_URL", &program.url)
        .env("COUNTMEIN_ORGANISER_KEY", KEY)
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut drawn = String::new();
    let mut screen = terminal.stdout.take().unwrap();
    let mut buffer = [0; 4_096];
    loop {
        let read = screen.read(&mut buffer).unwrap();
        assert!(read > 0, "it ended before it was killed: {drawn}");
        drawn += &String::from_utf8_lossy(&buffer[..read]);
        if percents(&drawn).last().is_some_and(|percent| *percent >= 33) {
            break;
        }
    }
    let id = fs::read_to_string(pid).unwrap();
    assert!(Command::new("kill").args(["-9", id.trim()]).status().unwrap().success());
    terminal.wait().unwrap();
    drawn
}

fn percents(drawn: &str) -> Vec<u32> {
    let parts: Vec<&str> = drawn.split(" %").collect();
    let numbers = parts[..parts.len() - 1].iter();
    numbers.filter_map(|part| part.rsplit(' ').next()?.parse().ok()).collect()
}

#[test]
fn interrupted_import_applies_every_row_once() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(&folder.path().join("data"));
    let table = folder.path().join("people.csv");
    large_table(&table).unwrap();

    let percents = percents(&killed_in_the_middle(&program, &table));
    assert!(percents.is_sorted() && percents.len() >= 3, "{percents:?}");

    let refused = ROWS / BAD;
    let output = import(&program, &table);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let file = folder.path().join("people.refused.csv");
    let expected = json!({
        "rows": ROWS, "sent": ROWS - refused, "refused": refused, "refused_file": file.to_str(), "other_columns": [],
        "new_events": [], "repeats": [],
    });
    assert_eq!(summary(&output), expected);
    eventually("everybody", || count(&program, "festival") == (ROWS - refused) as u64);
    let written = fs::read_to_string(&file).unwrap();
    let rows: Vec<&str> = written.lines().collect();
    assert_eq!(rows.len(), 1 + refused);
    assert!(rows[1].starts_with("Festival,Guest 7,nowhere,,,,,,,9,`email` is not an email address"), "{}", rows[1]);
    assert!(rows[refused].contains(&format!(",{},", ROWS - BAD + 9)), "{}", rows[refused]);

    // A repeated import does not undo a later cancel.
    let cancel = json!({ "event": "Festival", "name": "Guest 0", "action": "cancel" });
    let organiser = ureq::post(format!("{}/organiser/signups", program.url));
    organiser.header("Authorization", format!("Bearer {KEY}")).send_json(cancel).unwrap();
    eventually("a cancel", || count(&program, "festival") == (ROWS - refused - 1) as u64);
    assert_eq!(summary(&import(&program, &table)), expected);
    fs::remove_file(folder.path().join("people.csv.import")).unwrap();
    // The import cannot know that it wrote the file.
    let mut again = expected.clone();
    again["refused_file"] = json!(folder.path().join("people.refused-2.csv"));
    assert_eq!(summary(&import(&program, &table)), again);
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
    eventually("Guest 0 again", || count(&program, "festival") == (ROWS - refused) as u64);
}

#[test]
fn refused_rows_and_exports_are_imported() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(&folder.path().join("data"));
    let table = folder.path().join("people.csv");
    let text = "Event,Name,E-Mail,Email\nDance,Ana,x,ana@mail.example\nDance,,y,\nDance,=Ben,,nowhere\n";
    fs::write(&table, text).unwrap();
    let output = import(&program, &table);
    let printed = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(printed.contains("2 rows were refused") && printed.contains("people.refused.csv"), "{printed}");
    assert_eq!(summary(&output)["other_columns"], json!(["E-Mail"]));

    let refused = folder.path().join("people.refused.csv");
    let corrected =
        fs::read_to_string(&refused).unwrap().replace("nowhere", "ben@mail.example").replace("Dance,,", "Dance,Cleo,");
    fs::write(&refused, corrected).unwrap();
    let output = import(&program, &refused);
    assert!(output.status.success(), "{output:?}");
    eventually("all three", || names(&program, "dance").len() == 3);
    assert_eq!(names(&program, "dance"), ["=Ben", "Ana", "Cleo"]);

    let exported = countmein(&program, &["export", "Dance"]).output().unwrap();
    fs::write(&table, &exported.stdout).unwrap();
    let other = start(&folder.path().join("other"));
    assert!(import(&other, &table).status.success());
    eventually("all three there", || names(&other, "dance").len() == 3);
    let again = countmein(&other, &["export", "Dance", "--format", "json"]).output().unwrap();
    let entries: Vec<Value> = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(entries.len(), 3);
    assert_eq!(
        (&entries[0]["name"], &entries[0]["contact"]),
        (&json!("=Ben"), &json!({ "email": "ben@mail.example" }))
    );
    assert_eq!(entries[0]["channel"], "import");
}

#[test]
fn import_reads_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(&folder.path().join("data"));
    let refused = folder.path().join("refused.csv");
    let mut command = countmein(&program, &["import", "-", "--refused", refused.to_str().unwrap()]);
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(b"event,name\nDance,Ana\n").unwrap();
    let output = process.wait_with_output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "1 person signed up.\nThe event Dance is new, and everybody can find it. If you meant another one, delete it, and import its rows with the other one's link.\n"
    );
    eventually("Ana", || names(&program, "dance") == ["Ana"]);
}

#[test]
fn unreadable_file_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(&folder.path().join("data"));
    let table = folder.path().join("people.csv");
    let refuses = |reason: &str| {
        let output = import(&program, &table);
        let problem = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && problem.contains(reason), "{problem}");
    };
    refuses("cannot read");
    for (text, reason) in [("", "the file is empty"), ("name,email\nAna,\n", "no column `event`")] {
        fs::write(&table, text).unwrap();
        refuses(reason);
    }
    let output = countmein(&program, &["import", "-"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

/// Whatever is imported again in whatever order, a file in which somebody has corrected rows is not changed.
#[test]
fn corrected_file_survives_every_import() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(&folder.path().join("data"));
    let table = folder.path().join("people.csv");
    fs::write(&table, "event,name,email\nDance,Ana,nowhere\n").unwrap();
    import(&program, &table);
    let refused = folder.path().join("people.refused.csv");
    let corrected = fs::read_to_string(&refused).unwrap().replace("nowhere", "ana@example.org");
    fs::write(&refused, &corrected).unwrap();

    import(&program, &table);
    countmein(&program, &["import", table.to_str().unwrap(), "--again"]).output().unwrap();
    fs::write(&table, "event,name,email\nDance,Ben,elsewhere\n").unwrap();
    let output = import(&program, &table);
    assert_eq!(fs::read_to_string(&refused).unwrap(), corrected);
    let other = summary(&output)["refused_file"].as_str().unwrap().to_owned();
    assert!(fs::read_to_string(other).unwrap().contains("elsewhere"));
    assert_eq!(import(&program, &refused).status.code(), Some(0));
    eventually("Ana", || names(&program, "dance") == ["Ana"]);
}

#[test]
fn import_leaves_no_empty_files() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(&folder.path().join("data"));
    let table = folder.path().join("people.csv");
    fs::write(&table, "name,email\nAna,\nBen,\n").unwrap();
    let without_event = import(&program, &table);
    assert_eq!(without_event.status.code(), Some(2), "{without_event:?}");
    let output = countmein(&program, &["import", table.to_str().unwrap(), "--event", "Pizza Night"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    eventually("both", || names(&program, "pizza-night") == ["Ana", "Ben"]);
    let mut files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["data", "people.csv", "people.csv.import"]);
}

#[test]
fn interrupted_import_says_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(&folder.path().join("data"));
    let refused = folder.path().join("refused.csv");
    let mut command = countmein(&program, &["import", "-", "--refused", refused.to_str().unwrap()]);
    let mut process = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = process.stdin.take().unwrap();
    input.write_all(format!("event,name\n{}", "Dance,Ana\n".repeat(501)).as_bytes()).unwrap();
    // The first 500 rows are sent, so the program waits for more.
    eventually("Ana", || names(&program, "dance") == ["Ana"]);
    let sent = Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let output = process.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("interrupted; what was read so far is imported"), "{said}");
    drop(input);
}

/// What the help promises, in any order of imports, edits and cancellations.
#[test]
fn completed_import_stays_completed_whatever_came_between() {
    let folder = tempfile::tempdir().unwrap();
    let (program, other) = (start(&folder.path().join("data")), start(&folder.path().join("other")));
    let table = folder.path().join("people.csv");
    let write = |names: &str| fs::write(&table, format!("name\n{names}")).unwrap();
    let run = |program: &Program, event: &str, more: &[&str]| {
        let arguments = [&["import", table.to_str().unwrap(), "--event", event, "--json"], more].concat();
        let output = countmein(program, &arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    let who = |program: &Program, event: &str, expected: &[&str]| {
        eventually(&format!("{event}: {expected:?}"), || names(program, event) == expected);
    };
    let cancel = |name: &str| {
        let output = countmein(&program, &["cancel", "Dance", name]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    write("Ana\nBen\n");
    run(&program, "Dance", &[]);
    who(&program, "dance", &["Ana", "Ben"]);
    cancel("Ana");
    // Another table under the same name, and the first one again.
    write("Ana\nBen\nCem\n");
    run(&program, "Dance", &[]);
    who(&program, "dance", &["Ana", "Ben", "Cem"]);
    cancel("Ben");
    write("Ana\nBen\n");
    run(&program, "Dance", &[]);
    who(&program, "dance", &["Ana", "Cem"]);
    // The same table for another event, and for another server, is another import.
    run(&program, "Gala", &[]);
    who(&program, "gala", &["Ana", "Ben"]);
    run(&other, "Dance", &[]);
    who(&other, "dance", &["Ana", "Ben"]);
    run(&program, "Dance", &[]);
    who(&program, "dance", &["Ana", "Cem"]);
    run(&program, "Dance", &["--again"]);
    who(&program, "dance", &["Ana", "Ben", "Cem"]);
}
