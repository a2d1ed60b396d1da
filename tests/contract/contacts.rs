use std::time::Duration;

use countmein::domain::opt_in::{Consent, ContactId};
use futures_util::future::join_all;

use crate::backend::Backend;
use crate::people::{at, unique};

/// All that may have been said, twice with a question, a millisecond later than before.
fn said() -> [Consent; 4] {
    let asked_again_at = at(1).plus(Duration::from_millis(1));
    [Consent::Asked { at: at(1) }, Consent::Asked { at: asked_again_at }, Consent::Given, Consent::Refused]
}

/// The same, and nothing.
fn said_or_not() -> impl Iterator<Item = Option<Consent>> {
    said().into_iter().map(Some).chain([None])
}

/// An address of which this is known.
async fn contact(backend: &Backend, said: Option<Consent>) -> ContactId {
    let contact = ContactId::from_stored(unique("contact"));
    if let Some(said) = said {
        assert!(set(backend, &contact, None, said).await);
    }
    contact
}

async fn set(backend: &Backend, contact: &ContactId, before: Option<Consent>, now: Consent) -> bool {
    backend.contacts.set_consent(contact, before, now).await.expect("the backend is there")
}

async fn consent(backend: &Backend, contact: &ContactId) -> Option<Consent> {
    backend.contacts.consent(contact).await.expect("the backend is there")
}

pub async fn nobody_was_asked_at_first(backend: &Backend) {
    let contact = contact(backend, None).await;
    assert_eq!(consent(backend, &contact).await, None);
}

pub async fn what_is_said_is_read_back_whatever_was_said_before(backend: &Backend) {
    for before in said_or_not() {
        for now in said() {
            let contact = contact(backend, before).await;
            assert!(set(backend, &contact, before, now).await, "{before:?}, then {now:?}");
            assert_eq!(consent(backend, &contact).await, Some(now), "{before:?} was said before");
        }
    }
}

pub async fn what_is_said_is_kept_only_over_what_was_read(backend: &Backend) {
    for stored in said_or_not() {
        let contact = contact(backend, stored).await;
        for read in said_or_not().filter(|read| *read != stored) {
            for now in said() {
                assert!(!set(backend, &contact, read, now).await, "{stored:?} is there, {read:?} was read");
                assert_eq!(consent(backend, &contact).await, stored, "{now:?} came over another than was read");
            }
        }
    }
}

pub async fn contacts_do_not_disturb_each_other(backend: &Backend) {
    let one = contact(backend, Some(Consent::Given)).await;
    let other = contact(backend, Some(Consent::Refused)).await;
    let in_capitals = ContactId::from_stored(one.as_str().to_uppercase());
    assert_eq!(consent(backend, &in_capitals).await, None, "ids are not folded");
    assert!(set(backend, &in_capitals, None, Consent::Refused).await);
    assert_eq!(consent(backend, &one).await, Some(Consent::Given));
    assert_eq!(consent(backend, &other).await, Some(Consent::Refused));
}

pub async fn of_concurrent_setters_one_wins(backend: &Backend) {
    for before in [None, Some(Consent::Asked { at: at(0) }), Some(Consent::Given)] {
        let contact = contact(backend, before).await;
        let questions: Vec<_> = (1..=20).map(|second| Consent::Asked { at: at(second) }).collect();

        let answers = join_all(questions.iter().map(|asked| set(backend, &contact, before, *asked))).await;

        let won: Vec<_> =
            questions.iter().zip(answers).filter(|(_, is_set)| *is_set).map(|(asked, _)| *asked).collect();
        assert_eq!(won.len(), 1, "over {before:?}: {won:?}");
        assert_eq!(consent(backend, &contact).await, Some(won[0]));
    }
}
