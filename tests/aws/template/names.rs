//! Names, tags, parameters and outputs: two stages share nothing, and everything is described.

use std::collections::BTreeSet;

use super::support::{entries, file, list, template, text, texts};

/// The property that names a resource, and whether it takes tags.
const KINDS: [(&str, Option<&str>, bool); 25] = [
    ("AWS::ApiGatewayV2::Api", Some("Name"), true),
    ("AWS::ApiGatewayV2::Authorizer", Some("Name"), false),
    ("AWS::ApiGatewayV2::Integration", None, false),
    ("AWS::ApiGatewayV2::Route", None, false),
    // The API's own, which must be called `$default`.
    ("AWS::ApiGatewayV2::Stage", None, true),
    ("AWS::CloudWatch::Alarm", Some("AlarmName"), true),
    ("AWS::CloudWatch::Dashboard", Some("DashboardName"), false),
    ("AWS::DynamoDB::Table", Some("TableName"), true),
    ("AWS::Events::Rule", Some("Name"), true),
    // Named by CloudFormation after the stack, which is named after the stage: a name of our own would be one for all
    // regions.
    ("AWS::IAM::Role", None, true),
    ("AWS::IoT::TopicRule", Some("RuleName"), true),
    ("AWS::KMS::Key", None, true),
    ("AWS::Lambda::EventInvokeConfig", None, false),
    ("AWS::Lambda::EventSourceMapping", None, true),
    ("AWS::Lambda::Permission", None, false),
    ("AWS::Logs::LogGroup", Some("LogGroupName"), true),
    ("AWS::S3::Bucket", Some("BucketName"), true),
    ("AWS::S3::BucketPolicy", None, false),
    ("AWS::SNS::Subscription", None, false),
    ("AWS::SNS::Topic", Some("TopicName"), true),
    ("AWS::SNS::TopicPolicy", None, false),
    ("AWS::SQS::Queue", Some("QueueName"), true),
    ("AWS::SQS::QueuePolicy", None, false),
    ("AWS::SecretsManager::Secret", Some("Name"), true),
    // Its tags are those of all functions.
    ("AWS::Serverless::Function", Some("FunctionName"), true),
];

#[test]
fn every_name_contains_the_stage() {
    let mut names = BTreeSet::new();
    let template = template();
    for (name, resource) in template.section("Resources") {
        let (_, property, _) = kind(text(&resource["Type"]).as_str());
        let Some(property) = property else { continue };
        let given = text(&resource["Properties"][property]);
        // A rule's name may hold no hyphens.
        let begins = if property == "RuleName" { "countmein_${Stage}_" } else { "countmein-${Stage}" };
        assert!(given.starts_with("!Sub ") && given.contains(begins), "{name}: {given}");
        assert!(names.insert((resource["Type"].as_str().unwrap(), given.clone())), "{name}: {given} is taken");
    }
}

#[test]
fn everything_is_tagged_with_project_and_stage() {
    let template = template();
    for (name, resource) in template.section("Resources") {
        let (kind, _, takes_tags) = kind(text(&resource["Type"]).as_str());
        let tags = match kind {
            "AWS::Serverless::Function" => template.of_function(name, "Tags"),
            _ => resource["Properties"]["Tags"].clone(),
        };
        let tags = match list(&tags)[..] {
            [] => Vec::new(),
            [map] if map.get("Key").is_none() => {
                entries(map).into_iter().map(|(key, value)| (key.to_owned(), text(value))).collect()
            }
            ref tags => tags.iter().map(|tag| (text(&tag["Key"]), text(&tag["Value"]))).collect(),
        };
        let expected = [("project", "countmein"), ("stage", "!Ref Stage")];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(tags, if takes_tags { expected.to_vec() } else { Vec::new() }, "{name}");
    }
}

fn kind(of: &str) -> (&'static str, Option<&'static str>, bool) {
    let known = KINDS.into_iter().find(|(kind, ..)| *kind == of);
    known.unwrap_or_else(|| panic!("say in KINDS what names a {of}, and whether it takes tags"))
}

#[test]
fn parameters_are_described_grouped_and_optional() {
    let template = template();
    for (name, parameter) in template.section("Parameters") {
        assert!(!text(&parameter["Description"]).is_empty(), "{name} has no description");
        assert!(parameter.get("Default").is_some(), "{name} has no default");
    }
    let interface = template.section("Metadata")["AWS::CloudFormation::Interface"];
    let mut grouped: Vec<_> =
        list(&interface["ParameterGroups"]).iter().flat_map(|group| texts(&group["Parameters"])).collect();
    grouped.sort();
    assert_eq!(grouped, template.section("Parameters").into_keys().collect::<Vec<_>>());
    for (name, output) in template.section("Outputs") {
        assert!(!text(&output["Description"]).is_empty(), "{name} has no description");
    }
}

#[test]
fn stages_match_samconfig_and_share_no_name() {
    let template = template();
    let stages = texts(&template.section("Parameters")["Stage"]["AllowedValues"]);
    let config = file("samconfig.toml");
    for environment in stages.iter().map(String::as_str).chain(["default"]) {
        let stage = if environment == "default" { "staging" } else { environment };
        let settings = settings(&config, environment);
        for expected in [
            format!("stack_name = \"countmein-{stage}\""),
            format!("s3_prefix = \"countmein-{stage}\""),
            format!("parameter_overrides = [\"Stage={stage}\"]"),
        ] {
            assert!(settings.contains(&expected.as_str()), "[{environment}…] lacks {expected}");
        }
        for other in stages.iter().filter(|other| *other != stage) {
            let mixed: Vec<_> = settings.iter().filter(|setting| setting.contains(other.as_str())).collect();
            assert!(mixed.is_empty(), "[{environment}…] has {mixed:?}");
        }
    }
}

/// The lines of all sections of an environment.
fn settings<'a>(config: &'a str, environment: &str) -> Vec<&'a str> {
    let mut within = false;
    let mut settings = Vec::new();
    for line in config.lines() {
        if let Some(section) = line.strip_prefix('[') {
            within = section.starts_with(&format!("{environment}."));
        } else if within {
            settings.push(line);
        }
    }
    settings
}
