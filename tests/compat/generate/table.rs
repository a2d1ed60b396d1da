//! The same on DynamoDB.

use aws_sdk_dynamodb::Client;
use countmein::attendee_name::{AttendeeName, NameKey};
use countmein::aws::events_table::EventsTable;
use countmein::aws::events_table::stream::TableStream;
use countmein::channel::alexa::UserId;
use countmein::event::EventId;
use countmein::ingest::{Ports as IngestPorts, ingest};
use countmein::ports::{Delivery, Position, Remembered};
use countmein::signup::SignupId;
use serde_json::{Value, json};

use super::record::Record;
use super::states;
use crate::code::{self, Ports, time};
use crate::dynamodb::to_json;
use crate::golden::as_text;
use crate::messages::ingest_all;
use crate::ministack::Account;

const MINUTE: i64 = 60_000;

/// The items, and what must be read from them.
pub async fn items(record: &Record) -> (Value, Value) {
    let now = record.written_at;
    let config = Account::new().config();
    let table = EventsTable::new(&config, "Events");
    table.ensure().await.unwrap();
    let ports = Ports::of(table.clone());
    ingest_all(&ports).await;
    let rio = EventId::parse("pizza-night").unwrap();
    assert_eq!(ports.roster.remove(&NameKey::of("Rio").unwrap(), Some(&rio), time(now)).await.unwrap(), 1);
    several_at_once(&table, now).await;
    states::every_kind(&ports, now).await;
    let stream = TableStream::new(&config, table.clone());
    let mut feed = states::Feed { feed: &stream, position: Position::START };
    states::digests(&ports, &mut feed, now).await;
    states::everybody_is_late(&ports, &mut feed, now).await;
    table.set_position(&feed.position).await.unwrap();
    states::contacts(&ports, &record.secret("contact"), now).await;
    for household in &record.alexa[2..] {
        let user = UserId::from_stored(as_text(&household["household"]).to_owned());
        ports.households.remember(&user, &AttendeeName::parse("Änna Müller").unwrap()).await.unwrap();
    }
    let answer = Remembered {
        fingerprint: "EZUCSSXmP6PkNGbBYKvPCyrHyZus7aihcqnahe3vGTQ".to_owned(),
        id: SignupId::parse("01a21390-2b06-7258-83f5-a36beaee0695").unwrap(),
        requested_at: time(now),
    };
    ports.idempotency.remember("fF9CpsFZhzwdTgipIZ0c2OjeVzfYliZJw5-dBaZbAoE".to_owned(), answer).await.unwrap();

    let scanned = Client::new(&config).scan().table_name("Events").consistent_read(true).send().await.unwrap();
    assert!(scanned.last_evaluated_key.is_none());
    let mut items: Vec<Value> = scanned.items.unwrap().iter().map(to_json).collect();
    items.sort_by_key(|item| (as_text(&item["event"]["S"]).to_owned(), as_text(&item["name"]["S"]).to_owned()));
    let of = |partition: fn(&str) -> bool| {
        let keys =
            items.iter().map(|item| [&item["event"]["S"], &item["name"]["S"]].map(|key| as_text(key).to_owned()));
        keys.filter(|[event, _]| partition(event)).collect::<Vec<_>>()
    };
    let names = |keys: Vec<[String; 2]>| keys.into_iter().map(|[_, name]| [name, String::new()]).collect::<Vec<_>>();
    let (contacts, households) = (names(of(|event| event == "#contact")), names(of(|event| event == "#household")));
    let mut expected = states::read(&ports, of(|event| !event.starts_with('#')), contacts, Vec::new()).await;
    for [user, _] in households {
        expected["households"][&user] = json!(ports.usual_name(&user).await);
    }
    for [key, _] in names(of(|event| event == "#idempotency")) {
        expected["remembered"][&key] = json!(ports.remembered(&key).await);
    }
    expected["written_at"] = json!(now);
    expected["budgets"] = states::budgets(&record.secret("contact"), now);
    expected["due"] = json!(ports.due().await);
    expected["position"] = json!(code::table_position(&table).await);
    (json!(items), expected)
}

/// Several requests for one attendee, which are one put.
async fn several_at_once(table: &EventsTable, now: i64) {
    let delivery = |id: &str, minutes: i64, body: Value| Delivery {
        message_id: id.to_owned(),
        receipt: String::new(),
        body: body.to_string(),
        arrived_at: time(now - minutes * MINUTE),
        receive_count: 1,
    };
    let contact = json!({"sms": "+14155552671"});
    let deliveries = [
        delivery("at-once-1", 9, json!({"event": "At Once", "name": "Ana"})),
        delivery("at-once-2", 8, json!({"event": "At Once", "name": "Ana", "contact": contact})),
        delivery("at-once-3", 7, json!({"event": "At Once", "name": "Ana", "stay": "at-once-1", "notify": false})),
        delivery("at-once-4", 9, json!({"event": "At Once", "name": "Ben"})),
        delivery("at-once-5", 8, json!({"event": "At Once", "name": "Ben", "action": "cancel"})),
    ];
    let ports = IngestPorts { roster: table, rejects: table, buttons: table, idempotency: table };
    ingest(&deliveries, ports, time(now)).await;
}
