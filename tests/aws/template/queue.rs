//! The queues with their dead-letter queues, and how `ingest` and `deliver` receive from them.

use countmein::ports::MAX_RECEIVES;

use super::support::{template, text};

/// The queues from which functions receive, with the event source mappings and the functions.
const MAPPED: [(&str, &str, &str); 3] = [
    ("SignupsQueue", "SignupsMapping", "IngestFunction"),
    ("DeadLettersQueue", "DeadLettersMapping", "IngestFunction"),
    ("OutboxQueue", "OutboxMapping", "DeliverFunction"),
];

/// The queues with their dead-letter queues.
const QUEUES: [(&str, &str); 2] = [("SignupsQueue", "DeadLettersQueue"), ("OutboxQueue", "OutboxDeadLettersQueue")];

#[test]
fn every_queue_is_listed_here() {
    let listed = QUEUES.iter().flat_map(|(queue, dead_letters)| [*queue, *dead_letters]);
    let mut listed: Vec<_> = listed.collect();
    listed.sort_unstable();
    assert_eq!(template().of_type("AWS::SQS::Queue"), listed);
}

/// As Lambda asks for: "Creating and configuring an Amazon SQS event source mapping".
#[test]
fn visibility_covers_six_timeouts_and_the_window() {
    let template = template();
    for (queue, mapping, function) in MAPPED {
        let timeout = template.of_function(function, "Timeout").as_u64().unwrap();
        let window = &template.properties(mapping)["MaximumBatchingWindowInSeconds"];
        let window = if window.is_null() { 0 } else { template.largest(window) };
        let visibility = template.properties(queue)["VisibilityTimeout"].as_u64().unwrap();
        assert!(visibility >= 6 * timeout + window, "{queue}: {visibility} s");
    }
    // `fanout` receives from this queue itself.
    let timeout = template.of_function("FanoutFunction", "Timeout").as_u64().unwrap();
    assert!(template.properties("OutboxDeadLettersQueue")["VisibilityTimeout"].as_u64().unwrap() > timeout);
}

#[test]
fn unprocessed_messages_become_dead_letters() {
    let template = template();
    for (queue, dead_letters) in QUEUES {
        let redrive = &template.properties(queue)["RedrivePolicy"];
        assert_eq!(redrive["maxReceiveCount"], MAX_RECEIVES, "{queue}");
        assert_eq!(text(&redrive["deadLetterTargetArn"]), format!("!GetAtt {dead_letters}.Arn"));

        let dead_letters = template.properties(dead_letters);
        assert_eq!(dead_letters["RedrivePolicy"].as_mapping(), None, "a dead letter is never thrown away");
        assert_eq!(dead_letters["RedriveAllowPolicy"]["redrivePermission"], "byQueue");
        let name = text(&template.properties(queue)["QueueName"]);
        let source = text(&dead_letters["RedriveAllowPolicy"]["sourceQueueArns"][0]);
        assert!(source.ends_with(name.strip_prefix("!Sub ").unwrap()), "{source}");
    }
}

#[test]
fn fanout_returns_the_dead_letters_of_the_outbox() {
    let template = template();
    let environment = template.of_function("FanoutFunction", "Environment");
    let variable = |name: &str| text(&environment["Variables"][name]);
    assert_eq!(variable("COUNTMEIN_OUTBOX_DEAD_LETTERS_URL"), "!Ref OutboxDeadLettersQueue");
    assert_eq!(variable("COUNTMEIN_OUTBOX_URL"), "!Ref OutboxQueue");
}

#[test]
fn dead_letters_are_tried_alone() {
    assert_eq!(template().properties("DeadLettersMapping")["BatchSize"], 1);
}

/// A message's age goes on counting among the dead letters.
#[test]
fn dead_letters_are_kept_as_long_as_messages() {
    let template = template();
    for queues in QUEUES {
        let retention = |queue| template.properties(queue)["MessageRetentionPeriod"].as_u64();
        let (queue, dead_letters) = (retention(queues.0), retention(queues.1));
        assert!(queue.is_some() && dead_letters >= queue, "{queues:?}: {dead_letters:?} < {queue:?}");
    }
}

#[test]
fn functions_report_failures_of_single_messages() {
    let template = template();
    for (queue, mapping, function) in MAPPED {
        let mapping = template.properties(mapping);
        assert_eq!(text(&mapping["EventSourceArn"]), format!("!GetAtt {queue}.Arn"));
        assert_eq!(text(&mapping["FunctionName"]), format!("!Ref {function}"));
        assert_eq!(text(&mapping["FunctionResponseTypes"]), "[ReportBatchItemFailures]");
        assert!(template.largest(&mapping["ScalingConfig"]["MaximumConcurrency"]) <= 1_000, "{queue}");
    }
}
