//! Items that functions from before attendees had a `rev` wrote, and such functions at work beside the new ones, as
//! during a deploy.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use countmein::domain::attendee::{Applied, TOMBSTONE_RETENTION};
use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::channel::Channel;
use countmein::domain::contact::Contact;
use countmein::domain::event::Event;
use countmein::domain::signup::{Request, Signup, SignupId, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::ports::{AttendeeSignups, Roster as _};
use serde_json::{Value, json};

use super::world::{TABLE, World, failures};
use crate::support::runtime_api::events::{AT, message, records};
use crate::support::runtime_api::proxy::Call;

/// A moment before the messages of these tests arrive, in milliseconds.
fn at(second: i64) -> i64 {
    AT - 100_000 + second * 1_000
}

/// Ana, as those functions wrote her.
fn in_without_rev() -> Value {
    json!({
        "event": { "S": "dance" }, "name": { "S": "ana" }, "display_name": { "S": "Ana" }, "title": { "S": "Dance" },
        "status": { "S": "in" }, "requested_at": { "N": at(1).to_string() }, "signup_id": { "S": "a" },
        "since": { "N": at(1).to_string() }, "owner": { "S": "a" }, "channel": { "S": "queue" },
        "contact": { "M": { "email": { "S": "ana@example.org" } } }, "notify": { "BOOL": false },
    })
}

fn out_without_rev() -> Value {
    json!({
        "event": { "S": "dance" }, "name": { "S": "ana" }, "display_name": { "S": "Ana" }, "title": { "S": "Dance" },
        "status": { "S": "out" }, "requested_at": { "N": at(1).to_string() }, "signup_id": { "S": "a" },
        "expires_at": { "N": Timestamp::now().plus(TOMBSTONE_RETENTION).as_seconds().to_string() },
    })
}

fn email(address: &str) -> AttributeValue {
    AttributeValue::M(HashMap::from([("email".to_owned(), text(address))]))
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Has `ingest` take a message about Ana; the calls that it made.
fn ingests(world: &World, id: &str, second: i64, fields: &Value) -> Vec<Call> {
    let mut body = json!({ "event": "Dance", "name": "Ana", "requested_at": at(second) });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let answer = world.ingest().invoke(&records([message(id, &body)])).response();
    assert_eq!(failures(&answer), [""; 0]);
    world.proxy.calls()
}

fn ana(world: &World) -> HashMap<String, AttributeValue> {
    let mut items = world.items("dance");
    assert_eq!(items.len(), 1);
    items.remove(0)
}

/// An update of Ana by a function that knows no `rev`.
fn update(world: &World) -> UpdateItemFluentBuilder {
    let client = Client::new(&world.config);
    client.update_item().table_name(TABLE).key("event", text("dance")).key("name", text("ana"))
}

/// As on a message that gives Ana another address.
fn changes_the_contact(world: &World) -> UpdateItemFluentBuilder {
    let names = "requested_at signup_id display_name title status since owner channel contact expires_at";
    update(world)
        .update_expression(
            "SET #requested_at = :requested_at, #signup_id = :signup_id, \
             #display_name = if_not_exists(#display_name, :display_name), #title = if_not_exists(#title, :title), \
             #status = :status, #since = if_not_exists(#since, :since), #owner = if_not_exists(#owner, :owner), \
             #channel = if_not_exists(#channel, :channel), #contact = :contact REMOVE #expires_at",
        )
        .set_expression_attribute_names(Some(
            names.split(' ').map(|name| (format!("#{name}"), name.to_owned())).collect(),
        ))
        .expression_attribute_values(":requested_at", number(at(2)))
        .expression_attribute_values(":signup_id", text("b"))
        .expression_attribute_values(":display_name", text("Ana"))
        .expression_attribute_values(":title", text("Dance"))
        .expression_attribute_values(":status", text("in"))
        .expression_attribute_values(":since", number(at(2)))
        .expression_attribute_values(":owner", text("b"))
        .expression_attribute_values(":channel", text("queue"))
        .expression_attribute_values(":contact", email("ana@example.com"))
}

#[test]
fn item_without_rev_is_updated_and_gets_one() {
    let world = World::new();
    world.put(&in_without_rev());
    let mut expected = ana(&world);

    let contact = json!({ "contact": { "email": "ana@example.com" } });
    let calls = ingests(&world, "b", 2, &contact);

    assert_eq!(calls.iter().map(Call::operation).collect::<Vec<_>>(), ["BatchGetItem", "PutItem", "PutItem"]);
    expected.extend([
        ("requested_at".to_owned(), number(at(2))),
        ("signup_id".to_owned(), text("b")),
        ("contact".to_owned(), email("ana@example.com")),
        ("confirmed".to_owned(), AttributeValue::Bool(true)),
        ("rev".to_owned(), number(1)),
    ]);
    assert_eq!(ana(&world), expected);
    ingests(&world, "b", 2, &contact);
    assert_eq!(ana(&world), expected, "the message came twice");
}

#[test]
fn tombstone_without_rev_holds_back_older_requests_and_ends_with_a_newer_one() {
    let world = World::new();
    world.put(&out_without_rev());
    let tombstone = ana(&world);

    ingests(&world, "older", 0, &json!({}));
    assert_eq!(ana(&world), tombstone);

    ingests(&world, "newer", 2, &json!({}));
    let ana = ana(&world);
    assert_eq!((&ana["status"], &ana["owner"], &ana["rev"]), (&text("in"), &text("newer"), &number(1)));
    assert_eq!(ana.get("expires_at"), None);
}

#[test]
fn link_asked_for_without_rev_is_noticed() {
    let world = World::new();
    world.put(&in_without_rev());
    let asks = update(&world)
        .update_expression("SET #link_asked_at = :link_asked_at")
        .expression_attribute_names("#link_asked_at", "link_asked_at")
        .expression_attribute_values(":link_asked_at", number(at(2)));
    world.before_call(3, async move { drop(asks.send().await.unwrap()) });

    let calls = ingests(&world, "c", 3, &json!({ "contact": { "email": "ana@example.com" } }));

    let calls: Vec<_> = calls.iter().map(|call| (call.operation(), call.was_done())).collect();
    assert_eq!(calls, [("BatchGetItem", true), ("PutItem", false), ("PutItem", false), ("PutItem", true)]);
    let ana = ana(&world);
    assert_eq!((&ana["link_asked_at"], &ana["contact"]), (&number(at(2)), &email("ana@example.com")));
}

/// The address of Ana, who has a `rev`, changes while `ingest` is about to write that she asked for her link.
fn both_changes_show(meanwhile: impl FnOnce(&World)) -> HashMap<String, AttributeValue> {
    let world = World::new();
    ingests(&world, "a", 1, &json!({ "contact": { "email": "ana@example.org" } }));
    meanwhile(&world);

    let calls = ingests(&world, "c", 3, &json!({ "action": "send_link" }));

    let calls: Vec<_> = calls.iter().map(|call| (call.operation(), call.was_done())).collect();
    assert_eq!(calls, [("BatchGetItem", true), ("GetItem", true), ("PutItem", false), ("PutItem", true)]);
    let ana = ana(&world);
    assert_eq!((&ana["link_asked_at"], &ana["contact"]), (&number(at(3)), &email("ana@example.com")));
    ana
}

#[test]
fn update_that_leaves_rev_as_it_is_is_not_lost() {
    let ana = both_changes_show(|world| {
        let update = changes_the_contact(world);
        world.before_call(3, async move { drop(update.send().await.unwrap()) });
    });
    assert_eq!((&ana["signup_id"], &ana["rev"]), (&text("b"), &number(2)));
}

#[test]
fn write_that_drops_rev_is_not_lost() {
    let ana = both_changes_show(|world| {
        let mut item = ana(world);
        item.remove("rev");
        item.extend([
            ("requested_at".to_owned(), number(at(2))),
            ("signup_id".to_owned(), text("b")),
            ("contact".to_owned(), email("ana@example.com")),
        ]);
        let put = Client::new(&world.config).put_item().table_name(TABLE).set_item(Some(item));
        let put = put
            .condition_expression("requested_at = :requested_at AND signup_id = :signup_id")
            .expression_attribute_values(":requested_at", number(at(1)))
            .expression_attribute_values(":signup_id", text("a"));
        world.before_call(3, async move { drop(put.send().await.unwrap()) });
    });
    assert_eq!((&ana["signup_id"], &ana["rev"]), (&text("b"), &number(1)));
}

#[test]
fn write_that_shows_in_rev_alone_is_not_lost() {
    both_changes_show(|world| {
        let update = update(world)
            .update_expression("SET rev = rev + :one, contact = :contact")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":contact", email("ana@example.com"));
        world.before_call(3, async move { drop(update.send().await.unwrap()) });
    });
}

#[test]
fn write_of_another_batch_is_not_lost() {
    let ana = both_changes_show(|world| {
        let signup = Signup {
            version: Version {
                requested_at: Timestamp::from_millis(at(2)).unwrap(),
                id: SignupId::parse("b").unwrap(),
            },
            event: Event::parse("Dance").unwrap(),
            name: AttendeeName::parse("Ana").unwrap(),
            channel: Channel::Queue,
            network: None,
            request: Request::trusted_sign_up(Some(Contact::email("ana@example.com").unwrap())),
        };
        let table = world.table.clone();
        world.before_call(3, async move {
            let batch = AttendeeSignups { key: signup.key(), signups: vec![signup] };
            let applied = table
                .apply(vec![batch], Timestamp::now(), tokio::time::Instant::now() + std::time::Duration::from_secs(60))
                .await
                .remove(0);
            assert_eq!(applied.unwrap(), [Applied::Stored]);
        });
    });
    assert_eq!((&ana["signup_id"], &ana["rev"]), (&text("b"), &number(3)));
}
