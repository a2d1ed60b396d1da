use std::collections::{BTreeMap, BTreeSet};

use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use proptest::prelude::*;

use super::*;
use crate::domain::event::Event;
use crate::domain::registration_details::RegistrationEdit;

/// The stored attendees, as a storage backend would keep them.
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
        network: None,
        request,
    }
}

fn public_signup(second: i64, signup_id: &str) -> Signup {
    let contact = contact("stranger@example.org");
    Signup { channel: Channel::Http, ..request(second, &id(signup_id), Request::sign_up(contact)) }
}

fn trusted_signup(second: i64, signup_id: &str, contact: Option<Contact>) -> Signup {
    request(second, &id(signup_id), Request::trusted_sign_up(contact))
}

fn cancel(second: i64, signup_id: &str) -> Signup {
    request(second, &id(signup_id), Request::Cancel)
}

/// Returns an id from `SignupId::new`, which contains the time.
fn id_at(second: i64) -> SignupId {
    SignupId::new(at(second))
}

fn cancel_registration(second: i64, registration: &SignupId) -> Signup {
    request(second, &id_at(second), Request::CancelRegistration { registration: registration.clone() })
}

fn set_details(second: i64, registration: &SignupId, details: RegistrationEdit) -> Signup {
    request(second, &id_at(second), Request::SetDetails { registration: registration.clone(), details })
}

fn guests(guests: u8) -> RegistrationEdit {
    RegistrationEdit { guests: Some(guests), ..RegistrationEdit::default() }
}

fn set_contact(second: i64, registration: &SignupId, contact: Option<Contact>) -> Signup {
    request(
        second,
        &id_at(second),
        Request::SetContact { registration: registration.clone(), contact, confirmed: false },
    )
}

fn set_notifications(second: i64, registration: &SignupId, on: bool) -> Signup {
    request(second, &id_at(second), Request::SetNotifications { registration: registration.clone(), on })
}

fn send_link(second: i64) -> Signup {
    request(second, &id_at(second), Request::SendLink)
}

/// Returns the attendee after these requests. Each request must change the attendee.
fn attendee_after(signups: &[Signup]) -> Attendee {
    let (stored, applied) = apply_all(None, signups, at(0));
    assert!(applied.iter().all(|applied| *applied == Applied::Stored), "{applied:?}");
    stored.unwrap()
}

fn unwrap_stored(verdict: Verdict) -> Attendee {
    match verdict {
        Verdict::Store(attendee) => attendee,
        other => panic!("the verdict is {other:?}"),
    }
}

fn registration_of(attendee: &Attendee) -> &Registration {
    attendee.registration().expect("the attendee is on the roster")
}

#[test]
fn owner_turns_notifications_on_and_off() {
    let owner = id_at(1);
    let melvin = attendee_after(&[request(1, &owner, Request::trusted_sign_up(contact("melvin@example.org")))]);
    let muted = unwrap_stored(apply(Some(&melvin), &set_notifications(2, &owner, false), at(9)));
    assert_eq!(registration_of(&muted), &Registration { notify: false, ..registration_of(&melvin).clone() });
    let changed = unwrap_stored(apply(Some(&muted), &set_contact(3, &owner, contact("new@example.org")), at(9)));
    assert!(!registration_of(&changed).notify, "a new contact does not turn notifications on");
    assert!(registration_of(&unwrap_stored(apply(Some(&changed), &set_notifications(4, &owner, true), at(9)))).notify);
    assert_eq!(apply(Some(&muted), &set_notifications(5, &id_at(0), true), at(9)), Verdict::NotOwner);
    let again = unwrap_stored(apply(Some(&attendee_after(&[cancel(6, "c")])), &public_signup(7, "d"), at(9)));
    assert!(registration_of(&again).notify, "a new registration has notifications on");
}

#[test]
fn link_is_sent_once_an_hour() {
    let hour = 60 * 60;
    let melvin = attendee_after(&[trusted_signup(1, "a", contact("melvin@example.org"))]);
    let requested = unwrap_stored(apply(Some(&melvin), &send_link(5), at(9)));
    assert_eq!((registration_of(&requested).link_requested_at, &requested.newest), (Some(at(5)), &melvin.newest));
    assert_eq!(apply(Some(&requested), &send_link(5), at(9)), Verdict::Stale);
    assert_eq!(apply(Some(&requested), &send_link(5 + hour - 1), at(9)), Verdict::Stale);
    unwrap_stored(apply(Some(&requested), &send_link(5 + hour), at(9)));
    // A delayed cancel from before the link request is still applied.
    let cancelled = unwrap_stored(apply(Some(&requested), &cancel(4, "c"), at(9)));
    assert_eq!(cancelled.registration(), None);

    assert_eq!(apply(None, &send_link(5), at(9)), Verdict::Stale);
    assert_eq!(apply(Some(&cancelled), &send_link(6), at(9)), Verdict::Stale);
    assert_eq!(apply(Some(&attendee_after(&[trusted_signup(1, "a", None)])), &send_link(5), at(9)), Verdict::Stale);
    assert_eq!(
        apply(Some(&melvin), &send_link(0), at(9)),
        Verdict::Stale,
        "the request is older than the registration"
    );
}

#[test]
fn first_signup_begins_registration() {
    let melvin = attendee_after(&[trusted_signup(1, "a", contact("melvin@example.org"))]);
    assert_eq!((melvin.event.as_str(), melvin.title.as_str(), melvin.name.as_str()), ("dance", "Dance", "Melvin"));
    let registration = Registration {
        since: at(1),
        owner: id("a"),
        channel: Channel::Queue,
        contact: contact("melvin@example.org"),
        confirmed: true,
        network: None,
        notify: true,
        details: RegistrationDetails::default(),
        link_requested_at: None,
    };
    assert_eq!(melvin.status, Status::In(registration));
}

#[test]
fn details_are_kept_until_the_owner_or_a_trusted_channel_changes_them() {
    let signup = |second, signup_id, details| {
        let request_with = Request::SignUp { contact: None, confirmed: false, details };
        Signup { channel: Channel::Http, ..request(second, &id(signup_id), request_with) }
    };
    let guests_of = |attendee: &Attendee| registration_of(attendee).details.guests;
    let melvin = attendee_after(&[signup(1, "a", guests(2))]);
    assert_eq!(guests_of(&melvin), 2);
    let again = attendee_after(&[signup(1, "a", guests(2)), signup(2, "b", guests(5))]);
    assert_eq!(guests_of(&again), 2, "a stranger's sign-up changes nothing");
    let changed = attendee_after(&[signup(1, "a", guests(2)), set_details(2, &id("a"), guests(1))]);
    assert_eq!(guests_of(&changed), 1);
    let trusted = Request::TrustedSignUp { contact: None, details: guests(3) };
    let enrolled = attendee_after(&[signup(1, "a", guests(2)), request(2, &id("c"), trusted)]);
    assert_eq!(guests_of(&enrolled), 3);
    let unmentioned = attendee_after(&[signup(1, "a", guests(2)), trusted_signup(2, "c", None)]);
    assert_eq!(guests_of(&unmentioned), 2);
    let new = attendee_after(&[signup(1, "a", guests(2)), cancel(2, "b"), signup(3, "d", RegistrationEdit::default())]);
    assert_eq!(guests_of(&new), 0, "another registration begins anew");
}

#[test]
fn public_signup_begins_registration_with_contact() {
    let melvin = attendee_after(&[public_signup(1, "a")]);
    assert_eq!(registration_of(&melvin).contact, contact("stranger@example.org"));
    assert_eq!((registration_of(&melvin).owner.as_str(), registration_of(&melvin).channel), ("a", Channel::Http));
}

#[test]
fn newest_request_wins_by_time_then_id() {
    for (older, newer) in
        [(cancel(1, "z"), trusted_signup(2, "a", None)), (cancel(1, "a"), trusted_signup(1, "b", None))]
    {
        assert!(attendee_after(&[older.clone(), newer.clone()]).registration().is_some());
        assert_eq!(apply(Some(&attendee_after(&[newer])), &older, at(0)), Verdict::Stale);
    }
}

#[test]
fn duplicate_message_changes_nothing() {
    let signup = trusted_signup(1, "a", None);
    assert_eq!(apply(Some(&attendee_after(std::slice::from_ref(&signup))), &signup, at(9)), Verdict::Duplicate);
}

#[test]
fn late_cancel_keeps_newer_signup() {
    assert_eq!(apply(Some(&attendee_after(&[trusted_signup(2, "b", None)])), &cancel(1, "a"), at(9)), Verdict::Stale);
}

#[test]
fn late_signup_keeps_newer_cancel() {
    let out = attendee_after(&[cancel(2, "b")]);
    assert_eq!(apply(Some(&out), &trusted_signup(1, "a", None), at(9)), Verdict::Stale);
    assert_eq!(apply(Some(&out), &public_signup(1, "a"), at(9)), Verdict::Stale);
}

#[test]
fn public_signup_changes_only_the_version() {
    let before = attendee_after(&[trusted_signup(1, "a", contact("melvin@example.org"))]);
    let joined = unwrap_stored(apply(Some(&before), &public_signup(2, "b"), at(9)));
    assert_eq!(joined.newest, Version { requested_at: at(2), id: id("b") });
    assert_eq!(Attendee { newest: before.newest.clone(), ..joined }, before);
}

#[test]
fn trusted_signup_replaces_only_the_contact() {
    let before = attendee_after(&[public_signup(1, "a")]);
    let changed = attendee_after(&[public_signup(1, "a"), trusted_signup(2, "b", contact("new@example.org"))]);
    assert_eq!(
        registration_of(&changed),
        &Registration { contact: contact("new@example.org"), confirmed: true, ..registration_of(&before).clone() }
    );
}

#[test]
fn trusted_signup_without_contact_keeps_it() {
    let changed =
        attendee_after(&[trusted_signup(1, "a", contact("melvin@example.org")), trusted_signup(2, "b", None)]);
    assert_eq!(registration_of(&changed).contact, contact("melvin@example.org"));
}

#[test]
fn name_and_title_keep_first_spelling() {
    let upper_case = Signup {
        event: Event::parse("DANCE").unwrap(),
        name: AttendeeName::parse("MELVIN").unwrap(),
        ..trusted_signup(2, "b", None)
    };
    for requests in [vec![trusted_signup(1, "a", None), upper_case.clone()], vec![cancel(1, "a"), upper_case]] {
        let melvin = attendee_after(&requests);
        assert_eq!((melvin.title.as_str(), melvin.name.as_str()), ("Dance", "Melvin"));
    }
}

#[test]
fn cancel_leaves_tombstone_for_30_days() {
    let (day, now) = (24 * 60 * 60, 100);
    let melvin = trusted_signup(1, "a", contact("melvin@example.org"));
    for (requested, retained_from) in [(2, now), (now + 50, now + 50)] {
        let out = unwrap_stored(apply(
            Some(&attendee_after(std::slice::from_ref(&melvin))),
            &cancel(requested, "b"),
            at(now),
        ));
        assert_eq!(out.status, Status::Out { expires_at: at(retained_from + 30 * day) });
        assert_eq!(unwrap_stored(apply(None, &cancel(requested, "b"), at(now))).status, out.status);
    }
}

#[test]
fn signup_after_cancel_begins_new_registration() {
    let back =
        attendee_after(&[trusted_signup(1, "a", contact("melvin@example.org")), cancel(2, "b"), public_signup(3, "c")]);
    let registration = Registration {
        since: at(3),
        owner: id("c"),
        channel: Channel::Http,
        contact: contact("stranger@example.org"),
        confirmed: false,
        network: None,
        notify: true,
        details: RegistrationDetails::default(),
        link_requested_at: None,
    };
    assert_eq!(back.status, Status::In(registration));
}

#[test]
fn owner_can_cancel() {
    let melvin = attendee_after(&[trusted_signup(1, "a", contact("melvin@example.org"))]);
    let out = unwrap_stored(apply(Some(&melvin), &cancel_registration(2, &id("a")), at(9)));
    assert_eq!(out.status, Status::Out { expires_at: at(9).plus(TOMBSTONE_RETENTION) });
}

#[test]
fn owner_can_replace_or_remove_contact() {
    let melvin = attendee_after(&[trusted_signup(1, "a", contact("melvin@example.org"))]);
    for contact in [contact("new@example.org"), None] {
        let changed = unwrap_stored(apply(Some(&melvin), &set_contact(2, &id("a"), contact.clone()), at(9)));
        assert_eq!(
            registration_of(&changed),
            &Registration { contact, confirmed: false, ..registration_of(&melvin).clone() }
        );
        assert_eq!(changed.newest.requested_at, at(2));
    }
}

#[test]
fn second_signup_does_not_change_owner() {
    let melvin = attendee_after(&[public_signup(1, "a"), public_signup(2, "b")]);
    assert!(unwrap_stored(apply(Some(&melvin), &cancel_registration(3, &id("a")), at(9))).registration().is_none());
    assert_eq!(apply(Some(&melvin), &cancel_registration(3, &id("b")), at(9)), Verdict::NotOwner);
}

#[test]
fn only_owner_can_cancel_or_set_contact() {
    let melvin = attendee_after(&[trusted_signup(1, "a", None), trusted_signup(5, "e", None)]);
    for stranger in [id("b"), id_at(3)] {
        assert_eq!(apply(Some(&melvin), &cancel_registration(6, &stranger), at(9)), Verdict::NotOwner);
        assert_eq!(apply(Some(&melvin), &set_contact(6, &stranger, None), at(9)), Verdict::NotOwner);
    }
}

#[test]
fn request_before_its_signup_is_too_early() {
    let registration = id_at(5);
    let out = attendee_after(&[trusted_signup(1, "a", None), cancel(2, "b")]);
    for current in [None, Some(&out)] {
        assert_eq!(apply(current, &cancel_registration(6, &registration), at(9)), Verdict::TooEarly);
        assert_eq!(apply(current, &set_contact(6, &registration, None), at(9)), Verdict::TooEarly);
    }
}

#[test]
fn request_before_its_signup_is_too_early_during_earlier_registration() {
    let registration = id_at(5);
    let earlier = attendee_after(&[trusted_signup(1, "a", None)]);
    assert_eq!(apply(Some(&earlier), &cancel_registration(6, &registration), at(9)), Verdict::TooEarly);
    assert_eq!(apply(Some(&earlier), &set_contact(6, &registration, None), at(9)), Verdict::TooEarly);
}

#[test]
fn signup_that_began_no_registration_owns_none() {
    let later = id_at(5);
    let melvin = attendee_after(&[public_signup(1, "a"), public_signup(5, later.as_str())]);
    // It has arrived, so waiting for it would be in vain.
    assert_eq!(apply(Some(&melvin), &cancel_registration(6, &later), at(9)), Verdict::NotOwner);
}

#[test]
fn request_after_registration_ended_is_stale() {
    for registration in [id("a"), id_at(1)] {
        let out = attendee_after(&[trusted_signup(1, registration.as_str(), None), cancel(2, "b")]);
        assert_eq!(apply(Some(&out), &cancel_registration(3, &registration), at(9)), Verdict::Stale);
        assert_eq!(apply(Some(&out), &set_contact(3, &registration, None), at(9)), Verdict::Stale);
    }
}

#[test]
fn each_request_in_batch_has_result() {
    let owner = id_at(1);
    let signups = [
        trusted_signup(1, owner.as_str(), None),
        trusted_signup(1, owner.as_str(), None),
        cancel(0, "old"),
        cancel_registration(2, &id("stranger")),
        cancel_registration(3, &owner),
        cancel_registration(5, &id_at(4)),
    ];
    let (stored, applied) = apply_all(None, &signups, at(9));
    let expected =
        [Applied::Stored, Applied::Duplicate, Applied::Stale, Applied::NotOwner, Applied::Stored, Applied::TooEarly];
    assert_eq!(applied, expected);
    assert_eq!(stored.unwrap().newest.requested_at, at(3));
}

#[test]
fn batch_without_effect_stores_nothing() {
    let melvin = attendee_after(&[trusted_signup(2, "b", None)]);
    assert_eq!(apply_all(Some(&melvin), &[cancel(1, "a")], at(9)), (None, vec![Applied::Stale]));
    assert_eq!(apply_all(None, &[], at(9)), (None, vec![]));
}

/// Applies the requests one by one, as if every batch contained one message.
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

/// Implements invariant 2 independently: returns the attendees whose newest request is a sign-up.
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
    proptest::option::of("[a-c]".prop_map(|local| Contact::email(&format!("{local}@example.org")).unwrap()))
}

/// Generates requests that need no ownership. There are only a few names and times, so that many requests are about the
/// same attendee at the same time. Each id occurs once.
fn unowned_requests() -> impl Strategy<Value = Vec<Signup>> {
    let kind = prop_oneof![
        some_contact().prop_map(Request::sign_up),
        some_contact().prop_map(Request::trusted_sign_up),
        Just(Request::Cancel),
    ];
    let one = (prop::sample::select(vec!["Ana", "ANA", "Ben", "Cleo"]), 0..6_i64, kind);
    prop::collection::vec(one, 1..14).prop_map(|drawn| {
        let named = |(index, (name, second, kind)): (usize, (&str, i64, Request))| {
            // Later requests get lower ids, so that ids do not sort in the order in which the requests were generated.
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
            let repeated = prop::collection::vec(prop::sample::select(signups.clone()), 0..10);
            let all_and_some_repeated = (Just(signups.clone()), repeated)
                .prop_map(|(signups, repeated)| [signups, repeated].concat());
            (Just(signups), all_and_some_repeated.prop_shuffle())
        })
    ) {
        let mut table = Table::new();
        deliver(&mut table, &deliveries);
        prop_assert_eq!(attendees_in(&table), attendees_with_signup_as_newest_request(&signups));
        let before = table.clone();
        deliver(&mut table, &deliveries);
        prop_assert_eq!(table, before, "a repeated delivery must not change anything");
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
        earlier_cancel in 0..=5_i64,
        deliveries in Just([
            "sign-up", "sign-up", "owner cancel", "owner cancel", "owner cancel", "earlier cancel",
        ]).prop_shuffle(),
    ) {
        let owner = id_at(5);
        let signup = Signup { channel: Channel::Http, ..request(5, &owner, Request::sign_up(None)) };
        let owner_cancel = cancel_registration(8, &owner);
        let requests = deliveries.map(|request| match request {
            "sign-up" => signup.clone(),
            "owner cancel" => owner_cancel.clone(),
            _ => cancel(earlier_cancel, "-"),
        });

        let mut waiting = requests.to_vec();
        let mut current: Option<Attendee> = None;
        while !waiting.is_empty() {
            let count_before = waiting.len();
            waiting.retain(|signup| match apply(current.as_ref(), signup, at(9)) {
                Verdict::Store(attendee) => {
                    current = Some(attendee);
                    false
                }
                Verdict::TooEarly => true,
                Verdict::NotOwner => panic!("the owner must be accepted"),
                Verdict::Duplicate | Verdict::Stale => false,
            });
            prop_assert!(waiting.len() < count_before, "{:?} is retried forever", waiting);
        }
        let melvin = current.expect("a sign-up was stored");
        prop_assert_eq!(melvin.registration(), None);
    }

    #[test]
    fn only_owner_or_trusted_channel_changes_registration(
        strangers in prop::collection::vec((0..9_i64, 0..5_u8, some_contact(), any::<bool>()), 0..20)
    ) {
        let melvin = attendee_after(&[trusted_signup(3, "a", contact("melvin@example.org"))]);
        let mut current = melvin.clone();
        for (second, kind, contact, has_uuid) in strangers {
            let other = if has_uuid { id_at(second) } else { id("order-17") };
            let signup = match kind {
                0 => request(second, &id_at(second), Request::sign_up(contact)),
                1 => set_contact(second, &other, contact),
                2 => set_notifications(second, &other, false),
                3 => set_details(second, &other, guests(9)),
                _ => cancel_registration(second, &other),
            };
            if let Verdict::Store(attendee) = apply(Some(&current), &signup, at(9)) {
                current = attendee;
            }
        }
        prop_assert_eq!(Attendee { newest: melvin.newest.clone(), ..current }, melvin);
    }
}

mod confirmed;
