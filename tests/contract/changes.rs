use countmein::domain::attendee::{Attendee, apply_all};
use countmein::domain::change::AttendeeChange;
use countmein::domain::registration_details::{Answer, Edit, Note, RegistrationEdit};
use countmein::domain::signup::{Request, Signup};
use countmein::ports::Position;

use crate::backend::Backend;
use crate::people::{Person, apply, apply_each, at, attendee, changes_of, email, id, person, unique};

/// The changes that these requests cause when they are stored one after the other.
fn expected_changes(person: &Person, signups: &[Signup]) -> Vec<AttendeeChange> {
    let after = |count| apply_all(None, &signups[..count], at(0)).0;
    (0..signups.len())
        .map(|count| AttendeeChange { key: person.key(), old: after(count), new: after(count + 1) })
        .collect()
}

fn contacts(change: &AttendeeChange) -> usize {
    let has_contact =
        |attendee: &&Attendee| attendee.registration().is_some_and(|registration| registration.contact.is_some());
    [&change.old, &change.new].into_iter().flatten().filter(has_contact).count()
}

pub async fn every_write_is_one_change(backend: &Backend) {
    let event = unique("Dance");
    let ana = person(&event, "Ana");
    let signups = [
        ana.enrols_with(1, "a", email("ana@example.org")),
        ana.joins(2, "b"),
        ana.enrols_with(3, "c", email("ana@example.com")),
        ana.cancels(4, "d"),
        ana.enrols(5, "e"),
        ana.leaves(6, "f", &id("e")),
    ];
    apply_each(&*backend.roster, signups.clone()).await;
    assert_eq!(changes_of(backend, &[&event]).await, expected_changes(&ana, &signups));
}

pub async fn unchanged_attendee_is_no_change(backend: &Backend) {
    let event = unique("Dance");
    let ana = person(&event, "Ana");
    let signup = ana.enrols(2, "b");
    apply_each(
        &*backend.roster,
        [signup.clone(), signup.clone(), ana.cancels(1, "a"), ana.leaves(3, "c", &id("stranger"))],
    )
    .await;
    assert_eq!(changes_of(backend, &[&event]).await, expected_changes(&ana, &[signup]));
}

pub async fn requests_of_one_batch_are_one_change(backend: &Backend) {
    let event = unique("Dance");
    let ana = person(&event, "Ana");
    apply(&*backend.roster, vec![ana.enrols(1, "a"), ana.cancels(2, "b"), ana.enrols(3, "c")]).await;
    let expected = AttendeeChange { key: ana.key(), old: None, new: attendee(backend, &ana).await };
    assert_eq!(changes_of(backend, &[&event]).await, [expected]);
}

fn private_details() -> RegistrationEdit {
    RegistrationEdit {
        answer: Edit::Set(Answer::parse("No meat").expect("it is an answer")),
        note: Edit::Set(Note::parse("Late").expect("it is a note")),
        ..RegistrationEdit::default()
    }
}

/// Whether a change contains an answer or a note.
fn has_private_details(change: &AttendeeChange) -> bool {
    let registrations = [&change.old, &change.new].into_iter().flatten().filter_map(Attendee::registration);
    registrations
        .into_iter()
        .any(|registration| registration.details.answer.is_some() || registration.details.note.is_some())
}

pub async fn removal_is_a_change_without_contacts(backend: &Backend) {
    let (dance, pizza, name) = (unique("Dance"), unique("Pizza"), unique("Ana"));
    for event in [&dance, &pizza] {
        let ana = person(event, &name);
        apply_each(
            &*backend.roster,
            [
                ana.enrols_with(1, "a", email("ana@example.org")),
                ana.enrols_with(2, "b", email("ana@example.com")),
                ana.asks(3, "d", Request::TrustedSignUp { contact: None, details: private_details() }),
                person(event, "Ben").enrols_with(1, "c", email("ben@example.org")),
            ],
        )
        .await;
    }
    let before = attendee(backend, &person(&dance, &name)).await.expect("Ana is in");

    backend.catch_up().await;
    let removed = backend.roster.remove(before.name.key(), None, at(9)).await.expect("the backend is there");

    assert_eq!(removed, 2);
    let changes = changes_of(backend, &[&dance, &pizza]).await;
    let (about_ana, about_ben): (Vec<&AttendeeChange>, Vec<&AttendeeChange>) =
        changes.iter().partition(|change| change.key.name == *before.name.key());
    if backend.clears_earlier_changes {
        assert_eq!(about_ana.iter().map(|change| contacts(change)).sum::<usize>(), 0, "{about_ana:?}");
        assert!(!about_ana.iter().any(|change| has_private_details(change)), "{about_ana:?}");
    }
    assert_eq!(about_ben.iter().map(|change| contacts(change)).sum::<usize>(), 2, "Ben's are not Ana's");
    let left: Vec<_> = about_ana.iter().filter(|change| change.new.is_none()).collect();
    assert_eq!(left.len(), 2, "she left each event once");
    for change in left {
        let old = change.old.as_ref().expect("it tells who left");
        assert_eq!((&old.name, old.registration().is_some()), (&before.name, true));
    }
}

pub async fn changes_are_read_in_order(backend: &Backend) {
    let event = unique("Dance");
    for number in 0..6 {
        apply(&*backend.roster, vec![person(&event, &format!("Guest {number}")).enrols(1, "a")]).await;
    }
    let expected = changes_of(backend, &[&event]).await;
    let names: Vec<&str> = expected.iter().map(|change| change.key.name.as_str()).collect();
    assert_eq!(names, ["guest 0", "guest 1", "guest 2", "guest 3", "guest 4", "guest 5"]);

    for size in 1..=7 {
        let (mut found, mut position) = (Vec::new(), Position::Start);
        loop {
            let page = backend.changes.changes(&position, size).await.expect("the backend is there");
            assert!(page.len() <= size);
            let Some((last, _)) = page.last() else { break };
            position = last.clone();
            found.extend(
                page.into_iter()
                    .filter_map(|(_, change)| change.expect("it is readable").attendee().cloned())
                    .filter(|change| change.key.event == expected[0].key.event),
            );
        }
        assert_eq!(found, expected, "at {size} a page");
    }
}
