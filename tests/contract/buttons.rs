use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::button::{Button, PressAction, PressActions, Serial};
use countmein::domain::contact::Contact;
use countmein::domain::event::Event;
use countmein::ports::Deletion;

use crate::backend::Backend;
use crate::people::{at, email, event_id, key, unique};

pub fn serial(text: &str) -> Serial {
    Serial::parse(text).expect("it is a serial number")
}

pub fn button(serial_number: &str, event: &str, attendee: &str) -> Button {
    Button {
        serial: serial(serial_number),
        event: Event::parse(event).expect("it is an event"),
        attendee: AttendeeName::parse(attendee).expect("it is a name"),
        actions: PressActions::default(),
        contact: None,
    }
}

pub async fn register(backend: &Backend, button: &Button) {
    backend.buttons.register(button.clone()).await.expect("the backend is there");
}

async fn find(backend: &Backend, serials: &[&str]) -> Vec<Button> {
    let serials: Vec<Serial> = serials.iter().map(|text| serial(text)).collect();
    let mut found = backend.buttons.find(&serials).await.expect("the backend is there");
    found.sort_by(|one, other| one.serial.cmp(&other.serial));
    found
}

pub async fn button_is_stored_whole_and_replaced(backend: &Backend) {
    let (one, other) = (unique("hall/évent"), unique("z:2"));
    assert!(find(backend, &[&one, &other]).await.is_empty());
    let all = PressActions {
        single: PressAction::Cancel,
        double: PressAction::SignUp,
        triple: PressAction::Nothing,
        long: PressAction::SignUp,
    };
    for contact in [None, Some(email("ana@example.org")), Contact::sms("+14155552671").ok()] {
        let first = Button { actions: all, contact, ..button(&one, "Pizza Night", "Änna") };
        register(backend, &first).await;
        assert_eq!(find(backend, &[&one, &other]).await, [first]);
    }
    let (moved, second) = (button(&one, "Dance", "Ben"), button(&other, "Dance", "Cleo"));
    register(backend, &moved).await;
    register(backend, &second).await;
    assert_eq!(find(backend, &[&other, &one]).await, [moved, second]);
}

pub async fn removed_button_is_gone(backend: &Backend) {
    let one = unique("b");
    register(backend, &button(&one, "Dance", "Ana")).await;
    let unregister = async || backend.buttons.unregister(&serial(&one)).await.expect("the backend is there");
    assert_eq!(unregister().await, Deletion::Deleted);
    assert_eq!(unregister().await, Deletion::NotFound);
    assert!(find(backend, &[&one]).await.is_empty());
}

pub async fn buttons_are_listed_by_serial(backend: &Backend) {
    let mut serials: Vec<String> = (0..5).map(|_| unique("listed")).collect();
    for serial in serials.iter().rev() {
        register(backend, &button(serial, "Dance", "Ana")).await;
    }
    serials.sort_unstable();
    for limit in [1, 2, 1_000] {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = backend.buttons.registered(limit, after.as_ref()).await.expect("the backend is there");
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some(last.serial.clone());
            listed.extend(page.into_iter().map(|button| button.serial.to_string()));
        }
        assert!(listed.is_sorted());
        listed.retain(|serial| serials.contains(serial));
        assert_eq!(listed, serials);
    }
}

pub async fn removed_person_has_no_button(backend: &Backend) {
    let (dance, ball) = (unique("Dance"), unique("Ball"));
    let [one, two, three] = [(); 3].map(|()| unique("b"));
    register(backend, &button(&one, &dance, "Ana")).await;
    register(backend, &button(&two, &ball, "ANA")).await;
    register(backend, &button(&three, &dance, "Ben")).await;
    let ana = key(&dance, "Ana").name;

    let removed = backend.roster.remove(&ana, Some(&event_id(&dance)), at(0)).await.expect("the backend is there");

    assert_eq!(removed, 1);
    let left: Vec<String> =
        find(backend, &[&one, &two, &three]).await.into_iter().map(|button| button.serial.to_string()).collect();
    let mut expected = [two, three];
    expected.sort_unstable();
    assert_eq!(left, expected);
}
