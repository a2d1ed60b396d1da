//! The functions: how each is built, what it is told, where it logs.

use super::support::{entries, template, text};

const FUNCTIONS: [&str; 5] = ["Alexa", "Api", "Fanout", "Import", "Ingest"];

#[test]
fn there_is_a_function_for_each_binary() {
    let template = template();
    assert_eq!(template.of_type("AWS::Serverless::Function"), FUNCTIONS.map(|name| format!("{name}Function")));
    for name in FUNCTIONS {
        let built = &template.resource(&format!("{name}Function"))["Metadata"];
        assert_eq!(built["BuildMethod"], "rust-cargolambda");
        assert_eq!(built["BuildProperties"]["Binary"], name.to_lowercase().as_str());
    }
}

#[test]
fn one_skill_alone_may_call_alexa_and_none_where_none_is_named() {
    let template = template();
    assert_eq!(template.resource("AlexaPermission")["Condition"], "HasSkill");
    let permission = template.properties("AlexaPermission");
    assert_eq!(permission["Principal"], "alexa-appkit.amazon.com");
    assert_eq!(text(&permission["EventSourceToken"]), "!Ref AlexaSkillId");
}

#[test]
fn each_function_has_a_role_a_log_a_timeout_and_traces_of_its_own() {
    let template = template();
    for (name, timeout) in [("Alexa", 8), ("Api", 15), ("Fanout", 60), ("Import", 900), ("Ingest", 20)] {
        let function = format!("{name}Function");
        let of = |property| template.of_function(&function, property);
        assert_eq!(text(&of("Role")), format!("!GetAtt {name}Role.Arn"));
        assert_eq!(of("Timeout"), timeout);
        assert_eq!(of("Tracing"), "Active");
        assert_eq!(of("Runtime"), "provided.al2023");
        assert_eq!(text(&of("Architectures")), "[!Ref Architecture]");
        let log = of("LoggingConfig");
        assert_eq!(log["LogFormat"], "JSON");
        assert_eq!(text(&log["LogGroup"]), format!("!Ref {name}Logs"));
        let logs = template.properties(&format!("{name}Logs"));
        assert_eq!(
            text(&logs["LogGroupName"]),
            format!("!Sub /aws/lambda/countmein-${{Stage}}-{}", name.to_lowercase())
        );
        assert_eq!(text(&logs["RetentionInDays"]), "!Ref LogRetentionDays");
    }
}

#[test]
fn each_function_is_told_what_it_needs_and_no_more() {
    let template = template();
    let common = [
        ("COUNTMEIN_STAGE", "!Ref Stage"),
        ("COUNTMEIN_TABLE", "!Ref EventsTable"),
        ("RUST_LOG", "!Sub info,countmein=${LogLevel}"),
    ];
    let api = [
        ("COUNTMEIN_OPT_INS_PER_HOUR", "!Ref OptInsPerHour"),
        ("COUNTMEIN_FLIC_KEY", "!Ref FlicKey"),
        ("COUNTMEIN_LIST_EVERYONE", "!Ref ListEveryone"),
        ("COUNTMEIN_ORGANISER_SECRET", "!GetAtt OrganiserKey.Id"),
        (
            "COUNTMEIN_PUBLIC_URL",
            "!If [HasPublicUrl, !Ref PublicUrl, !Sub https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}]",
        ),
        ("COUNTMEIN_QUEUE_URL", "!Ref SignupsQueue"),
        ("COUNTMEIN_SMS_PER_DAY", "!Ref SmsPerDay"),
        ("COUNTMEIN_SMS_CALLING_CODES", "!Ref SmsCallingCodes"),
        ("COUNTMEIN_SMS_HOURS", "!Ref SmsHours"),
        ("COUNTMEIN_TOKEN_SECRET", "!GetAtt TokenSecret.Id"),
    ];
    let fanout = [
        ("COUNTMEIN_ANNOUNCEMENTS_TOPIC", "!Ref AnnouncementsTopic"),
        ("COUNTMEIN_OPT_INS_PER_HOUR", "!Ref OptInsPerHour"),
        ("COUNTMEIN_CONTACT_SECRET", "!GetAtt ContactSecret.Id"),
        (
            "COUNTMEIN_CONTACT_TOPICS",
            "!Sub arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:countmein-${Stage}-contact-",
        ),
        ("COUNTMEIN_BACKOFF_INITIAL", "!Ref BackoffInitial"),
        ("COUNTMEIN_LANGUAGE", "!Ref Language"),
        ("COUNTMEIN_BACKOFF_MAXIMUM", "!Ref BackoffMaximum"),
        ("COUNTMEIN_NAMES_SHOWN", "!Ref NamesShown"),
        api[4],
        ("COUNTMEIN_SMS_PER_DAY", "!Ref SmsPerDay"),
        ("COUNTMEIN_SMS_CALLING_CODES", "!Ref SmsCallingCodes"),
        ("COUNTMEIN_SMS_HOURS", "!Ref SmsHours"),
        ("COUNTMEIN_TOKEN_SECRET", "!GetAtt TokenSecret.Id"),
        ("COUNTMEIN_BACKOFF_MULTIPLIER", "!Ref BackoffMultiplier"),
    ];
    let ingest = [("COUNTMEIN_DEAD_LETTER_QUEUE_ARN", "!GetAtt DeadLettersQueue.Arn")];
    let import =
        [("COUNTMEIN_QUEUE_URL", "!Ref SignupsQueue"), ("COUNTMEIN_RESULTS_BUCKET", "!Ref ImportResultsBucket")];
    let alexa = [
        ("COUNTMEIN_ALEXA_SKILL_ID", "!Ref AlexaSkillId"),
        ("COUNTMEIN_CONTACT_SECRET", "!GetAtt ContactSecret.Id"),
        ("COUNTMEIN_QUEUE_URL", "!Ref SignupsQueue"),
    ];
    let functions =
        [("Alexa", &alexa[..]), ("Api", &api), ("Fanout", &fanout), ("Import", &import), ("Ingest", &ingest)];
    for (name, own) in functions {
        let environment = template.of_function(&format!("{name}Function"), "Environment");
        let told: Vec<_> = entries(&environment["Variables"])
            .into_iter()
            .map(|(name, value)| (name.to_owned(), text(value)))
            .collect();
        let mut expected: Vec<_> =
            common.iter().chain(own).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        expected.sort();
        assert_eq!(told, expected, "{name}");
    }
}

#[test]
fn api_is_kept_warm_only_for_who_asks_for_it() {
    let template = template();
    assert_eq!(template.section("Parameters")["KeepWarm"]["Default"], "off");
    for resource in ["KeepWarmRule", "KeepWarmPermission"] {
        assert_eq!(template.resource(resource)["Condition"], "IsKeptWarm");
    }
    let target = &template.properties("KeepWarmRule")["Targets"][0];
    assert_eq!(text(&target["Arn"]), "!GetAtt ApiFunction.Arn");
    let request: serde_json::Value = serde_json::from_str(&text(&target["Input"])).unwrap();
    assert_eq!((&request["version"], &request["rawPath"]), (&"2.0".into(), &"/health".into()));
    assert_eq!(request["requestContext"]["http"]["method"], "GET");
}
