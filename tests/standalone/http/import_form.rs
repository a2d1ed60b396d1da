//! The form into which the organiser pastes a table.

use serde_json::json;

use super::events::create;
use super::places::until;
use super::support::{Answer, Running, serve};

fn paste(server: &Running, table: &str, token: &str) -> Answer {
    let form = [("table", table), ("form_token", token)];
    let answer = server.post("/organiser/import").organiser().browser().form(&form).send();
    server.settled();
    answer
}

#[test]
fn pasted_table_signs_people_up() {
    let server = serve();
    let page = server.get("/organiser").organiser().browser().send().is(200).text();
    assert!(page.contains("action=\"/organiser/import\"") && page.contains("<textarea id=\"table\""), "{page}");
    // As a spreadsheet copies it.
    let page =
        paste(&server, "Name\tEvent\tEmail\tShoe\r\nAna\tDance\tana@example.org\t38\r\nBen\tDance\t\t\r\n", "t1");
    let page = page.is(200).text();
    assert!(page.contains("2 sign-ups were accepted.") && page.contains("Columns ignored: Shoe."), "{page}");
    assert!(!page.contains("<textarea") && page.contains("href=\"/organiser\""), "{page}");
    assert_eq!(server.who("dance"), ["Ana", "Ben"]);
    assert_eq!(server.exported()[0][2], "ana@example.org");
    assert!(page.contains("Nobody had signed up before for: Dance."), "{page}");
    let page = paste(&server, "Name\tEvent\nCem\tDance\nDora\tDanse\nEmil\tdanse\n", "t2").is(200).text();
    assert!(page.contains("Nobody had signed up before for: Danse."), "{page}");
}

/// The organiser names an unlisted event by its title. Anybody else needs its link.
#[test]
fn title_of_an_unlisted_event_names_that_event() {
    let server = serve();
    let dinner =
        json!({ "title": "Club dinner", "visibility": "unlisted", "starts_at": "2031-12-03T19:00", "zone": "UTC" });
    let dinner = create(&server, &dinner);
    until(
        || server.get("/organiser").organiser().browser().send().text().contains("Club dinner"),
        "it is in the calendar",
    );
    let page = paste(&server, "event,name\nClub Dinner,Ana\n", "t1").is(200).text();
    assert!(!page.contains("Nobody had signed up before"), "{page}");
    assert_eq!(server.who(&dinner.id), ["Ana"]);
    assert!(server.who("club-dinner").is_empty(), "no event of the same name begins");
    server.sign_up("Club dinner", "Eve");
    server.settled();
    assert_eq!(server.who(&dinner.id), ["Ana"]);
}

#[test]
fn invalid_rows_are_shown_to_be_corrected() {
    let server = serve();
    let table = "event,name,email,phone\nDance,Ana,,\nDance,#Ben,,\nDance,Cem,nowhere,\nDance,Dora,d@example.org,+14155552671\n";
    let page = paste(&server, table, "t1").is(200).text();
    assert!(page.contains("1 sign-up was accepted.") && page.contains("3 rows could not be imported."), "{page}");
    assert!(page.contains("<dt>Row 3</dt><dd><code>name</code>: Please begin with another character"), "{page}");
    assert!(page.contains("<dt>Row 5</dt><dd>Please give only one of email, phone and webhook.</dd>"), "{page}");
    let rest = page.split("<textarea").nth(1).unwrap().split('>').nth(1).unwrap();
    assert!(rest.contains("Dance,#Ben,,,") && !rest.contains("Ana") && !rest.contains("reason"), "{rest}");
    assert_eq!(server.who("dance"), ["Ana"]);
}

#[test]
fn unreadable_table_is_shown_again() {
    let server = serve();
    for (table, message) in [
        ("", "Please fill this in."),
        ("event,name\n", "There are no rows."),
        ("event,who\nDance,Ana", "The first row must name the columns event and name"),
        (&format!("event,name\n{}", "Dance,Ana\n".repeat(1_001)), "at most 1,000 rows at a time"),
    ] {
        let page = paste(&server, table, "t1").is(422).text();
        assert!(page.contains("<p class=\"error\" id=\"table-error\">") && page.contains(message), "{message}: {page}");
        assert!(page.contains("aria-describedby=\"table-error table-hint\""), "{page}");
        assert!(page.contains(table.lines().next().unwrap_or_default()), "{page}");
    }
    assert!(server.who("dance").is_empty());
}

#[test]
fn repeated_form_does_not_undo_what_came_later() {
    let server = serve();
    let table = "event,name\nDance,Ana\n";
    paste(&server, table, "t1").is(200);
    let cancel = json!({"event": "Dance", "name": "Ana", "action": "cancel"});
    server.post("/organiser/signups").organiser().json(&cancel).send().is(202);
    assert!(server.who("dance").is_empty());
    paste(&server, table, "t1").is(200);
    assert!(server.who("dance").is_empty());
    paste(&server, table, "t2").is(200);
    assert_eq!(server.who("dance"), ["Ana"], "this is another form");
}
