//! A CSV import from the upload bucket to the roster and the results bucket.

use std::fs;

use serde_json::Value;

use super::support::{Stack, eventually};

const IAM: &str = "COUNTMEIN_MINISTACK_IAM";

#[test]
fn uploaded_csv_reaches_roster_and_results() {
    let stack = Stack::deploy_to(IAM, &[]);
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("table.csv");
    let mut text = "Event;Name;Email\nDance;Zoë;zoe@mail.example\nDance;;\nDance;Ana;nowhere\n".to_owned();
    for number in 0..1_500 {
        text += &format!("Dance;Guest {number:04};\n");
    }
    fs::write(&table, text).unwrap();
    let (tables, results) = (stack.output("ImportBucketName"), stack.output("ImportResultsBucketName"));
    let put = |file: &str, key: &str| stack.aws(&["s3", "cp", file, &format!("s3://{tables}/{key}")]);
    put(table.to_str().unwrap(), "people of 2026/fête+1.csv");

    eventually("everybody", || stack.who_is_in("dance").len(), |count| *count == 1_501);
    let list = || stack.aws(&["s3api", "list-objects-v2", "--bucket", results]);
    eventually("the result", list, |listed| listed["Contents"].is_array());
    let result = folder.path().join("result.csv");
    let from = format!("s3://{results}/people of 2026/fête+1.csv.result.csv");
    stack.aws(&["s3", "cp", &from, result.to_str().unwrap()]);
    let lines: Vec<String> = fs::read_to_string(&result).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[1].starts_with("Dance,,,,,,,,,3,`name` is empty"), "{lines:?}");
    assert!(lines[2].starts_with("Dance,Ana,nowhere,,,,,,,4,`email` is not an email address"), "{lines:?}");
    assert!(stack.rejects().is_empty());

    fs::write(&table, "who,what\n").unwrap();
    put(table.to_str().unwrap(), "no table");
    let found = |listed: &Value| listed["Contents"].as_array().is_some_and(|objects| objects.len() == 2);
    eventually("the other result", list, found);
    stack.aws(&["s3", "cp", &format!("s3://{results}/no table.result.csv"), result.to_str().unwrap()]);
    let result = fs::read_to_string(&result).unwrap();
    assert!(result.contains("there is no column `event`; the first row names who, what"), "{result}");
}
