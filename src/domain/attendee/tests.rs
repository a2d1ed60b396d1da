use std::collections::{BTreeMap, BTreeSet};

use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use proptest::prelude::*;

use super::*;
use crate::domain::event::Event;

/// The stored attendees.
type Table = BTreeMap<AttendeeKey, Attendee>;

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(Timestamp::EARLIEST.as_millis() + second * 1_000).unwrap()
}

fn contact(address: &str) -> Option<Contact> {
    Some(Contact::email(address).unwrap())
}

fn id(text: &str) -> SignupId {
    SignupId::parse(text).unwrap()
}

fn request(second: i64, signup_id: &SignupId, request: Request) -> Signup {
    Signup {
        version: Version { requested_at: at(second), id: signup_id.clone() },
        event: Event::parse("Dance").unwrap(),
        name: AttendeeName::parse("Melvin").unwrap(),
        channel: Channel::Queue,
        request,
    }
}

fn join(second: i64, signup_id: &str) -> Signup {
    let contact = contact("stranger@example.org");
    Signup { channel: Channel::Http, ..request(second, &id(signup_id), Request::SignUp { contact }) }
}

fn enrol(second: i64, signup_id: &str, contact: Option<Contact>) -> Signup {
    request(second, &id(signup_id), Request::TrustedSignUp { contact })
}

fn cancel(second: i64, signup_id: &str) -> Signup {
    request(second, &id(signup_id), Request::Cancel)
}

/// An id from `SignupId::new` with that time.
fn made(second: i64) -> SignupId {
    SignupId::new(at(second))
}

fn leave(second: i64, registration: &SignupId) -> Signup {
    request(second, &made(second), Request::CancelRegistration { registration: registration.clone() })
}

fn amend(second: i64, registration: &SignupId, contact: Option<Contact>) -> Signup {
    request(second, &made(second), Request::SetContact { registration: registration.clone(), contact })
}

fn notify(second: i64, registration: &SignupId, on: bool) -> Signup {
    request(second, &made(second), Request::SetNotifications { registration: registration.clone(), on })
}

fn send_link(second: i64) -> Signup {
    request(second, &made(second), Request::SendLink)
}

/// The attendee after these requests, each of which was stored.
fn after(signups: &[Signup]) -> Attendee {
    let (stored, applied) = apply_all(None, signups, at(0));
    assert!(applied.iter().all(|applied| *applied == Applied::Stored), "{applied:?}");
    stored.unwrap()
}

fn stored(verdict: Verdict) -> Attendee {
    match verdict {
        Verdict::Store(attendee) => attendee,
        other => panic!("not stored but {other:?}"),
    }
}

fn registration_of(attendee: &Attendee) -> &Registration {
    attendee.registration().expect("the attendee is in")
}

#[test]
fn owner_turns_notifications_on_and_off() {
    let owner = made(1);
    let melvin = after(&[request(1, &owner, Request::TrustedSignUp { contact: contact("melvin@example.org") })]);
    let muted = stored(apply(Some(&melvin), &notify(2, &owner, false), at(9)));
    assert_eq!(registration_of(&muted), &Registration { notify: false, ..registration_of(&melvin).clone() });
    let amended = stored(apply(Some(&muted), &amend(3, &owner, contact("new@example.org")), at(9)));
    assert!(!registration_of(&amended).notify, "a new contact does not turn notifications on");
    assert!(registration_of(&stored(apply(Some(&amended), &notify(4, &owner, true), at(9)))).notify);
    assert_eq!(apply(Some(&muted), &notify(5, &made(0), true), at(9)), Verdict::NotOwner);
    let again = stored(apply(Some(&after(&[cancel(6, "c")])), &join(7, "d"), at(9)));
    assert!(registration_of(&again).notify, "a new registration has notifications on");
}

#[test]
fn link_is_sent_once_an_hour() {
    let hour = 60 * 60;
    let melvin = after(&[enrol(1, "a", contact("melvin@example.org"))]);
    let asked = stored(apply(Some(&melvin), &send_link(5), at(9)));
    assert_eq!((registration_of(&asked).link_requested_at, &asked.newest), (Some(at(5)), &melvin.newest));
    assert_eq!(apply(Some(&asked), &send_link(5), at(9)), Verdict::Stale);
    assert_eq!(apply(Some(&asked), &send_link(5 + hour - 1), at(9)), Verdict::Stale);
    stored(apply(Some(&asked), &send_link(5 + hour), at(9)));
    // A cancel that was still on the queue is applied.
    let left = stored(apply(Some(&asked), &cancel(4, "c"), at(9)));
    assert_eq!(left.registration(), None);

    assert_eq!(apply(None, &send_link(5), at(9)), Verdict::Stale);
    assert_eq!(apply(Some(&left), &send_link(6), at(9)), Verdict::Stale);
    assert_eq!(apply(Some(&after(&[enrol(1, "a", None)])), &send_link(5), at(9)), Verdict::Stale);
    assert_eq!(apply(Some(&melvin), &send_link(0), at(9)), Verdict::Stale, "requested before the registration began");
}

#[test]
fn first_signup_begins_registration() {
    let melvin = after(&[enrol(1, "a", contact("melvin@example.org"))]);
    assert_eq!((melvin.event.as_str(), melvin.title.as_str(), melvin.name.as_str()), ("dance", "Dance", "Melvin"));
    let registration = Registration {
        since: at(1),
        owner: id("a"),
        channel: Channel::Queue,
        contact: contact("melvin@example.org"),
        notify: true,
        link_requested_at: None,
    };
    assert_eq!(melvin.status, Status::In(registration));
}

#[test]
fn public_signup_begins_registration_with_contact() {
    let melvin = after(&[join(1, "a")]);
    assert_eq!(registration_of(&melvin).contact, contact("stranger@example.org"));
    assert_eq!((registration_of(&melvin).owner.as_str(), registration_of(&melvin).channel), ("a", Channel::Http));
}

#[test]
fn newest_request_wins_by_time_then_id() {
    for (older, newer) in [(cancel(1, "z"), enrol(2, "a", None)), (cancel(1, "a"), enrol(1, "b", None))] {
        assert!(after(&[older.clone(), newer.clone()]).registration().is_some());
        assert_eq!(apply(Some(&after(&[newer])), &older, at(0)), Verdict::Stale);
    }
}

#[test]
fn duplicate_message_changes_nothing() {
    let signup = enrol(1, "a", None);
    assert_eq!(apply(Some(&after(std::slice::from_ref(&signup))), &signup, at(9)), Verdict::Duplicate);
}

#[test]
fn late_cancel_keeps_newer_signup() {
    assert_eq!(apply(Some(&after(&[enrol(2, "b", None)])), &cancel(1, "a"), at(9)), Verdict::Stale);
}

#[test]
fn late_signup_keeps_newer_cancel() {
    let out = after(&[cancel(2, "b")]);
    assert_eq!(apply(Some(&out), &enrol(1, "a", None), at(9)), Verdict::Stale);
    assert_eq!(apply(Some(&out), &join(1, "a"), at(9)), Verdict::Stale);
}

#[test]
fn public_signup_changes_only_the_version() {
    let before = after(&[enrol(1, "a", contact("melvin@example.org"))]);
    let joined = stored(apply(Some(&before), &join(2, "b"), at(9)));
    assert_eq!(joined.newest, Version { requested_at: at(2), id: id("b") });
    assert_eq!(Attendee { newest: before.newest.clone(), ..joined }, before);
}

#[test]
fn trusted_signup_replaces_only_the_contact() {
    let before = after(&[join(1, "a")]);
    let enrolled = after(&[join(1, "a"), enrol(2, "b", contact("new@example.org"))]);
    assert_eq!(
        registration_of(&enrolled),
        &Registration { contact: contact("new@example.org"), ..registration_of(&before).clone() }
    );
}

#[test]
fn trusted_signup_without_contact_keeps_it() {
    let enrolled = after(&[enrol(1, "a", contact("melvin@example.org")), enrol(2, "b", None)]);
    assert_eq!(registration_of(&enrolled).contact, contact("melvin@example.org"));
}

#[test]
fn name_and_title_keep_first_spelling() {
    let shouting = Signup {
        event: Event::parse("DANCE").unwrap(),
        name: AttendeeName::parse("MELVIN").unwrap(),
        ..enrol(2, "b", None)
    };
    for requests in [vec![enrol(1, "a", None), shouting.clone()], vec![cancel(1, "a"), shouting]] {
        let melvin = after(&requests);
        assert_eq!((melvin.title.as_str(), melvin.name.as_str()), ("Dance", "Melvin"));
    }
}

#[test]
fn cancel_leaves_tombstone_for_30_days() {
    let (day, now) = (24 * 60 * 60, 100);
    let melvin = enrol(1, "a", contact("melvin@example.org"));
    for (requested, remembered_from) in [(2, now), (now + 50, now + 50)] {
        let out = stored(apply(Some(&after(std::slice::from_ref(&melvin))), &cancel(requested, "b"), at(now)));
        assert_eq!(out.status, Status::Out { expires_at: at(remembered_from + 30 * day) });
        assert_eq!(stored(apply(None, &cancel(requested, "b"), at(now))).status, out.status);
    }
}

#[test]
fn signup_after_cancel_begins_new_registration() {
    let back = after(&[enrol(1, "a", contact("melvin@example.org")), cancel(2, "b"), join(3, "c")]);
    let registration = Registration {
        since: at(3),
        owner: id("c"),
        channel: Channel::Http,
        contact: contact("stranger@example.org"),
        notify: true,
        link_requested_at: None,
    };
    assert_eq!(back.status, Status::In(registration));
}

#[test]
fn owner_can_cancel() {
    let melvin = after(&[enrol(1, "a", contact("melvin@example.org"))]);
    let out = stored(apply(Some(&melvin), &leave(2, &id("a")), at(9)));
    assert_eq!(out.status, Status::Out { expires_at: at(9).plus(TOMBSTONE) });
}

#[test]
fn owner_can_replace_or_remove_contact() {
    let melvin = after(&[enrol(1, "a", contact("melvin@example.org"))]);
    for contact in [contact("new@example.org"), None] {
        let amended = stored(apply(Some(&melvin), &amend(2, &id("a"), contact.clone()), at(9)));
        assert_eq!(registration_of(&amended), &Registration { contact, ..registration_of(&melvin).clone() });
        assert_eq!(amended.newest.requested_at, at(2));
    }
}

#[test]
fn owner_stays_owner_after_another_join() {
    let melvin = after(&[join(1, "a"), join(2, "b")]);
    assert!(stored(apply(Some(&melvin), &leave(3, &id("a")), at(9))).registration().is_none());
    assert_eq!(apply(Some(&melvin), &leave(3, &id("b")), at(9)), Verdict::NotOwner);
}

#[test]
fn only_owner_can_cancel_or_amend() {
    let melvin = after(&[enrol(1, "a", None), enrol(5, "e", None)]);
    for stranger in [id("b"), made(3)] {
        assert_eq!(apply(Some(&melvin), &leave(6, &stranger), at(9)), Verdict::NotOwner);
        assert_eq!(apply(Some(&melvin), &amend(6, &stranger, None), at(9)), Verdict::NotOwner);
    }
}

#[test]
fn request_before_its_signup_is_early() {
    let registration = made(5);
    let out = after(&[enrol(1, "a", None), cancel(2, "b")]);
    for current in [None, Some(&out)] {
        assert_eq!(apply(current, &leave(6, &registration), at(9)), Verdict::TooEarly);
        assert_eq!(apply(current, &amend(6, &registration, None), at(9)), Verdict::TooEarly);
    }
}

#[test]
fn request_before_its_signup_ignores_earlier_registration() {
    let registration = made(5);
    let somebody_else = after(&[enrol(1, "a", None)]);
    assert_eq!(apply(Some(&somebody_else), &leave(6, &registration), at(9)), Verdict::TooEarly);
    assert_eq!(apply(Some(&somebody_else), &amend(6, &registration, None), at(9)), Verdict::TooEarly);
}

#[test]
fn request_after_registration_ended_is_stale() {
    for registration in [id("a"), made(1)] {
        let out = after(&[enrol(1, registration.as_str(), None), cancel(2, "b")]);
        assert_eq!(apply(Some(&out), &leave(3, &registration), at(9)), Verdict::Stale);
        assert_eq!(apply(Some(&out), &amend(3, &registration, None), at(9)), Verdict::Stale);
    }
}

#[test]
fn each_request_of_batch_has_result() {
    let owner = made(1);
    let signups = [
        enrol(1, owner.as_str(), None),
        enrol(1, owner.as_str(), None),
        cancel(0, "old"),
        leave(2, &id("stranger")),
        leave(3, &owner),
        leave(5, &made(4)),
    ];
    let (stored, applied) = apply_all(None, &signups, at(9));
    let expected =
        [Applied::Stored, Applied::Duplicate, Applied::Stale, Applied::NotOwner, Applied::Stored, Applied::TooEarly];
    assert_eq!(applied, expected);
    assert_eq!(stored.unwrap().newest.requested_at, at(3));
}

#[test]
fn ineffective_requests_store_nothing() {
    let melvin = after(&[enrol(2, "b", None)]);
    assert_eq!(apply_all(Some(&melvin), &[cancel(1, "a")], at(9)), (None, vec![Applied::Stale]));
    assert_eq!(apply_all(None, &[], at(9)), (None, vec![]));
}

/// Delivers one by one, as ingest would if every batch held one message.
fn deliver<'a>(table: &mut Table, signups: impl IntoIterator<Item = &'a Signup>) {
    for signup in signups {
        if let Verdict::Store(attendee) = apply(table.get(&signup.key()), signup, at(9)) {
            table.insert(signup.key(), attendee);
        }
    }
}

fn attendees_in(table: &Table) -> BTreeSet<AttendeeKey> {
    table.values().filter(|attendee| attendee.registration().is_some()).map(Attendee::key).collect()
}

/// A second implementation of invariant 2: the attendees whose newest request is a sign-up.
fn attendees_with_signup_as_newest_request(signups: &[Signup]) -> BTreeSet<AttendeeKey> {
    let mut newest: BTreeMap<AttendeeKey, &Signup> = BTreeMap::new();
    for signup in signups {
        let newest = newest.entry(signup.key()).or_insert(signup);
        if signup.version > newest.version {
            *newest = signup;
        }
    }
    let signed_up = newest.into_iter().filter(|(_, signup)| signup.request != Request::Cancel);
    signed_up.map(|(key, _)| key).collect()
}

fn some_contact() -> impl Strategy<Value = Option<Contact>> {
    proptest::option::of("[a-c]".prop_map(|who| Contact::email(&format!("{who}@example.org")).unwrap()))
}

/// Requests without an owner: few names and moments, so that they collide; each id once.
fn unowned_requests() -> impl Strategy<Value = Vec<Signup>> {
    let kind = prop_oneof![
        some_contact().prop_map(|contact| Request::SignUp { contact }),
        some_contact().prop_map(|contact| Request::TrustedSignUp { contact }),
        Just(Request::Cancel),
    ];
    let one = (prop::sample::select(vec!["Ana", "ANA", "Ben", "Cleo"]), 0..6_i64, kind);
    prop::collection::vec(one, 1..14).prop_map(|drawn| {
        let named = |(index, (name, second, kind)): (usize, (&str, i64, Request))| {
            // Ids that run against the order of making, so that a tie is not settled by it.
            let signup = request(second, &id(&format!("id-{}", 99 - index)), kind);
            Signup { name: AttendeeName::parse(name).unwrap(), ..signup }
        };
        drawn.into_iter().enumerate().map(named).collect()
    })
}

proptest! {
    #![proptest_config(crate::seed::config(2_000))]

    #[test]
    fn any_order_gives_same_roster(
        (signups, deliveries) in unowned_requests().prop_flat_map(|signups| {
            let again = prop::collection::vec(prop::sample::select(signups.clone()), 0..10);
            let every_one_and_some_again = (Just(signups.clone()), again)
                .prop_map(|(signups, again)| [signups, again].concat());
            (Just(signups), every_one_and_some_again.prop_shuffle())
        })
    ) {
        let mut table = Table::new();
        deliver(&mut table, &deliveries);
        prop_assert_eq!(attendees_in(&table), attendees_with_signup_as_newest_request(&signups));
        let settled = table.clone();
        deliver(&mut table, &deliveries);
        prop_assert_eq!(table, settled, "a second delivery of everything changes something");
    }

    #[test]
    fn batch_equals_single_requests(mut signups in unowned_requests()) {
        signups.retain(|signup| signup.name.as_str() == "Ben");
        let mut table = Table::new();
        deliver(&mut table, &signups);
        let (stored, _) = apply_all(None, &signups, at(9));
        prop_assert_eq!(table.into_values().next(), stored);
    }

    #[test]
    fn owner_cancel_wins_in_any_order(
        left_before in 0..=5_i64,
        deliveries in Just(["join", "join", "leave", "leave", "leave", "cancel of an earlier stay"]).prop_shuffle(),
    ) {
        let owner = made(5);
        let join = Signup { channel: Channel::Http, ..request(5, &owner, Request::SignUp { contact: None }) };
        let leave = leave(8, &owner);
        let requests = deliveries.map(|request| match request {
            "join" => join.clone(),
            "leave" => leave.clone(),
            _ => cancel(left_before, "-"),
        });

        let mut waiting = requests.to_vec();
        let mut current: Option<Attendee> = None;
        while !waiting.is_empty() {
            let tried = waiting.len();
            waiting.retain(|signup| match apply(current.as_ref(), signup, at(9)) {
                Verdict::Store(attendee) => {
                    current = Some(attendee);
                    false
                }
                Verdict::TooEarly => true,
                Verdict::NotOwner => panic!("the owner is taken for a stranger"),
                Verdict::Duplicate | Verdict::Stale => false,
            });
            prop_assert!(waiting.len() < tried, "{:?} waits for ever", waiting);
        }
        let melvin = current.expect("somebody signed up");
        prop_assert_eq!(melvin.registration(), None);
    }

    #[test]
    fn only_owner_or_trusted_channel_changes_registration(
        strangers in prop::collection::vec((0..9_i64, 0..4_u8, some_contact(), any::<bool>()), 0..20)
    ) {
        let melvin = after(&[enrol(3, "a", contact("melvin@example.org"))]);
        let mut current = melvin.clone();
        for (second, kind, contact, is_of_here) in strangers {
            let other = if is_of_here { made(second) } else { id("order-17") };
            let signup = match kind {
                0 => request(second, &made(second), Request::SignUp { contact }),
                1 => amend(second, &other, contact),
                2 => notify(second, &other, false),
                _ => leave(second, &other),
            };
            if let Verdict::Store(attendee) = apply(Some(&current), &signup, at(9)) {
                current = attendee;
            }
        }
        prop_assert_eq!(Attendee { newest: melvin.newest.clone(), ..current }, melvin);
    }
}
