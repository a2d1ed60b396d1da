//! How `fanout` follows the table, and what happens to a batch that fails.

use countmein::domain::digest::MAX_CHANGE_HASHES;
use countmein::domain::seat::Standing;
use countmein::formats::stored::event_details::DETAILS;

use super::support::{list, template, text};

#[test]
fn a_digest_recognises_a_replayed_batch() {
    let template = template();
    let batch = template.largest(&template.properties("StreamMapping")["BatchSize"]);
    assert!(2 * batch <= MAX_CHANGE_HASHES as u64, "one batch and the one before it");
}

#[test]
fn failed_changes_are_kept_whole_and_counted() {
    let template = template();
    let mapping = template.properties("StreamMapping");
    // Until the stream no longer has the record.
    assert_eq!(mapping["MaximumRetryAttempts"], -1);
    assert_eq!(mapping["MaximumRecordAgeInSeconds"], 86_400);
    // Batches of one shard that are processed at the same time could store an event's changes in the wrong order.
    assert!(mapping["ParallelizationFactor"].is_null());
    // A queue or a topic would get no more than the change's number (Lambda, "Retaining discarded records").
    let destination = text(&mapping["DestinationConfig"]["OnFailure"]["Destination"]);
    let bucket = destination.strip_prefix("!GetAtt ").and_then(|name| name.strip_suffix(".Arn")).unwrap();
    assert!(template.of_type("AWS::S3::Bucket").contains(&bucket), "{destination}");
    // The alarm's metric exists only where it is asked for.
    let alarm = template.properties("SetAsideAlarm");
    assert_eq!(alarm["MetricName"], "OnFailureDestinationDeliveredEventCount");
    assert_eq!(text(&mapping["MetricsConfig"]["Metrics"]), "[EventCount]");
}

#[test]
fn fanout_gets_attendees_details_and_waiting_lists_alone() {
    let template = template();
    let filters = list(&template.properties("StreamMapping")["FilterCriteria"]["Filters"]);
    let waiting = Standing::Waiting.as_str();
    let patterns: Vec<String> = filters.iter().map(|filter| text(&filter["Pattern"])).collect();
    assert_eq!(
        patterns,
        [
            r#"{"dynamodb": {"NewImage": {"status": {"S": ["in"]}}}}"#.to_owned(),
            r#"{"dynamodb": {"OldImage": {"status": {"S": ["in"]}}}}"#.to_owned(),
            format!(r#"{{"dynamodb": {{"Keys": {{"name": {{"S": ["{DETAILS}"]}}}}}}}}"#),
            format!(r#"{{"dynamodb": {{"NewImage": {{"standing": {{"S": ["{waiting}"]}}}}}}}}"#),
            format!(r#"{{"dynamodb": {{"OldImage": {{"standing": {{"S": ["{waiting}"]}}}}}}}}"#),
        ]
    );
}
