//! The HTTP API: who is asked for a token, how much may come, what is logged of it.

use serde_json::Value as Json;

use super::support::{file, list, template, text};

const BEHIND_A_TOKEN: [&str; 6] = [
    "GET /",
    "GET /events/{event}",
    "GET /events/{event}/attendees",
    "GET /events/{event}/attendees/{name}",
    "POST /",
    "POST /events/{event}/signups",
];

#[test]
fn rosters_and_signups_ask_for_a_token_where_there_is_an_issuer_and_nothing_else_does() {
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
    let authorizer = template.properties("Authorizer");
    assert_eq!(template.resource("Authorizer")["Condition"], "HasAuthorizer");
    assert_eq!(authorizer["AuthorizerType"], "JWT");
    assert_eq!(text(&authorizer["JwtConfiguration"]), "{Audience: [!Ref JwtAudience], Issuer: !Ref JwtIssuer}");
}

#[test]
fn the_routes_are_some_of_the_published_contract() {
    let contract: Json = serde_json::from_str(&file("docs/openapi.json")).unwrap();
    for route in BEHIND_A_TOKEN {
        let (method, path) = route.split_once(' ').unwrap();
        assert!(contract["paths"][path][method.to_lowercase()].is_object(), "{route}");
    }
}

#[test]
fn the_api_is_the_functions_and_gives_it_time_to_say_what_went_wrong() {
    let template = template();
    let integration = template.properties("ApiIntegration");
    assert_eq!(text(&integration["IntegrationUri"]), "!GetAtt ApiFunction.Arn");
    assert_eq!(integration["PayloadFormatVersion"], "2.0");
    let timeout = template.of_function("ApiFunction", "Timeout").as_u64().unwrap();
    assert!(integration["TimeoutInMillis"].as_u64().unwrap() > timeout * 1_000);
    let permission = template.properties("ApiPermission");
    assert_eq!(text(&permission["FunctionName"]), "!Ref ApiFunction");
    assert!(text(&permission["SourceArn"]).ends_with(":${HttpApi}/*"));
}

#[test]
fn everything_is_throttled_and_signups_more() {
    let template = template();
    let stage = template.properties("DefaultStage");
    assert_eq!(
        text(&stage["DefaultRouteSettings"]),
        "{ThrottlingBurstLimit: !Ref ThrottleBurst, ThrottlingRateLimit: !Ref ThrottleRate}"
    );
    let signups = "{ThrottlingBurstLimit: !Ref SignupThrottleBurst, ThrottlingRateLimit: !Ref SignupThrottleRate}";
    assert_eq!(
        text(&stage["RouteSettings"]),
        format!("{{POST /: {signups}, POST /events/{{event}}/signups: {signups}}}")
    );
    let default = |name: &str| template.section("Parameters")[name]["Default"].as_u64().unwrap();
    assert!(default("SignupThrottleRate") < default("ThrottleRate"));
    assert!(default("SignupThrottleBurst") < default("ThrottleBurst"));
    for name in list(&template.resource("DefaultStage")["DependsOn"]) {
        assert!(text(&template.properties(name.as_str().unwrap())["RouteKey"]).starts_with("POST /"));
    }
    assert_eq!(list(&template.resource("DefaultStage")["DependsOn"]).len(), 2);
}

#[test]
fn the_access_log_knows_routes_and_no_paths() {
    let template = template();
    let log = &template.properties("DefaultStage")["AccessLogSettings"];
    assert_eq!(text(&log["DestinationArn"]), "!GetAtt AccessLogs.Arn");
    let line: Json = serde_json::from_str(&text(&log["Format"])).unwrap();
    let mut told: Vec<_> = line.as_object().unwrap().values().map(|value| value.as_str().unwrap()).collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "$context.error.messageString",
            "$context.httpMethod",
            "$context.integrationLatency",
            "$context.requestId",
            "$context.requestTime",
            "$context.responseLatency",
            "$context.responseLength",
            "$context.routeKey",
            "$context.status",
        ]
    );
}

#[test]
fn pages_of_another_site_may_call_only_where_the_operator_names_it() {
    let template = template();
    assert_eq!(template.section("Parameters")["CorsOrigin"]["Default"], "");
    let cors = text(&template.properties("HttpApi")["CorsConfiguration"]);
    assert!(cors.starts_with("!If [HasCorsOrigin, {"), "{cors}");
    assert!(cors.contains("AllowOrigins: [!Ref CorsOrigin]"), "{cors}");
    assert!(cors.ends_with("}, !Ref AWS::NoValue]"), "{cors}");
}
