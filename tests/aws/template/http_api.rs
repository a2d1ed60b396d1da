//! The HTTP API: which routes ask for a token, how requests are throttled, and what is logged.

use serde_json::Value as Json;

use super::support::{entries, file, list, template, text};

const BEHIND_A_TOKEN: [&str; 6] = [
    "GET /",
    "GET /events/{event}",
    "GET /events/{event}/attendees",
    "GET /events/{event}/attendees/{name}",
    "POST /",
    "POST /events/{event}/signups",
];

#[test]
fn rosters_and_signups_alone_ask_for_tokens() {
    let template = template();
    let mut asking = Vec::new();
    for name in template.of_type("AWS::ApiGatewayV2::Route") {
        let route = template.properties(name);
        assert_eq!(text(&route["Target"]), "!Sub integrations/${ApiIntegration}", "{name}");
        let key = route["RouteKey"].as_str().unwrap();
        if key == "$default" {
            assert_eq!(
                (text(&route["AuthorizationType"]), text(&route["AuthorizerId"])),
                ("NONE".into(), String::new())
            );
        } else {
            assert_eq!(text(&route["AuthorizationType"]), "!If [HasAuthorizer, JWT, NONE]", "{name}");
            assert_eq!(
                text(&route["AuthorizerId"]),
                "!If [HasAuthorizer, !Ref Authorizer, !Ref AWS::NoValue]",
                "{name}"
            );
            asking.push(key);
        }
    }
    asking.sort_unstable();
    assert_eq!(asking, BEHIND_A_TOKEN);
    assert_eq!(template.of_type("AWS::ApiGatewayV2::Route").len(), BEHIND_A_TOKEN.len() + 1);
    assert_eq!(template.resource("Authorizer")["Condition"], "HasAuthorizer");
}

#[test]
fn routes_are_in_the_published_contract() {
    let contract: Json = serde_json::from_str(&file("docs/openapi.json")).unwrap();
    for route in BEHIND_A_TOKEN {
        let (method, path) = route.split_once(' ').unwrap();
        assert!(contract["paths"][path][method.to_lowercase()].is_object(), "{route}");
    }
}

#[test]
fn the_gateway_waits_longer_than_the_function() {
    let template = template();
    let integration = template.properties("ApiIntegration");
    let timeout = template.of_function("ApiFunction", "Timeout").as_u64().unwrap();
    assert!(integration["TimeoutInMillis"].as_u64().unwrap() > timeout * 1_000);
}

#[test]
fn signups_are_throttled_more_than_the_rest() {
    let template = template();
    let settings = entries(&template.properties("DefaultStage")["RouteSettings"]);
    assert!(settings.into_keys().eq(BEHIND_A_TOKEN.into_iter().filter(|route| route.starts_with("POST "))));
    let default = |name: &str| template.section("Parameters")[name]["Default"].as_u64().unwrap();
    assert!(default("SignupThrottleRate") < default("ThrottleRate"));
    assert!(default("SignupThrottleBurst") < default("ThrottleBurst"));
    for name in list(&template.resource("DefaultStage")["DependsOn"]) {
        assert!(text(&template.properties(name.as_str().unwrap())["RouteKey"]).starts_with("POST /"));
    }
    assert_eq!(list(&template.resource("DefaultStage")["DependsOn"]).len(), 2);
}

#[test]
fn the_access_log_holds_no_paths_or_addresses() {
    let template = template();
    let format = text(&template.properties("DefaultStage")["AccessLogSettings"]["Format"]);
    let line: Json = serde_json::from_str(&format).unwrap();
    for value in line.as_object().unwrap().values().map(|value| value.as_str().unwrap()) {
        // A path has the event and the manage token in it; identity and authorizer say who called.
        let is_private = ["path", "identity", "authorizer"].iter().any(|part| value.contains(part));
        assert!(!is_private, "{value}");
    }
}

#[test]
fn footer_links_are_optional_web_addresses() {
    let template = template();
    let environment = template.of_function("ApiFunction", "Environment");
    for (parameter, variable) in [("ImprintUrl", "COUNTMEIN_IMPRINT_URL"), ("PrivacyUrl", "COUNTMEIN_PRIVACY_URL")] {
        let described = template.section("Parameters")[parameter];
        assert_eq!(text(&described["Default"]), "");
        assert_eq!(text(&described["AllowedPattern"]), r"^(https?://[^\s]+)?$");
        assert_eq!(text(&environment["Variables"][variable]), format!("!Ref {parameter}"));
    }
}
