//! Several attendees with one address.

use super::*;

const FAMILY: &str = "family@mail.example";

#[test]
fn parent_who_signs_up_three_children_gets_one_mail_and_says_yes_once() {
    let mail = MailServer::start(&[]);
    let data = tempfile::tempdir().unwrap();
    let program = mailing(data.path(), &mail, &[]);
    let address = json!({ "email": FAMILY });
    let children = ["Ana", "Ben", "Cleo"].map(|name| sign_up(&program, name, &address));
    for child in &children {
        eventually("the sign-up", || (get(child)["state"] == "in").then_some(()));
    }
    let request = mail.next();
    assert_eq!(request["to"], json!([FAMILY]));
    ureq::post(links(&request).remove(0)).send_form([("action", "confirm_all")]).unwrap();
    for child in &children {
        assert_eq!(get(child)["agreement"], "given");
    }

    sign_up(&program, "Zoe", &Value::Null);
    let news = mail.next();
    let subject = header(&news, "Subject");
    assert!(subject.contains("Zoe"), "{subject}");
    for name in ["Ana", "Ben", "Cleo"] {
        assert!(!subject.contains(name), "nobody is notified about themselves: {subject}");
    }
    assert!(program.terminate().0);
    assert_eq!(mail.stop(), Vec::<Value>::new(), "there is one copy");
}
