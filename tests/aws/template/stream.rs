//! How `fanout` follows the table, and what becomes of what it cannot take in.

use countmein::domain::digest::REMEMBERED;
use serde_json::{Value as Json, json};

use super::support::{entries, list, template, text};

#[test]
fn the_table_tells_fanout_of_all_that_changes_from_its_first_day() {
    let template = template();
    let table = template.properties("EventsTable");
    assert_eq!(table["StreamSpecification"]["StreamViewType"], "NEW_AND_OLD_IMAGES");
    let mapping = template.properties("StreamMapping");
    assert_eq!(text(&mapping["EventSourceArn"]), "!GetAtt EventsTable.StreamArn");
    assert_eq!(text(&mapping["FunctionName"]), "!Ref FanoutFunction");
    assert_eq!(mapping["StartingPosition"], "TRIM_HORIZON");
}

#[test]
fn fanout_hears_only_of_who_joins_or_leaves() {
    let template = template();
    let filters = list(&template.properties("StreamMapping")["FilterCriteria"]["Filters"]);
    let patterns: Vec<Json> =
        filters.iter().map(|filter| serde_json::from_str(filter["Pattern"].as_str().unwrap()).unwrap()).collect();
    let of = |image: &str| json!({"dynamodb": {image: {"status": {"S": ["in"]}}}});
    assert_eq!(patterns, [of("NewImage"), of("OldImage")]);
}

#[test]
fn a_digest_knows_a_replayed_batch_again() {
    let template = template();
    let batch = template.largest(&template.properties("StreamMapping")["BatchSize"]);
    assert_eq!(batch, 100);
    assert!(2 * batch <= REMEMBERED as u64, "one batch and the one before it");
    assert_eq!(template.section("Parameters")["StreamParallelism"]["Default"], 1);
}

#[test]
fn a_bad_change_holds_up_the_others_for_some_hours_at_most_and_is_kept_whole() {
    let template = template();
    let mapping = template.properties("StreamMapping");
    assert_eq!(mapping["BisectBatchOnFunctionError"], true);
    assert_eq!(mapping["MaximumRetryAttempts"], 100);
    assert_eq!(mapping["MaximumRecordAgeInSeconds"], 6 * 60 * 60);
    // A queue or a topic would get no more than the change's number (Lambda, "Retaining discarded records").
    assert_eq!(text(&mapping["DestinationConfig"]["OnFailure"]["Destination"]), "!GetAtt SetAsideBucket.Arn");
    assert_eq!(text(&mapping["MetricsConfig"]["Metrics"]), "[EventCount]", "or nobody hears of it");
    assert!(!entries(mapping).contains_key("FunctionResponseTypes"), "a batch is taken in as a whole");
}

#[test]
fn what_is_set_aside_is_forgotten_when_who_left_is() {
    let template = template();
    let rules = &template.properties("SetAsideBucket")["LifecycleConfiguration"]["Rules"];
    assert_eq!(list(rules).len(), 1);
    assert_eq!((&rules[0]["Status"], &rules[0]["ExpirationInDays"]), (&"Enabled".into(), &30.into()));
}

#[test]
fn fanout_looks_after_what_waits_each_minute() {
    let template = template();
    let rule = template.properties("EveryMinuteRule");
    assert_eq!(rule["ScheduleExpression"], "rate(1 minute)");
    assert_eq!(text(&rule["Targets"][0]["Arn"]), "!GetAtt FanoutFunction.Arn");
    assert_eq!(rule["State"].as_str(), None, "or it could be off");
    let permission = template.properties("EveryMinutePermission");
    assert_eq!(text(&permission["FunctionName"]), "!Ref FanoutFunction");
    assert_eq!(permission["Principal"], "events.amazonaws.com");
    assert_eq!(text(&permission["SourceArn"]), "!GetAtt EveryMinuteRule.Arn");
}
