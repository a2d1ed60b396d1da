//! The outbox between `fanout` and `deliver`.

use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName};
use countmein::domain::timestamp::Timestamp;
use serde_json::{Map, Value, json};

use super::world::{World, failures};
use crate::support::runtime_api::Function;
use crate::support::runtime_api::events::{self, records};

/// Both functions, and the outbox between them.
pub struct Notifications<'a> {
    world: &'a World,
    fanout: Function,
    deliver: Function,
}

impl<'a> Notifications<'a> {
    /// Both functions have these settings.
    pub fn of(world: &'a World, settings: &[(&str, &str)]) -> Self {
        Self { world, fanout: world.fanout_with(settings), deliver: world.deliver_with(settings) }
    }

    /// Invokes `fanout`, and then `deliver` until no message waits.
    pub fn invoke(&self, event: &Value) {
        self.fanout.invoke(event).response();
        while let Some(batch) = self.world.receive_outbox() {
            let response = self.deliver.invoke(&batch).response();
            assert_eq!(failures(&response), [""; 0]);
        }
    }

    /// Invokes `deliver` with messages that it sent again, as if their delay had passed.
    pub fn retry(&self, resent: &Value) {
        let response = self.deliver.invoke(resent).response();
        assert_eq!(failures(&response), [""; 0]);
    }

    /// Ends both functions. Returns what they logged.
    pub fn kill(self) -> Vec<String> {
        [self.fanout.kill(), self.deliver.kill()].concat()
    }
}

impl World {
    /// Takes at most ten messages out of the outbox, as the event that Lambda makes of them.
    pub fn receive_outbox(&self) -> Option<Value> {
        self.receive_as_event(&self.outbox)
    }

    /// Takes at most ten messages out of the dead-letter queue of the outbox.
    pub fn receive_outbox_dead_letters(&self) -> Option<Value> {
        self.receive_as_event(&self.outbox_dead_letters)
    }

    fn receive_as_event(&self, queue: &str) -> Option<Value> {
        let sqs = aws_sdk_sqs::Client::new(&self.config);
        let receive = sqs.receive_message().queue_url(queue).max_number_of_messages(10);
        let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
        let received = self.wait(receive.message_attribute_names("All").send()).unwrap().messages?;
        for message in &received {
            let receipt = message.receipt_handle().unwrap();
            self.wait(sqs.delete_message().queue_url(queue).receipt_handle(receipt).send()).unwrap();
        }
        Some(records(received.iter().map(record)))
    }

    /// The messages that `deliver` has sent to the outbox again since the last [`Proxy::judge`], as the event that Lambda
    /// makes of them.
    ///
    /// [`Proxy::judge`]: crate::support::runtime_api::proxy::Proxy::judge
    pub fn resent(&self) -> Value {
        let calls = self.proxy.calls().into_iter();
        let entries = calls.filter_map(|call| call.body["Entries"].as_array().cloned()).flatten();
        let deferred = entries.filter(|entry| entry["DelaySeconds"].is_number());
        records(deferred.map(|entry| {
            let mut record = events::message("copy", &entry["MessageBody"]);
            record["attributes"]["SentTimestamp"] = json!(Timestamp::now().as_millis().to_string());
            record["messageAttributes"] = entry["MessageAttributes"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| (name.clone(), attribute(value["StringValue"].as_str().unwrap())))
                .collect::<Map<_, _>>()
                .into();
            record
        }))
    }

    /// Puts a message that was put into the outbox at this time into its dead-letter queue.
    pub fn put_outbox_dead_letter(&self, body: &str, put_at: Timestamp) {
        let arrived_at = MessageAttributeValue::builder().data_type("String");
        let arrived_at = arrived_at.string_value(put_at.as_millis().to_string()).build().unwrap();
        let sqs = aws_sdk_sqs::Client::new(&self.config);
        let send = sqs.send_message().queue_url(&self.outbox_dead_letters).message_body(body);
        self.wait(send.message_attributes("origin_arrived_at", arrived_at).send()).unwrap();
    }
}

fn record(message: &Message) -> Value {
    let mut record = events::message(message.message_id().unwrap(), &json!(message.body().unwrap()));
    let system = message.attributes.as_ref().unwrap();
    for name in [MessageSystemAttributeName::SentTimestamp, MessageSystemAttributeName::ApproximateReceiveCount] {
        record["attributes"][name.as_str()] = json!(system[&name]);
    }
    for (name, value) in message.message_attributes.iter().flatten() {
        record["messageAttributes"][name] = attribute(value.string_value().unwrap());
    }
    record
}

fn attribute(value: &str) -> Value {
    json!({ "dataType": "String", "stringValue": value })
}
