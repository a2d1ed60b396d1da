//! The functions: their binaries, roles, logs, variables and schedules.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::support::{entries, file, template, text};

#[test]
fn every_binary_is_a_function() {
    let template = template();
    let cargo = file("Cargo.toml");
    let mut binaries: Vec<_> =
        cargo.split("path = \"functions/").skip(1).filter_map(|rest| rest.split('.').next()).collect();
    binaries.sort_unstable();
    let built = template.of_type("AWS::Serverless::Function").into_iter().map(|function| {
        let metadata = &template.resource(function)["Metadata"];
        assert_eq!(metadata["BuildMethod"], "rust-cargolambda", "{function}");
        text(&metadata["BuildProperties"]["Binary"])
    });
    assert_eq!(built.collect::<Vec<_>>(), binaries);
}

#[test]
fn alexa_answers_the_skill_that_may_call_it() {
    let template = template();
    let permission = template.properties("AlexaPermission");
    let environment = template.of_function("AlexaFunction", "Environment");
    assert_eq!(permission["EventSourceToken"], environment["Variables"]["COUNTMEIN_ALEXA_SKILL_ID"]);
    assert_eq!(text(&permission["FunctionName"]), "!Ref AlexaFunction");
}

#[test]
fn every_function_has_its_own_role_and_log() {
    let template = template();
    for function in template.of_type("AWS::Serverless::Function") {
        let name = function.strip_suffix("Function").unwrap();
        assert_eq!(text(&template.of_function(function, "Role")), format!("!GetAtt {name}Role.Arn"));
        let log = template.of_function(function, "LoggingConfig");
        assert_eq!(text(&log["LogGroup"]), format!("!Ref {name}Logs"));
        let group = text(&template.properties(&format!("{name}Logs"))["LogGroupName"]);
        let named = text(&template.properties(function)["FunctionName"]);
        assert_eq!(group.strip_prefix("!Sub /aws/lambda/"), named.strip_prefix("!Sub "));
    }
}

#[test]
fn functions_are_given_the_variables_they_read() {
    let template = template();
    let everywhere = read_by(&["mod", "notify", "alexa", "api", "deliver", "fanout", "import", "ingest"]);
    for function in template.of_type("AWS::Serverless::Function") {
        let environment = template.of_function(function, "Environment");
        let given: BTreeSet<_> = entries(&environment["Variables"])
            .into_keys()
            .filter(|name| *name != "RUST_LOG")
            .map(str::to_owned)
            .collect();
        let unread: Vec<_> = given.difference(&everywhere).collect();
        assert!(unread.is_empty(), "no function reads {unread:?}");
        let own = function.strip_suffix("Function").unwrap().to_lowercase();
        // `notify` is how deliver notifies recipients; api uses parts of it.
        let read = if own == "deliver" { read_by(&["deliver", "notify"]) } else { read_by(&[&own]) };
        let missing: Vec<_> = read.difference(&given).collect();
        assert!(missing.is_empty(), "{function} reads {missing:?}");
    }
}

#[test]
fn variables_are_named_after_their_parameters() {
    let template = template();
    let parameters = template.section("Parameters");
    for function in template.of_type("AWS::Serverless::Function") {
        for (variable, value) in entries(&template.of_function(function, "Environment")["Variables"]) {
            let value = text(value);
            let Some(parameter) = value.strip_prefix("!Ref ").filter(|name| parameters.contains_key(name)) else {
                continue;
            };
            let words = parameter.chars().map(|letter| {
                if letter.is_uppercase() { format!("_{letter}") } else { letter.to_uppercase().to_string() }
            });
            assert_eq!(variable, format!("COUNTMEIN{}", words.collect::<String>()), "{function}");
        }
    }
}

/// The variables that these modules of the functions read.
fn read_by(modules: &[&str]) -> BTreeSet<String> {
    let sources = modules.iter().map(|module| file(&format!("src/lambda/{module}.rs")));
    let names =
        |source: String| source.split('"').filter(|text| is_variable(text)).map(str::to_owned).collect::<Vec<_>>();
    sources.flat_map(names).collect()
}

fn is_variable(text: &str) -> bool {
    let name = text.strip_prefix("COUNTMEIN_");
    name.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

#[test]
fn the_warming_request_is_a_published_route() {
    let template = template();
    let target = &template.properties("KeepWarmRule")["Targets"][0];
    assert_eq!(text(&target["Arn"]), "!GetAtt ApiFunction.Arn");
    let request: Json = serde_json::from_str(&text(&target["Input"])).unwrap();
    let method = request["requestContext"]["http"]["method"].as_str().unwrap().to_lowercase();
    let contract: Json = serde_json::from_str(&file("docs/openapi.json")).unwrap();
    assert!(contract["paths"][request["rawPath"].as_str().unwrap()][method].is_object(), "{request}");
}

#[test]
fn schedules_may_call_their_functions() {
    let template = template();
    for rule in template.of_type("AWS::Events::Rule") {
        let function = text(&template.properties(rule)["Targets"][0]["Arn"]);
        let permission = template.properties(&rule.replace("Rule", "Permission"));
        assert_eq!(text(&permission["SourceArn"]), format!("!GetAtt {rule}.Arn"));
        let allowed = text(&permission["FunctionName"]).replace("!Ref ", "");
        assert_eq!(function, format!("!GetAtt {allowed}.Arn"));
    }
}
