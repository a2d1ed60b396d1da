//! How a press reaches the queue from IoT Core, without any code in between.

use countmein::adapters::mqtt::DEFAULT_TOPICS;

use super::support::{entries, list, template, text};

#[test]
fn rules_pass_presses_to_the_queue_unchanged() {
    let template = template();
    let mut topics = Vec::new();
    for (name, resource) in template.section("Resources") {
        if resource["Type"] != "AWS::IoT::TopicRule" {
            continue;
        }
        let rule = &template.properties(name)["TopicRulePayload"];
        let sql = text(&rule["Sql"]);
        let select = "SELECT encode(*, 'base64') AS payload, topic() AS topic, timestamp() AS received_at FROM ";
        let from = sql.strip_prefix(select).unwrap_or_else(|| panic!("{name}: {sql}"));
        topics.push(from.split('\'').nth(1).unwrap_or_else(|| panic!("{name}: {sql}")).to_owned());
        let [action] = &list(&rule["Actions"])[..] else { panic!("{name}") };
        assert_eq!(entries(action).into_keys().collect::<Vec<_>>(), ["Sqs"], "{name}");
        assert_eq!(text(&action["Sqs"]["QueueUrl"]), "!Ref SignupsQueue");
        assert_eq!(action["Sqs"]["UseBase64"], false);
        let kept = &rule["ErrorAction"]["S3"];
        assert_eq!(text(&kept["BucketName"]), "!Ref SetAsideBucket");
        for role in [&action["Sqs"], kept] {
            assert_eq!(text(&role["RoleArn"]), "!GetAtt ButtonsRole.Arn");
        }
    }
    assert!(!topics.is_empty());
    for topic in topics {
        assert!(DEFAULT_TOPICS.contains(&&*topic), "the MQTT client does not subscribe to {topic}");
    }
}
