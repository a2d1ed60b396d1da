//! Resources that hold data: encrypted, retained or deleted on purpose, reachable over TLS alone.

use std::time::Duration;

use countmein::domain::attendee::TOMBSTONE_RETENTION;

use super::support::{file, list, template, text, texts};

/// How docs/aws.md deletes what outlives the stack, by type.
const TEAR_DOWN: [(&str, &str, &str); 3] = [
    ("AWS::DynamoDB::Table", "TableName", "aws dynamodb delete-table --table-name "),
    ("AWS::S3::Bucket", "BucketName", "aws s3 rb --force "),
    ("AWS::SecretsManager::Secret", "Name", "aws secretsmanager delete-secret --secret-id "),
];

#[test]
fn data_states_its_deletion_policies() {
    let template = template();
    for (name, resource) in template.section("Resources") {
        let kind = resource["Type"].as_str().unwrap();
        if ["Table", "Queue", "Bucket", "Secret", "LogGroup", "Topic", "Key"]
            .contains(&kind.rsplit("::").next().unwrap())
        {
            assert!(resource["DeletionPolicy"].is_string(), "{name} has no DeletionPolicy");
            assert!(resource["UpdateReplacePolicy"].is_string(), "{name} has no UpdateReplacePolicy");
        }
    }
}

#[test]
fn tear_down_deletes_what_outlives_the_stack() {
    let template = template();
    let document = file("docs/aws.md");
    for (name, resource) in template.section("Resources") {
        if !text(&resource["DeletionPolicy"]).starts_with("Retain") {
            continue;
        }
        let kind = resource["Type"].as_str().unwrap();
        let Some((_, property, command)) = TEAR_DOWN.into_iter().find(|(retained, ..)| *retained == kind) else {
            panic!("say in TEAR_DOWN how a {kind} is deleted");
        };
        let named = text(&resource["Properties"][property]).replace("!Sub ", "").replace("${Stage}", "staging");
        // A bucket's name has the account in it, so the commands take it from the stack's outputs.
        let output = format!("$(output {name}Name)");
        let is_deleted = document.contains(&format!("{command}{named}\n"))
            || document.lines().any(|line| line.contains("buckets=") && line.contains(&output));
        assert!(document.contains(command) && is_deleted, "docs/aws.md does not delete {name}");
    }
}

#[test]
fn data_is_encrypted_at_rest() {
    let template = template();
    for queue in template.of_type("AWS::SQS::Queue") {
        assert_eq!(template.properties(queue)["SqsManagedSseEnabled"], true, "{queue}");
    }
    for bucket in template.of_type("AWS::S3::Bucket") {
        let encryption = &template.properties(bucket)["BucketEncryption"]["ServerSideEncryptionConfiguration"];
        assert_eq!(encryption[0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256", "{bucket}");
    }
    // Alarms may not use AWS's own key for SNS (CloudWatch, "Notifying users on alarm changes").
    assert_eq!(text(&template.properties("OperatorTopic")["KmsMasterKeyId"]), "!Ref OperatorTopicKey");
    let key = template.properties("OperatorTopicKey");
    assert_eq!(key["EnableKeyRotation"], true);
    let alarms = &key["KeyPolicy"]["Statement"][1];
    assert_eq!(text(&alarms["Principal"]), "{Service: cloudwatch.amazonaws.com}");
    assert_eq!(text(&alarms["Action"]), "[kms:Decrypt, kms:GenerateDataKey*]");
}

#[test]
fn buckets_are_private_and_expire_their_objects() {
    let template = template();
    for name in template.of_type("AWS::S3::Bucket") {
        let bucket = template.properties(name);
        assert_eq!(
            text(&bucket["PublicAccessBlockConfiguration"]),
            "{BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}",
            "{name}"
        );
        assert_eq!(text(&bucket["OwnershipControls"]["Rules"]), "[{ObjectOwnership: BucketOwnerEnforced}]", "{name}");
        // No longer than the roster keeps those who left.
        let days = bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"].as_u64().unwrap();
        assert!(Duration::from_secs(days * 24 * 60 * 60) <= TOMBSTONE_RETENTION, "{name}");
    }
}

#[test]
fn policies_refuse_requests_without_tls() {
    let template = template();
    let refused = |policy: &str, guarded: String, resource: &[String], action: &str| {
        let policy = template.properties(policy);
        let names = list(&policy["Queues"]).into_iter().chain(list(&policy["Topics"])).chain(list(&policy["Bucket"]));
        assert_eq!(names.map(text).collect::<Vec<_>>(), [guarded]);
        let statements = list(&policy["PolicyDocument"]["Statement"]);
        let statement = statements.into_iter().find(|statement| statement["Sid"] == "NothingWithoutTls").unwrap();
        assert_eq!((text(&statement["Effect"]), text(&statement["Principal"])), ("Deny".into(), "*".into()));
        assert_eq!(text(&statement["Condition"]), "{Bool: {aws:SecureTransport: false}}");
        assert_eq!(text(&statement["Action"]), action);
        assert_eq!(texts(&statement["Resource"]), resource);
    };
    for queue in template.of_type("AWS::SQS::Queue") {
        refused(&format!("{queue}Policy"), format!("!Ref {queue}"), &[format!("!GetAtt {queue}.Arn")], "sqs:*");
    }
    for bucket in template.of_type("AWS::S3::Bucket") {
        let resource = [format!("!GetAtt {bucket}.Arn"), format!("!Sub ${{{bucket}.Arn}}/*")];
        refused(&format!("{bucket}Policy"), format!("!Ref {bucket}"), &resource, "s3:*");
    }
    for topic in template.of_type("AWS::SNS::Topic") {
        refused(&format!("{topic}Policy"), format!("!Ref {topic}"), &[format!("!Ref {topic}")], "sns:Publish");
    }
}

#[test]
fn secrets_are_generated_long_and_plain() {
    let template = template();
    for secret in template.of_type("AWS::SecretsManager::Secret") {
        let properties = template.properties(secret);
        assert_eq!(text(&properties["SecretString"]), "", "{secret}");
        let made = &properties["GenerateSecretString"];
        assert!(made["PasswordLength"].as_u64().unwrap() >= 32, "{secret}");
        assert_eq!(made["ExcludePunctuation"], true, "{secret}");
        assert_eq!(text(&made["SecretStringTemplate"]), "", "{secret} is plain text");
    }
}
