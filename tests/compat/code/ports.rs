//! A storage backend, asked through its ports.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    AttendeeKey, Backend, ChangeFeed, ContactId, Deferrals, Delivery, EventCreators, FeedConsumer, HouseholdId,
    NameKey, Outcome, Position, Sqlite, event_id, ingest, registration, time, values,
};
#[cfg(feature = "aws")]
use super::{IdempotentRequest, SignupId, now};

/// More than any golden file holds.
const ALL: usize = 1_000;

pub struct Ports(Backend);

impl Ports {
    pub fn of(backend: Backend) -> Self {
        Self(backend)
    }

    /// The outcome of one message: `stored`, `duplicate`, `stale`, `ignored`, `rejected` or `deferred`.
    pub async fn ingest(&self, id: &str, arrived_at: i64, body: &str) -> &'static str {
        let delivery = Delivery {
            message_id: id.to_owned(),
            receipt: String::new(),
            body: body.to_owned(),
            arrived_at: time(arrived_at),
            receive_count: 1,
            deferrals: Deferrals::default(),
        };
        match ingest::ingest(
            vec![delivery],
            &self.0,
            EventCreators::Anyone,
            time(arrived_at),
            Instant::now() + Duration::from_secs(60),
        )
        .await
        .remove(0)
        .outcome
        {
            Outcome::Stored => "stored",
            Outcome::Duplicate => "duplicate",
            Outcome::Stale => "stale",
            Outcome::Ignored => "ignored",
            Outcome::Rejected(_) => "rejected",
            Outcome::Failed(_) | Outcome::TooEarly | Outcome::Panicked(_) => "deferred",
        }
    }

    /// Null if nothing is stored of this name.
    pub async fn attendee(&self, event: &str, folded_name: &str) -> Value {
        let key = AttendeeKey { event: event_id(event), name: NameKey::from_stored(folded_name.to_owned()) };
        values::attendee(self.0.roster.attendee(&key).await.unwrap().as_ref())
    }

    /// Title, count, and the folded names on the roster.
    pub async fn event(&self, event: &str) -> Value {
        let page = self.0.roster.roster(&event_id(event), ALL, None).await.unwrap();
        // As the version that wrote the golden files folded and sorted them.
        let mut names: Vec<_> = page.attendees.iter().map(|attendee| attendee.name.lookup_key()).collect();
        names.sort();
        json!({"id": event, "title": page.title, "count": page.count, "names": names})
    }

    /// The ids of all events.
    pub async fn events(&self) -> Vec<String> {
        let events = self.0.roster.events(ALL, None).await.unwrap();
        events.into_iter().map(|event| event.id.as_str().to_owned()).collect()
    }

    pub async fn rejects(&self) -> Value {
        self.0.rejected.list(ALL, None).await.unwrap().iter().map(values::reject).collect()
    }

    /// Registers a button with the fields that the organiser sends.
    pub async fn register(&self, fields: &Value) {
        let button = registration::button(fields.as_object().unwrap()).unwrap();
        self.0.buttons.register(button).await.unwrap();
    }

    pub async fn buttons(&self) -> Value {
        self.0.buttons.registered(ALL, None).await.unwrap().iter().map(values::button).collect()
    }

    /// Null if the event has none.
    pub async fn digest(&self, event: &str) -> Value {
        self.0.digests.digest(&event_id(event)).await.unwrap().as_ref().map_or(Value::Null, values::digest)
    }

    /// Null if the owner of the address was never asked.
    pub async fn opt_in(&self, contact_id: &str) -> Value {
        values::opt_in(self.0.contacts.opt_in(&ContactId::from_stored(contact_id.to_owned())).await.unwrap())
    }

    pub async fn spent(&self, budget: &str) -> u64 {
        self.0.budgets.spent(budget).await.unwrap()
    }

    pub async fn usual_name(&self, household: &str) -> Option<String> {
        let user = HouseholdId::from_stored(household.to_owned());
        self.0.households.usual_name(&user).await.unwrap().map(|name| name.as_str().to_owned())
    }

    /// The ids of the events with a digest that is due at a time.
    #[cfg(feature = "aws")]
    pub async fn due(&self, at: i64) -> Vec<String> {
        let due = self.0.digests.due(time(at), ALL).await.unwrap();
        due.into_iter().map(|(event, _)| event.as_str().to_owned()).collect()
    }

    /// The id of the sign-up that is remembered under an idempotency key.
    #[cfg(feature = "aws")]
    pub async fn remembered(&self, key: &str) -> String {
        let another = IdempotentRequest { fingerprint: String::new(), id: SignupId::new(now()), requested_at: now() };
        self.0.idempotency.remember(key.to_owned(), another).await.unwrap().id.as_str().to_owned()
    }
}

/// Every change of a feed, oldest first.
pub async fn changes(feed: &dyn ChangeFeed) -> Value {
    let changes = feed.changes(&Position::Start, ALL).await.unwrap();
    let values = changes.iter().map(|(position, change)| {
        let change = change.as_ref().unwrap().attendee().unwrap();
        json!({
            "position": position.as_str(),
            "old": values::attendee(change.old.as_ref()),
            "new": values::attendee(change.new.as_ref()),
        })
    });
    values.collect()
}

/// How far each follower of a SQLite file's changes has come.
pub async fn positions(sqlite: &Sqlite) -> Value {
    let [digests, answers] = [sqlite.position(FeedConsumer::Digests), sqlite.position(FeedConsumer::DirectMessages)];
    json!({"digests": digests.await.unwrap().as_str(), "answers": answers.await.unwrap().as_str()})
}
