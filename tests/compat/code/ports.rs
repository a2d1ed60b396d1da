//! A storage backend, asked through its ports.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    AttendeeKey, Budgets, Buttons, ChangeFeed, ContactId, Contacts, Delivery, Digests, Follower, Households,
    Idempotency, NameKey, Outcome, Position, Rejects, Roster, Sqlite, UserId, event_id, ingest, registration, time,
    values,
};
#[cfg(feature = "aws")]
use super::{EventsTable, Remembered, SignupId, now};

/// More than any golden file holds.
const ALL: usize = 1_000;

pub struct Ports {
    roster: Arc<dyn Roster>,
    rejects: Arc<dyn Rejects>,
    buttons: Arc<dyn Buttons>,
    idempotency: Arc<dyn Idempotency>,
    digests: Arc<dyn Digests>,
    contacts: Arc<dyn Contacts>,
    budgets: Arc<dyn Budgets>,
    households: Arc<dyn Households>,
}

impl Ports {
    pub fn of<B>(backend: B) -> Self
    where
        B: Roster + Rejects + Buttons + Idempotency + Digests + Contacts + Budgets + Households + 'static,
    {
        let backend = Arc::new(backend);
        Self {
            roster: backend.clone(),
            rejects: backend.clone(),
            buttons: backend.clone(),
            idempotency: backend.clone(),
            digests: backend.clone(),
            contacts: backend.clone(),
            budgets: backend.clone(),
            households: backend,
        }
    }

    /// The outcome of one message: `stored`, `duplicate`, `stale`, `ignored`, `rejected` or `deferred`.
    pub async fn ingest(&self, id: &str, arrived_at: i64, body: &str) -> &'static str {
        let delivery = Delivery {
            message_id: id.to_owned(),
            receipt: String::new(),
            body: body.to_owned(),
            arrived_at: time(arrived_at),
            receive_count: 1,
        };
        let ports = ingest::Ports {
            roster: &*self.roster,
            rejects: &*self.rejects,
            buttons: &*self.buttons,
            idempotency: &*self.idempotency,
        };
        match ingest::ingest(&[delivery], ports, time(arrived_at)).await.remove(0).outcome {
            Outcome::Stored => "stored",
            Outcome::Duplicate => "duplicate",
            Outcome::Stale => "stale",
            Outcome::Ignored => "ignored",
            Outcome::Rejected(_) => "rejected",
            Outcome::Retry(_) => "deferred",
        }
    }

    /// Null if nothing is stored of this name.
    pub async fn attendee(&self, event: &str, folded_name: &str) -> Value {
        let key = AttendeeKey { event: event_id(event), name: NameKey::from_stored(folded_name.to_owned()) };
        values::attendee(self.roster.attendee(&key).await.unwrap().as_ref())
    }

    /// Title, count, and the folded names on the roster.
    pub async fn event(&self, event: &str) -> Value {
        let page = self.roster.roster(&event_id(event), ALL, None).await.unwrap();
        let names: Vec<_> = page.attendees.iter().map(|attendee| attendee.name.key().as_str()).collect();
        json!({"id": event, "title": page.title, "count": page.count, "names": names})
    }

    /// The ids of all events.
    pub async fn events(&self) -> Vec<String> {
        let events = self.roster.events(ALL, None).await.unwrap();
        events.into_iter().map(|event| event.id.as_str().to_owned()).collect()
    }

    pub async fn rejects(&self) -> Value {
        self.rejects.list(ALL, None).await.unwrap().iter().map(values::reject).collect()
    }

    /// Registers a button with the fields that the organiser sends.
    pub async fn register(&self, fields: &Value) {
        let button = registration::button(fields.as_object().unwrap()).unwrap();
        self.buttons.register(button).await.unwrap();
    }

    pub async fn buttons(&self) -> Value {
        self.buttons.registered(ALL, None).await.unwrap().iter().map(values::button).collect()
    }

    /// Null if the event has none.
    pub async fn digest(&self, event: &str) -> Value {
        self.digests.digest(&event_id(event)).await.unwrap().as_ref().map_or(Value::Null, values::digest)
    }

    /// Null if the owner of the address was never asked.
    pub async fn opt_in(&self, contact_id: &str) -> Value {
        values::opt_in(self.contacts.consent(&ContactId::from_stored(contact_id.to_owned())).await.unwrap())
    }

    pub async fn spent(&self, budget: &str) -> u64 {
        self.budgets.spent(budget).await.unwrap()
    }

    pub async fn usual_name(&self, household: &str) -> Option<String> {
        let user = UserId::from_stored(household.to_owned());
        self.households.usual_name(&user).await.unwrap().map(|name| name.as_str().to_owned())
    }

    /// The ids of the events with a digest that is due at a time.
    #[cfg(feature = "aws")]
    pub async fn due(&self, at: i64) -> Vec<String> {
        let due = self.digests.due(time(at), ALL).await.unwrap();
        due.into_iter().map(|(event, _)| event.as_str().to_owned()).collect()
    }

    /// The id of the sign-up that is remembered under an idempotency key.
    #[cfg(feature = "aws")]
    pub async fn remembered(&self, key: &str) -> String {
        let another = Remembered { fingerprint: String::new(), id: SignupId::new(now()), requested_at: now() };
        self.idempotency.remember(key.to_owned(), another).await.unwrap().id.as_str().to_owned()
    }
}

/// Every change of a feed, oldest first.
pub async fn changes(feed: &dyn ChangeFeed) -> Value {
    let changes = feed.changes(&Position::START, ALL).await.unwrap();
    let values = changes.iter().map(|(position, change)| {
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
    let [digests, answers] = [sqlite.position(Follower::Digests), sqlite.position(Follower::Answers)];
    json!({"digests": digests.await.unwrap().as_str(), "answers": answers.await.unwrap().as_str()})
}

/// How far a DynamoDB table's stream was followed.
#[cfg(feature = "aws")]
pub async fn table_position(table: &EventsTable) -> String {
    table.position().await.unwrap().as_str().to_owned()
}
