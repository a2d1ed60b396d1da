use countmein::domain::attendee;
use countmein::domain::attendee::{Applied, Attendee, Status};
use countmein::domain::attendee_name::NameKey;
use countmein::domain::channel::Channel;
use countmein::domain::contact::Contact;
use countmein::domain::language::Language;
use countmein::domain::registration_details::{Answer, Edit, Note, RegistrationEdit};
use countmein::domain::signup::{AttendeeKey, Request, Signup, SignupId};
use countmein::ports::{ApplyError, EventSummary, RejectedMessage, RosterPage};
use strum::VariantArray as _;
use tokio::time::Instant;

use crate::backend::{BATCH_TIME, Backend};
use crate::people::{
    Person, apply, apply_each, at, attendee, batch, changes_of, email, event_id, id, key, person, roster, unique,
    who_is_in,
};

pub async fn summary(backend: &Backend, event: &str) -> Option<EventSummary> {
    backend.catch_up().await;
    let mut after = None;
    loop {
        let page = backend.roster.events(100, after.as_ref()).await.expect("the backend is there");
        after = Some(page.last()?.id.clone());
        if let Some(found) = page.into_iter().find(|summary| summary.id == event_id(event)) {
            return Some(found);
        }
    }
}

pub async fn attendee_is_stored_whole(backend: &Backend) {
    let event = unique("Dance Évening");
    let contacts = [
        None,
        Some(email("Ana+Dance@example.org")),
        Some(Contact::sms("+14155552671").expect("it is a number")),
        Some(Contact::webhook("https://example.org/hook?a=b").expect("it is an address")),
    ];
    for (number, contact) in contacts.into_iter().enumerate() {
        for channel in Channel::VARIANTS.iter().copied() {
            let ana = person(&event, &format!("Ana {number} Ñ {}", channel.as_str()));
            let details = RegistrationEdit {
                guests: Some(u8::try_from(number).expect("there are few contacts") * 16),
                answer: Edit::Set(Answer::parse("No meat 🥦").expect("it is an answer")),
                note: Edit::Set(Note::parse("Late.\n\nVery late.").expect("it is a note")),
                language: Some(Language::German),
            };
            let request = Request::TrustedSignUp { contact: contact.clone(), details };
            let signup = Signup { channel, ..ana.asks(1, "a", request) };
            let (expected, _) = attendee::apply_all(None, std::slice::from_ref(&signup), at(0));

            assert_eq!(apply(&*backend.roster, vec![signup]).await, [Applied::Stored]);
            assert_eq!(attendee(backend, &ana).await, expected);

            apply(&*backend.roster, vec![ana.cancels(2, "b")]).await;
            let out = attendee(backend, &ana).await.expect("who left is remembered");
            assert_eq!(out.status, Status::Out { expires_at: at(2).plus(attendee::TOMBSTONE_RETENTION) });
        }
    }
}

pub async fn mute_ends_with_the_registration(backend: &Backend) {
    let ana = person(&unique("Dance"), "Ana");
    let registration = SignupId::new(at(1));
    let wish = |second, on| {
        ana.asks(
            second,
            &format!("wish-{second}"),
            Request::SetNotifications { registration: registration.clone(), on },
        )
    };
    let notify = async || {
        attendee(backend, &ana).await.expect("Ana is there").registration().map(|registration| registration.notify)
    };
    let contact = email("ana@example.org");
    apply(&*backend.roster, vec![ana.enrols_with(1, registration.as_str(), contact.clone())]).await;
    assert_eq!(notify().await, Some(true));
    assert_eq!(apply(&*backend.roster, vec![wish(2, false)]).await, [Applied::Stored]);
    assert_eq!(notify().await, Some(false));
    let amend = Request::SetContact {
        registration: registration.clone(),
        contact: Some(email("new@example.org")),
        confirmed: false,
    };
    assert_eq!(apply(&*backend.roster, vec![ana.asks(3, "amend", amend)]).await, [Applied::Stored]);
    assert_eq!(notify().await, Some(false));
    assert_eq!(apply(&*backend.roster, vec![wish(4, true), wish(5, false)]).await, [Applied::Stored; 2]);
    let other = Request::SetNotifications { registration: id("stranger"), on: true };
    assert_eq!(apply(&*backend.roster, vec![ana.asks(6, "other", other)]).await, [Applied::NotOwner]);
    assert_eq!(notify().await, Some(false));

    apply(&*backend.roster, vec![ana.cancels(7, "c")]).await;
    apply(&*backend.roster, vec![ana.enrols(8, "d")]).await;
    assert_eq!(notify().await, Some(true));
}

pub async fn link_is_requested_once_an_hour(backend: &Backend) {
    const HOUR: i64 = 60 * 60;
    let [ana, ben, cleo] = ["Ana", "Ben", "Cleo"].map(|name| person(&unique("Dance"), name));
    let ask = async |who: &Person, second: i64| {
        apply(&*backend.roster, vec![who.asks(second, &format!("ask-{second}"), Request::SendLink)]).await
    };
    apply(&*backend.roster, vec![ana.enrols_with(1, "a", email("ana@example.org"))]).await;
    apply(&*backend.roster, vec![ben.enrols(1, "b")]).await;
    assert_eq!(ask(&ana, 0).await, [Applied::Stale], "the registration began later");
    assert_eq!(ask(&ana, 5).await, [Applied::Stored]);
    assert_eq!(ask(&ana, 5).await, [Applied::Stale]);
    assert_eq!(ask(&ana, 4 + HOUR).await, [Applied::Stale]);
    assert_eq!(ask(&ana, 5 + HOUR).await, [Applied::Stored]);
    assert_eq!(ask(&ben, 5).await, [Applied::Stale], "there is no contact");
    assert_eq!(ask(&cleo, 5).await, [Applied::Stale]);
    assert_eq!(attendee(backend, &cleo).await, None);

    let found = attendee(backend, &ana).await.expect("Ana is in");
    assert_eq!(found.registration().expect("Ana is in").link_requested_at, Some(at(5 + HOUR)));
    assert_eq!(found.newest.requested_at, at(1));
    // It reveals nothing about the roster.
    assert_eq!(apply(&*backend.roster, vec![ana.cancels(3, "c")]).await, [Applied::Stored]);
}

pub async fn outcomes_keep_the_request_order(backend: &Backend) {
    let event = unique("Dance");
    let [ana, ben, cleo, dora] = ["Ana", "Ben", "Cleo", "Dora"].map(|name| person(&event, name));
    apply(&*backend.roster, vec![ben.enrols(1, "b")]).await;

    let answers = backend.roster.apply(
        vec![
            batch(vec![dora.leaves(5, "d", &SignupId::new(at(4)))]),
            batch(vec![ana.enrols(1, "a"), ana.enrols(1, "a"), ana.cancels(2, "z")]),
            batch(vec![ben.cancels(0, "a"), ben.enrols(1, "b"), ben.leaves(2, "x", &id("stranger"))]),
            batch(vec![cleo.enrols(1, "c")]),
        ],
        at(0),
        Instant::now() + BATCH_TIME,
    );

    let answers: Vec<Vec<Applied>> =
        answers.await.into_iter().map(|answer| answer.expect("the backend is there")).collect();
    let expected = [
        vec![Applied::TooEarly],
        vec![Applied::Stored, Applied::Duplicate, Applied::Stored],
        vec![Applied::Stale, Applied::Duplicate, Applied::NotOwner],
        vec![Applied::Stored],
    ];
    assert_eq!(answers, expected);
    assert_eq!(who_is_in(backend, &event).await, ["Ben", "Cleo"]);
    assert!(
        backend.roster.apply(Vec::new(), at(0), Instant::now() + BATCH_TIME).await.is_empty(),
        "nothing asked, nothing answered"
    );
}

pub async fn newest_request_wins_across_batches(backend: &Backend) {
    let event = unique("Dance");
    let [ana, ben] = ["Ana", "Ben"].map(|name| person(&event, name));
    let answers = apply_each(
        &*backend.roster,
        [ana.enrols(5, "b"), ana.cancels(4, "z"), ana.cancels(5, "a"), ben.cancels(5, "b"), ben.joins(5, "a")],
    );
    use Applied::{Stale, Stored};
    assert_eq!(answers.await, [Stored, Stale, Stale, Stored, Stale]);
    assert_eq!(who_is_in(backend, &event).await, ["Ana"]);
}

pub async fn unchanged_attendee_is_not_written(backend: &Backend) {
    let event = unique("Dance");
    let ana = person(&event, "Ana");
    let answers = apply(&*backend.roster, vec![ana.leaves(5, "x", &SignupId::new(at(4)))]).await;
    assert_eq!(answers, [Applied::TooEarly]);
    assert_eq!(attendee(backend, &ana).await, None);
    assert_eq!(summary(backend, &event).await, None);

    let signup = ana.enrols_with(5, "b", email("ana@example.org"));
    apply(&*backend.roster, vec![signup.clone()]).await;
    let before = attendee(backend, &ana).await;
    let answers =
        apply_each(&*backend.roster, [signup, ana.cancels(4, "a"), ana.leaves(6, "c", &id("stranger"))]).await;
    assert_eq!(answers, [Applied::Duplicate, Applied::Stale, Applied::NotOwner]);
    assert_eq!(attendee(backend, &ana).await, before);
}

pub async fn unknown_event_is_empty(backend: &Backend) {
    let event = unique("Dance");
    assert_eq!(roster(backend, &event, 10, None).await, RosterPage::default());
}

pub async fn first_title_stays(backend: &Backend) {
    let event = unique("Dance");
    let shouted = event.to_uppercase();
    let requests = [
        person(&event, "Ana").enrols(1, "a"),
        person(&shouted, "Ben").enrols(2, "b"),
        person(&shouted, "ANA").cancels(3, "c"),
        person(&shouted, "ANA").enrols(4, "d"),
        person(&shouted, "Cleo").enrols(5, "e"),
    ];
    for signup in requests {
        apply(&*backend.roster, vec![signup.clone()]).await;
        let page = roster(backend, &event, 10, None).await;
        assert_eq!(page.title.as_deref(), Some(event.as_str()), "after {signup:?}");
    }
    assert_eq!(who_is_in(backend, &event).await, ["Ana", "Ben", "Cleo"], "names stay as first typed, too");
}

pub async fn count_follows_joins_and_leaves(backend: &Backend) {
    let event = unique("Dance");
    let [ana, ben, cleo] = ["Ana", "Ben", "Cleo"].map(|name| person(&event, name));
    let steps = [
        (ana.enrols(1, "a"), 1),
        (cleo.cancels(1, "a"), 1),
        (ana.enrols(2, "b"), 1),
        (ben.joins(1, "a"), 2),
        (ana.cancels(3, "c"), 1),
        (ana.cancels(4, "d"), 1),
        (ana.enrols(5, "e"), 2),
        (ben.leaves(6, "f", &id("a")), 1),
        (ana.cancels(7, "g"), 0),
    ];
    for (signup, count) in steps {
        apply(&*backend.roster, vec![signup.clone()]).await;
        let page = roster(backend, &event, 10, None).await;
        assert_eq!((page.count, page.attendees.len() as u64), (count, count), "after {signup:?}");
        let expected = EventSummary { id: event_id(&event), title: event.clone(), count, seats: None };
        assert_eq!(summary(backend, &event).await, Some(expected), "after {signup:?}");
    }
}

pub async fn roster_is_listed_by_name(backend: &Backend) {
    let event = unique("Dance");
    // By folded name: `É` sorts after the letters of ASCII, a capital where its small letter does.
    let names = ["ana", "Ben", "BERTA", "cleo", "Émile", "小林", "👩‍👩‍👧"];
    for name in names.iter().rev() {
        apply(&*backend.roster, vec![person(&event, name).enrols(1, "a")]).await;
    }
    apply_each(&*backend.roster, [person(&event, "Bob").enrols(1, "a"), person(&event, "Bob").cancels(2, "b")]).await;
    apply(&*backend.roster, vec![person(&unique("Dance"), "Ana").enrols(1, "a")]).await;

    for size in 1..=8 {
        let mut found: Vec<String> = Vec::new();
        let mut after: Option<NameKey> = None;
        loop {
            let page = roster(backend, &event, size, after.as_ref()).await;
            assert!(page.attendees.len() <= size);
            assert_eq!((page.count, page.title.as_deref()), (7, Some(event.as_str())), "each page says them");
            found.extend(page.attendees.iter().map(|attendee| attendee.name.as_str().to_owned()));
            assert!(found.len() <= names.len(), "the pages overlap: {found:?}");
            assert_eq!(page.next.is_none(), found.len() == names.len(), "no page is empty");
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, names, "at {size} a page");
    }
}

pub async fn events_are_listed_by_id(backend: &Backend) {
    let series = unique("Series");
    let expected: Vec<EventSummary> = (0..5)
        .map(|number| {
            let title = format!("{series} {number}");
            EventSummary { id: event_id(&title), title, count: u64::from(number != 2), seats: None }
        })
        .collect();
    for event in expected.iter().rev() {
        let ana = person(&event.title, "Ana");
        apply(&*backend.roster, vec![ana.enrols(1, "a")]).await;
        if event.count == 0 {
            apply(&*backend.roster, vec![ana.cancels(2, "b")]).await;
        }
    }
    apply(&*backend.roster, vec![person(&format!("{series} 2a"), "Ana").cancels(1, "b")]).await;
    backend.catch_up().await;

    for size in 1..=6 {
        let mut found: Vec<EventSummary> = Vec::new();
        loop {
            let after = found.last().map_or_else(|| event_id(&series), |last| last.id.clone());
            let page = backend.roster.events(size, Some(&after)).await.expect("the backend is there");
            let is_ours = |event: &&EventSummary| event.title.starts_with(&series);
            let ours: Vec<EventSummary> = page.iter().take_while(is_ours).cloned().collect();
            let more = ours.len() == size;
            found.extend(ours);
            assert!(found.len() <= expected.len(), "the pages overlap at {size} a page");
            if !more {
                break;
            }
        }
        assert_eq!(found, expected, "at {size} a page");
    }
    assert_eq!(backend.roster.events(1, None).await.expect("the backend is there").len(), 1);
}

pub async fn attendees_are_listed_by_event_and_name(backend: &Backend) {
    let series = unique("Series");
    let mut expected = Vec::new();
    for number in 0..3 {
        let event = format!("{series} {number}");
        for name in ["Cleo", "ana", "Ben"] {
            apply(&*backend.roster, vec![person(&event, name).enrols(1, "a")]).await;
        }
        apply(&*backend.roster, vec![person(&event, "Bob").cancels(1, "a")]).await;
        expected.extend(["ana", "Ben", "Cleo"].map(|name| key(&event, name)));
    }
    backend.catch_up().await;

    for size in 1..=10 {
        let mut found: Vec<AttendeeKey> = Vec::new();
        loop {
            let first = || AttendeeKey { event: event_id(&series), name: NameKey::from_stored("zzz".to_owned()) };
            let after = found.last().cloned().unwrap_or_else(first);
            let page = backend.roster.all_attendees(size, Some(&after)).await.expect("the backend is there");
            let is_ours = |attendee: &&Attendee| attendee.title.starts_with(&series);
            let ours: Vec<AttendeeKey> = page.iter().take_while(is_ours).map(Attendee::key).collect();
            let more = ours.len() == size;
            found.extend(ours);
            assert!(found.len() <= expected.len(), "the pages overlap at {size} a page");
            if !more {
                break;
            }
        }
        assert_eq!(found, expected, "at {size} a page");
    }
    assert_eq!(backend.roster.all_attendees(2, None).await.expect("the backend is there").len(), 2);
}

/// Tries again what fails for now.
async fn apply_as_the_queue(backend: &Backend, signup: Signup) -> Vec<Applied> {
    loop {
        match backend
            .roster
            .apply(vec![batch(vec![signup.clone()])], at(0), Instant::now() + BATCH_TIME)
            .await
            .remove(0)
        {
            Ok(applied) => return applied,
            Err(ApplyError::Unavailable(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Each of the two changes something else, so that both changes show, whichever comes first.
pub async fn concurrent_writers_lose_nothing(backend: &Backend) {
    for round in 0..20 {
        let ana = person(&unique("Dance"), &format!("Ana {round}"));
        let signup = ana.enrols_with(1, "a", email("ana@example.org"));
        assert_eq!(apply(&*backend.roster, vec![signup]).await, [Applied::Stored]);

        let (asked, changed) = tokio::join!(
            apply_as_the_queue(backend, ana.asks(2, "b", Request::SendLink)),
            apply_as_the_queue(backend, ana.enrols_with(3, "c", email("ana@example.com"))),
        );

        assert_eq!((asked, changed), (vec![Applied::Stored], vec![Applied::Stored]));
        let registration =
            attendee(backend, &ana).await.expect("Ana is in").registration().cloned().expect("Ana is in");
        assert_eq!(
            (registration.link_requested_at, registration.contact),
            (Some(at(2)), Some(email("ana@example.com")))
        );
    }
}

pub async fn concurrent_writers_leave_the_newest(backend: &Backend) {
    let event = unique("Dance");
    let ana = person(&event, "Ana");
    let writers: Vec<_> = (0..40)
        .map(|number| {
            let (backend, ana) = (backend.clone(), ana.clone());
            // Odd numbers sign up, so that the newest request does.
            let signup_id = format!("id-{number}");
            let signup = if number % 2 == 1 { ana.enrols(number, &signup_id) } else { ana.cancels(number, &signup_id) };
            tokio::spawn(async move { apply_as_the_queue(&backend, signup).await })
        })
        .collect();
    let mut stored = 0;
    for writer in writers {
        stored += usize::from(writer.await.expect("the writer goes on") == [Applied::Stored]);
    }

    assert_eq!(who_is_in(backend, &event).await, ["Ana"]);
    let newest = attendee(backend, &ana).await.expect("Ana is in");
    assert_eq!(newest.newest.id, id("id-39"));
    let changes = changes_of(backend, &[&event]).await;
    assert_eq!(changes.len(), stored, "each write is one change");
    assert!(changes.windows(2).all(|pair| pair[0].new == pair[1].old), "each begins where the last ended");
    assert_eq!(changes.last().expect("Ana came").new.as_ref(), Some(&newest));
}

fn reject_about(event: &str, name: &str) -> RejectedMessage {
    RejectedMessage {
        id: unique("reject").replace(' ', "-"),
        latest_message: String::new(),
        count: 1,
        body: format!(r#"{{"event": "{event}", "name": "{name}", "contact": {{"fax": "1"}}}}"#),
        reason: "`contact` must contain exactly one of `email`, `sms` and `webhook`".to_owned(),
        arrived_at: at(1),
        rejected_at: at(1),
    }
}

/// Puts rejects about people, and returns their ids.
async fn put_rejects(backend: &Backend, about: &[(&str, &str)]) -> Vec<String> {
    let rejects: Vec<RejectedMessage> = about.iter().map(|(event, name)| reject_about(event, name)).collect();
    let ids = rejects.iter().map(|reject| reject.id.clone()).collect();
    backend.rejected.put(rejects).await.expect("the backend is there");
    ids
}

async fn are_there(backend: &Backend, rejects: &[String]) -> Vec<bool> {
    let mut there = Vec::new();
    for reject in rejects {
        there.push(backend.rejected.get(reject).await.expect("the backend is there").is_some());
    }
    there
}

async fn remove(backend: &Backend, name: &str, event: Option<&str>) -> u64 {
    backend.catch_up().await;
    let name = NameKey::of(name).expect("it is a name");
    let event = event.map(event_id);
    backend.roster.remove(&name, event.as_ref(), at(50)).await.expect("the backend is there")
}

pub async fn removal_from_one_event_leaves_others(backend: &Backend) {
    let (dance, pizza, name) = (unique("Dance"), unique("Pizza"), unique("Ana"));
    let shouted = name.to_uppercase();
    for event in [&dance, &pizza] {
        let signup = person(event, &name).enrols_with(1, "a", email("ana@example.org"));
        apply_each(&*backend.roster, [signup, person(event, "Ben").enrols(1, "b")]).await;
    }
    let rejects = put_rejects(backend, &[(&dance, &shouted), (&pizza, &name), (&dance, "Ben")]).await;

    assert_eq!(remove(backend, &shouted, Some(&dance)).await, 2, "an attendee and a reject");

    assert_eq!(attendee(backend, &person(&dance, &name)).await, None);
    assert_eq!(who_is_in(backend, &dance).await, ["Ben"]);
    assert_eq!(who_is_in(backend, &pizza).await, [name.as_str(), "Ben"]);
    assert_eq!(are_there(backend, &rejects).await, [false, true, true]);
    let pizzas = changes_of(backend, &[&pizza]).await;
    let contact =
        pizzas[0].new.as_ref().and_then(Attendee::registration).and_then(|registration| registration.contact.clone());
    assert_eq!(contact, Some(email("ana@example.org")), "changes of another event are left alone");
}

pub async fn removal_from_all_events_leaves_nothing(backend: &Backend) {
    let (dance, pizza, tea, name) = (unique("Dance"), unique("Pizza"), unique("Tea"), unique("Ana"));
    for event in [&dance, &pizza, &tea] {
        let ana = person(event, &name);
        let signup = ana.enrols_with(1, "a", email("ana@example.org"));
        apply_each(&*backend.roster, [signup, person(event, "Ben").enrols(1, "b")]).await;
    }
    apply(&*backend.roster, vec![person(&tea, &name).cancels(2, "c")]).await;
    let rejects = put_rejects(backend, &[(&dance, &name), (&pizza, &name), (&dance, "Ben")]).await;

    assert_eq!(remove(backend, &name, None).await, 5, "two who are in, one who is out, two rejects");

    for event in [&dance, &pizza, &tea] {
        assert_eq!(attendee(backend, &person(event, &name)).await, None);
        assert_eq!(who_is_in(backend, event).await, ["Ben"]);
    }
    assert_eq!(are_there(backend, &rejects).await, [false, false, true]);
}

pub async fn removing_an_unknown_name_removes_nobody(backend: &Backend) {
    let event = unique("Dance");
    apply(&*backend.roster, vec![person(&event, "Ben").enrols(1, "b")]).await;
    assert_eq!(remove(backend, &unique("Ana"), None).await, 0);
    assert_eq!(remove(backend, &unique("Ana"), Some(&event)).await, 0);
    assert_eq!(who_is_in(backend, &event).await, ["Ben"]);
    assert_eq!(changes_of(backend, &[&event]).await.len(), 1);
}

pub async fn removed_person_may_sign_up_again(backend: &Backend) {
    let (event, name) = (unique("Dance"), unique("Ana"));
    let ana = person(&event, &name);
    apply(&*backend.roster, vec![ana.enrols_with(5, "a", email("ana@example.org"))]).await;
    remove(backend, &name, None).await;

    assert_eq!(apply(&*backend.roster, vec![ana.joins(6, "b")]).await, [Applied::Stored]);

    let back = attendee(backend, &ana).await.expect("Ana is in");
    let registration = back.registration().expect("Ana is in");
    assert_eq!((registration.owner.as_str(), registration.contact.as_ref()), ("b", None));
    assert_eq!(who_is_in(backend, &event).await, [name]);
}
