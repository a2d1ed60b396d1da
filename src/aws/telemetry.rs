//! What a function says of itself: log lines in JSON, and metrics in CloudWatch's embedded metric format.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use crate::channel::Channel;
use crate::fanout::Tally;
use crate::ingest::{Outcome, Settlement};
use crate::metrics::{Meter, Metrics};
use crate::postman::Guard;
use crate::timestamp::Timestamp;

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
    pub fn tell(&self, metrics: &[Metric]) {
        if let Some(line) = self.line(metrics, Timestamp::now()) {
            // The line must be the root of a log line (CloudWatch, "Embedded metric format specification").
            println!("{line}");
        }
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
        self.tell(&[("SignupsAccepted", Unit::Count, signups.into())]);
    }

    fn ingested(&self, settlements: &[Settlement]) {
        let count = |is: fn(&Outcome) -> bool| {
            settlements.iter().filter(|settlement| is(&settlement.outcome)).map(|_| 1.0).sum::<f64>()
        };
        self.tell(&[
            ("SignupsStored", Unit::Count, count(|outcome| *outcome == Outcome::Stored)),
            ("SignupsDuplicate", Unit::Count, count(|outcome| *outcome == Outcome::Duplicate)),
            ("SignupsStale", Unit::Count, count(|outcome| *outcome == Outcome::Stale)),
            ("PressesIgnored", Unit::Count, count(|outcome| *outcome == Outcome::Ignored)),
            ("SignupsRejected", Unit::Count, count(|outcome| matches!(outcome, Outcome::Rejected(_)))),
            ("SignupsRetried", Unit::Count, count(|outcome| matches!(outcome, Outcome::Retry(_)))),
        ]);
    }

    fn announced(&self, tally: &Tally) {
        let Tally { told, refused, missed, given_up } = *tally;
        let counts = [
            ("NotificationsTold", told),
            ("NotificationsRefused", refused),
            ("NotificationsMissed", missed),
            ("NotificationsGivenUp", given_up),
        ];
        #[expect(clippy::cast_precision_loss, reason = "a metric is a double; nobody counts to 2^53")]
        self.tell(&counts.map(|(name, count)| (name, Unit::Count, count as f64)));
    }

    fn held_back(&self, guard: Guard) {
        let name = match guard {
            Guard::Confirmations => "HeldBackByConfirmations",
            Guard::CallingCodes => "HeldBackByCallingCodes",
            Guard::Daytime => "HeldBackByDaytime",
            Guard::SmsADay => "HeldBackBySmsADay",
            Guard::SmsAnswers => "HeldBackBySmsAnswers",
            Guard::LinksADay => "HeldBackByLinksADay",
        };
        self.tell(&[(name, Unit::Count, 1.0)]);
    }

    /// API Gateway counts requests by itself.
    fn answered(&self, _: &str, _: &str, _: u16, _: Duration) {}

    fn scraped(&self) -> Option<&Metrics> {
        None
    }
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
