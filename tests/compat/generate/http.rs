//! People, the organiser and devices, over HTTP.

use std::fs;
use std::net::TcpListener;

use countmein::event::EventId;
use serde_json::{Value, json};

use super::record::Record;
use crate::golden::{self, as_text};
use crate::links::mqtt_client_id;
use crate::site::{Site, eventually};

const TABLE: &str = "event,name,email,phone,webhook\r\n\
    Pizza Night,Dora,,,https://hooks.example.org/dora?room=1\r\n\
    Fête d été,Pär Åkesson,par@example.org,,\r\n\
    Dance,Uwe,,,\r\n";

struct Session<'a> {
    site: Site,
    record: &'a mut Record,
}

pub fn people(record: &mut Record) {
    let folder = record.folder.take().unwrap();
    let broker = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mqtt://{}", broker.local_addr().unwrap());
    let site = Site::serve(folder, &["--mqtt", &url]);
    record.mqtt_client_id = mqtt_client_id(&broker);
    let site = Site::serve(site.close(), &[]);
    // `Record` reads the folder while the site holds it.
    let path = site.folder.path().to_owned();
    let mut session = Session { site, record };
    session.record.path_of_the_site = Some(path);
    session.pizza_night();
    session.owners();
    session.organiser();
    session.other_scripts();
    session.devices();
    session.import();
    session.consents();
    let Session { site, record } = session;
    record.folder = Some(site.close());
}

impl Session<'_> {
    fn settle(&self) {
        let db = self.record.database();
        eventually("the queue is empty", || {
            db.query_row("SELECT count(*) = 0 FROM queue", (), |row| row.get(0)).unwrap()
        });
    }

    fn keep(&mut self, files: &[&str]) {
        self.settle();
        self.record.keep(files);
    }

    /// The manage link's path.
    fn join(&mut self, file: &str, event: &str, body: Value) -> String {
        let (status, answer) = self.site.post_with(&format!("/events/{event}/signups"), &[], &body);
        assert_eq!(status, 202, "{answer}");
        self.keep(&[file]);
        path(&answer)
    }

    fn manage(&mut self, file: &str, link: &str, body: Value) {
        let (status, answer) = self.site.post_with(link, &[], &body);
        assert_eq!(status, 202, "{answer}");
        self.keep(&[file]);
    }

    fn pizza_night(&mut self) {
        let ana = self.join(
            "http-join-email",
            "Pizza%20Night",
            json!({"name": "Ana María", "contact": {"email": "Ana@Example.org"}}),
        );
        let body = json!({"name": "Ben"});
        let (_, answer) = self.site.post_with(
            "/events/Pizza%20Night/signups",
            &[("Idempotency-Key", "golden-key-0123456789")],
            &body,
        );
        self.keep(&["http-join"]);
        let ben = path(&answer);
        self.record.repeat = json!({
            "path": "/events/Pizza%20Night/signups", "key": "golden-key-0123456789", "body": body,
            "answer": {"id": answer["id"], "event": "pizza-night", "name": "Ben"}, "manage": ben,
        });
        let gus =
            self.join("http-join-sms", "pizza-night", json!({"name": "Gus", "contact": {"sms": "+1 (415) 555-2671"}}));
        let (status, _) = self.site.post_with("/events/pizza-night/link", &[], &json!({"name": "GUS"}));
        assert_eq!(status, 202);
        self.keep(&["http-send-link"]);
        let page = |event: &str, name: &str, state: &str, contact: Option<&str>, notify: Option<bool>| json!({"event": event, "name": name, "state": state, "contact": contact, "notify": notify});
        let link = &mut self.record;
        link.link(
            "a registration with an email address",
            &ana,
            page("pizza-night", "Ana María", "in", Some("email"), Some(true)),
        );
        link.link("a registration without a contact", &ben, page("pizza-night", "Ben", "in", None, Some(true)));
        link.link("a registration with a phone", &gus, page("pizza-night", "Gus", "in", Some("sms"), Some(true)));
    }

    fn owners(&mut self) {
        let jo = self.join(
            "http-join-webhook",
            "pizza-night",
            json!({"name": "Jo", "contact": {"webhook": "https://hooks.example.org/jo"}}),
        );
        self.manage("manage-contact", &jo, json!({"contact": {"email": "jo@example.org"}}));
        let kai =
            self.join("http-join-kai", "pizza-night", json!({"name": "Kai", "contact": {"email": "kai@example.org"}}));
        self.manage("manage-no-contact", &kai, json!({"contact": null}));
        let fay = self.record.sign("Pizza Night", "Fay", "order-17");
        self.manage("manage-notify-off", &fay, json!({"notify": false}));
        let lou = self.join(
            "http-join-lou",
            "pizza-night",
            json!({"name": "Lou", "contact": {"webhook": "https://hooks.example.org/lou"}}),
        );
        self.manage("manage-notify-off-lou", &lou, json!({"notify": false}));
        self.manage("manage-notify-on", &lou, json!({"notify": true}));
        let hana = self.join(
            "http-join-hana",
            "pizza-night",
            json!({"name": "Hana", "contact": {"email": "hana@example.org"}}),
        );
        self.manage("manage-cancel", &hana, json!({"action": "cancel"}));
        let removed = self.record.sign("Pizza Night", "Rio", "removed-rio");
        assert_eq!(self.site.post("/organiser/remove", &json!({"name": "rio"})).0, 200);
        let first = self.join("http-join-kim", "pizza-night", json!({"name": "Kim"}));
        self.manage("manage-cancel-kim", &first, json!({"action": "cancel"}));
        let second = self.join("http-join-kim-again", "pizza-night", json!({"name": "Kim"}));
        let page = |name: &str, state: &str, contact: Option<&str>, notify: Option<bool>| json!({"event": "pizza-night", "name": name, "state": state, "contact": contact, "notify": notify});
        let links = [
            ("a contact that was changed", jo, page("Jo", "in", Some("email"), Some(true))),
            ("a contact that was taken away", kai, page("Kai", "in", None, Some(true))),
            ("an id made elsewhere, and no notifications", fay, page("Fay", "in", Some("email"), Some(false))),
            ("notifications off and on again", lou, page("Lou", "in", Some("webhook"), Some(true))),
            ("a registration that was cancelled", hana, page("Hana", "out", None, None)),
            ("a registration that another one replaced", first, page("Kim", "not_yours", None, None)),
            ("a person who was removed", removed, page("rio", "out", None, None)),
            ("the registration that replaced it", second, page("Kim", "in", None, Some(true))),
        ];
        for (what, path, page) in links {
            self.record.link(what, &path, page);
        }
        let id = golden::as_text(&self.record.alexa[0]["signup"]).to_owned();
        let anna = self.record.sign("Pizza Night", "Änna Müller", &id);
        self.record.link("a sign-up by an Echo", &anna, page("Änna Müller", "in", None, Some(true)));
    }

    fn organiser(&mut self) {
        let mut send = |file: &str, body: Value| {
            let (status, answer) = self.site.post("/organiser/signups", &body);
            assert_eq!(status, 202, "{answer}");
            self.settle();
            self.record.keep(&[file]);
        };
        send("organiser-sign-up", json!({"event": "Pizza Night", "name": "Cleo", "contact": {"sms": "+442079460958"}}));
        send("organiser-sign-up-without-a-contact", json!({"event": "Pizza Night", "name": "Ivo"}));
        send("organiser-cancel", json!({"event": "pizza_night", "name": "IVO", "action": "cancel"}));
        let id =
            self.site.rejects().into_iter().find(|id| {
                golden::as_text(&self.site.page(&format!("/organiser/rejects/{id}"))["body"]).contains("fax")
            });
        let path = format!("/organiser/rejects/{}/redrive", id.unwrap());
        let (status, answer) = self.site.post(&path, &json!({"set": {"contact": {"email": "max@example.org"}}}));
        assert_eq!(status, 202, "{answer}");
        self.keep(&["redriven"]);
        let (status, _) = self.site.post_with("/", &[], &json!({"name": "Mia", "event": "Dance"}));
        assert_eq!(status, 200);
        self.keep(&["sample-join"]);
    }

    fn other_scripts(&mut self) {
        let zoe = self.join("http-join-accents", "F%C3%AAte%20d%20%C3%A9t%C3%A9", json!({"name": "Zoë 小林"}));
        let sara = self.join(
            "http-join-hebrew",
            "%D7%9C%D7%99%D7%9C_%D7%A4%D7%99%D7%A6%D7%94",
            json!({"name": "שרה", "contact": {"email": "sara@example.org"}}),
        );
        let long = "x".repeat(128);
        let long = self.record.sign("ליל פיצה", "שרה", &long);
        let page = |event: &str, name: &str, state: &str, contact: Option<&str>, notify: Option<bool>| json!({"event": event, "name": name, "state": state, "contact": contact, "notify": notify});
        for (file, event, name) in [
            ("apostrophe", "Straßenfest", "Mary O'Neill"),
            ("typographic-apostrophe", "Straßenfest", "Tim O\u{2019}Brien"),
            ("hyphen", "Straßenfest", "Anne-Marie Weiß"),
            ("non-breaking-hyphen", "Straßenfest", "Anne\u{2011}Luise"),
            ("capital-i-with-a-dot", "\u{130}stanbul Günü", "\u{130}pek"),
            ("small-i-without-a-dot", "\u{130}stanbul Günü", "Ilg\u{131}n"),
            ("emoji", "\u{130}stanbul Günü", "👩\u{200d}👩\u{200d}👧 Team"),
        ] {
            let mut segment = url::Url::parse("http://localhost").unwrap();
            segment.path_segments_mut().unwrap().push(event);
            let link = self.join(&format!("http-join-{file}"), &segment.path()[1..], json!({"name": name}));
            let id = EventId::parse(event).unwrap();
            self.record.link(file, &link, page(id.as_str(), name, "in", None, Some(true)));
        }
        self.record.link("accents and Japanese", &zoe, page("fête-d-été", "Zoë 小林", "in", None, Some(true)));
        self.record.link("Hebrew", &sara, page("ליל-פיצה", "שרה", "in", Some("email"), Some(true)));
        self.record.link("an id of 128 bytes", &long, page("ליל-פיצה", "שרה", "not_yours", None, None));
    }

    fn devices(&mut self) {
        let listed = self.site.page("/organiser/buttons");
        for button in golden::as_list(&listed["buttons"]).to_vec() {
            if as_text(&button["serial"]) != "kitchen/event/door:2" {
                continue;
            }
            let bearer = format!("Bearer {}", as_text(&button["secret"]));
            let (status, answer) = self.site.post_with(
                "/buttons?serial=kitchen%2Fevent%2Fdoor%3A2",
                &[("Authorization", &bearer)],
                &json!({"event_type": "triple"}),
            );
            assert_eq!(status, 202, "{answer}");
            self.keep(&["http-press"]);
        }
    }

    fn import(&mut self) {
        let table = self.site.folder.path().join("people.csv");
        fs::write(&table, TABLE).unwrap();
        let done = self.site.command(&["import", table.to_str().unwrap()]).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        self.keep(&["import-webhook", "import-email", "import-without-a-contact"]);
        for file in ["people.csv", "people.csv.import"] {
            fs::copy(self.site.folder.path().join(file), golden::path(file)).unwrap();
        }
        let noted = golden::json("people.csv.import");
        let id = as_text(&noted["import"]);
        let signups: Vec<String> = (2..5).map(|row| format!("import-{id}-{row:010}")).collect();
        let dora = self.record.sign("Pizza Night", "Dora", &signups[0]);
        let uwe = self.record.sign("Dance", "Uwe", &signups[2]);
        self.record.import = json!({"id": id, "signups": signups, "links": [dora, uwe]});
        let page = |event: &str, name: &str, contact: Option<&str>| json!({"event": event, "name": name, "state": "in", "contact": contact, "notify": true});
        self.record.link("an imported row with a webhook", &dora, page("pizza-night", "Dora", Some("webhook")));
        self.record.link("an imported row", &uwe, page("dance", "Uwe", None));
    }

    fn consents(&mut self) {
        let (ana, jo) = (json!({"email": "Ana@example.org"}), json!({"email": "jo@example.org"}));
        let (_, path) = self.record.consent_path(&ana);
        assert_eq!(self.site.post_with(&path, &[], &json!({"action": "confirm"})).0, 200);
        let (_, path) = self.record.consent_path(&jo);
        assert_eq!(self.site.unsubscribe(&path), 200);
        self.record.consent(ana, "confirmed");
        self.record.consent(jo, "opted_out");
    }
}

fn path(answer: &Value) -> String {
    url::Url::parse(as_text(&answer["manage"])).unwrap().path().to_owned()
}
