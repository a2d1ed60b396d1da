//! The stored form of an event's details: the attributes of its item in the DynamoDB table `Events`. A deleted event has a
//! [marker](super::deleted_event) in the same place.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::event::EventId;
use crate::domain::event_details::EventDetails;
use crate::domain::host_link::LinkGenerations;
use crate::domain::timestamp::{Timestamp, millis};
use crate::formats::event_details;

/// The sort key of the details of an event, whose partition key is the event's id. No attendee's name begins with `#`.
pub const DETAILS: &str = "#details";

/// The stored attributes of an event's details, without the key. Times are in milliseconds since 1970. The names of the
/// fields are the names of the stored attributes, so they must not change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventDetailsRecord {
    /// The fields as in the API.
    content: Map<String, Value>,
    #[serde(with = "millis")]
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    cancelled_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    archived_at: Option<Timestamp>,
    #[serde(default)]
    links: LinkGenerations,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    limited_since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    earlier_deleted_at: Option<Timestamp>,
    version: u64,
}

impl EventDetailsRecord {
    /// Builds the record to store as the next version of the details.
    pub fn next(details: &EventDetails) -> Self {
        Self {
            content: event_details::to_json(&details.content),
            created_at: details.created_at,
            cancelled_at: details.cancelled_at,
            archived_at: details.archived_at,
            links: details.links,
            limited_since: details.limited_since,
            earlier_deleted_at: details.earlier_deleted_at,
            version: details.version + 1,
        }
    }

    /// # Errors
    /// Returns what is wrong with a damaged record, without the values in it.
    pub fn into_details(self, event: EventId) -> Result<EventDetails, String> {
        let content = event_details::from_json(&self.content)
            .map_err(|invalid| format!("the stored field `{}` is invalid", invalid.field))?;
        Ok(EventDetails {
            event,
            content,
            created_at: self.created_at,
            cancelled_at: self.cancelled_at,
            archived_at: self.archived_at,
            links: self.links,
            limited_since: self.limited_since,
            earlier_deleted_at: self.earlier_deleted_at,
            version: self.version,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::host_link::HostRole;

    #[test]
    fn stored_details_are_read_back() {
        let fields = json!({"title": "Dinner", "starts_at": "2026-12-03T19:00", "zone": "Europe/Berlin"});
        let content = event_details::from_json(fields.as_object().unwrap()).unwrap();
        let now = Timestamp::now();
        let mut details = EventDetails::new(EventId::parse("dinner").unwrap(), content, now);
        details.links.revoke(HostRole::Host);
        details.cancelled_at = Some(now);
        details.earlier_deleted_at = Some(now);
        let json = serde_json::to_string(&EventDetailsRecord::next(&details)).unwrap();
        let record: EventDetailsRecord = serde_json::from_str(&json).unwrap();
        let read = record.into_details(details.event.clone());
        assert_eq!(read, Ok(EventDetails { version: 1, ..details }));
    }

    #[test]
    fn damage_is_described_without_values() {
        let json = json!({"content": {"title": ""}, "created_at": 1_795_431_600_000_i64, "version": 1});
        let record: EventDetailsRecord = serde_json::from_value(json).unwrap();
        let event = EventId::parse("dinner").unwrap();
        assert_eq!(record.into_details(event), Err("the stored field `title` is invalid".to_owned()));
    }
}
