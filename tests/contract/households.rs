use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::household::HouseholdId;

use crate::backend::Backend;
use crate::people::{at, event_id, unique};

fn name(text: &str) -> AttendeeName {
    AttendeeName::parse(text).expect("it is a name")
}

fn user() -> HouseholdId {
    HouseholdId::from_stored(unique("user"))
}

async fn remember(backend: &Backend, user: &HouseholdId, text: &str) {
    backend.households.remember(user, &name(text)).await.expect("the backend is there");
}

async fn usual(backend: &Backend, user: &HouseholdId) -> Option<AttendeeName> {
    backend.households.usual_name(user).await.expect("the backend is there")
}

pub async fn household_keeps_its_last_name(backend: &Backend) {
    let (one, other) = (user(), user());
    assert_eq!(usual(backend, &one).await, None);
    remember(backend, &one, "Änna MÜLLER").await;
    remember(backend, &other, "Ben").await;
    assert_eq!(usual(backend, &one).await, Some(name("Änna MÜLLER")));
    remember(backend, &one, "Cleo").await;
    assert_eq!((usual(backend, &one).await, usual(backend, &other).await), (Some(name("Cleo")), Some(name("Ben"))));
}

pub async fn removed_person_leaves_the_household(backend: &Backend) {
    let (one, other, ana) = (user(), user(), name(&unique("Ana")));
    remember(backend, &one, ana.as_str()).await;
    remember(backend, &other, "Ben").await;
    let remove = async |event| backend.roster.remove(ana.key(), event, at(0)).await.expect("the backend is there");
    let dance = event_id("dance");
    assert_eq!(remove(Some(&dance)).await, 0);
    assert_eq!(usual(backend, &one).await, Some(ana.clone()));
    assert_eq!(remove(None).await, 1);
    assert_eq!((usual(backend, &one).await, usual(backend, &other).await), (None, Some(name("Ben"))));
}
