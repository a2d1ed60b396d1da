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
    assert!(page.contains("New events have begun, which are on the start page: Dance."), "{page}");
    let page = paste(&server, "event,name\nDance,Uma\nDance,uma\n", "t0").is(200);
    assert!(page.words().contains("Row 3 is about uma, as row 2 is: what row 3 says wins."), "{}", page.words());
    let page = paste(&server, "Name\tEvent\nCem\tDance\nDora\tDanse\nEmil\tdanse\n", "t2").is(200).text();
    assert!(page.contains("New events have begun, which are on the start page: Danse."), "{page}");
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
    assert!(!page.contains("New events have begun"), "{page}");
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

/// The organiser names an event by its link, too. A title that several events have names none of them.
#[test]
fn link_names_an_event_and_an_ambiguous_title_is_refused() {
    let server = serve();
    let unlisted = |title: &str| create(&server, &json!({ "title": title, "visibility": "unlisted" }));
    let (dinner, one, other) = (unlisted("Club dinner"), unlisted("Chess"), unlisted("Chess"));
    for event in [&dinner, &one, &other] {
        until(|| server.get("/events").organiser().send().text().contains(&event.id), "it is in the calendar");
    }
    let table = format!("event,name\nhttps://example.org/events/{},Ana\nChess,Ben\n", dinner.id);
    let page = paste(&server, &table, "t1").is(200).text();
    assert!(page.contains("1 sign-up was accepted.") && page.contains("Several events have this title."), "{page}");
    assert!(!page.contains("New events have begun"), "{page}");
    assert_eq!(server.who(&dinner.id), ["Ana"]);
    let rows =
        json!([{ "row": 1, "event": "chess", "name": "Cem" }, { "row": 2, "event": "CLUB dinner", "name": "Dora" }]);
    let body = json!({ "import": "a1", "began_at": 1_767_225_600_000_i64, "rows": rows });
    let answer = server.post("/organiser/import").organiser().json(&body).send().is(202).json();
    assert_eq!((&answer["accepted"], &answer["new_events"]), (&json!(1), &json!([])));
    assert_eq!(
        answer["refused"],
        json!([{ "row": 1, "reason": "several events have this title; give the link of one" }])
    );
    server.settled();
    assert_eq!(server.who(&dinner.id), ["Ana", "Dora"]);

    let register = |event: &str| {
        let form = [("serial", "G030PM0123456789"), ("event", event), ("name", "Emil"), ("contact", "")];
        server.post("/organiser/buttons").organiser().browser().form(&form).send()
    };
    let refused = register("Chess").is(422);
    assert!(refused.words().contains("Several events have this title."), "{}", refused.words());
    assert_eq!(register("Club dinner").leads_to(), "/organiser/buttons");
    let buttons = server.get("/organiser/buttons").organiser().browser().send().is(200);
    assert!(
        buttons.words().contains("Emil for Club dinner") && !buttons.words().contains("There is no such event"),
        "{}",
        buttons.words()
    );
    // A press is for that event.
    let secret =
        server.get("/organiser/buttons").organiser().send().json()["buttons"][0]["secret"].as_str().unwrap().to_owned();
    let press = server.post("/buttons?serial=G030PM0123456789").header("Authorization", &format!("Bearer {secret}"));
    press.json(&json!({ "event_type": "single" })).send().is(202);
    server.settled();
    assert_eq!(server.who(&dinner.id), ["Ana", "Dora", "Emil"]);
}
