//! Metrics in CloudWatch's embedded metric format.

use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::channel::Channel;
use crate::domain::limit::Limit;
use crate::domain::outbox_message::MessageKind;
use crate::domain::timestamp::Timestamp;
use crate::ports::{IngestCounts, MessageOutcome, Meter};

const NAMESPACE: &str = "CountMeIn";

/// Writes the metrics of a stage. Zeros are left out, because CloudWatch charges a metric for each hour in which it has
/// a value.
#[derive(Debug, Clone)]
pub struct Emf {
    stage: String,
}

/// A value of one metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    name: &'static str,
    unit: Unit,
    value: f64,
}

/// The unit of a metric. The variants' names are written as they are, so they must be CloudWatch's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Count,
    Seconds,
}

impl Metric {
    #[expect(clippy::cast_precision_loss, reason = "a metric is a double, and no count reaches 2^53")]
    pub fn count(name: &'static str, count: u64) -> Self {
        Self { name, unit: Unit::Count, value: count as f64 }
    }

    pub fn duration(name: &'static str, duration: Duration) -> Self {
        Self { name, unit: Unit::Seconds, value: duration.as_secs_f64() }
    }
}

impl Emf {
    pub fn new(stage: String) -> Self {
        Self { stage }
    }

    /// Writes the metrics that are not zero, as one log line.
    pub fn write(&self, metrics: &[Metric]) {
        if let Some(line) = self.line(metrics, Timestamp::now()) {
            // The metrics must be the root object of a log line (CloudWatch, "Embedded metric format specification").
            println!("{line}");
        }
    }

    /// Returns `None` if all metrics are zero.
    fn line(&self, metrics: &[Metric], now: Timestamp) -> Option<Value> {
        let metrics: Vec<&Metric> = metrics.iter().filter(|metric| metric.value > 0.0).collect();
        if metrics.is_empty() {
            return None;
        }
        let names = metrics.iter().map(|metric| json!({"Name": metric.name, "Unit": format!("{:?}", metric.unit)}));
        let directive = json!({
            "Namespace": NAMESPACE, "Dimensions": [["stage"]], "Metrics": names.collect::<Vec<_>>(),
        });
        let mut line = json!({
            "_aws": {"Timestamp": now.as_millis(), "CloudWatchMetrics": [directive]},
            "stage": self.stage,
        });
        for metric in metrics {
            line[metric.name] = json!(metric.value);
        }
        Some(line)
    }
}

impl Meter for Emf {
    fn accepted(&self, _: Channel, signups: u32) {
        self.write(&[Metric::count("SignupsAccepted", signups.into())]);
    }

    fn ingested(&self, counts: &IngestCounts) {
        let IngestCounts { stored, duplicate, stale, ignored, rejected, retried } = *counts;
        self.write(&[
            Metric::count("SignupsStored", stored),
            Metric::count("SignupsDuplicate", duplicate),
            Metric::count("SignupsStale", stale),
            Metric::count("PressesIgnored", ignored),
            Metric::count("SignupsRejected", rejected),
            Metric::count("SignupsRetried", retried),
        ]);
    }

    fn attempted(&self, outcomes: &[(MessageKind, MessageOutcome)]) {
        let count = |wanted| outcomes.iter().filter(|(_, outcome)| *outcome == wanted).count() as u64;
        self.write(&[
            Metric::count("NotificationsDelivered", count(MessageOutcome::Delivered)),
            Metric::count("NotificationsRejected", count(MessageOutcome::Rejected)),
            Metric::count("NotificationsDeferred", count(MessageOutcome::Deferred)),
            Metric::count("NotificationsExpired", count(MessageOutcome::Expired)),
        ]);
    }

    fn parked(&self, events: u64) {
        self.write(&[Metric::count("EventsParked", events)]);
    }

    fn suppressed(&self, limit: Limit) {
        let name = match limit {
            Limit::OptIns => "SuppressedByOptIns",
            Limit::OptInsPerEvent => "SuppressedByOptInsPerEvent",
            Limit::OptInsPerNetwork => "SuppressedByOptInsPerNetwork",
            Limit::OptInsToContactPerDay => "SuppressedByOptInsToContactPerDay",
            Limit::SmsCountries => "SuppressedBySmsCountries",
            Limit::SmsLineType => "SuppressedBySmsLineType",
            Limit::SmsHours => "SuppressedBySmsHours",
            Limit::SmsPerDay => "SuppressedBySmsPerDay",
            Limit::SmsAnswersPerDay => "SuppressedBySmsAnswersPerDay",
            Limit::LinksPerDay => "SuppressedByLinksPerDay",
            Limit::DigestsPerDay => "SuppressedByDigestsPerDay",
            Limit::SeatNewsPerDay => "SuppressedBySeatNewsPerDay",
        };
        self.write(&[Metric::count(name, 1)]);
    }

    /// Writes nothing, because there is no SQLite database on AWS.
    fn checkpoint_failed(&self) {}

    /// Writes nothing, because API Gateway counts the requests.
    fn answered(&self, _: &str, _: &str, _: u16, _: Duration) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_is_in_embedded_metric_format_without_zeros() {
        let now = Timestamp::from_millis(1_795_431_600_000).unwrap();
        let emf = Emf::new("staging".to_owned());
        let line = emf.line(&[Metric::count("SignupsStored", 3), Metric::count("SignupsStale", 0)], now);
        assert_eq!(
            line,
            Some(json!({
                "_aws": {
                    "Timestamp": 1_795_431_600_000_i64,
                    "CloudWatchMetrics": [{
                        "Namespace": "CountMeIn",
                        "Dimensions": [["stage"]],
                        "Metrics": [{"Name": "SignupsStored", "Unit": "Count"}],
                    }],
                },
                "stage": "staging",
                "SignupsStored": 3.0,
            }))
        );
        assert_eq!(emf.line(&[Metric::count("SignupsStale", 0)], now), None);
    }
}
