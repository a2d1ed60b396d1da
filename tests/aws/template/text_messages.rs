//! The parameters for text messages.

use std::process::Command;

use countmein::domain::country::Country;

use super::support::{template, text};

/// Returns those of the values that a pattern of the template accepts, according to Python's regular expressions.
fn accepted(pattern: &str, values: &[String]) -> Vec<String> {
    let script = "import re, sys; print(*filter(re.compile(sys.argv[1]).search, sys.argv[2:]), sep='\\n')";
    let output = Command::new("python3").args(["-c", script, pattern]).args(values).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn countries_are_checked_before_they_are_deployed() {
    let template = template();
    let described = template.section("Parameters")["SmsCountries"];
    assert_eq!(text(&described["Default"]), "");
    let pattern = text(&described["AllowedPattern"]);

    let letters = || 'A'..='Z';
    let codes: Vec<String> = letters().flat_map(|one| letters().map(move |other| format!("{one}{other}"))).collect();
    let countries: Vec<String> = codes.iter().filter(|code| code.parse::<Country>().is_ok()).cloned().collect();
    assert_eq!(accepted(&pattern, &codes), countries);

    let lists = ["DE,US", "DE,UK", "UK,DE", "+49", "Germany", "DE US", "DEUS", ",DE"].map(str::to_owned);
    assert_eq!(accepted(&pattern, &lists), ["DE,US"]);
}

#[test]
fn functions_that_use_the_limits_know_the_countries() {
    let template = template();
    for function in ["ApiFunction", "DeliverFunction"] {
        let environment = template.of_function(function, "Environment");
        assert_eq!(text(&environment["Variables"]["COUNTMEIN_SMS_COUNTRIES"]), "!Ref SmsCountries", "{function}");
    }
}

#[test]
fn the_dashboard_shows_messages_suppressed_by_the_number() {
    let body = text(&template().properties("Dashboard")["DashboardBody"]);
    for metric in ["SuppressedBySmsCountries", "SuppressedBySmsLineType"] {
        assert!(body.contains(metric), "{metric}");
    }
}
