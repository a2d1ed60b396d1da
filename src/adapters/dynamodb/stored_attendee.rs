//! An attendee with the revision of its item, on which the next write is conditional.

use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use super::item::{self, Item, Unchanged};
use super::{number, text};
use crate::domain::attendee::Attendee;
use crate::formats::stored::attendee::AttendeeRecord;
use crate::ports::Unavailable;

/// An attendee that was read from its item.
#[derive(Debug)]
pub struct StoredAttendee {
    pub attendee: Attendee,
    /// The revision, which every write increments. Items written before revisions were introduced have none.
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
    pub fn from_item(item: Item) -> Result<Self, Unavailable> {
        let AttendeeItem { record, rev } = item::read(item)?;
        Ok(Self { attendee: record.try_into().map_err(item::damaged)?, rev })
    }

    /// Returns the attributes that show whether an item has changed since it was read.
    ///
    /// The revision alone is not enough. During a deployment, functions of an older version, which had no revisions,
    /// may still run, and their updates leave `rev` unchanged. But each of their updates changes the attendee's newest
    /// version (`requested_at` and `signup_id`) or `link_asked_at`.
    fn compared_attributes(&self) -> [(&'static str, Option<AttributeValue>); 4] {
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

/// Adds an attendee's item to a put, and the condition that the stored attendee is still `expected`. `None` means that
/// no attendee is stored.
pub fn conditional_put(
    put: PutItemFluentBuilder,
    expected: Option<&StoredAttendee>,
    attendee: &Attendee,
) -> PutItemFluentBuilder {
    let rev = expected.and_then(|expected| expected.rev).unwrap_or(0) + 1;
    let item = AttendeeItem { record: AttendeeRecord::from(attendee), rev: Some(rev) };
    let put = put.set_item(Some(item::write(&item)));
    let Some(expected) = expected else { return put.condition_expression("attribute_not_exists(signup_id)") };
    let Unchanged { condition, names, values } = Unchanged::of(expected.compared_attributes());
    put.condition_expression(condition)
        .set_expression_attribute_names(Some(names))
        .set_expression_attribute_values(values)
}
