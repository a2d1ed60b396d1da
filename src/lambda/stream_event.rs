//! The event with which Lambda passes records of the table's stream to a function.

use aws_lambda_events::dynamodb::{Event, EventRecord, StreamRecord};
use serde_dynamo::{AttributeValue, Item};

use crate::domain::attendee::Attendee;
use crate::domain::change::{AttendeeChange, Change, DetailsChange};
use crate::domain::event::EventId;
use crate::domain::event_details::EventDetails;
use crate::domain::seat::{Seat, SeatChange};
use crate::formats::stored::attendee::{AttendeeRecord, Damaged, REKEYED_FROM, REKEYED_TO};
use crate::formats::stored::deleted_event::DeletionRecord;
use crate::formats::stored::describe_damage;
use crate::formats::stored::event_details::{DETAILS, EventDetailsRecord};
use crate::formats::stored::seat::{SEATS, SeatRecord};
use crate::ports::DamagedChange;

/// The event of a damaged record that does not say its event.
const UNKNOWN_EVENT: &str = "unknown";

/// Returns the changes of attendees and of events' details, in the order of the stream. Leaves out writes to other items of the
/// table. Those of seats are [`seat_changes`].
pub fn changes(event: Event) -> Vec<Result<Change, DamagedChange>> {
    event.records.into_iter().filter_map(|record| change_in(record).transpose()).collect()
}

fn change_in(record: EventRecord) -> Result<Option<Change>, DamagedChange> {
    let StreamRecord { keys, old_image, new_image, sequence_number, .. } = record.change;
    change(old_image, new_image)
        .map_err(|cause| damaged(text(&keys, "event").unwrap_or(UNKNOWN_EVENT), sequence_number.as_deref(), &cause))
}

/// Returns the changes of seats, in the order of the stream.
pub fn seat_changes(event: &Event) -> Vec<Result<SeatChange, DamagedChange>> {
    event.records.iter().filter_map(|record| seat_change_in(&record.change)).collect()
}

fn seat_change_in(record: &StreamRecord) -> Option<Result<SeatChange, DamagedChange>> {
    let event = text(&record.keys, "event")?.strip_prefix(SEATS)?;
    let change = || Ok(SeatChange { old: read_seat(&record.old_image)?, new: read_seat(&record.new_image)? });
    Some(change().map_err(|cause: String| damaged(event, record.sequence_number.as_deref(), &cause)))
}

fn damaged(event: &str, sequence_number: Option<&str>, cause: &str) -> DamagedChange {
    let cause = format!("record {} of the stream: {cause}", sequence_number.unwrap_or_default());
    DamagedChange { event: EventId::from_stored(event.to_owned()), cause }
}

/// The change between two images of an item, where an empty image means that there is no item. Returns `None` if the
/// item is neither an attendee nor the details of an event, or if it moved to another key.
///
/// # Errors
/// Returns the reason if an image cannot be read.
pub fn change(old: Item, new: Item) -> Result<Option<Change>, String> {
    let image = if new.is_empty() { &old } else { &new };
    match (text(image, "event"), text(image, "name")) {
        // The partition key or the sort key of other items begins with `#`.
        (Some(event), _) if event.starts_with('#') => Ok(None),
        (Some(event), Some(DETAILS)) => {
            let event = EventId::from_stored(event.to_owned());
            let (old, new) = (read_details(&event, old)?, read_details(&event, new)?);
            // A marker of a deleted event is no details. It is written several times, and expires.
            let is_change = old.is_some() || new.is_some();
            Ok(is_change.then_some(Change::Details(DetailsChange { event, old, new })))
        }
        (_, Some(name)) if name.starts_with('#') => Ok(None),
        _ if is_move(&old, &new) => Ok(None),
        _ => {
            let (old, new) = (read_attendee(old)?, read_attendee(new)?);
            let key = new.as_ref().or(old.as_ref()).map(Attendee::key);
            Ok(key.map(|key| Change::Attendee(AttendeeChange { key, old, new })))
        }
    }
}

/// Whether an attendee's item moved to another key: one was deleted that was marked for it, or one was created there.
fn is_move(old: &Item, new: &Item) -> bool {
    (new.is_empty() && text(old, REKEYED_TO).is_some()) || (old.is_empty() && text(new, REKEYED_FROM).is_some())
}

fn text<'a>(image: &'a Item, attribute: &str) -> Option<&'a str> {
    match image.inner().get(attribute) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

fn read_details(event: &EventId, image: Item) -> Result<Option<EventDetails>, String> {
    if image.is_empty() || DeletionRecord::is_in(|name| image.inner().contains_key(name)) {
        return Ok(None);
    }
    let record: EventDetailsRecord = serde_dynamo::from_item(image).map_err(|error| describe_damage(&error))?;
    record.into_details(event.clone()).map(Some)
}

fn read_seat(image: &Item) -> Result<Option<Seat>, String> {
    if image.is_empty() {
        return Ok(None);
    }
    let record: SeatRecord = serde_dynamo::from_item(image.clone()).map_err(|error| describe_damage(&error))?;
    record.into_seat().map(Some)
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
    use crate::domain::seat::Standing;

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
        let movements: Vec<_> =
            changes.iter().map(|change| change.attendee().unwrap().movement().map(|(movement, _)| movement)).collect();
        let (joined, left) = (Some(Movement::Joined), Some(Movement::Left));
        assert_eq!(movements, [joined, None, left, joined, left]);
        let melvin = changes[0].attendee().unwrap().new.as_ref().unwrap();
        assert_eq!(melvin.registration().unwrap().contact.as_ref().unwrap().address(), "melvin@example.org");
    }

    #[test]
    fn ignores_other_items() {
        let digest = json!({"event": {"S": "#digest"}, "name": {"S": "dance"}, "status": {"S": "in"}});
        let state = json!({"event": {"S": "dance"}, "name": {"S": "#state"}, "title": {"S": "Dance"}});
        assert_eq!(changes(event(&[(None, Some(digest)), (Some(state), None)])), []);
    }

    #[test]
    fn move_to_another_key_is_no_change() {
        let with = |attribute: &str| {
            let mut image = image("in");
            image[attribute] = json!({"S": "melvin"});
            Some(image)
        };
        assert_eq!(changes(event(&[(with(REKEYED_TO), None), (None, with(REKEYED_FROM))])), []);
        let later = event(&[
            (Some(image("in")), with(REKEYED_TO)),
            (with(REKEYED_TO), Some(image("out"))),
            (with(REKEYED_FROM), Some(image("out"))),
            (with(REKEYED_FROM), None),
        ]);
        let movements = changes(later)
            .into_iter()
            .map(|change| change.unwrap().attendee().unwrap().movement().map(|(movement, _)| movement));
        let left = Some(Movement::Left);
        assert_eq!(movements.collect::<Vec<_>>(), [None, left, left, left]);
    }

    #[test]
    fn reads_changes_of_details() {
        let details = |version: &str, title: &str| {
            json!({
                "event": {"S": "dance"}, "name": {"S": "#details"}, "created_at": {"N": "1795431600000"},
                "version": {"N": version}, "content": {"M": {"title": {"S": title}}},
            })
        };
        let created = (None, Some(details("1", "Dance")));
        let edited = (Some(details("1", "Dance")), Some(details("2", "Big Dance")));
        let damaged = (Some(details("2", "Big Dance")), Some(details("3", "")));
        let changes = changes(event(&[created, edited, damaged]));
        let titles = |change: &Result<Change, DamagedChange>| {
            let Ok(Change::Details(DetailsChange { old, new, .. })) = change else { panic!("{change:?}") };
            [old, new].map(|details| details.as_ref().map(|details| details.content.title.to_string()))
        };
        assert_eq!(titles(&changes[0]), [None, Some("Dance".to_owned())]);
        assert_eq!(titles(&changes[1]), [Some("Dance".to_owned()), Some("Big Dance".to_owned())]);
        let error = changes[2].as_ref().unwrap_err();
        assert_eq!(error.event.as_str(), "dance");
        assert!(error.cause.contains("`title`"), "{error}");
    }

    #[test]
    fn reads_changes_of_seats() {
        let seat = |standing: &str| {
            json!({
                "event": {"S": "#seat#dance"}, "name": {"S": "melvin"}, "owner": {"S": "a"}, "number": {"N": "7"},
                "since": {"N": "1795431600000"}, "party": {"N": "3"}, "standing": {"S": standing},
            })
        };
        let mut event = event(&[
            (None, Some(image("in"))),
            (None, Some(seat("waiting"))),
            (Some(seat("waiting")), Some(seat("confirmed"))),
            (Some(seat("standing")), None),
        ]);
        for record in &mut event.records[1..] {
            let image =
                if record.change.new_image.is_empty() { &record.change.old_image } else { &record.change.new_image };
            record.change.keys = image.clone();
        }
        let seats = seat_changes(&event);
        let standings = |change: &Result<SeatChange, DamagedChange>| {
            let SeatChange { old, new } = change.as_ref().unwrap();
            [old, new]
                .map(|seat| seat.as_ref().map(|seat| (seat.attendee.event.to_string(), seat.party, seat.standing)))
        };
        let (waiting, confirmed) = (Standing::Waiting, Standing::Confirmed);
        let melvin = |standing| Some(("dance".to_owned(), 3, standing));
        assert_eq!(standings(&seats[0]), [None, melvin(waiting)]);
        assert_eq!(standings(&seats[1]), [melvin(waiting), melvin(confirmed)]);
        let error = seats[2].as_ref().unwrap_err();
        assert_eq!((error.event.as_str(), seats.len()), ("dance", 3));
        assert!(error.cause.contains("record 3") && error.cause.contains("`standing`"), "{error}");
        assert_eq!(changes(event).len(), 1, "seats are no attendees");
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
