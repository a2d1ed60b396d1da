//! The form of an event's page: its token, what it shows when it is refused, its language, and what the browser remembers.

use countmein::app::settings::MailSettings;
use serde_json::json;

use super::events::create;
use super::support::{Answer, Running, exchange, serve, serve_with};

/// The token in the form of a page.
fn token(page: &Answer) -> String {
    let text = page.text();
    let field = text.split("name=\"form_token\" value=\"").nth(1).expect("the form has a token");
    field.split('"').next().unwrap().to_owned()
}

/// A server with the event `dance`.
fn serve_dance() -> Running {
    let server = serve();
    create(&server, &json!({ "title": "Dance" }));
    server
}

/// A server that sends email, to a mail server that is not there.
fn serve_with_mail() -> Running {
    serve_with(tempfile::tempdir().unwrap(), |settings| {
        let server = "smtp://127.0.0.1:9".parse().unwrap();
        settings.notifications.mail = Some(MailSettings { server, from: "club@example.org".to_owned() });
    })
}

fn show(server: &Running, path: &str) -> Answer {
    server.get(path).browser().send().is(200)
}

fn send(server: &Running, fields: &[(&str, &str)]) -> Answer {
    server.post("/events/dance/signups").browser().form(fields).send()
}

/// The cookie that an answer sets, as the browser sends it back.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[test]
fn double_click_is_one_signup_with_one_link() {
    let server = serve_dance();
    let token = token(&show(&server, "/events/dance"));
    assert!(token.len() >= 22, "128 bits: {token}");
    let fields = [("name", "Dee"), ("form_token", token.as_str())];
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| send(&server, &fields).leads_to());
        let second = scope.spawn(|| send(&server, &fields).leads_to());
        (first.join().unwrap(), second.join().unwrap())
    });
    assert_eq!(first, second);
    let page = show(&server, &first);
    assert!(page.words().contains("You’re in, Dee."), "{}", page.words());
    assert_eq!(server.who("dance"), ["Dee"]);
}

#[test]
fn same_form_signs_up_again_after_a_cancellation() {
    let server = serve_dance();
    let token = token(&show(&server, "/events/dance"));
    let fields = [("name", "Dee"), ("form_token", token.as_str())];
    let mut links = vec![];
    for _ in 0..3 {
        let link = send(&server, &fields).leads_to();
        assert!(show(&server, &link).words().contains("You’re in, Dee."));
        assert_eq!(send(&server, &fields).leads_to(), link, "a double click is still one sign-up");
        server.post(&link).browser().form(&[("action", "cancel")]).send().leads_to();
        links.push(link);
    }
    links.dedup();
    assert_eq!(links.len(), 3);
}

#[test]
fn token_of_somebody_else_is_worth_nothing() {
    let server = serve_dance();
    // Chosen by another site, or sent by it.
    for (token, site) in
        [("chosen-by-somebody-else", "same-origin"), (&*token(&show(&server, "/events/dance")), "cross-site")]
    {
        let send = |title: &str| {
            let request = server.post("/events").browser().header("Sec-Fetch-Site", site);
            let fields = [("title", title), ("starts_at", "2031-12-03T19:00"), ("zone", "UTC"), ("form_token", token)];
            request.form(&fields).send().leads_to()
        };
        assert_ne!(send("Ball"), send("Gala"), "{site}");
    }
    // What stands for the token while a page is rendered shows no token.
    let typed = send(&server, &[("name", "\u{FDEF}")]).is(422).text();
    assert!(typed.contains("autocomplete=\"name\" value=\"\""), "{typed}");
}

#[test]
fn taken_name_is_explained_in_the_form() {
    let server = serve_with_mail();
    server.sign_up("dance", "Ana");
    let refused = send(&server, &[("name", "ANA"), ("contact", "ana@example.org")]).is(409);
    assert!(refused.words().contains("Somebody with this name is already on the list."), "{}", refused.words());
    assert!(refused.text().contains("value=\"ana@example.org\""), "what was typed is still there");
}

#[test]
fn cancelled_event_promises_nothing() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dance", "capacity": 1 }));
    let [ana, ben] = ["Ana", "Ben"].map(|name| server.sign_up(&event.id, name));
    server.post(&event.path("/cancel")).bearer(&event.host).json(&json!({})).send().is(200);
    for person in [&ana, &ben] {
        let page = show(&server, &person.manage);
        assert!(page.words().contains("This event was cancelled."), "{}", page.words());
        assert!(!page.words().contains("place") && !page.text().contains("value=\"details\""), "{}", page.words());
    }
}

#[test]
fn mistyped_link_begins_no_event() {
    let server = serve();
    let says_so = |answer: Answer| {
        let page = answer.is(404);
        assert!(page.words().contains("There is no such event. Check the link"), "{}", page.words());
        assert!(page.text().contains("<p><a href=\"/\""), "it leads to a page that exists: {}", page.text());
    };
    for id in ["omars-diner", "thursday-dinner-abcdefghij"] {
        says_so(server.get(&format!("/events/{id}")).browser().send());
        says_so(server.post(&format!("/events/{id}/signups")).browser().form(&[("name", "Ana")]).send());
        assert!(server.who(id).is_empty());
    }
    let unknown = server.get("/find?event=Omar%27s+diner").browser().send().is(404);
    assert!(unknown.words().contains("We don’t find this event."), "{}", unknown.words());
    assert!(!server.get("/").browser().send().is(200).words().contains("diner"));

    // Programs begin events as they did in 2016.
    server.sign_up("Dance", "Ana");
    server.settled();
    for typed in ["dance", "http%3A%2F%2Fexample.org%2Fevents%2FDance%3Flang%3Dde"] {
        let found = server.get(&format!("/find?event={typed}")).browser().send().leads_to();
        assert_eq!(found, "/events/dance#lost");
    }
    assert!(show(&server, "/events/dance").words().contains("Ana"));
    send(&server, &[("name", "Ben")]).leads_to();
}

#[test]
fn typed_link_leads_to_its_page() {
    let server = serve();
    let ana = server.sign_up("Dance", "Ana");
    server.settled();
    let find = |typed: &str| {
        let typed: String = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect();
        server.get(&format!("/find?event={typed}")).browser().send().leads_to()
    };
    assert_eq!(find("example.org/events/Dance"), "/events/dance#lost");
    let path = format!("/events/dance/manage/{}", ana.token());
    assert_eq!(find(&format!("https://example.org{path}")), path);
    assert_eq!(find(&format!("example.org{path}")), path);
}

/// Links survive what mail clients, chat programs and people do to them.
#[test]
fn decorated_link_leads_to_its_page() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dance" }));
    let ana = server.sign_up("dance", "Ana");
    server.settled();
    let manage = format!("/events/dance/manage/{}", ana.token());
    for link in [manage.as_str(), &event.path(&format!("/host/{}", event.host))] {
        for end in [".", ",", ")", ")%2C", "%3E", "%E2%80%9D", "*", "_", "%20", "%0A", "?utm_source=mail", "%22"] {
            show(&server, &format!("{link}{end}"));
        }
        let (start, end) = link.split_at(link.len() - 4);
        show(&server, &format!("{start}%0D%0A%20{end}"));
        let cut = server.get(start).browser().send().is(404);
        assert!(cut.words().to_lowercase().contains("copy the whole link"), "{}", cut.words());
    }
    for path in ["/events/dance", &manage, "/new"] {
        let answer = server.get(&format!("{path}/?lang=de")).browser().send().is(308);
        assert_eq!(answer.header("location"), format!("{path}?lang=de"));
    }
    for elsewhere in ["//evil.example/", "/%5Cevil.example/", "/nothing//"] {
        let answer = server.get(elsewhere).browser().send();
        let location = answer.headers.get("location").map_or("", |location| location.to_str().unwrap());
        assert!(!location.starts_with("//") && !location.starts_with("/\\"), "{answer:?}");
    }
}

#[test]
fn opened_personal_link_is_remembered() {
    let server = serve();
    let ana = server.sign_up("dance", "Ana");
    server.settled();
    let opened = server.get(&ana.manage).browser().send().is(200);
    let cookie = cookie(&opened);
    let with_cookie = |path: &str| server.get(path).browser().header("Cookie", &cookie).send().is(200);
    assert!(with_cookie("/events/dance").words().contains("You’re in as Ana"));
    assert!(!with_cookie(&ana.manage).headers.contains_key("set-cookie"), "it is remembered already");
}

#[test]
fn new_link_of_somebody_who_comes_after_all_is_pointed_out() {
    let server = serve_dance();
    let first = send(&server, &[("name", "Ana")]);
    let cookie = cookie(&first);
    let manage = first.leads_to();
    assert!(!show(&server, &manage).words().contains("Your link has changed."));
    server.post(&manage).browser().form(&[("action", "cancel")]).send().is(303);
    server.settled();
    assert!(show(&server, &manage).text().contains("name=\"earlier_link\""), "without a cookie");
    let again =
        server.post("/events/dance/signups").browser().header("Cookie", &cookie).form(&[("name", "Ana")]).send();
    assert!(show(&server, &again.leads_to()).words().contains("Your link has changed. Bookmark this page again."));
}

#[test]
fn refused_form_has_the_address_of_its_page() {
    let server = serve_dance();
    let refused = send(&server, &[("name", "evil.com")]).is(422);
    for part in ["data-path=\"/events/dance\"", "href=\"/events/dance?lang=de\""] {
        assert!(refused.text().contains(part), "{part}: {}", refused.text());
    }
    assert!(!show(&server, "/events/dance").text().contains("data-path"));
}

#[test]
fn form_takes_the_next_person() {
    let server = serve_dance();
    let token = token(&show(&server, "/events/dance"));
    for name in ["Dee", "Eve"] {
        let link = send(&server, &[("name", name), ("form_token", &token)]).leads_to();
        assert!(show(&server, &link).words().contains(&format!("You’re in, {name}.")));
    }
    assert_eq!(server.who("dance"), ["Dee", "Eve"]);
}

#[test]
fn going_back_to_correct_something_leads_to_the_first_signup() {
    let server = serve();
    create(&server, &json!({ "title": "Dance", "guests_per_signup": 3 }));
    let token = token(&show(&server, "/events/dance"));
    let link = send(&server, &[("name", "Dee"), ("guests", "1"), ("form_token", &token)]).leads_to();
    let again = send(&server, &[("name", "dee"), ("guests", "2"), ("form_token", &token)]).leads_to();
    assert_eq!(again, format!("{link}?repeat"));
    assert!(show(&server, &again).words().contains("You had already signed up."));
    // A browser that has loaded the form again has another token, and a cookie.
    let signed_up = send(&server, &[("name", "Ana")]);
    let again = server.post("/events/dance/signups").browser().header("Cookie", &cookie(&signed_up));
    let again = again.form(&[("name", "ANA")]).send().leads_to();
    assert_eq!(again, format!("{}?repeat", signed_up.leads_to()));
    assert_eq!(server.who("dance"), ["Ana", "Dee"]);
}

#[test]
fn browser_remembers_its_signups() {
    let server = serve_dance();
    let dee = send(&server, &[("name", "Dee")]);
    let cookie = cookie(&dee);
    assert!(dee.header("set-cookie").contains("; HttpOnly; SameSite=Lax"), "{dee:?}");
    let own = |cookie: &str| server.get("/events/dance").browser().header("Cookie", cookie).send().is(200);
    let page = own(&cookie);
    assert!(page.words().contains("You’re in as Dee · change"), "{}", page.words());
    let manage = dee.leads_to();
    assert!(page.text().contains(&manage), "the link to the personal page");
    let start = server.get("/").browser().header("Cookie", &cookie).send().is(200);
    assert!(start.words().contains("Your sign-ups on this device"), "{}", start.words());
    for other in
        ["", "countmein_signups=dance:forged", "countmein_signups=%F0%9F%8E%89:x.:.", "countmein_signups=gala:x"]
    {
        assert!(!own(other).words().contains("You’re in as"), "{other}");
    }
    // Somebody else has signed up on the same device. One of them wants to be forgotten.
    let two = server.post("/events/dance/signups").browser().header("Cookie", &cookie).form(&[("name", "Ana")]).send();
    let cookie = two.is(303).header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(own(&cookie).words().contains("Not Dee? Forget it on this device"), "{}", own(&cookie).words());
    let token = [("token", manage.rsplit('/').next().unwrap())];
    let forgotten = server.post("/events/dance/forget").browser().header("Cookie", &cookie).form(&token).send().is(303);
    let cookie = forgotten.header("set-cookie").split(';').next().unwrap().to_owned();
    let words = own(&cookie).words();
    assert!(words.contains("You’re in as Ana") && !words.contains("You’re in as Dee"), "{words}");
}

#[test]
fn refused_form_keeps_its_values_and_says_what_is_wrong() {
    let server = serve_with_mail();
    create(&server, &json!({ "title": "Dance", "guests_per_signup": 1, "question": "Meat?" }));
    let fields = |name, guests, contact| [("name", name), ("guests", guests), ("answer", "<no>"), ("contact", contact)];
    for (fields, field, message) in [
        (fields("", "0", ""), "name", "Please fill this in."),
        (fields("evil.com", "0", ""), "name", "Please leave out web addresses"),
        (fields("Ana", "5", ""), "guests", "You may bring at most 1 guest."),
        (fields("Ana", "-1", ""), "guests", "Please choose a number from 0 to 50."),
        (fields("Ana", "many", ""), "guests", "Please choose a number from 0 to 50."),
        (fields("Ana", "0", "nonsense"), "contact", "This is not an email address."),
    ] {
        let answer = send(&server, &fields).is(422);
        let page = answer.text();
        let shown = format!("<p class=\"error\" id=\"{field}-error\">{message}");
        assert!(page.contains(&shown), "{shown}: {page}");
        assert!(page.contains("value=\"&lt;no&gt;\"") && page.contains("aria-invalid=\"true\""), "{page}");
        assert!(page.contains(&format!("aria-describedby=\"{field}-error")), "{page}");
        assert_eq!(page.matches("autofocus").count(), 1, "{page}");
    }
    assert!(server.who("dance").is_empty());
}

#[test]
fn page_is_in_the_language_of_the_browser_or_of_a_choice() {
    let server = serve_dance();
    let german = |path: &str| server.get(path).browser().header("Accept-Language", "de-AT,en;q=0.5").send().is(200);
    let page = german("/events/dance");
    assert!(page.text().contains("<html lang=\"de\"") && page.words().contains("Ich bin dabei"), "{}", page.words());
    let english = german("/events/dance?lang=en");
    assert!(english.text().contains("<html lang=\"en\"") && english.words().contains("Count me in"));
    let again =
        server.get("/events/dance").browser().header("Accept-Language", "de").header("Cookie", &cookie(&english));
    assert!(again.send().is(200).words().contains("Count me in"), "the choice is remembered");
    let nowhere = server.get("/nowhere").browser().header("Accept-Language", "de").send().is(404);
    assert!(nowhere.words().contains("Diese Seite finden wir nicht"), "{}", nowhere.words());
    // Messages are in the language of the page on which somebody signed up.
    let ana = server.post("/events/dance/signups").browser().header("Accept-Language", "de");
    let link = ana.form(&[("name", "Ana")]).send().leads_to();
    assert_eq!(server.get(&link).send().is(200).json()["details"]["language"], "de");
}

#[test]
fn link_preview_gets_a_page_with_a_summary() {
    let server = serve();
    let event = json!({
        "title": "Omar's <dinner>", "starts_at": "2031-12-03T19:00", "zone": "Europe/Berlin", "place": "Moorweg 3",
    });
    let event = create(&server, &event);
    for accept in ["*/*", "text/html", "image/*, */*"] {
        let page = server.get(&event.path("")).header("Accept", accept).send().is(200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{accept}");
        let summary = "Wednesday, 3 December 2031 at 19:00, Berlin time · Moorweg 3";
        for tag in [
            "property=\"og:title\" content=\"Omar's &lt;dinner&gt;\"".to_owned(),
            format!("property=\"og:description\" content=\"{summary}\""),
            format!("name=\"description\" content=\"{summary}\""),
        ] {
            assert!(page.text().contains(&tag), "{tag}: {}", page.text());
        }
    }
    assert_eq!(server.get(&event.path("")).send().is(200).header("content-type"), "application/json");
}

#[test]
fn unchanged_page_is_not_sent_again() {
    let server = serve_dance();
    let page = show(&server, "/events/dance");
    let tag = page.header("etag");
    let same = server.get("/events/dance?lang=en").browser().header("If-None-Match", tag).send().is(304);
    assert!(same.body.is_empty());
    for header in ["etag", "vary", "cache-control"] {
        assert_eq!(same.header(header), page.header(header), "{header}");
    }
    assert!(same.header("set-cookie").starts_with("countmein_language=en"), "{same:?}");
    server.sign_up("dance", "Ana");
    server.settled();
    server.get("/events/dance").browser().header("If-None-Match", tag).send().is(200);
}

/// What a phone gets first over a new connection (RFC 6928): 10 segments of 1,460 bytes.
const FIRST_WINDOW: usize = 14_600;

#[test]
fn event_with_a_hundred_names_fits_into_the_first_window_of_a_connection() {
    let server = serve();
    let words = "Bring a chair, a coat for the balcony, and something to drink for two. ".repeat(12);
    let event = json!({
        "title": "Thursday's dinner", "description": words, "capacity": 200, "question": "Do you eat meat?",
        "starts_at": "2031-12-03T19:00", "zone": "Europe/Berlin", "place": "Moorweg 3", "guests_per_signup": 2,
    });
    let event = create(&server, &event);
    for number in 0..100 {
        let name = format!("Guest {:x}", 0x9E37_79B9_u64.wrapping_mul(number + 1) % 0xFFFF_FFFF);
        server.post(&event.path("/signups")).json(&json!({ "name": name })).send().is(202);
    }
    server.settled();
    // As it is on the wire, with the heads.
    let get = |path: &str| {
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
        );
        let answer = exchange(&server, head.as_bytes()).unwrap().is(200);
        assert_eq!(answer.header("content-encoding"), "gzip", "{path}");
        let heads: usize = answer.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        heads + answer.body.len()
    };
    let page = show(&server, &event.path("")).text();
    assert_eq!(page.matches("<li>").count(), 100);
    let files = page
        .split('"')
        .filter(|part| part.starts_with("/assets/") || ["/favicon.ico", "/manifest.webmanifest"].contains(part));
    let bytes = get(&event.path("")) + files.map(get).sum::<usize>();
    assert!(bytes <= FIRST_WINDOW, "{bytes} bytes");
}

#[test]
fn empty_address_changes_nothing_and_a_button_removes_it() {
    let server = serve_with_mail();
    let ana = server.sign_up_with("dance", &json!({ "name": "Ana", "contact": "ana@example.org" }));
    let change = |fields: &[(&str, &str)]| server.post(&ana.manage).browser().form(fields).send();
    let refused = change(&[("action", "contact"), ("contact", "")]).is(422);
    assert!(refused.words().contains("Please fill this in."), "{}", refused.words());
    assert_eq!(server.contact(&ana.manage), "email");
    change(&[("action", "remove_contact")]).leads_to();
    assert_eq!(server.contact(&ana.manage), json!(null));
}

#[test]
fn somebody_who_cancelled_can_come_after_all() {
    let server = serve();
    let ana = server.sign_up("dance", "Ana");
    server.post(&ana.manage).browser().form(&[("action", "cancel")]).send().leads_to();
    let page = show(&server, &ana.manage);
    assert!(page.words().contains("Ana, you are not on the list.") && page.text().contains("value=\"Ana\""));
    let again = send(&server, &[("name", "Ana"), ("form_token", &token(&page))]);
    let cookie = cookie(&again);
    let link = again.leads_to();
    assert_ne!(link, ana.manage, "it is another registration");
    assert!(show(&server, &link).words().contains("You’re in, Ana."));
    // The link that was kept leads to the new sign-up in this browser, and is explained elsewhere.
    assert_eq!(server.get(&ana.manage).browser().header("Cookie", &cookie).send().leads_to(), link);
    assert!(
        show(&server, &ana.manage)
            .words()
            .contains("This link is no longer valid, because somebody signed up as Ana with another one.")
    );
}

/// A page asks only for addresses to which this server can send something, and promises nothing else.
#[test]
fn server_without_mail_asks_for_no_address() {
    let server = serve_dance();
    let page = show(&server, "/events/dance");
    assert!(!page.text().contains("name=\"contact\""), "{}", page.text());
    assert!(page.words().contains("This server sends no messages."), "{}", page.words());
    let start = show(&server, "/");
    assert!(!start.words().contains("can send your personal link"), "{}", start.words());
    let server = serve_with_mail();
    create(&server, &json!({ "title": "Dance" }));
    let page = show(&server, "/events/dance");
    assert!(page.text().contains("name=\"contact\"") && page.words().contains("Send me my link again"));
}

#[test]
fn coming_back_says_that_one_has_to_wait() {
    let server = serve();
    let event = create(&server, &json!({ "title": "Dance", "capacity": 1 }));
    let [ana, _] = ["Ana", "Ben"].map(|name| server.sign_up(&event.id, name));
    server.settled();
    server.post(&ana.manage).browser().form(&[("action", "cancel")]).send().is(303);
    crate::http::places::until(
        || show(&server, &ana.manage).words().contains("You would be 1st on the waiting list."),
        "Ben has the place",
    );
    let again = send(&server, &[("name", "Ana"), ("earlier_link", "1")]).leads_to();
    let page = show(&server, &again);
    assert!(page.words().contains("Your link has changed. Bookmark this page again."), "{}", page.words());
    assert!(page.words().contains("Look at this page again to see whether you have a place."), "{}", page.words());
}
