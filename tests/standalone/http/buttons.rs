//! Buttons: registered by the organiser, pressed over HTTP.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::events::create;
use super::organiser::assert_asks_first;
use super::support::{Answer, Running, enqueue, serve, serve_with};

/// Registers a button and returns its secret.
fn register(server: &Running, body: &Value) -> String {
    let answer = server.post("/organiser/buttons").organiser().json(body).send().is(200).json();
    answer["secret"].as_str().unwrap().to_owned()
}

fn anas() -> Value {
    json!({ "serial": "kitchen", "event": "Dance", "name": "Ana" })
}

fn press(server: &Running, serial: &str, secret: &str, body: &Value) -> Answer {
    let request =
        server.post(&format!("/buttons?serial={serial}")).header("Authorization", &format!("Bearer {secret}"));
    request.json(body).send()
}

#[test]
fn button_is_registered_changed_and_removed() {
    let server = serve();
    let secret = register(&server, &anas());
    let listed = || server.get("/organiser/buttons").organiser().send().is(200).json();
    let expected = json!({
        "serial": "kitchen", "event": "Dance", "name": "Ana", "contact": null, "secret": secret,
        "single": "sign_up", "double": "nothing", "triple": "nothing", "long": "cancel",
    });
    assert_eq!(listed(), json!({ "buttons": [expected], "next": null }));

    let changed = json!({
        "serial": " kitchen ", "event": "Pizza Night", "name": "Ben", "long": "nothing", "double": "cancel",
        "contact": "ben@example.org",
    });
    assert_eq!(register(&server, &changed), secret);
    let listed_now = listed();
    let [button] = &listed_now["buttons"].as_array().unwrap()[..] else { panic!("there is one") };
    assert_eq!(
        (&button["name"], &button["double"], &button["long"]),
        (&json!("Ben"), &json!("cancel"), &json!("nothing"))
    );
    assert_eq!(button["contact"], json!({ "email": "ben@example.org" }));

    let remove = || server.post("/organiser/buttons/remove").organiser().json(&json!({ "serial": "kitchen" })).send();
    remove().is(204);
    assert!(remove().refuses(404, "not-found").contains("serial number"));
    assert_eq!(listed()["buttons"], json!([]));
}

#[test]
fn invalid_button_names_the_problem() {
    let server = serve();
    for (field, value) in [
        ("serial", json!("")),
        ("serial", json!("x".repeat(257))),
        ("event", json!("#")),
        ("name", json!(null)),
        ("long", json!("dance")),
        ("contact", json!("nowhere")),
    ] {
        let mut body = anas();
        body[field] = value;
        server.post("/organiser/buttons").organiser().json(&body).send().refuses_field(field);
    }
}

#[test]
fn page_registers_and_removes_buttons() {
    let server = serve();
    let form = [
        ("serial", "kitchen"),
        ("event", "Dance"),
        ("name", "Ana"),
        ("single", "sign_up"),
        ("double", "nothing"),
        ("triple", "nothing"),
        ("long", "cancel"),
        ("contact", ""),
    ];
    let leads_to = server.post("/organiser/buttons").organiser().form(&form).browser().send().leads_to();
    let page = server.get(&leads_to).organiser().browser().send().is(200).text();
    assert!(page.contains("kitchen") && page.contains("<dt>Single press</dt><dd>Sign up</dd>"), "{page}");
    assert_asks_first(&page, "/organiser/buttons/remove");
    assert!(page.contains("There is no such event yet."), "{page}");
    server.sign_up("dance", "Ben");
    server.settled();
    let page = server.get(&leads_to).organiser().browser().send().is(200).text();
    assert!(!page.contains("There is no such event yet."), "{page}");
    let remove = server.post("/organiser/buttons/remove").organiser().form(&[("serial", "kitchen")]).browser();
    let page = server.get(&remove.send().leads_to()).organiser().browser().send().is(200).text();
    assert!(page.contains("No button is registered yet"), "{page}");
}

#[test]
fn refused_button_form_keeps_its_values() {
    let server = serve();
    let form = [
        ("serial", "kitchen"),
        ("event", "Pizza Night"),
        ("name", "#Ana"),
        ("single", "cancel"),
        ("double", "nothing"),
        ("triple", "nothing"),
        ("long", "sign_up"),
        ("contact", "ana@example.org"),
    ];
    let send = |form: &[(&str, &str)]| server.post("/organiser/buttons").organiser().form(form).browser().send();
    let page = send(&form).is(422).text();
    for kept in ["kitchen", "Pizza Night", "#Ana", "ana@example.org"] {
        assert!(page.contains(&format!("value=\"{kept}\"")), "{kept}: {page}");
    }
    assert!(page.contains("<option value=\"cancel\" selected>Cancel</option>"), "{page}");
    assert!(
        page.contains("<p class=\"error\" id=\"name-error\">Please begin with another character than #.</p>"),
        "{page}"
    );
    assert!(page.contains("autofocus aria-invalid=\"true\" aria-describedby=\"name-error name-hint\""), "{page}");
    assert!(page.contains("role=\"alert\"") && page.contains("Please check the marked field."), "{page}");
    assert_eq!(page.matches("aria-invalid").count(), 1, "{page}");

    let mut form = form;
    (form[2], form[7]) = (("name", "Ana"), ("contact", "nowhere"));
    let page = send(&form).is(422).text();
    assert!(page.contains("a phone number like +14155552671, or an https address."), "{page}");
    assert!(page.contains("aria-describedby=\"contact-error contact-hint\""), "{page}");
    let listed = server.get("/organiser/buttons").organiser().send().is(200).json();
    assert_eq!(listed["buttons"], json!([]));
}

#[test]
fn unknown_button_is_registered_from_its_press() {
    let data = tempfile::tempdir().unwrap();
    let payload = STANDARD.encode(r#"{"action": "single"}"#);
    let press = json!({ "topic": "zigbee2mqtt/kitchen", "payload": payload, "received_at": 1_795_431_600_000_i64 });
    enqueue(data.path(), &[&press.to_string()]);
    let server = serve_with(data, |_| {});
    server.settled();
    let [id] = &server.rejects()[..] else { panic!("one message") };
    let path = format!("/organiser/rejects/{id}");
    let shown = || server.get(&path).organiser().browser().send().is(200).text();
    let page = shown();
    assert!(page.contains("No button with this serial number is registered."), "{page}");
    assert!(page.contains("<dt>Serial number</dt><dd><code>kitchen</code></dd>"), "{page}");
    assert!(page.contains("<dt>Press</dt><dd>Single press</dd>"), "{page}");
    assert!(!page.split("<pre").next().unwrap().contains(&payload), "base64 outside of the details: {page}");

    let register = |name: &str| {
        let form = [("serial", "kitchen"), ("message", id.as_str()), ("event", "Dance"), ("name", name)];
        server.post("/organiser/buttons").organiser().browser().form(&form).send()
    };
    let refused = register("").is(422).text();
    assert!(refused.contains("Register this button") && refused.contains("value=\"Dance\""), "{refused}");
    assert!(refused.contains("aria-describedby=\"name-error name-hint\""), "{refused}");
    assert_eq!(register("Ana").leads_to(), path);

    let page = shown();
    assert!(page.contains("This button is registered: <bdi>Ana</bdi>, <bdi>Dance</bdi>."), "{page}");
    assert!(page.contains("Send again") && !page.contains("Register this button"), "{page}");
    let again = server.post(&format!("{path}/redrive")).organiser().browser().form(&[]).send();
    assert_eq!(again.leads_to(), "/organiser/rejects?done=processed");
    server.settled();
    assert_eq!(server.who("dance"), ["Ana"]);
    assert!(server.rejects().is_empty());
}

#[test]
fn press_with_the_secret_signs_up() {
    let server = serve();
    let secret = register(&server, &anas());
    let answer = press(&server, "kitchen", &secret, &json!({ "event_type": "single" })).is(202).json();
    assert_eq!(answer, json!({ "message": "Press received." }));
    server.settled();
    assert_eq!(server.who("dance"), ["Ana"]);

    // A device that can send no header.
    let path = format!("/buttons?serial=kitchen&secret={secret}");
    server
        .post(&path)
        .json(&json!({ "component": "bthomedevice:202", "event": "long_push", "idx": 1, "ts": 17.5 }))
        .send()
        .is(202);
    server.settled();
    assert!(server.who("dance").is_empty());
    let nothing = press(&server, "kitchen", &secret, &json!({ "event_type": "released" })).is(202).json();
    assert_eq!(nothing["message"], "This message is not a button press, so it was ignored.");
}

/// An answer never says that a press was taken when it was not.
#[test]
fn answer_says_why_a_press_signs_nobody_up() {
    let server = serve();
    let secret = register(&server, &anas());
    let answer = |body: Value| {
        let answer = press(&server, "kitchen", &secret, &body).is(202).json();
        answer["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(answer(json!({ "event_type": "triple" })), "This button does nothing on a triple press.");
    let unknown = answer(json!({ "event_type": "quadruple" }));
    assert_eq!(unknown, "`quadruple` is no known kind of press, so nobody was signed up. The organiser sees it.");
    let second = answer(json!({ "action": "2_single" }));
    let expected =
        "No button with the serial number kitchen:2 is registered, so nobody was signed up. The organiser sees it.";
    assert_eq!(second, expected);
    let closed = create(&server, &json!({ "title": "Dance" }));
    server.post(&closed.path("/cancel")).bearer(&closed.host).json(&json!({})).send().is(200);
    let refused = answer(json!({ "event_type": "single" }));
    assert!(refused.starts_with("Nobody was signed up: This event was cancelled"), "{refused}");
    server.settled();
    assert!(server.who("dance").is_empty());
    assert_eq!(server.rejects().len(), 3, "each of them needs attention");

    server.post("/organiser/buttons/remove").organiser().json(&json!({ "serial": "kitchen" })).send().is(204);
    for event_type in ["single", "single", "quadruple"] {
        let message = answer(json!({ "event_type": event_type }));
        assert!(message.contains("registered"), "{message}");
    }
    server.settled();
    let page = server.get("/organiser/rejects").organiser().browser().send().is(200);
    assert!(page.words().contains("2 messages, and this is the latest"), "{}", page.words());
    for reject in server.rejects() {
        server.get(&format!("/organiser/rejects/{reject}")).organiser().browser().send().is(200);
    }
}

#[test]
fn press_without_the_secret_is_refused() {
    let server = serve();
    let secret = register(&server, &anas());
    let single = json!({ "event_type": "single" });
    for (serial, secret) in
        [("kitchen", "wrong"), ("kitchen", ""), ("hall", &secret), ("kitchen", &format!("{secret}A"))]
    {
        press(&server, serial, secret, &single).refuses(401, "wrong-secret");
    }
    server.post("/buttons?serial=kitchen").json(&single).send().refuses(401, "wrong-secret");
    press(&server, "", &secret, &single).refuses_field("serial");
    let refused = press(&server, "kitchen", &secret, &json!({ "colour": "red" })).refuses(400, "malformed-request");
    assert!(refused.contains("is not from a supported button"), "{refused}");
    assert_eq!(server.get("/buttons").send().status, 405);
    server.settled();
    assert!(server.who("dance").is_empty() && server.rejects().is_empty());
}

#[test]
fn late_registration_keeps_the_press_time() {
    let data = tempfile::tempdir().unwrap();
    let press = json!({
        "topic": "zigbee2mqtt/kitchen",
        "payload": STANDARD.encode(r#"{"action": "single"}"#),
        "received_at": 1_795_431_600_000_i64,
    });
    enqueue(data.path(), &[&press.to_string()]);
    let server = serve_with(data, |_| {});
    server.settled();
    let [id] = &server.rejects()[..] else { panic!("one reject") };
    let redrive = || server.post(&format!("/organiser/rejects/{id}/redrive")).organiser().json(&json!({})).send();
    assert!(redrive().refuses(409, "conflict").contains("kitchen"));

    register(&server, &anas());
    let sent = redrive().is(202).json();

    assert_eq!((&sent["event"], &sent["name"]), (&json!("dance"), &json!("Ana")));
    server.settled();
    assert!(server.rejects().is_empty());
    let ana = server.get("/events/dance/attendees/ana").send().is(200).json();
    assert_eq!((&ana["since"], &ana["channel"]), (&json!("2026-11-23T11:00:00.000Z"), &json!("button")));
}

/// Flic's cloud, with a key of its own.
struct Flic {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Flic {
    fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self { pair, random }
    }

    fn serve(&self) -> Running {
        let point = self.pair.public_key().as_ref();
        let text = |bytes| URL_SAFE_NO_PAD.encode(bytes);
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..]) });
        serve_with(Arc::new(tempfile::tempdir().unwrap()), |settings| {
            settings.flic_key = Some(jwk.to_string().parse().unwrap());
        })
    }

    fn token(&self, claims: &Value) -> Value {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": "ES256", "typ": "JWT" })), part(claims));
        let signature = self.pair.sign(&self.random, signed.as_bytes()).unwrap();
        json!({ "token": format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)) })
    }
}

#[test]
fn replayed_flic_press_changes_nothing() {
    let flic = Flic::new();
    let server = flic.serve();
    register(&server, &json!({ "serial": "BB23-A08811", "event": "Dance", "name": "Ana" }));
    let post = |token: &Value| server.post("/buttons").json(token).send();
    let claims = |click: &str, pressed_at: &str| {
        json!({
            "exp": 4_000_000_000_i64, "buttonSerialNumber": "BB23-A08811", "buttonName": "Kitchen",
            "pressedAt": pressed_at, "clickType": click,
        })
    };
    let single = flic.token(&claims("click", "2026-11-25T18:00:00+01:00"));
    assert_eq!(post(&single).is(200).json()["message"], "Press received.");
    server.settled();
    assert_eq!(server.who("dance"), ["Ana"]);
    post(&flic.token(&claims("hold", "2026-11-25T18:00:07+01:00"))).is(200);
    server.settled();
    post(&single).is(200);
    server.settled();
    assert!(server.who("dance").is_empty(), "the replay signed up");

    let refused = post(&Flic::new().token(&claims("click", "2026-11-25T18:00:00+01:00"))).refuses(401, "wrong-secret");
    assert!(refused.contains("Flic's key"), "{refused}");
    let mut expired = claims("click", "2026-11-25T18:00:00+01:00");
    expired["exp"] = json!(1_700_000_000);
    assert!(post(&flic.token(&expired)).refuses(401, "wrong-secret").contains("expired"));
    assert!(serve().post("/buttons").json(&single).send().refuses(401, "wrong-secret").contains("public key"));
}
