//! What a function says of itself: log lines in JSON, and metrics in CloudWatch's embedded metric format.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use crate::domain::channel::Channel;
use crate::domain::limit::Limit;
use crate::domain::timestamp::Timestamp;
use crate::ports::{IngestCounts, Meter, NotificationCounts};

const NAMESPACE: &str = "CountMeIn";

/// Starts the log: a JSON line an event on stdout, with its time, its level and the request's id, of what `RUST_LOG`
/// asks for, by default `info`. The first line of a process marks its cold start.
pub fn start_log() -> anyhow::Result<()> {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env()?;
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(io::stdout)
        .try_init()
        .map_err(anyhow::Error::from_boxed)?;
    tracing::info!(cold_start = true, version = env!("CARGO_PKG_VERSION"), "function started");
    Ok(())
}

/// Metrics of a stage. Only what is above zero is told, since CloudWatch charges for each metric by the hours in which
/// it is told.
#[derive(Debug, Clone)]
pub struct Emf {
    stage: String,
}

/// One metric's name, unit and value.
pub type Metric = (&'static str, Unit, f64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Count,
    Seconds,
}

impl Emf {
    pub fn new(stage: String) -> Self {
        Self { stage }
    }

    /// Writes those of the metrics that are above zero, if any is.
    pub fn write(&self, metrics: &[Metric]) {
        if let Some(line) = self.line(metrics, Timestamp::now()) {
            // The line must be the root of a log line (CloudWatch, "Embedded metric format specification").
            println!("{line}");
        }
    }

    fn counts(&self, counts: &[(&'static str, u64)]) {
        #[expect(clippy::cast_precision_loss, reason = "a metric is a double; nobody counts to 2^53")]
        let metrics: Vec<Metric> = counts.iter().map(|(name, count)| (*name, Unit::Count, *count as f64)).collect();
        self.write(&metrics);
    }

    fn line(&self, metrics: &[Metric], now: Timestamp) -> Option<Value> {
        let metrics: Vec<&Metric> = metrics.iter().filter(|(_, _, value)| *value > 0.0).collect();
        if metrics.is_empty() {
            return None;
        }
        let names = metrics.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": format!("{unit:?}")}));
        let directive = json!({
            "Namespace": NAMESPACE, "Dimensions": [["stage"]], "Metrics": names.collect::<Vec<_>>(),
        });
        let mut line = json!({
            "_aws": {"Timestamp": now.as_millis(), "CloudWatchMetrics": [directive]},
            "stage": self.stage,
        });
        for (name, _, value) in metrics {
            line[name] = json!(value);
        }
        Some(line)
    }
}

impl Meter for Emf {
    fn accepted(&self, _: Channel, signups: u32) {
        self.write(&[("SignupsAccepted", Unit::Count, signups.into())]);
    }

    fn ingested(&self, counts: &IngestCounts) {
        let IngestCounts { stored, duplicate, stale, ignored, rejected, retried } = *counts;
        self.counts(&[
            ("SignupsStored", stored),
            ("SignupsDuplicate", duplicate),
            ("SignupsStale", stale),
            ("PressesIgnored", ignored),
            ("SignupsRejected", rejected),
            ("SignupsRetried", retried),
        ]);
    }

    fn notified(&self, counts: &NotificationCounts) {
        let NotificationCounts { delivered, rejected, deferred, expired } = *counts;
        self.counts(&[
            ("NotificationsDelivered", delivered),
            ("NotificationsRejected", rejected),
            ("NotificationsDeferred", deferred),
            ("NotificationsExpired", expired),
        ]);
    }

    fn suppressed(&self, limit: Limit) {
        let name = match limit {
            Limit::OptIns => "SuppressedByOptIns",
            Limit::CallingCodes => "SuppressedByCallingCodes",
            Limit::SmsHours => "SuppressedBySmsHours",
            Limit::SmsPerDay => "SuppressedBySmsPerDay",
            Limit::SmsAnswersPerDay => "SuppressedBySmsAnswersPerDay",
            Limit::LinksPerDay => "SuppressedByLinksPerDay",
        };
        self.write(&[(name, Unit::Count, 1.0)]);
    }

    /// API Gateway counts requests by itself.
    fn answered(&self, _: &str, _: &str, _: u16, _: Duration) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_in_the_embedded_metric_format_and_tells_no_zeros() {
        let now = Timestamp::from_millis(1_795_431_600_000).unwrap();
        let emf = Emf::new("staging".to_owned());
        let line = emf.line(&[("SignupsStored", Unit::Count, 3.0), ("SignupsStale", Unit::Count, 0.0)], now);
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
        assert_eq!(emf.line(&[("SignupsStale", Unit::Count, 0.0)], now), None);
    }
}
