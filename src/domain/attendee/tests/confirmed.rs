//! When the owner of a contact has confirmed a registration.

use super::*;

const ANA: &str = "ana@example.org";

fn signs_up(address: &str, confirmed: bool) -> Signup {
    let request_with = Request::SignUp { contact: contact(address), confirmed, details: RegistrationEdit::default() };
    Signup { channel: Channel::Http, ..request(1, &id("a"), request_with) }
}

fn sets_contact(second: i64, address: Option<&str>, confirmed: bool) -> Signup {
    let contact = address.and_then(contact);
    request(second, &id_at(second), Request::SetContact { registration: id("a"), contact, confirmed })
}

fn confirms(second: i64, registration: &str, address: &str) -> Signup {
    let contact = contact(address).unwrap();
    request(second, &id_at(second), Request::ConfirmContact { registration: id(registration), contact })
}

fn is_confirmed(requests: &[Signup]) -> bool {
    registration_of(&attendee_after(requests)).confirmed
}

#[test]
fn public_signup_is_confirmed_by_its_browser_only() {
    assert!(!is_confirmed(&[signs_up(ANA, false)]));
    assert!(is_confirmed(&[signs_up(ANA, true)]));
    let without_contact = Request::SignUp { contact: None, confirmed: true, details: RegistrationEdit::default() };
    assert!(!is_confirmed(&[request(1, &id("a"), without_contact)]), "there is nothing to confirm");
    let other = Signup { version: Version { requested_at: at(2), id: id("b") }, ..signs_up(ANA, true) };
    assert!(!is_confirmed(&[signs_up(ANA, false), other]), "another sign-up with the name changes nothing");
}

#[test]
fn trusted_channel_confirms_the_contact_that_it_gives() {
    assert!(is_confirmed(&[trusted_signup(1, "a", contact(ANA))]));
    assert!(is_confirmed(&[signs_up(ANA, false), trusted_signup(2, "b", contact("new@example.org"))]));
    assert!(is_confirmed(&[signs_up(ANA, false), trusted_signup(2, "b", contact(ANA))]));
    assert!(!is_confirmed(&[signs_up(ANA, false), trusted_signup(2, "b", None)]), "it says nothing about the contact");
    assert!(!is_confirmed(&[trusted_signup(1, "a", None)]));
}

#[test]
fn owner_of_the_address_confirms_and_turns_notifications_on() {
    let quiet = request(2, &id_at(2), Request::SetNotifications { registration: id("a"), on: false });
    let confirms = confirms(3, "a", "ANA@example.org");
    let confirmed = attendee_after(&[signs_up(ANA, false), quiet, confirms.clone()]);
    assert!(registration_of(&confirmed).confirmed && registration_of(&confirmed).notify);
    assert_eq!(apply(Some(&confirmed), &confirms, at(9)), Verdict::Duplicate);
}

#[test]
fn other_contact_or_registration_is_not_confirmed() {
    let ana = attendee_after(&[signs_up(ANA, false)]);
    assert_eq!(apply(Some(&ana), &confirms(2, "a", "ben@example.org"), at(9)), Verdict::Stale);
    assert_eq!(apply(Some(&ana), &confirms(2, "b", ANA), at(9)), Verdict::Stale);
    let changed = attendee_after(&[signs_up(ANA, false), sets_contact(2, Some("ben@example.org"), false)]);
    assert_eq!(apply(Some(&changed), &confirms(3, "a", ANA), at(9)), Verdict::Stale);
    let out = attendee_after(&[signs_up(ANA, false), cancel(2, "b")]);
    assert_eq!(apply(Some(&out), &confirms(3, "a", ANA), at(9)), Verdict::Stale);
    let owner = SignupId::new(at(5));
    assert_eq!(apply(None, &confirms(6, owner.as_str(), ANA), at(9)), Verdict::TooEarly);
}

#[test]
fn changed_contact_must_be_confirmed_again() {
    let confirmed = [signs_up(ANA, false), confirms(2, "a", ANA)];
    let then = |address, by_browser| is_confirmed(&[&confirmed[..], &[sets_contact(3, address, by_browser)]].concat());
    assert!(!then(Some("ben@example.org"), false));
    assert!(then(Some("ben@example.org"), true));
    assert!(then(Some("Ana@EXAMPLE.org"), false), "it is the same address");
    assert!(!then(None, true));
    assert!(!is_confirmed(&[signs_up(ANA, false), sets_contact(2, Some(ANA), false)]));
    let back = [sets_contact(3, Some("ben@example.org"), false), sets_contact(4, Some(ANA), false)];
    assert!(!is_confirmed(&[&confirmed[..], &back].concat()));
}

#[test]
fn newest_of_reordered_requests_wins() {
    let changed = attendee_after(&[signs_up(ANA, false), sets_contact(3, Some("ben@example.org"), false)]);
    assert_eq!(apply(Some(&changed), &confirms(2, "a", ANA), at(9)), Verdict::Stale);
    let new = Signup { version: Version { requested_at: at(4), id: id("c") }, ..signs_up(ANA, false) };
    assert!(!is_confirmed(&[signs_up(ANA, false), confirms(2, "a", ANA), cancel(3, "b"), new]));
}
