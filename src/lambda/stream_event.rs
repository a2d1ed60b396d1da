//! The event with which Lambda passes records of the table's stream to a function.

use aws_lambda_events::dynamodb::{Event, EventRecord, StreamRecord};
use serde_dynamo::{AttributeValue, Item};

use crate::domain::attendee::Attendee;
use crate::domain::change::Change;
use crate::domain::event::EventId;
use crate::formats::stored::attendee::{AttendeeRecord, Damaged};
use crate::formats::stored::describe_damage;
use crate::ports::DamagedChange;

/// The event of a damaged record that does not say its event.
const UNKNOWN_EVENT: &str = "unknown";

/// Returns the changes of attendees, in the order of the stream. Leaves out writes to other items of the table.
pub fn changes(event: Event) -> Vec<Result<Change, DamagedChange>> {
    event.records.into_iter().filter_map(|record| change_in(record).transpose()).collect()
}

fn change_in(record: EventRecord) -> Result<Option<Change>, DamagedChange> {
    let StreamRecord { keys, old_image, new_image, sequence_number, .. } = record.change;
    change(old_image, new_image).map_err(|cause| {
        let event = match keys.inner().get("event") {
            Some(AttributeValue::S(event)) => event.clone(),
            _ => UNKNOWN_EVENT.to_owned(),
        };
        let number = sequence_number.unwrap_or_default();
        let cause = format!("record {number} of the stream: {cause}");
        DamagedChange { event: EventId::from_stored(event), cause }
    })
}

/// The change between two images of an item, where an empty image means that there is no item. Returns `None` if the
/// item is not an attendee.
///
/// # Errors
/// Returns the reason if an image cannot be read.
pub fn change(old: Item, new: Item) -> Result<Option<Change>, String> {
    if [&old, &new].into_iter().any(is_other_item) {
        return Ok(None);
    }
    let (old, new) = (read_attendee(old)?, read_attendee(new)?);
    let key = new.as_ref().or(old.as_ref()).map(Attendee::key);
    Ok(key.map(|key| Change { key, old, new }))
}

/// Whether an item is something other than an attendee. The partition key or the sort key of such items begins with
/// `#`.
fn is_other_item(image: &Item) -> bool {
    let has_prefix = |key: &str| match image.inner().get(key) {
        Some(AttributeValue::S(text)) => text.starts_with('#'),
        _ => false,
    };
    has_prefix("event") || has_prefix("name")
}

fn read_attendee(image: Item) -> Result<Option<Attendee>, String> {
    if image.is_empty() {
        return Ok(None);
    }
    let record: AttendeeRecord = serde_dynamo::from_item(image).map_err(|error| describe_damage(&error))?;
    record.try_into().map(Some).map_err(|damaged: Damaged| damaged.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::change::Movement;

    fn image(status: &str) -> Value {
        let mut image = json!({
            "event": {"S": "dance"}, "name": {"S": "melvin"}, "display_name": {"S": "Melvin"}, "title": {"S": "Dance"},
            "status": {"S": status}, "requested_at": {"N": "1795431600000"}, "signup_id": {"S": "a"}, "rev": {"N": "2"},
        });
        let attributes = match status {
            "in" => json!({"since": {"N": "1795431600000"}, "owner": {"S": "a"}, "channel": {"S": "queue"},
                           "contact": {"M": {"email": {"S": "melvin@example.org"}}}}),
            _ => json!({"expires_at": {"N": "1798023600"}}),
        };
        image.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
        image
    }

    /// An event as in the AWS Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB".
    fn event(images: &[(Option<Value>, Option<Value>)]) -> Event {
        let records = images.iter().enumerate().map(|(number, (old, new))| {
            let mut stream = json!({
                "ApproximateCreationDateTime": 1_795_431_600,
                "Keys": {"event": {"S": "dance"}, "name": {"S": "melvin"}},
                "SequenceNumber": format!("{number}"), "SizeBytes": 59, "StreamViewType": "NEW_AND_OLD_IMAGES",
            });
            for (field, image) in [("OldImage", old), ("NewImage", new)] {
                if let Some(image) = image {
                    stream[field] = image.clone();
                }
            }
            json!({
                "eventID": format!("{number}"), "eventName": "MODIFY", "eventVersion": "1.1",
                "eventSource": "aws:dynamodb", "awsRegion": "us-east-1", "dynamodb": stream,
                "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/Events/stream/2026-11-23T00:00:00.000",
            })
        });
        serde_json::from_value(json!({ "Records": records.collect::<Vec<_>>() })).unwrap()
    }

    #[test]
    fn reads_movements_from_images() {
        let event = event(&[
            (None, Some(image("in"))),
            (Some(image("in")), Some(image("in"))),
            (Some(image("in")), Some(image("out"))),
            (Some(image("out")), Some(image("in"))),
            (Some(image("in")), None),
        ]);
        let changes: Vec<Change> = changes(event).into_iter().map(Result::unwrap).collect();
        let movements: Vec<_> = changes.iter().map(|change| change.movement().map(|(movement, _)| movement)).collect();
        let (joined, left) = (Some(Movement::Joined), Some(Movement::Left));
        assert_eq!(movements, [joined, None, left, joined, left]);
        let melvin = changes[0].new.as_ref().unwrap();
        assert_eq!(melvin.registration().unwrap().contact.as_ref().unwrap().address(), "melvin@example.org");
    }

    #[test]
    fn ignores_items_other_than_attendees() {
        let digest = json!({"event": {"S": "#digest"}, "name": {"S": "dance"}, "status": {"S": "in"}});
        let details = json!({"event": {"S": "dance"}, "name": {"S": "#details"}, "title": {"S": "Dance"}});
        assert_eq!(changes(event(&[(None, Some(digest)), (Some(details), None)])), []);
    }

    #[test]
    fn damaged_image_affects_no_other() {
        let mut damaged = image("in");
        damaged.as_object_mut().unwrap().remove("owner");
        let changes = changes(event(&[
            (None, Some(damaged)),
            (None, Some(image("in"))),
            (Some(json!({"event": {"S": "dance"}})), None),
        ]));
        let error = changes[0].as_ref().unwrap_err();
        assert_eq!(error.event.as_str(), "dance");
        assert!(error.cause.contains("record 0") && error.cause.contains("`owner`"), "{error}");
        assert!(changes[1].is_ok());
        assert!(changes[2].is_err());
    }
}
