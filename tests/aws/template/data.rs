//! What holds something: encrypted, kept when it must be, out of reach without TLS.

use super::support::{list, template, text, texts};

/// What becomes of it when the stack goes, and when an update makes another in its place.
const STATEFUL: [(&str, &str, &str); 18] = [
    ("AccessLogs", "Delete", "Delete"),
    ("AlexaLogs", "Delete", "Delete"),
    ("AnnouncementsTopic", "Delete", "Delete"),
    ("ApiLogs", "Delete", "Delete"),
    ("ContactSecret", "RetainExceptOnCreate", "Retain"),
    ("DeadLettersQueue", "Delete", "Retain"),
    ("EventsTable", "Retain", "Retain"),
    ("FanoutLogs", "Delete", "Delete"),
    ("ImportBucket", "RetainExceptOnCreate", "Retain"),
    ("ImportLogs", "Delete", "Delete"),
    ("ImportResultsBucket", "RetainExceptOnCreate", "Retain"),
    ("IngestLogs", "Delete", "Delete"),
    ("OperatorTopic", "Delete", "Delete"),
    ("OperatorTopicKey", "Delete", "Delete"),
    ("OrganiserKey", "RetainExceptOnCreate", "Retain"),
    ("SetAsideBucket", "RetainExceptOnCreate", "Retain"),
    ("SignupsQueue", "Delete", "Retain"),
    ("TokenSecret", "RetainExceptOnCreate", "Retain"),
];

#[test]
fn what_becomes_of_all_that_holds_something_is_said() {
    let template = template();
    let said: Vec<_> = template
        .section("Resources")
        .into_iter()
        .filter(|(_, resource)| {
            let kind = resource["Type"].as_str().unwrap();
            let holds = ["Table", "Queue", "Bucket", "Secret", "LogGroup", "Topic", "Key"];
            holds.contains(&kind.rsplit("::").next().unwrap())
        })
        .map(|(name, resource)| (name, text(&resource["DeletionPolicy"]), text(&resource["UpdateReplacePolicy"])))
        .collect();
    let said: Vec<_> = said.iter().map(|(name, goes, replaced)| (*name, goes.as_str(), replaced.as_str())).collect();
    assert_eq!(said, STATEFUL);
}

#[test]
fn the_table_is_protected_recoverable_and_encrypted() {
    let template = template();
    let table = template.properties("EventsTable");
    assert_eq!(table["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(table["DeletionProtectionEnabled"], true);
    assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(table["SSESpecification"]["SSEEnabled"], true);
    assert_eq!(table["TimeToLiveSpecification"]["AttributeName"], "expires_at");
    assert_eq!(table["TimeToLiveSpecification"]["Enabled"], true);
}

#[test]
fn queues_bucket_and_topic_are_encrypted() {
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
fn the_buckets_are_private_and_forget() {
    let template = template();
    for name in template.of_type("AWS::S3::Bucket") {
        let bucket = template.properties(name);
        assert_eq!(
            text(&bucket["PublicAccessBlockConfiguration"]),
            "{BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true}",
            "{name}"
        );
        assert_eq!(text(&bucket["OwnershipControls"]["Rules"]), "[{ObjectOwnership: BucketOwnerEnforced}]", "{name}");
        assert_eq!(bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"], 30, "{name}");
    }
}

#[test]
fn queues_bucket_and_topic_answer_nobody_without_tls() {
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
fn the_stack_makes_its_secrets_itself_long_and_without_punctuation() {
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
