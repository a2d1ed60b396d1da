//! An attendee with the revision of its item.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::item::{self, Item};
use super::{number, text};
use crate::domain::attendee::Attendee;
use crate::formats::stored::attendee::AttendeeRecord;
use crate::ports::Unavailable;

/// An attendee as it was read from its item.
#[derive(Debug)]
pub struct StoredAttendee {
    pub attendee: Attendee,
    /// Raised by every write. Items from before there were revisions have none.
    rev: Option<u64>,
}

/// An attendee's attributes.
#[derive(Serialize, Deserialize)]
struct AttendeeItem {
    #[serde(flatten)]
    record: AttendeeRecord,
    #[serde(default)]
    rev: Option<u64>,
}

impl StoredAttendee {
    pub fn read(item: Item) -> Result<Self, Unavailable> {
        let AttendeeItem { record, rev } = item::read(item)?;
        Ok(Self { attendee: record.try_into().map_err(item::damaged)?, rev })
    }

    /// The attributes that show whether an item is still the one that was read.
    ///
    /// The revision alone does not: functions from before there were revisions run beside these during a deploy, and
    /// their updates leave `rev` as it is. But each of their updates changes the version or `link_asked_at`.
    fn state(&self) -> [(&'static str, Option<AttributeValue>); 4] {
        let Attendee { newest, .. } = &self.attendee;
        let link_requested_at = self.attendee.registration().and_then(|registration| registration.link_requested_at);
        [
            ("rev", self.rev.map(number)),
            ("requested_at", Some(number(newest.requested_at.as_millis()))),
            ("signup_id", Some(text(newest.id.as_str()))),
            ("link_asked_at", link_requested_at.map(|at| number(at.as_millis()))),
        ]
    }
}

/// Completes the write of an attendee in the place of what was found, or where nothing was. It is refused if something
/// else is there by then.
pub fn replace(put: PutItemFluentBuilder, found: Option<&StoredAttendee>, attendee: &Attendee) -> PutItemFluentBuilder {
    let rev = found.and_then(|found| found.rev).unwrap_or(0) + 1;
    let item = AttendeeItem { record: AttendeeRecord::from(attendee), rev: Some(rev) };
    let put = put.set_item(Some(item::write(&item)));
    let Some(found) = found else { return put.condition_expression("attribute_not_exists(signup_id)") };
    let mut conditions = Vec::new();
    let mut values = HashMap::new();
    for (name, value) in found.state() {
        match value {
            Some(value) => {
                conditions.push(format!("{name} = :{name}"));
                values.insert(format!(":{name}"), value);
            }
            None => conditions.push(format!("attribute_not_exists({name})")),
        }
    }
    put.condition_expression(conditions.join(" AND ")).set_expression_attribute_values(Some(values))
}
