//! The OpenAPI document: committed, served, and true.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::support::{Request, serve};

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");

#[test]
fn committed_contract_matches_the_code() {
    let generated = countmein::http::openapi();
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(COMMITTED, &generated).unwrap();
    }
    let committed = fs::read_to_string(Path::new(COMMITTED)).unwrap_or_default();
    assert!(
        committed == generated,
        "run UPDATE_EXPECTED=1 cargo nextest run --test standalone http::contract, and commit docs/openapi.json"
    );
}

#[test]
fn contract_is_served() {
    let answer = serve().get("/openapi.json").send().is(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.text(), countmein::http::openapi());
}

fn http_method(name: &str) -> &'static str {
    match name {
        "get" => "GET",
        "post" => "POST",
        "patch" => "PATCH",
        "delete" => "DELETE",
        other => panic!("a method {other}?"),
    }
}

#[test]
fn every_operation_of_the_contract_exists() {
    let server = serve();
    server.sign_up("dance", "Ana");
    let contract: Value = serde_json::from_str(&countmein::http::openapi()).unwrap();
    assert!(contract["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut operations = 0;
    for (path, methods) in contract["paths"].as_object().unwrap() {
        let path = path.replace("{event}", "dance").replace("{name}", "ana");
        for (method, operation) in methods.as_object().unwrap() {
            operations += 1;
            let method = http_method(method);
            let path = path.replace("{token}", "forged").replace("{id}", "none");
            let mut request = Request::new(&server, method, &path).organiser();
            if method != "GET" {
                request = request.json(&json!({}));
            }
            let answer = request.send();
            // A missing item is reported by the handler, not by the router.
            let no_such_route = answer.status == 404 && answer.text().contains("/openapi.json");
            assert!(!no_such_route && answer.status != 405, "{answer:?}");
            let responses = operation["responses"].as_object().unwrap();
            let status = answer.status.to_string();
            let class = format!("{}XX", &status[..1]);
            assert!(responses.contains_key(&status) || responses.contains_key(&class), "undocumented: {answer:?}");
        }
    }
    assert!(operations >= 17, "{operations}");
}

#[test]
fn contract_marks_operations_that_need_the_key() {
    let server = serve();
    let contract: Value = serde_json::from_str(&countmein::http::openapi()).unwrap();
    for (path, methods) in contract["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let documented = operation["security"].as_array().is_some_and(|schemes| !schemes.is_empty());
            let method = http_method(method);
            let path = path.replace("{event}", "dance").replace("{name}", "ana");
            let path = path.replace("{token}", "forged").replace("{id}", "none");
            let mut request = Request::new(&server, method, &path);
            if method != "GET" {
                request = request.json(&json!({}));
            }
            assert_eq!(documented, request.send().status == 401, "{method} {path}");
        }
    }
}
