//! What raises an alarm, and the section of the runbook for each alarm.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use serde_norway::Value;

use super::support::{Template, file, list, template, text, texts};

/// The metrics on which something of each type must have an alarm.
const METRICS: [(&str, &[&str]); 4] = [
    ("AWS::DynamoDB::Table", &["AWS/DynamoDB ReadThrottleEvents", "AWS/DynamoDB WriteThrottleEvents"]),
    ("AWS::IoT::TopicRule", &["AWS/IoT Failure"]),
    ("AWS::SNS::Topic", &["AWS/SNS NumberOfNotificationsFailed"]),
    ("AWS::Serverless::Function", &["AWS/Lambda Errors", "AWS/Lambda Throttles"]),
];

#[test]
fn everything_that_can_fail_has_alarms() {
    let template = template();
    let watched: BTreeSet<_> = alarms(&template).into_iter().flat_map(|name| watched(&template, name)).collect();
    for (kind, metrics) in METRICS {
        for resource in template.of_type(kind) {
            for metric in metrics {
                let alarm = ((*metric).to_owned(), resource.to_owned());
                assert!(watched.contains(&alarm), "no alarm on {metric} of {resource}");
            }
        }
    }
    for queue in template.of_type("AWS::SQS::Queue") {
        assert!(watched.iter().any(|(_, resource)| resource == queue), "no alarm on {queue}");
    }
}

#[test]
fn alarms_watch_metrics_that_the_code_writes() {
    let template = template();
    let code = file("src/adapters/metrics/emf.rs");
    for (metric, _) in alarms(&template).into_iter().flat_map(|name| watched(&template, name)) {
        if let Some(own) = metric.strip_prefix("CountMeIn ") {
            assert!(code.contains(&format!("\"{own}\"")), "nothing writes {own}");
        }
    }
}

#[test]
fn every_alarm_notifies_the_operator_both_ways() {
    let template = template();
    for name in alarms(&template) {
        let alarm = template.properties(name);
        assert_eq!(texts(&alarm["AlarmActions"]), ["!Ref OperatorTopic"], "{name}");
        assert_eq!(texts(&alarm["OKActions"]), ["!Ref OperatorTopic"], "{name}");
        // None of these metrics has data while nothing happens.
        assert_eq!(alarm["TreatMissingData"], "notBreaching", "{name}");
    }
}

#[test]
fn every_alarm_has_its_runbook_section() {
    let template = template();
    let mut named = BTreeSet::new();
    for name in alarms(&template) {
        let alarm = template.properties(name);
        let alarm_name = text(&alarm["AlarmName"]);
        let section = alarm_name.strip_prefix("!Sub countmein-${Stage}-").unwrap_or_else(|| panic!("{alarm_name}"));
        let description = text(&alarm["AlarmDescription"]);
        assert!(description.ends_with(&format!(" See docs/runbook.md#{section}")), "{name}: {description}");
        assert!(named.insert(section.to_owned()), "two alarms share {section}");
    }
    let runbook = file("docs/runbook.md");
    let sections: BTreeSet<_> =
        runbook.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_owned).collect();
    assert_eq!(sections, named);
}

#[test]
fn the_dashboard_shows_every_alarm() {
    let template = template();
    let body = text(&template.properties("Dashboard")["DashboardBody"]);
    let body: Json = serde_json::from_str(body.strip_prefix("!Sub ").unwrap()).unwrap();
    let widgets = body["widgets"].as_array().unwrap();
    let shown =
        widgets.iter().find(|widget| widget["type"] == "alarm").unwrap()["properties"]["alarms"].as_array().unwrap();
    let mut shown: Vec<_> = shown.iter().map(|alarm| alarm.as_str().unwrap().to_owned()).collect();
    shown.sort();
    assert_eq!(shown, alarms(&template).into_iter().map(|name| format!("${{{name}.Arn}}")).collect::<Vec<_>>());
}

fn alarms(template: &Template) -> Vec<&str> {
    template.of_type("AWS::CloudWatch::Alarm")
}

/// Each metric that an alarm watches, and the resource that the metric belongs to.
fn watched(template: &Template, alarm: &str) -> Vec<(String, String)> {
    let alarm = template.properties(alarm);
    // One metric, or a sum of the same metric over several resources.
    let summed: Vec<_> = list(&alarm["Metrics"]).iter().filter_map(|each| each["MetricStat"].get("Metric")).collect();
    let metrics = if summed.is_empty() { vec![alarm] } else { summed };
    let of = |metric: &Value| {
        let resource = |value: &str| value.split([' ', '.']).nth(1).unwrap_or_default().to_owned();
        let dimensions = list(&metric["Dimensions"]).into_iter().map(|dimension| text(&dimension["Value"]));
        let name = format!("{} {}", text(&metric["Namespace"]), text(&metric["MetricName"]));
        dimensions.map(|value| (name.clone(), resource(&value))).collect::<Vec<_>>()
    };
    metrics.into_iter().flat_map(of).collect()
}
