//! Links already sent, and everything else that is derived from a secret and stands outside the program.

use std::fs;
use std::io::Read;
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::code;
use crate::golden::{self, as_list, as_text, assert_holds};
use crate::site::{Site, eventually};

fn links() -> Value {
    golden::json("links.json")
}

/// The manage links of registrations in this state.
fn manage_links(state: &str) -> Vec<Value> {
    let links = links();
    let of_state = as_list(&links["manage"]).iter().filter(|link| link["page"]["state"] == state);
    of_state.cloned().collect()
}

#[test]
fn manage_links_open_their_registrations() {
    let site = Site::open();
    for link in as_list(&links()["manage"]) {
        let (what, path) = (as_text(&link["what"]), as_text(&link["path"]));
        // One of these sign-ups still waits on the queue.
        eventually(what, || site.page(path)["state"] == link["page"]["state"]);
        assert_holds(what, &site.page(path), &link["page"]);
        let (event, _) = path.split_once("/manage/").unwrap();
        assert_eq!(site.get(event).0, 200, "the event's page, which messages also link to: {event}");
    }
}

#[test]
fn manage_links_cancel_their_own_registrations() {
    let site = Site::open();
    let cancel = json!({"action": "cancel"});
    let (own, others) = (manage_links("in"), manage_links("not_yours"));
    assert!(own.len() > 10 && others.len() > 1);
    for link in others {
        assert_eq!(site.post_with(as_text(&link["path"]), &[], &cancel).0, 403, "{link}");
    }
    for link in own {
        let (path, page) = (as_text(&link["path"]), &link["page"]);
        eventually("the registration is on the roster", || site.page(path)["state"] == "in");
        assert_eq!(site.post_with(path, &[], &cancel).0, 202, "{link}");
        eventually("the registration is cancelled", || site.page(path)["state"] == "out");
        let names = site.names(as_text(&link["event"]));
        assert!(!names.iter().any(|name| page["name"] == **name), "{link}: {names:?}");
    }
}

#[test]
fn a_manage_link_changes_contact_and_notifications() {
    let site = Site::open();
    let link = &manage_links("in")[0];
    let path = as_text(&link["path"]);
    assert_eq!(site.post_with(path, &[], &json!({"contact": {"sms": "+14155552671"}})).0, 202);
    assert_eq!(site.post_with(path, &[], &json!({"notify": false})).0, 202);
    eventually("notifications are off", || site.page(path)["notify"] == false);
    assert_eq!(site.page(path)["contact"], "sms");
}

#[test]
fn a_link_with_another_last_character_is_not_found() {
    let site = Site::open();
    let links = links();
    for link in as_list(&links["manage"]).iter().chain(as_list(&links["opt_in"])) {
        let path = as_text(&link["path"]);
        // Both can end a token of any length.
        let last = if path.ends_with('A') { 'Q' } else { 'A' };
        let forged = format!("{}{last}", &path[..path.len() - 1]);
        assert_eq!(site.get(&forged).0, 404, "{forged}");
    }
}

#[test]
fn opt_in_links_show_confirm_and_stop() {
    let site = Site::open();
    for link in as_list(&links()["opt_in"]) {
        let path = as_text(&link["path"]);
        assert_eq!(site.opt_in(path), as_text(&link["state"]), "{link}");
        assert_eq!(site.post_with(path, &[], &json!({"action": "confirm"})).0, 200);
        assert_eq!(site.opt_in(path), "confirmed", "{link}");
        assert_eq!(site.unsubscribe(path), 200);
        assert_eq!(site.opt_in(path), "opted_out", "{link}");
    }
}

#[test]
fn contacts_keep_their_ids() {
    let links = links();
    for link in as_list(&links["opt_in"]) {
        let id = code::contact_id(&link["contact"], as_text(&links["secrets"]["contact"]));
        assert_eq!(id, as_text(&link["contact_id"]), "{link}");
    }
}

#[test]
fn buttons_keep_their_secrets() {
    let (links, site) = (links(), Site::open());
    let listed = site.page("/organiser/buttons");
    for button in as_list(&links["buttons"]) {
        let secret = code::button_secret(as_text(&button["serial"]), as_text(&links["secrets"]["token"]));
        assert_eq!(secret, as_text(&button["secret"]), "{button}");
        let found = as_list(&listed["buttons"]).iter().find(|found| found["serial"] == button["serial"]);
        assert_eq!(found.unwrap()["secret"], button["secret"], "{button}");
    }
}

#[test]
fn webhooks_keep_their_signing_keys() {
    let links = links();
    for webhook in as_list(&links["webhooks"]) {
        let key = code::signing_key(as_text(&webhook["url"]), as_text(&links["secrets"]["webhook"]));
        assert_eq!(key, as_text(&webhook["signing_key"]), "{webhook}");
    }
}

#[test]
fn households_and_their_sign_ups_keep_their_ids() {
    let links = links();
    for request in as_list(&links["alexa"]) {
        let (user, id) = (as_text(&request["user_id"]), as_text(&request["request_id"]));
        let (household, signup) = code::household(user, id, as_text(&links["secrets"]["contact"]));
        assert_eq!([&household, &signup], [as_text(&request["household"]), as_text(&request["signup"])], "{request}");
    }
}

#[test]
fn an_import_that_was_done_before_changes_nothing() {
    let site = Site::open();
    for file in ["people.csv", "people.csv.import"] {
        fs::copy(golden::path(file), site.folder.path().join(file)).unwrap();
    }
    let table = site.folder.path().join("people.csv");
    let import = || {
        let done = site.command(&["import", table.to_str().unwrap()]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let links = links();
    let link = as_text(&links["import"]["links"][0]);
    assert_eq!(site.post_with(link, &[], &json!({"action": "cancel"})).0, 202);
    eventually("the registration is cancelled", || site.page(link)["state"] == "out");
    import();
    assert_eq!(site.page(link)["state"], "out", "the file beside the table says that all of it was imported");

    fs::remove_file(site.folder.path().join("people.csv.import")).unwrap();
    import();
    eventually("a row that is imported again keeps its id, and so its link", || site.page(link)["state"] == "in");
}

#[test]
fn the_program_keeps_its_session_with_the_broker() {
    let broker = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mqtt://{}", broker.local_addr().unwrap());
    let _site = Site::open_with(&["--mqtt", &url]);
    assert_eq!(mqtt_client_id(&broker), as_text(&links()["mqtt_client_id"]));
}

/// The client id of the next connection to a broker (MQTT 3.1.1, section 3.1).
fn mqtt_client_id(broker: &TcpListener) -> String {
    let (mut stream, _) = broker.accept().unwrap();
    let mut packet = [0; 512];
    let read = stream.read(&mut packet).unwrap();
    // Type, length, `MQTT` after its own length, level, flags, keep-alive (2 bytes), length of the client id (2 bytes).
    assert!(read > 14 && packet[0] == 0x10 && &packet[4..8] == b"MQTT", "{:?}", &packet[..read]);
    let length = usize::from(packet[13]);
    String::from_utf8(packet[14..14 + length].to_vec()).unwrap()
}
