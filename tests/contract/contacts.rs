use std::time::Duration;

use countmein::domain::attendee::Applied;
use countmein::domain::contact_id::ContactId;
use countmein::domain::opt_in::{OptIn, Scope};
use countmein::domain::registration::RegistrationTag;
use countmein::domain::signup::{Request, SignupId};
use countmein::ports::{Deletion, Write};
use futures_util::future::join_all;

use crate::backend::Backend;
use crate::people::{apply, at, email, id, person, unique};

/// Every opt-in state, the pending one twice at different times.
fn said() -> [OptIn; 6] {
    let asked_again_at = at(1).plus(Duration::from_millis(1));
    [
        OptIn::Pending { at: at(1) },
        OptIn::Pending { at: asked_again_at },
        OptIn::Confirmed(Scope::All),
        OptIn::Confirmed(Scope::ConfirmedRegistrations),
        OptIn::Confirmed(Scope::ConfirmedRegistrationsAnd(RegistrationTag::of(&SignupId::parse("s-1").unwrap()))),
        OptIn::OptedOut,
    ]
}

/// Every opt-in state, and none.
fn said_or_not() -> impl Iterator<Item = Option<OptIn>> {
    said().into_iter().map(Some).chain([None])
}

/// A contact with this opt-in state.
async fn contact(backend: &Backend, said: Option<OptIn>) -> ContactId {
    let contact = ContactId::from_stored(unique("contact"));
    if let Some(said) = said {
        assert_eq!(set(backend, &contact, None, said).await, Write::Stored);
    }
    contact
}

async fn set(backend: &Backend, contact: &ContactId, before: Option<OptIn>, now: OptIn) -> Write {
    backend.contacts.set_opt_in(contact, before, now).await.expect("the backend is there")
}

async fn opt_in(backend: &Backend, contact: &ContactId) -> Option<OptIn> {
    backend.contacts.opt_in(contact).await.expect("the backend is there")
}

pub async fn opt_in_is_absent_at_first(backend: &Backend) {
    let contact = contact(backend, None).await;
    assert_eq!(opt_in(backend, &contact).await, None);
}

pub async fn deleted_opt_in_is_gone(backend: &Backend) {
    let contact = contact(backend, Some(OptIn::Confirmed(Scope::All))).await;
    let delete = async || backend.contacts.delete_opt_in(&contact).await.expect("the backend is there");
    assert_eq!(delete().await, Deletion::Deleted);
    assert_eq!(opt_in(backend, &contact).await, None);
    assert_eq!(delete().await, Deletion::NotFound);
}

pub async fn opt_in_is_stored_whole(backend: &Backend) {
    for before in said_or_not() {
        for now in said() {
            let contact = contact(backend, before).await;
            assert_eq!(set(backend, &contact, before, now).await, Write::Stored, "{before:?}, then {now:?}");
            assert_eq!(opt_in(backend, &contact).await, Some(now), "{before:?} was said before");
        }
    }
}

pub async fn stale_opt_in_write_is_refused(backend: &Backend) {
    for stored in said_or_not() {
        let contact = contact(backend, stored).await;
        for read in said_or_not().filter(|read| *read != stored) {
            for now in said() {
                assert_eq!(
                    set(backend, &contact, read, now).await,
                    Write::Conflict,
                    "{stored:?} is there, {read:?} was read"
                );
                assert_eq!(opt_in(backend, &contact).await, stored, "{now:?} came over another than was read");
            }
        }
    }
}

pub async fn contacts_are_independent(backend: &Backend) {
    let one = contact(backend, Some(OptIn::Confirmed(Scope::All))).await;
    let other = contact(backend, Some(OptIn::OptedOut)).await;
    let in_capitals = ContactId::from_stored(one.as_str().to_uppercase());
    assert_eq!(opt_in(backend, &in_capitals).await, None, "ids are not folded");
    assert_eq!(set(backend, &in_capitals, None, OptIn::OptedOut).await, Write::Stored);
    assert_eq!(opt_in(backend, &one).await, Some(OptIn::Confirmed(Scope::All)));
    assert_eq!(opt_in(backend, &other).await, Some(OptIn::OptedOut));
}

pub async fn one_concurrent_opt_in_write_wins(backend: &Backend) {
    for before in [None, Some(OptIn::Pending { at: at(0) }), Some(OptIn::Confirmed(Scope::ConfirmedRegistrations))] {
        let contact = contact(backend, before).await;
        let questions: Vec<_> = (1..=20).map(|second| OptIn::Pending { at: at(second) }).collect();

        let answers = join_all(questions.iter().map(|asked| set(backend, &contact, before, *asked))).await;

        let won: Vec<_> = questions
            .iter()
            .zip(answers)
            .filter(|(_, write)| *write == Write::Stored)
            .map(|(asked, _)| *asked)
            .collect();
        assert_eq!(won.len(), 1, "over {before:?}: {won:?}");
        assert_eq!(opt_in(backend, &contact).await, Some(won[0]));
    }
}

pub async fn confirmation_of_a_registration_is_stored(backend: &Backend) {
    let ana = person(&unique("Dance"), "Ana");
    let address = || email("ana@example.org");
    let confirms = |second: i64, address| {
        let request = Request::ConfirmContact { registration: id("a"), contact: address };
        ana.asks(second, &format!("confirm-{second}"), request)
    };
    let is_confirmed = async || {
        let stored = backend.roster.attendee(&ana.key()).await.expect("the backend is there").expect("Ana is there");
        stored.registration().map(|registration| registration.confirmed)
    };
    let joins = ana.asks(1, "a", Request::sign_up(Some(address())));
    assert_eq!(apply(&*backend.roster, vec![joins]).await, [Applied::Stored]);
    assert_eq!(is_confirmed().await, Some(false));
    assert_eq!(apply(&*backend.roster, vec![confirms(2, email("ben@example.org"))]).await, [Applied::Stale]);
    assert_eq!(is_confirmed().await, Some(false));
    assert_eq!(apply(&*backend.roster, vec![confirms(3, address())]).await, [Applied::Stored]);
    assert_eq!(is_confirmed().await, Some(true));
    assert_eq!(apply(&*backend.roster, vec![confirms(3, address())]).await, [Applied::Duplicate]);
    let contact = Some(email("ben@example.org"));
    let replaces = Request::SetContact { registration: id("a"), contact, confirmed: false };
    assert_eq!(apply(&*backend.roster, vec![ana.asks(4, "d", replaces)]).await, [Applied::Stored]);
    assert_eq!(is_confirmed().await, Some(false));
}
