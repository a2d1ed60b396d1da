//! Which attendees get messages about others, while they and their event change.

use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::change::Change;
use countmein::domain::deleted_event::{DeletedEvent, DeletionState};
use countmein::domain::host_link::LinkGenerations;
use countmein::domain::signup::{Request, Signup};
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::add_to_digests;
use countmein::ports::AddressEntries;

use crate::backend::Backend;
use crate::people::{apply, apply_each, at, attendee, changes_of, email, event_id, id, person, unique};

/// A sign-up with a contact. Its id is the person's name.
fn joins(title: &str, name: &str, second: i64) -> Signup {
    person(title, name).enrols_with(second, name, email("ana@example.org"))
}

async fn page(backend: &Backend, title: &str, limit: usize, after: Option<&str>) -> Vec<String> {
    let after = after.map(|name| person(title, name).key().name);
    let page = backend.subscribers.subscribers(&event_id(title), limit, after.as_ref(), Timestamp::now()).await;
    page.unwrap().iter().map(|attendee| attendee.name.to_string()).collect()
}

/// All subscribers, after all changes so far were taken in.
async fn subscribers(backend: &Backend, title: &str) -> Vec<String> {
    backend.catch_up().await;
    page(backend, title, 100, None).await
}

async fn take_in(backend: &Backend, changes: &[Change]) {
    add_to_digests(changes, backend.event_ports(), &BackoffPolicy::default(), Timestamp::now()).await.unwrap();
}

pub async fn subscribers_want_messages_and_have_a_contact(backend: &Backend) {
    let (title, other) = (unique("Dance"), unique("Choir"));
    apply_each(&*backend.roster, ["Ana", "Ben", "Cleo", "Dora", "Emil"].map(|name| joins(&title, name, 1))).await;
    apply_each(&*backend.roster, [joins(&other, "Finn", 1), person(&title, "Gül").enrols(1, "g")]).await;
    let turned_off = Request::SetNotifications { registration: id("Ben"), on: false };
    let without_contact = Request::SetContact { registration: id("Cleo"), contact: None, confirmed: false };
    apply(&*backend.roster, vec![person(&title, "Ben").asks(2, "b", turned_off)]).await;
    apply(&*backend.roster, vec![person(&title, "Cleo").asks(2, "c", without_contact)]).await;
    apply(&*backend.roster, vec![person(&title, "Dora").cancels(2, "d")]).await;
    backend.catch_up().await;

    assert_eq!(page(backend, &title, 10, None).await, ["Ana", "Emil"]);
    assert_eq!(page(backend, &title, 1, None).await, ["Ana"]);
    assert_eq!(page(backend, &title, 1, Some("Ana")).await, ["Emil"]);
    assert_eq!(page(backend, &title, 1, Some("Emil")).await, [""; 0]);
}

pub async fn subscribers_follow_the_changes(backend: &Backend) {
    let title = unique("Dance");
    let change = async |signup: Signup| {
        apply(&*backend.roster, vec![signup]).await;
        subscribers(backend, &title).await
    };
    let (ana, ben) = (person(&title, "Ana"), person(&title, "Ben"));
    let notifies = |on| Request::SetNotifications { registration: id("Ana"), on };
    let contact = |contact| Request::SetContact { registration: id("Ana"), contact, confirmed: true };
    assert_eq!(subscribers(backend, &title).await, [""; 0]);

    assert_eq!(change(joins(&title, "Ana", 1)).await, ["Ana"]);
    assert_eq!(change(ben.enrols(1, "Ben")).await, ["Ana"]);
    assert_eq!(change(joins(&title, "Cleo", 1)).await, ["Ana", "Cleo"]);
    assert_eq!(change(ana.asks(2, "a2", notifies(false))).await, ["Cleo"]);
    assert_eq!(change(ana.asks(3, "a3", notifies(true))).await, ["Ana", "Cleo"]);
    assert_eq!(change(ana.asks(4, "a4", contact(None))).await, ["Cleo"]);
    assert_eq!(change(ana.asks(5, "a5", contact(Some(email("new@example.org"))))).await, ["Ana", "Cleo"]);
    assert_eq!(change(ana.cancels(6, "a6")).await, ["Cleo"]);
    assert_eq!(change(joins(&title, "Ana", 7)).await, ["Ana", "Cleo"]);
    assert_eq!(change(joins(&title, "Ben", 7)).await, ["Ana", "Ben", "Cleo"], "a contact came later");
}

pub async fn last_change_of_a_batch_counts(backend: &Backend) {
    let title = unique("Dance");
    apply_each(&*backend.roster, [joins(&title, "Ana", 1), joins(&title, "Ben", 1)]).await;
    assert_eq!(subscribers(backend, &title).await, ["Ana", "Ben"]);
    let (ana, ben, cleo) = (person(&title, "Ana"), person(&title, "Ben"), person(&title, "Cleo"));
    apply_each(&*backend.roster, [ana.cancels(2, "a2"), joins(&title, "Ana", 3)]).await;
    apply_each(&*backend.roster, [ben.cancels(2, "b2"), ben.enrols(3, "b3")]).await;
    apply_each(&*backend.roster, [joins(&title, "Cleo", 2), cleo.cancels(3, "c3"), joins(&title, "Cleo", 4)]).await;
    assert_eq!(subscribers(backend, &title).await, ["Ana", "Cleo"]);
}

pub async fn repeated_changes_lose_no_subscriber(backend: &Backend) {
    let title = unique("Dance");
    let (ana, ben) = (person(&title, "Ana"), person(&title, "Ben"));
    apply_each(&*backend.roster, [joins(&title, "Ana", 1), ana.cancels(2, "a2"), joins(&title, "Ana", 3)]).await;
    apply_each(&*backend.roster, [joins(&title, "Ben", 1), ben.cancels(2, "b2")]).await;
    assert_eq!(subscribers(backend, &title).await, ["Ana"]);

    for change in changes_of(backend, &[&title]).await {
        take_in(backend, &[Change::Attendee(change)]).await;
        assert_eq!(page(backend, &title, 10, None).await, ["Ana"]);
    }
}

pub async fn page_is_full_unless_it_is_the_last(backend: &Backend) {
    let title = unique("Dance");
    let name = |number| format!("Guest-{number}");
    apply_each(&*backend.roster, (0..8).map(|number| joins(&title, &name(number), 1))).await;
    assert_eq!(subscribers(backend, &title).await.len(), 8);
    // They leave, and the change is not taken in yet.
    apply_each(&*backend.roster, [1, 2, 4].map(|number| person(&title, &name(number)).cancels(2, "c"))).await;

    assert_eq!(page(backend, &title, 3, None).await, [0, 3, 5].map(name));
    assert_eq!(page(backend, &title, 3, Some("Guest-5")).await, [6, 7].map(name));
    assert_eq!(page(backend, &title, 5, None).await, [0, 3, 5, 6, 7].map(name));
    assert_eq!(page(backend, &title, 1, Some("Guest-3")).await, ["Guest-5"]);
    assert_eq!(page(backend, &title, 0, None).await, [""; 0]);
}

pub async fn subscribers_before_the_first_announcement_are_found(backend: &Backend) {
    let title = unique("Dance");
    apply_each(&*backend.roster, ["Ana", "Ben", "Cleo"].map(|name| joins(&title, name, 1))).await;
    apply_each(&*backend.roster, [person(&title, "Dora").enrols(1, "d")]).await;
    // No change was taken in. A page from the middle may come first.
    assert_eq!(page(backend, &title, 10, Some("Ana")).await, ["Ben", "Cleo"]);
    assert_eq!(page(backend, &title, 10, None).await, ["Ana", "Ben", "Cleo"]);
    apply(&*backend.roster, vec![person(&title, "Ben").cancels(2, "b2")]).await;
    assert_eq!(subscribers(backend, &title).await, ["Ana", "Cleo"]);
}

pub async fn removed_person_is_no_subscriber(backend: &Backend) {
    let title = unique("Dance");
    let (ana, event) = (person(&title, "Ana"), event_id(&title));
    apply_each(&*backend.roster, [joins(&title, "Ana", 1), joins(&title, "Ben", 1)]).await;
    assert_eq!(subscribers(backend, &title).await, ["Ana", "Ben"]);
    assert_eq!(backend.roster.remove(&ana.key().name, Some(&event), at(2)).await.unwrap(), 1);
    assert_eq!(page(backend, &title, 10, None).await, ["Ben"]);
    apply(&*backend.roster, vec![joins(&title, "Ana", 3)]).await;
    assert_eq!(subscribers(backend, &title).await, ["Ana", "Ben"]);
}

pub async fn person_without_an_address_is_no_subscriber(backend: &Backend) {
    let title = unique("Dance");
    let ana = person(&title, "Ana");
    apply_each(&*backend.roster, [joins(&title, "Ana", 1), joins(&title, "Ben", 1)]).await;
    let entries = async || {
        let attendees = vec![attendee(backend, &ana).await.expect("Ana is in")];
        AddressEntries { attendees, ..AddressEntries::default() }
    };
    let (address, outdated) = (email("ana@example.org"), entries().await);
    apply(&*backend.roster, vec![ana.enrols_with(2, "a2", email("new@example.org"))]).await;
    assert_eq!(subscribers(backend, &title).await, ["Ana", "Ben"]);
    assert_eq!(backend.people.remove_address(&address, None, outdated, at(3)).await.unwrap(), 0);
    assert_eq!(subscribers(backend, &title).await, ["Ana", "Ben"], "the address is another one");
    let current = entries().await;
    assert_eq!(backend.people.remove_address(&email("new@example.org"), None, current, at(3)).await.unwrap(), 1);
    assert_eq!(page(backend, &title, 10, None).await, ["Ben"]);
}

pub async fn new_event_has_its_own_subscribers(backend: &Backend) {
    let title = unique("Dance");
    let event = event_id(&title);
    apply_each(&*backend.roster, ["Ana", "Ben"].map(|name| joins(&title, name, 1))).await;
    assert_eq!(subscribers(backend, &title).await, ["Ana", "Ben"]);
    let links = LinkGenerations::default();
    let deleted = DeletedEvent { event, deleted_at: at(2), state: DeletionState::InProgress, links, version: 1 };
    assert_eq!(backend.deletions.delete_attendees(&deleted, 10).await.unwrap().count, 2);
    backend.deletions.delete_event_state(&deleted.event, at(2)).await.unwrap();

    // The changes of the new event are not taken in yet.
    apply_each(&*backend.roster, ["Ana", "Cleo"].map(|name| joins(&title, name, 9))).await;
    assert_eq!(page(backend, &title, 10, None).await, ["Ana", "Cleo"]);
}
