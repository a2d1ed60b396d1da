//! What an operator hears of, and the runbook's section on each of it.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::support::{Template, file, list, template, text, texts};

/// What each alarm watches, and above what it goes off.
const WATCHED: [(&str, &str, &str, u64); 22] = [
    ("AlexaErrorsAlarm", "AWS/Lambda Errors", "!Ref AlexaFunction", 0),
    ("AlexaThrottlesAlarm", "AWS/Lambda Throttles", "!Ref AlexaFunction", 0),
    ("AnnouncementsTopicAlarm", "AWS/SNS NumberOfNotificationsFailed", "!GetAtt AnnouncementsTopic.TopicName", 0),
    ("Api5xxAlarm", "AWS/ApiGateway 5xx", "!Ref HttpApi, !Ref DefaultStage", 0),
    ("ApiErrorsAlarm", "AWS/Lambda Errors", "!Ref ApiFunction", 0),
    ("ApiThrottlesAlarm", "AWS/Lambda Throttles", "!Ref ApiFunction", 0),
    (
        "ButtonsAlarm",
        "AWS/IoT Failure",
        "!Ref AwsIotButtonsRule, !Ref ShellyFirstButtonsRule, !Ref ShellyLaterButtonsRule, !Ref ZigbeeButtonsRule, \
         !Ref TasmotaButtonsRule",
        0,
    ),
    ("DeadLettersAlarm", "AWS/SQS ApproximateNumberOfMessagesVisible", "!GetAtt DeadLettersQueue.QueueName", 0),
    ("FanoutErrorsAlarm", "AWS/Lambda Errors", "!Ref FanoutFunction", 0),
    ("FanoutThrottlesAlarm", "AWS/Lambda Throttles", "!Ref FanoutFunction", 0),
    ("GivenUpAlarm", "CountMeIn NotificationsExpired", "!Ref Stage", 0),
    ("ImportErrorsAlarm", "AWS/Lambda Errors", "!Ref ImportFunction", 0),
    ("ImportThrottlesAlarm", "AWS/Lambda Throttles", "!Ref ImportFunction", 0),
    ("IngestErrorsAlarm", "AWS/Lambda Errors", "!Ref IngestFunction", 0),
    ("IngestThrottlesAlarm", "AWS/Lambda Throttles", "!Ref IngestFunction", 0),
    ("IteratorAgeAlarm", "AWS/Lambda IteratorAge", "!Ref FanoutFunction", 5 * 60 * 1_000),
    ("OldestMessageAlarm", "AWS/SQS ApproximateAgeOfOldestMessage", "!GetAtt SignupsQueue.QueueName", 5 * 60),
    ("OperatorTopicAlarm", "AWS/SNS NumberOfNotificationsFailed", "!GetAtt OperatorTopic.TopicName", 0),
    ("RejectsAlarm", "CountMeIn SignupsRejected", "!Ref Stage", 0),
    ("SetAsideAlarm", "AWS/Lambda OnFailureDestinationDeliveredEventCount", "!Ref StreamMapping", 0),
    ("TableReadThrottlesAlarm", "AWS/DynamoDB ReadThrottleEvents", "!Ref EventsTable", 0),
    ("TableWriteThrottlesAlarm", "AWS/DynamoDB WriteThrottleEvents", "!Ref EventsTable", 0),
];

#[test]
fn the_alarms_watch_all_that_can_go_wrong() {
    let template = template();
    let watched: Vec<_> = alarms(&template)
        .into_iter()
        .map(|name| {
            let alarm = template.properties(name);
            assert_eq!(alarm["ComparisonOperator"], "GreaterThanThreshold", "{name}");
            // One metric, or the same metric of several, together.
            let stats: Vec<_> =
                list(&alarm["Metrics"]).iter().filter_map(|each| each["MetricStat"].get("Metric")).collect();
            let metrics = if stats.is_empty() { vec![alarm] } else { stats };
            let of: Vec<_> = (metrics.iter().flat_map(|metric| list(&metric["Dimensions"])))
                .map(|dimension| text(&dimension["Value"]))
                .filter(|value| value != "SQS")
                .collect();
            let metric = format!("{} {}", text(&metrics[0]["Namespace"]), text(&metrics[0]["MetricName"]));
            (name, metric, of.join(", "), alarm["Threshold"].as_u64().unwrap())
        })
        .collect();
    let watched: Vec<_> = watched.iter().map(|(name, metric, of, above)| (*name, &**metric, &**of, *above)).collect();
    assert_eq!(watched, WATCHED);
}

#[test]
fn every_alarm_reaches_the_operator_when_it_goes_off_and_when_all_is_well_again() {
    let template = template();
    for name in alarms(&template) {
        let alarm = template.properties(name);
        assert_eq!(texts(&alarm["AlarmActions"]), ["!Ref OperatorTopic"], "{name}");
        assert_eq!(texts(&alarm["OKActions"]), ["!Ref OperatorTopic"], "{name}");
        // No metric here is told when nothing happens.
        assert_eq!(alarm["TreatMissingData"], "notBreaching", "{name}");
    }
    let subscription = template.properties("OperatorSubscription");
    assert_eq!(template.resource("OperatorSubscription")["Condition"], "HasOperator");
    assert_eq!(text(&subscription["Endpoint"]), "!Ref OperatorEmail");
}

#[test]
fn every_alarm_has_its_section_in_the_runbook_and_every_section_its_alarm() {
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
