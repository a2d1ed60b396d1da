//! What each function may do: this, and nothing else.

use super::support::{entries, list, template, text, texts};

const TABLE: &str = "!GetAtt EventsTable.Arn";
const SIGNUPS: &str = "!GetAtt SignupsQueue.Arn";
const DEAD_LETTERS: &str = "!GetAtt DeadLettersQueue.Arn";
const OUTBOX: &str = "!GetAtt OutboxQueue.Arn";
const OUTBOX_DEAD_LETTERS: &str = "!GetAtt OutboxDeadLettersQueue.Arn";
const STREAM: &str = "!Sub ${EventsTable.Arn}/stream/*";

const DUE_INDEX: &str = "!Sub ${EventsTable.Arn}/index/due";

const API: [(&str, &[&str]); 14] = [
    ("dynamodb:BatchGetItem", &[TABLE]),
    ("dynamodb:DeleteItem", &[TABLE]),
    ("dynamodb:GetItem", &[TABLE]),
    ("dynamodb:PutItem", &[TABLE]),
    ("dynamodb:Query", &[TABLE]),
    ("dynamodb:Query", &[DUE_INDEX]),
    ("logs:CreateLogStream", &["!GetAtt ApiLogs.Arn"]),
    ("logs:PutLogEvents", &["!GetAtt ApiLogs.Arn"]),
    ("s3:GetObject", &["!Sub ${ExportsBucket.Arn}/*"]),
    ("s3:PutObject", &["!Sub ${ExportsBucket.Arn}/*"]),
    (
        "secretsmanager:GetSecretValue",
        &["!GetAtt OrganiserKey.Id", "!GetAtt TokenSecret.Id", "!GetAtt ContactSecret.Id"],
    ),
    ("sqs:SendMessage", &[SIGNUPS]),
    ("xray:PutTelemetryRecords", &["*"]),
    ("xray:PutTraceSegments", &["*"]),
];

const INGEST: [(&str, &[&str]); 13] = [
    ("dynamodb:BatchGetItem", &[TABLE]),
    ("dynamodb:GetItem", &[TABLE]),
    ("dynamodb:PutItem", &[TABLE]),
    ("dynamodb:Query", &[TABLE]),
    ("dynamodb:UpdateItem", &[TABLE]),
    ("logs:CreateLogStream", &["!GetAtt IngestLogs.Arn"]),
    ("logs:PutLogEvents", &["!GetAtt IngestLogs.Arn"]),
    ("sqs:DeleteMessage", &[SIGNUPS, DEAD_LETTERS]),
    ("sqs:GetQueueAttributes", &[SIGNUPS, DEAD_LETTERS]),
    ("sqs:ReceiveMessage", &[SIGNUPS, DEAD_LETTERS]),
    ("sqs:SendMessage", &[SIGNUPS]),
    ("xray:PutTelemetryRecords", &["*"]),
    ("xray:PutTraceSegments", &["*"]),
];

const CONTACTS: &str = "!Sub arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:countmein-${Stage}-contact-*";
const PHONES: &str = "not !Sub arn:${AWS::Partition}:sns:*:*:*";

const DELIVER: [(&str, &[&str]); 21] = [
    ("dynamodb:BatchGetItem", &[TABLE]),
    ("dynamodb:GetItem", &[TABLE]),
    ("dynamodb:PutItem", &[TABLE]),
    ("dynamodb:Query", &[TABLE]),
    ("dynamodb:UpdateItem", &[TABLE]),
    ("logs:CreateLogStream", &["!GetAtt DeliverLogs.Arn"]),
    ("logs:PutLogEvents", &["!GetAtt DeliverLogs.Arn"]),
    ("secretsmanager:GetSecretValue", &["!GetAtt TokenSecret.Id", "!GetAtt ContactSecret.Id"]),
    ("sns:CheckIfPhoneNumberIsOptedOut", &["*"]),
    ("sns:CreateTopic", &[CONTACTS]),
    ("sns:GetTopicAttributes", &[CONTACTS]),
    ("sns:Publish", &["!Ref AnnouncementsTopic", CONTACTS]),
    ("sns:Publish", &[PHONES]),
    ("sns:Subscribe", &[CONTACTS]),
    ("sns:TagResource", &[CONTACTS]),
    ("sqs:DeleteMessage", &[OUTBOX]),
    ("sqs:GetQueueAttributes", &[OUTBOX]),
    ("sqs:ReceiveMessage", &[OUTBOX]),
    ("sqs:SendMessage", &[OUTBOX]),
    ("xray:PutTelemetryRecords", &["*"]),
    ("xray:PutTraceSegments", &["*"]),
];

const FANOUT: [(&str, &[&str]); 21] = [
    ("dynamodb:BatchGetItem", &[TABLE]),
    ("dynamodb:DeleteItem", &[TABLE]),
    ("dynamodb:DescribeStream", &[STREAM]),
    ("dynamodb:GetItem", &[TABLE]),
    ("dynamodb:GetRecords", &[STREAM]),
    ("dynamodb:GetShardIterator", &[STREAM]),
    ("dynamodb:ListStreams", &[STREAM]),
    ("dynamodb:PutItem", &[TABLE]),
    ("dynamodb:Query", &[TABLE]),
    ("dynamodb:Query", &[DUE_INDEX]),
    ("dynamodb:UpdateItem", &[TABLE]),
    ("logs:CreateLogStream", &["!GetAtt FanoutLogs.Arn"]),
    ("logs:PutLogEvents", &["!GetAtt FanoutLogs.Arn"]),
    ("s3:ListBucket", &["!GetAtt SetAsideBucket.Arn"]),
    ("s3:PutObject", &["!Sub ${SetAsideBucket.Arn}/*"]),
    ("secretsmanager:GetSecretValue", &["!GetAtt ContactSecret.Id"]),
    ("sqs:DeleteMessage", &[OUTBOX_DEAD_LETTERS]),
    ("sqs:ReceiveMessage", &[OUTBOX_DEAD_LETTERS]),
    ("sqs:SendMessage", &[OUTBOX]),
    ("xray:PutTelemetryRecords", &["*"]),
    ("xray:PutTraceSegments", &["*"]),
];

const TABLES: &str = "!Sub arn:${AWS::Partition}:s3:::countmein-${Stage}-import-${AWS::AccountId}-${AWS::Region}/*";

const IMPORT: [(&str, &[&str]); 9] = [
    ("logs:CreateLogStream", &["!GetAtt ImportLogs.Arn"]),
    ("logs:PutLogEvents", &["!GetAtt ImportLogs.Arn"]),
    ("s3:GetObject", &[TABLES]),
    ("s3:ListBucket", &["!GetAtt SetAsideBucket.Arn"]),
    ("s3:PutObject", &["!Sub ${ImportResultsBucket.Arn}/*"]),
    ("s3:PutObject", &["!Sub ${SetAsideBucket.Arn}/*"]),
    ("sqs:SendMessage", &[SIGNUPS]),
    ("xray:PutTelemetryRecords", &["*"]),
    ("xray:PutTraceSegments", &["*"]),
];

const ALEXA: [(&str, &[&str]); 10] = [
    ("dynamodb:BatchGetItem", &[TABLE]),
    ("dynamodb:GetItem", &[TABLE]),
    ("dynamodb:PutItem", &[TABLE]),
    ("dynamodb:Query", &[TABLE]),
    ("logs:CreateLogStream", &["!GetAtt AlexaLogs.Arn"]),
    ("logs:PutLogEvents", &["!GetAtt AlexaLogs.Arn"]),
    ("secretsmanager:GetSecretValue", &["!GetAtt ContactSecret.Id"]),
    ("sqs:SendMessage", &[SIGNUPS]),
    ("xray:PutTelemetryRecords", &["*"]),
    ("xray:PutTraceSegments", &["*"]),
];

/// Of the rules of IoT Core.
const BUTTONS: [(&str, &[&str]); 2] =
    [("s3:PutObject", &["!Sub ${SetAsideBucket.Arn}/buttons/*"]), ("sqs:SendMessage", &[SIGNUPS])];

#[test]
fn roles_allow_what_their_functions_call() {
    let template = template();
    let roles = [
        ("AlexaRole", &ALEXA[..]),
        ("ApiRole", &API),
        ("ButtonsRole", &BUTTONS),
        ("DeliverRole", &DELIVER),
        ("FanoutRole", &FANOUT),
        ("ImportRole", &IMPORT),
        ("IngestRole", &INGEST),
    ];
    for (role, allowed) in roles {
        let policies = list(&template.properties(role)["Policies"]);
        let statements = policies.iter().flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]));
        let mut found: Vec<(String, Vec<String>)> = Vec::new();
        for statement in statements {
            assert_eq!(statement["Effect"], "Allow", "{role}");
            let keys: Vec<_> = entries(statement).into_keys().collect();
            let resources = match keys[2] {
                "Resource" => texts(&statement["Resource"]),
                _ => texts(&statement["NotResource"]).into_iter().map(|resource| format!("not {resource}")).collect(),
            };
            assert_eq!((keys.len(), keys[0], keys[1]), (4, "Action", "Effect"), "{role}");
            found.extend(texts(&statement["Action"]).into_iter().map(|action| (action, resources.clone())));
        }
        found.sort();
        let allowed: Vec<_> = allowed
            .iter()
            .map(|(action, on)| {
                ((*action).to_owned(), on.iter().map(|&resource| resource.to_owned()).collect::<Vec<_>>())
            })
            .collect();
        assert_eq!(found, allowed, "{role}");
    }
}

/// Traces and phone numbers have no ARN.
const NAMELESS: [&str; 2] = ["xray:", "sns:CheckIfPhoneNumberIsOptedOut"];

#[test]
fn only_nameless_resources_are_wildcards() {
    let template = template();
    for role in template.of_type("AWS::IAM::Role") {
        for policy in list(&template.properties(role)["Policies"]) {
            for statement in list(&policy["PolicyDocument"]["Statement"]) {
                let resources = texts(&statement["Resource"]);
                for action in texts(&statement["Action"]) {
                    assert!(!action.contains('*'), "{role}: {action}");
                    let is_nameless = NAMELESS.iter().any(|name| action.starts_with(name));
                    assert!(is_nameless || !resources.contains(&"*".to_owned()), "{role}: {action}");
                }
            }
        }
    }
}

#[test]
fn every_function_has_a_role_of_its_own() {
    let template = template();
    let functions = template.of_type("AWS::Serverless::Function").into_iter();
    let mut roles: Vec<_> = functions.map(|function| function.replace("Function", "Role")).collect();
    roles.push("ButtonsRole".to_owned());
    roles.sort();
    assert_eq!(template.of_type("AWS::IAM::Role"), roles);
    for role in template.of_type("AWS::IAM::Role") {
        let properties = template.properties(role);
        let keys: Vec<_> = entries(properties).into_keys().collect();
        assert_eq!(keys, ["AssumeRolePolicyDocument", "Description", "Policies", "Tags"], "{role}");
        let trust = list(&properties["AssumeRolePolicyDocument"]["Statement"]);
        let trusted = match role {
            // Without the condition IoT Core would assume this role for rules of other accounts.
            "ButtonsRole" => {
                "{Action: sts:AssumeRole, Condition: {StringEquals: {aws:SourceAccount: !Ref AWS::AccountId}}, \
                 Effect: Allow, Principal: {Service: iot.amazonaws.com}}"
            }
            _ => "{Action: sts:AssumeRole, Effect: Allow, Principal: {Service: lambda.amazonaws.com}}",
        };
        assert_eq!(trust.into_iter().map(text).collect::<Vec<_>>(), [trusted]);
    }
    for function in template.of_type("AWS::Serverless::Function") {
        assert!(template.of_function(function, "Policies").is_null(), "{function}");
        assert!(template.of_function(function, "Events").is_null(), "{function}: SAM would widen its role");
    }
    for kind in ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::User"] {
        assert!(template.of_type(kind).is_empty(), "{kind}");
    }
}
