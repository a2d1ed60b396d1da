//! The way of a press from IoT Core to the queue, on which there is no code.

use super::support::{entries, list, template, text};

#[test]
fn presses_go_from_the_topics_of_known_buttons_to_the_queue_as_they_are() {
    let template = template();
    let mut topics = Vec::new();
    for (name, resource) in template.section("Resources") {
        if resource["Type"] != "AWS::IoT::TopicRule" {
            continue;
        }
        let rule = &template.properties(name)["TopicRulePayload"];
        let sql = text(&rule["Sql"]);
        let select = "SELECT encode(*, 'base64') AS payload, topic() AS topic, timestamp() AS received_at FROM ";
        topics.push(sql.strip_prefix(select).unwrap_or_else(|| panic!("{name}: {sql}")).to_owned());
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
    assert_eq!(
        topics,
        [
            "'iotbutton/+'",
            "'shellies/+/input_event/+'",
            "'+/events/rpc' WHERE NOT isUndefined(params.events)",
            "'stat/+/RESULT'",
            "'zigbee2mqtt/+' WHERE action <> ''",
        ]
    );
}
