//! What the documents say about the tests.

use std::fs;
use std::path::Path;

fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            *text += &fs::read_to_string(&path).unwrap();
        }
    }
}

/// The table of inputs names a test in each cell that is not empty of them.
#[test]
fn tests_that_the_table_of_inputs_names_exist() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(project.join("docs/inputs.md")).unwrap();
    let mut text = String::new();
    for folder in ["src", "tests"] {
        sources(&project.join(folder), &mut text);
    }
    let rows = table.lines().filter(|line| line.starts_with('|')).collect::<Vec<_>>().join("\n");
    let names: Vec<&str> = rows.split('`').skip(1).step_by(2).collect();
    assert!(names.len() > 40, "{names:?}");
    let missing: Vec<&&str> = names
        .iter()
        .filter(|name| !text.contains(&format!("fn {name}(")) && !text.contains(&format!("        {name}\n")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
