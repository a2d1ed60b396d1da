//! The Signups queue, the dead-letter queue, and how `ingest` receives from both.

use countmein::ports::MAX_RECEIVES;

use super::support::{template, text};

const QUEUES: [(&str, &str); 2] = [("SignupsQueue", "SignupsMapping"), ("DeadLettersQueue", "DeadLettersMapping")];

/// As Lambda asks for: "Creating and configuring an Amazon SQS event source mapping".
#[test]
fn visibility_covers_six_timeouts_and_the_window() {
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
fn unprocessed_messages_become_dead_letters() {
    let template = template();
    let redrive = &template.properties("SignupsQueue")["RedrivePolicy"];
    assert_eq!(redrive["maxReceiveCount"], MAX_RECEIVES);
    assert_eq!(text(&redrive["deadLetterTargetArn"]), "!GetAtt DeadLettersQueue.Arn");

    let dead_letters = template.properties("DeadLettersQueue");
    assert_eq!(dead_letters["RedrivePolicy"].as_mapping(), None, "a dead letter is never thrown away");
    assert_eq!(dead_letters["RedriveAllowPolicy"]["redrivePermission"], "byQueue");
    let signups = text(&template.properties("SignupsQueue")["QueueName"]);
    let source = text(&dead_letters["RedriveAllowPolicy"]["sourceQueueArns"][0]);
    assert!(source.ends_with(signups.strip_prefix("!Sub ").unwrap()), "{source}");
}

#[test]
fn dead_letters_are_tried_alone() {
    assert_eq!(template().properties("DeadLettersMapping")["BatchSize"], 1);
}

/// A message's age goes on counting among the dead letters.
#[test]
fn dead_letters_are_kept_as_long_as_messages() {
    let template = template();
    let [queue, dead_letters] = QUEUES.map(|(queue, _)| template.properties(queue)["MessageRetentionPeriod"].as_u64());
    assert!(queue.is_some() && dead_letters >= queue, "{dead_letters:?} < {queue:?}");
}

#[test]
fn ingest_reports_failures_of_both_queues() {
    let template = template();
    for (queue, mapping) in QUEUES {
        let mapping = template.properties(mapping);
        assert_eq!(text(&mapping["EventSourceArn"]), format!("!GetAtt {queue}.Arn"));
        assert_eq!(text(&mapping["FunctionName"]), "!Ref IngestFunction");
        assert_eq!(text(&mapping["FunctionResponseTypes"]), "[ReportBatchItemFailures]");
        assert!(template.largest(&mapping["ScalingConfig"]["MaximumConcurrency"]) <= 1_000, "{queue}");
    }
}
