//! The attributes of a deferred message. SQS gives it a new id and a new time of arrival, so they contain those of the
//! original message.

use crate::domain::signup::SignupId;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Deferral, Delivery};

const ORIGIN_ID: &str = "origin_id";
/// In milliseconds.
const ORIGIN_ARRIVED_AT: &str = "origin_arrived_at";
const ATTEMPTS: &str = "attempts";
const EARLY_ATTEMPTS: &str = "early_attempts";

pub const NAMES: [&str; 4] = [ORIGIN_ID, ORIGIN_ARRIVED_AT, ATTEMPTS, EARLY_ATTEMPTS];

/// Upper limit of the bytes of all attributes: names, types and values count (SQS quotas, "Message size"). An id has at
/// most 128 bytes.
pub const MAX_BYTES: usize = 512;

/// The attributes of a deferred message: names and values.
pub fn attributes(deferral: &Deferral) -> [(&'static str, String); 4] {
    [
        (ORIGIN_ID, deferral.delivery.message_id.clone()),
        (ORIGIN_ARRIVED_AT, deferral.delivery.arrived_at.as_millis().to_string()),
        (ATTEMPTS, deferral.deferrals.attempts.to_string()),
        (EARLY_ATTEMPTS, deferral.deferrals.early_attempts.to_string()),
    ]
}

/// Replaces the id, time of arrival and counts of a delivery by those in the attributes of a deferred message. Absent and
/// invalid attributes change nothing.
pub fn restore<'a>(delivery: &mut Delivery, attribute: impl Fn(&str) -> Option<&'a str>) {
    if let Some(id) = attribute(ORIGIN_ID).and_then(|text| SignupId::parse(text).ok()) {
        delivery.message_id = id.as_str().to_owned();
    }
    let arrived_at = attribute(ORIGIN_ARRIVED_AT).and_then(|text| text.parse().ok());
    if let Some(arrived_at) = arrived_at.and_then(|millis| Timestamp::from_millis(millis).ok()) {
        // The original cannot be newer than its copy.
        delivery.arrived_at = arrived_at.min(delivery.arrived_at);
    }
    let count = |name| attribute(name).and_then(|text| text.parse().ok());
    delivery.deferrals.attempts = count(ATTEMPTS).unwrap_or(0);
    delivery.deferrals.early_attempts = count(EARLY_ATTEMPTS).unwrap_or(0);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::ports::Deferrals;

    fn delivery(id: &str, arrived_at: i64) -> Delivery {
        Delivery {
            message_id: id.to_owned(),
            receipt: "receipt".to_owned(),
            body: "{}".to_owned(),
            arrived_at: Timestamp::from_millis(1_795_431_600_000 + arrived_at).unwrap(),
            receive_count: 1,
            deferrals: Deferrals::default(),
        }
    }

    #[test]
    fn copy_becomes_its_original() {
        let original = delivery("original", 1_000);
        let deferrals = Deferrals { attempts: 7, early_attempts: 2 };
        let deferral =
            Deferral { delivery: original.clone(), deferrals, delay: Duration::ZERO, reason: "throttled".to_owned() };
        let attributes = BTreeMap::from(attributes(&deferral));
        let mut copy = delivery("copy", 9_000);

        restore(&mut copy, |name| attributes.get(name).map(String::as_str));

        assert_eq!(copy, Delivery { deferrals, ..original });
    }

    #[test]
    fn largest_attributes_fit_the_limit() {
        let mut original = delivery(&"x".repeat(128), 0);
        original.deferrals = Deferrals { attempts: u32::MAX, early_attempts: u32::MAX };
        let deferrals = original.deferrals;
        let deferral = Deferral { delivery: original, deferrals, delay: Duration::ZERO, reason: String::new() };
        let bytes: usize =
            attributes(&deferral).iter().map(|(name, value)| name.len() + "String".len() + value.len()).sum();
        assert!(bytes <= MAX_BYTES, "{bytes}");
    }

    #[test]
    fn invalid_attributes_change_nothing() {
        for (name, value) in [
            (ORIGIN_ID, ""),
            (ORIGIN_ID, "with space"),
            (ORIGIN_ARRIVED_AT, "yesterday"),
            (ORIGIN_ARRIVED_AT, "4102444800000"),
            (ATTEMPTS, "-1"),
            (EARLY_ATTEMPTS, "many"),
        ] {
            let mut message = delivery("message", 9_000);
            restore(&mut message, |asked| (asked == name).then_some(value));
            assert_eq!(message, delivery("message", 9_000), "{name}: {value}");
        }
    }
}
