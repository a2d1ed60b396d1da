//! The pages of hosts, as forms without scripts.

use serde_json::{Value, json};

use super::events::{Created, create};
use super::places::until;
use super::support::{Answer, Running, serve, serve_with};
use countmein::domain::event_creators::EventCreators;

/// The fields that a person typed into the form of a new event.
const DINNER: [(&str, &str); 6] = [
    ("title", "Omar's dinner"),
    ("starts_at", "2031-12-03T19:00"),
    ("zone", "Europe/Berlin"),
    ("place", "Moorweg 3"),
    ("capacity", "2"),
    ("visibility", "unlisted"),
];

/// The token in the form of a page.
fn token(page: &str) -> String {
    let field = page.split("name=\"form_token\" value=\"").nth(1).expect("the form has a token");
    field.split('"').next().unwrap().to_owned()
}

fn with<'a>(fields: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [fields, more].concat()
}

fn page(server: &Running, path: &str) -> Answer {
    server.get(path).browser().send().is(200)
}

/// Sends a form of a host's page, and returns the page that follows.
fn act(server: &Running, host: &str, fields: &[(&str, &str)]) -> Answer {
    let path = server.post(host).browser().form(fields).send().leads_to();
    page(server, &path)
}

fn host_path(event: &Created) -> String {
    event.path(&format!("/host/{}", event.host))
}

#[test]
fn event_is_planned_on_a_page() {
    let server = serve();
    let new = page(&server, "/new");
    assert!(new.words().contains("New event"), "{}", new.words());
    let form = token(&new.text());
    let send = |more: &[(&str, &str)]| server.post("/events").browser().form(&with(&DINNER, more)).send();
    let preview = send(&[("form_token", &form), ("action", "preview")]).is(200);
    assert!(preview.words().contains("Wednesday, 3 December 2031"), "{}", preview.words());
    assert!(preview.text().contains("value=\"Moorweg 3\""), "what was typed is still there");

    let host = send(&[("form_token", &form)]).leads_to();
    let shown = page(&server, &host);
    for text in ["Your event is ready.", "Omar's dinner", "0 coming", "0 of 2 places taken", "Copy the link"] {
        assert!(shown.words().contains(text), "{text}: {}", shown.words());
    }
    // A double click, Back and a reload lead to the same event.
    for _ in 0..2 {
        let again = send(&[("form_token", &form)]).leads_to();
        assert_eq!(again.split('?').next(), host.split('?').next());
        assert!(page(&server, &again).words().contains("You had already created this event."));
    }
    let another = token(&page(&server, "/new").text());
    assert_ne!(send(&[("form_token", &another)]).leads_to().split('?').next(), host.split('?').next());
}

#[test]
fn refused_event_is_shown_again_with_its_values() {
    let server = serve();
    let refused = |fields: &[(&str, &str)]| server.post("/events").browser().form(fields).send().is(422).text();
    let no_time = refused(&[("title", "Dinner"), ("zone", "Europe/Berlin"), ("place", "<Moorweg>")]);
    assert!(no_time.contains("Please fill this in.") && no_time.contains("value=\"&lt;Moorweg&gt;\""), "{no_time}");
    assert!(no_time.contains("aria-describedby=\"starts_at-error\""), "{no_time}");
    let past = refused(&[("title", "Dinner"), ("zone", "Europe/Berlin"), ("starts_at", "2020-12-03T19:00")]);
    assert!(past.contains("This time is in the past.") && past.contains("id=\"starts_at-error\""), "{past}");
    let link = refused(&with(&DINNER[1..], &[("title", "Win at evil.com")]));
    assert!(link.contains("id=\"title-error\"") && link.contains("value=\"Win at evil.com\""), "{link}");
    assert!(link.contains("aria-invalid=\"true\"") && link.contains("autofocus"), "{link}");
}

#[test]
fn organiser_alone_plans_events_if_the_operator_says_so() {
    let server = serve_with(tempfile::tempdir().unwrap(), |settings| {
        settings.event_creators = EventCreators::Organiser;
    });
    server.get("/new").browser().send().is(401);
    server.post("/events").browser().form(&DINNER).send().is(401);
    server.get("/new").browser().organiser().send().is(200);
    assert!(page(&server, "/").words().contains("On this site, the organiser creates events."));
}

#[test]
fn host_edits_the_event_on_a_page() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner", "question": "Meat?" }));
    let (host, edit) = (host_path(&event), host_path(&event) + "/edit");
    let shown = page(&server, &edit).text();
    assert!(shown.contains("value=\"Meat?\"") && shown.contains("name=\"version\" value=\"1\""), "{shown}");
    let fields = [("title", "Supper"), ("starts_at", "2031-12-03T19:00"), ("zone", "Europe/Berlin")];
    let send = |version| server.post(&edit).browser().form(&with(&fields, &[("version", version)])).send();
    assert_eq!(send("1").leads_to(), format!("{host}?done=edited"));
    assert!(page(&server, &host).words().contains("Supper"));
    // Somebody else still has the old page.
    let outdated = send("1").is(412);
    assert!(outdated.words().contains("Somebody else has edited this event"), "{}", outdated.words());
    assert!(outdated.text().contains("name=\"version\" value=\"2\""), "it can be saved again");
    let check_in = check_in_path(&server, &event);
    server.get(&format!("{check_in}/edit")).browser().send().is(403);
}

/// The path of the page of a helper who may see who is coming.
fn check_in_path(server: &Running, event: &Created) -> String {
    let link = server.post(&event.path("/links")).bearer(&event.host).json(&json!({ "role": "check_in" })).send();
    url::Url::parse(link.is(200).json()["url"].as_str().unwrap()).unwrap().path().to_owned()
}

#[test]
fn host_adds_promotes_and_removes_people() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner", "capacity": 1, "guests_per_signup": 1 }));
    let host = host_path(&event);
    let add = |name: &str, guests: &str| act(&server, &host, &[("action", "add"), ("name", name), ("guests", guests)]);
    assert!(add("Ana", "0").words().contains("Added to the list."));
    assert!(add("Ben", "1").words().contains("1st on the waiting list"));
    let taken = server.post(&host).browser().form(&[("action", "add"), ("name", "ANA")]).send().is(409);
    assert!(taken.words().contains("There is already somebody with this name"), "{}", taken.words());
    let wrong = server.post(&host).browser().form(&[("action", "add"), ("name", "evil.com")]).send().is(422).text();
    assert!(wrong.contains("value=\"evil.com\"") && wrong.contains("id=\"name-error\""), "{wrong}");

    let promote = [("action", "promote"), ("name", "Ben")];
    let question = server.post(&host).browser().form(&promote).send().is(409);
    let text = "There is no place for Ben. Raise the number of places to 3?";
    assert!(question.words().contains(text), "{}", question.words());
    act(&server, &host, &with(&promote, &[("raise_capacity", "yes")]));
    until(|| page(&server, &host).words().contains("3 coming (2 + 1 guest)"), "Ben has a place");
    act(&server, &host, &[("action", "remove"), ("name", "Ana")]);
    until(|| page(&server, &host).words().contains("2 coming (1 + 1 guest)"), "Ana is removed");

    let check_in = check_in_path(&server, &event);
    let shown = page(&server, &check_in);
    assert!(shown.words().contains("Ben +1") && !shown.text().contains("value=\"remove\""), "{}", shown.words());
    server.post(&check_in).browser().form(&[("action", "remove"), ("name", "Ben")]).send().is(403);
    assert_eq!(server.who(&event.id), ["Ben"]);
}

#[test]
fn host_closes_opens_cancels_and_reopens() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner" }));
    let host = host_path(&event);
    let does = |action: &str, text: &str| {
        let shown = act(&server, &host, &[("action", action)]);
        assert!(shown.words().contains(text), "{action}: {}", shown.words());
        page(&server, &event.path("")).words()
    };
    assert!(does("close", "Sign-ups are closed.").contains("Sign-ups closed on"));
    server.post(&event.path("/signups")).json(&json!({ "name": "Ana" })).send().refuses(409, "conflict");
    assert!(does("open", "Sign-ups are open again. They no longer close by themselves").contains("Count me in"));
    assert!(does("cancel", "The event is cancelled.").contains("This event was cancelled."));
    assert!(does("reopen", "The event takes place again.").contains("Count me in"));
    assert!(does("archive", "The event is archived.").contains("The host has archived this event."));
    server.post(&host).browser().form(&[("action", "dance")]).send().is(422);
}

#[test]
fn any_zone_stays_when_the_form_is_saved() {
    let server = serve();
    let fields = json!({ "title": "Dinner", "starts_at": "2031-12-03T19:00", "zone": "CET" });
    let edit = host_path(&create(&server, &fields)) + "/edit";
    assert!(page(&server, &edit).text().contains("<option selected>CET</option>"));
}

#[test]
fn long_description_fits_into_the_form() {
    let server = serve();
    let description = "漢".repeat(2_000);
    let form = with(&DINNER, &[("description", &description)]);
    server.post("/events").browser().form(&form).send().leads_to();
}

#[test]
fn replaced_host_link_leads_to_the_new_one() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner" }));
    let host = host_path(&event);
    let fields = [("action", "revoke"), ("role", "host")];
    let new = server.post(&host).browser().form(&fields).send().leads_to();
    assert_ne!(new.split('?').next(), Some(host.as_str()));
    assert!(page(&server, &new).words().contains("The link was replaced"));
    let old = server.get(&host).browser().send().is(404);
    assert!(old.words().contains("no longer valid"), "{}", old.words());
}

#[test]
fn host_sees_how_many_did_not_answer_and_who_is_too_many() {
    let server = serve();
    let event =
        create(&server, &json!({ "title": "Dinner", "question": "Meat?", "capacity": 3, "guests_per_signup": 2 }));
    let host = host_path(&event);
    server.sign_up_with(&event.id, &json!({ "name": "Ana", "guests": 1, "answer": "yes" }));
    server.sign_up(&event.id, "Ben");
    until(|| page(&server, &host).words().contains("3 coming (2 + 1 guest)"), "both are decided");
    server.sign_up_with(&event.id, &json!({ "name": "Cleo", "guests": 2 }));
    until(|| page(&server, &host).words().contains("3 waiting (1 + 2 guests)"), "Cleo waits with her guests");
    assert!(page(&server, &host).words().contains("1 × yes · 1 without an answer"));
    let fewer = json!({ "capacity": 1 });
    server.patch(&event.path("")).bearer(&event.host).header("If-Match", "*").json(&fewer).send().is(200);
    let text = "That is 2 people more than there are places. Nobody loses a place.";
    until(|| page(&server, &host).words().contains(text), "the host is told");
}

#[test]
fn list_is_printed_and_downloaded_without_addresses() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner", "question": "Meat?", "capacity": 1 }));
    let ana = json!({ "name": "=Ana", "answer": "No, thanks", "contact": { "email": "ana@example.org" } });
    server.sign_up_with(&event.id, &ana);
    server.sign_up(&event.id, "Ben");
    let host = host_path(&event);
    until(|| page(&server, &host).words().contains("1 coming · 1 waiting"), "both are decided");
    assert!(page(&server, &host).words().contains("1 × No, thanks"));
    let print = page(&server, &format!("{host}/print"));
    for text in ["=Ana", "No, thanks", "Waiting list☐Ben (1st)", "Meat?"] {
        assert!(print.words().contains(text), "{text}: {}", print.words());
    }
    let table = server.get(&format!("{host}/list.csv")).send().is(200);
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(table.header("content-disposition"), "attachment; filename=\"dinner.csv\"");
    let text = table.text();
    let lines: Vec<String> =
        text.strip_prefix('\u{feff}').expect("Excel reads it as UTF-8").lines().map(str::to_owned).collect();
    assert_eq!(lines[0], "name,guests,answer,note,since,state,position");
    assert!(lines[1].starts_with("'=Ana,0,\"No, thanks\",,") && lines[1].ends_with(",confirmed,"), "{lines:?}");
    assert!(lines[2].ends_with(",waiting,1"), "{lines:?}");
    for answer in [print, table] {
        assert!(!answer.text().contains("ana@"), "{answer:?}");
    }
}

#[test]
fn poster_shows_the_link_as_a_picture() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner" }));
    let poster = page(&server, &event.path("/poster"));
    assert!(poster.text().contains("<svg") && poster.words().contains(&event.path("")), "{}", poster.words());
    server.get("/events/dinner-abcdefghijklmnopqrstuvw234/poster").browser().send().is(404);
}

#[test]
fn host_is_told_what_is_true_of_an_address() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner" }));
    let contact: Value = json!({ "name": "Ana", "contact": { "email": "ana@example.org" } });
    server.sign_up_with(&event.id, &contact);
    let shown = page(&server, &host_path(&event));
    assert!(shown.words().contains("Email: no messages, because this server sends none"), "{}", shown.words());
}

#[test]
fn host_sees_who_moves_up_and_what_is_set() {
    let server = serve();
    let dinner = json!({
        "title": "Dinner", "capacity": 2, "guests_per_signup": 1, "question": "Meat?", "starts_at": "2031-12-03T19:00",
        "zone": "Europe/Berlin", "signups_close_at": "2031-12-01T12:00", "roster_visible_to": "attendees",
    });
    let event = create(&server, &dinner);
    let host = host_path(&event);
    let shown = page(&server, &host).words();
    for text in [
        "Number of places2",
        "Guests that each person may bring1",
        "A question to your guestsMeat?",
        "Sign-ups closeMonday, 1 December 2031 at 12:00, Berlin time",
        "Who sees the namesPeople on the list",
        "Who sees how many are comingEverybody with the link",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    for (name, guests) in [("Ana", 1), ("Ben", 1), ("Cem", 0), ("Dora", 0)] {
        server.sign_up_with(&event.id, &json!({ "name": name, "guests": guests }));
        server.settled();
    }
    until(|| page(&server, &host).words().contains("4 waiting (3 + 1 guest)"), "three parties wait");
    let after = act(&server, &host, &[("action", "remove"), ("name", "Ana")]).words();
    assert!(after.contains("From the waiting list, these have a place now: Ben."), "{after}");
    let after = act(&server, &host, &[("action", "remove"), ("name", "Ben")]).words();
    assert!(after.contains("these have a place now: Cem, Dora."), "{after}");
    let made_up = page(&server, &format!("{host}?done=removed&up=Eve%0ACem")).words();
    assert!(made_up.contains("these have a place now: Cem."), "{made_up}");
}

#[test]
fn edit_says_what_happens_to_earlier_answers() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner", "question": "Meat?" }));
    let edit = page(&server, &(host_path(&event) + "/edit")).words();
    assert!(edit.contains("Answers that guests have given stay as they are."), "{edit}");
    assert!(!page(&server, "/new").words().contains("Answers that guests have given"));
}

#[test]
fn organiser_opens_the_page_of_the_host() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner" }));
    server.sign_up("Dance", "Ana");
    for (path, title) in [(event.path(""), "Dinner"), ("/events/dance".to_owned(), "Dance")] {
        let shown = server.get(&path).organiser().browser().send().is(200);
        assert!(shown.words().contains("Open the host’s page"), "{}", shown.words());
        let form = [("role", "host")];
        let host = server.post(&format!("{path}/links")).organiser().browser().form(&form).send().leads_to();
        let host = page(&server, &host).words();
        assert!(host.contains(title) && host.contains("You are the host."), "{host}");
        assert!(!page(&server, &path).words().contains("Open the host’s page"));
        server.post(&format!("{path}/links")).browser().form(&form).send().is(401);
    }
}

#[test]
fn poster_of_a_cancelled_event_has_no_code() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner" }));
    assert!(page(&server, &event.path("/poster")).text().contains("<svg"));
    act(&server, &host_path(&event), &[("action", "cancel")]);
    let poster = page(&server, &event.path("/poster"));
    assert!(
        !poster.text().contains("<svg") && poster.words().contains("This event was cancelled."),
        "{}",
        poster.words()
    );
}

/// A server without mail cannot send a lost link again, and somebody whom the host added never got one.
#[test]
fn host_hands_out_personal_links() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner", "guests_per_signup": 1 }));
    let host = host_path(&event);
    act(&server, &host, &[("action", "add"), ("name", "Dora"), ("guests", "0")]);
    let form = [("action", "link"), ("name", "Dora")];
    let shown = server.post(&host).browser().form(&form).send().is(200);
    assert!(shown.words().contains("The personal link of Dora."), "{}", shown.words());
    let json = server.post(&host).json(&json!({ "action": "link", "name": "dora" })).send().is(200).json();
    let link = json["link"].as_str().unwrap();
    assert!(shown.text().contains(link), "{}", shown.text());
    let personal = page(&server, url::Url::parse(link).unwrap().path());
    assert!(personal.words().contains("You’re in, Dora.") && personal.words().contains("Save"), "{}", personal.words());
    server.post(&host).json(&json!({ "action": "link", "name": "Nobody" })).send().refuses(404, "not-found");
    server.post(&check_in_path(&server, &event)).json(&json!({ "action": "link", "name": "Dora" })).send().is(403);
}

#[test]
fn host_is_told_where_an_added_party_is() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner", "capacity": 1 }));
    let add = |name| act(&server, &host_path(&event), &[("action", "add"), ("name", name)]).words();
    assert!(add("Ana").contains("Added to the list."));
    assert!(add("Ben").contains("There is no place for the party, so it is on the waiting list now."));
}

#[test]
fn edit_refuses_a_new_time_that_is_past() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dinner", "starts_at": "2031-12-03T19:00", "zone": "UTC" }));
    let edit = host_path(&event) + "/edit";
    let send = |starts_at, version| {
        let fields = [("title", "Supper"), ("starts_at", starts_at), ("zone", "UTC"), ("version", version)];
        server.post(&edit).browser().form(&fields).send()
    };
    let refused = send("2025-12-03T19:00", "1").is(422).text();
    assert!(refused.contains("This time is in the past.") && refused.contains("id=\"starts_at-error\""), "{refused}");
    send("2031-12-03T19:00", "1").is(303);
    // An event that has begun can still be edited.
    server
        .patch(&event.path(""))
        .bearer(&event.host)
        .header("If-Match", "*")
        .json(&json!({ "starts_at": "2025-12-03T19:00" }))
        .send()
        .is(200);
    send("2025-12-03T19:00", "3").is(303);
}

#[test]
fn who_finds_the_event_is_shown() {
    let server = serve();
    for (visibility, text) in
        [("unlisted", "Only people with the link"), ("listed", "Everybody: it is on the start page")]
    {
        let fields = with(&DINNER[..5], &[("visibility", visibility)]);
        let preview =
            server.post("/events").browser().form(&with(&fields, &[("action", "preview")])).send().is(200).text();
        let host = server.post("/events").browser().form(&fields).send().leads_to();
        for shown in [preview, page(&server, &host).text()] {
            assert!(shown.contains(&format!("<dt>Who finds the event</dt><dd dir=\"auto\">{text}</dd>")), "{shown}");
        }
    }
}
