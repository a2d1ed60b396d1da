//! The Signups queue, the dead letters, and how `ingest` takes from both.

use super::support::{template, text};

const QUEUES: [(&str, &str); 2] = [("SignupsQueue", "SignupsMapping"), ("DeadLettersQueue", "DeadLettersMapping")];

/// As Lambda asks for: "Creating and configuring an Amazon SQS event source mapping".
#[test]
fn a_message_stays_hidden_for_six_tries_and_the_largest_window() {
    let template = template();
    let timeout = template.of_function("IngestFunction", "Timeout").as_u64().unwrap();
    for (queue, mapping) in QUEUES {
        let window = &template.properties(mapping)["MaximumBatchingWindowInSeconds"];
        let window = if window.is_null() { 0 } else { template.largest(window) };
        let visibility = template.properties(queue)["VisibilityTimeout"].as_u64().unwrap();
        assert!(visibility >= 6 * timeout + window, "{queue}: {visibility} s");
    }
}

#[test]
fn what_fails_five_times_is_a_dead_letter_and_no_other_queue_has_its_own_there() {
    let template = template();
    let redrive = &template.properties("SignupsQueue")["RedrivePolicy"];
    assert_eq!(redrive["maxReceiveCount"], 5);
    assert_eq!(text(&redrive["deadLetterTargetArn"]), "!GetAtt DeadLettersQueue.Arn");

    let dead_letters = template.properties("DeadLettersQueue");
    assert_eq!(dead_letters["RedrivePolicy"].as_mapping(), None, "a dead letter is never thrown away");
    assert_eq!(dead_letters["RedriveAllowPolicy"]["redrivePermission"], "byQueue");
    let signups = text(&template.properties("SignupsQueue")["QueueName"]);
    let source = text(&dead_letters["RedriveAllowPolicy"]["sourceQueueArns"][0]);
    assert!(source.ends_with(signups.strip_prefix("!Sub ").unwrap()), "{source}");
}

#[test]
fn a_message_is_kept_as_long_as_there_is_and_as_large_as_is_designed_for() {
    for (queue, _) in QUEUES {
        assert_eq!(template().properties(queue)["MessageRetentionPeriod"], 14 * 24 * 60 * 60, "{queue}");
        assert_eq!(template().properties(queue)["MaximumMessageSize"], 256 * 1024, "{queue}");
    }
}

#[test]
fn ingest_takes_from_both_queues_and_reports_its_failures_one_by_one() {
    let template = template();
    for (queue, mapping) in QUEUES {
        let mapping = template.properties(mapping);
        assert_eq!(text(&mapping["EventSourceArn"]), format!("!GetAtt {queue}.Arn"));
        assert_eq!(text(&mapping["FunctionName"]), "!Ref IngestFunction");
        assert_eq!(text(&mapping["FunctionResponseTypes"]), "[ReportBatchItemFailures]");
        assert!(template.largest(&mapping["ScalingConfig"]["MaximumConcurrency"]) <= 1_000, "{queue}");
    }
}

#[test]
fn batches_windows_and_concurrency_are_the_operators_to_choose() {
    let template = template();
    let mapping = template.properties("SignupsMapping");
    assert_eq!(text(&mapping["BatchSize"]), "!Ref IngestBatchSize");
    assert_eq!(text(&mapping["MaximumBatchingWindowInSeconds"]), "!Ref IngestBatchWindow");
    assert_eq!(text(&mapping["ScalingConfig"]["MaximumConcurrency"]), "!Ref IngestMaximumConcurrency");
    let parameters = template.section("Parameters");
    let of = |name: &str| (&parameters[name]["MinValue"], &parameters[name]["Default"], &parameters[name]["MaxValue"]);
    assert_eq!(
        format!("{:?}", [of("IngestBatchSize"), of("IngestBatchWindow"), of("IngestMaximumConcurrency")]),
        "[(Number(1), Number(10), Number(1000)), (Number(0), Number(0), Number(20)), (Number(2), Number(10), Number(1000))]"
    );
    assert!(template.section("Rules").contains_key("LargeBatchesNeedAWindow"));
}
