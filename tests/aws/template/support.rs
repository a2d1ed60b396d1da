//! The template as it is written, its tags (`!Ref`, `!Sub` …) kept.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_norway::Value;

/// A file of the project.
pub fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub struct Template(Value);

pub fn template() -> Template {
    Template(serde_norway::from_str(&file("template.yaml")).unwrap())
}

impl Template {
    /// A top-level section.
    pub fn section(&self, name: &str) -> BTreeMap<&str, &Value> {
        entries(&self.0[name])
    }

    pub fn resource(&self, name: &str) -> &Value {
        let resource = &self.0["Resources"][name];
        assert!(!resource.is_null(), "no resource {name}");
        resource
    }

    /// The properties of a resource.
    pub fn properties(&self, name: &str) -> &Value {
        &self.resource(name)["Properties"]
    }

    /// The names of all resources of a type.
    pub fn of_type(&self, kind: &str) -> Vec<&str> {
        self.section("Resources")
            .into_iter()
            .filter(|(_, resource)| resource["Type"] == kind)
            .map(|(name, _)| name)
            .collect()
    }

    /// What a property is of a function, its own or that of all functions.
    pub fn of_function(&self, name: &str, property: &str) -> Value {
        let all = &self.0["Globals"]["Function"][property];
        let own = &self.properties(name)[property];
        match (all, own) {
            (Value::Mapping(all), Value::Mapping(own)) => {
                let mut merged = all.clone();
                for (key, value) in own {
                    match (merged.get_mut(key), value) {
                        (Some(Value::Mapping(below)), Value::Mapping(value)) => below.extend(value.clone()),
                        _ => drop(merged.insert(key.clone(), value.clone())),
                    }
                }
                Value::Mapping(merged)
            }
            (all, Value::Null) => all.clone(),
            (_, own) => own.clone(),
        }
    }

    /// The largest value that a number in the template may have: itself, or what its parameter allows at most.
    pub fn largest(&self, value: &Value) -> u64 {
        let parameter = match value {
            Value::Tagged(tagged) if tagged.tag == "Ref" => &self.0["Parameters"][text(&tagged.value).as_str()],
            number => return number.as_u64().unwrap_or_else(|| panic!("{number:?} is no number")),
        };
        parameter["MaxValue"].as_u64().unwrap_or_else(|| panic!("{value:?} has no MaxValue"))
    }
}

/// The entries of a mapping, by key.
pub fn entries(value: &Value) -> BTreeMap<&str, &Value> {
    let mapping = value.as_mapping().unwrap_or_else(|| panic!("{value:?} is no mapping"));
    mapping.iter().map(|(key, value)| (key.as_str().unwrap(), value)).collect()
}

/// A value on one line, as the template writes it: `!GetAtt EventsTable.Arn`, `[a, b]`.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(bool) => bool.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim_end().to_owned(),
        Value::Sequence(values) => format!("[{}]", values.iter().map(text).collect::<Vec<_>>().join(", ")),
        Value::Mapping(_) => {
            let entries = entries(value).into_iter().map(|(key, value)| format!("{key}: {}", text(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Tagged(tagged) => format!("{} {}", tagged.tag, text(&tagged.value)),
    }
}

/// One value, or a list of some.
pub fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Sequence(values) => values.iter().collect(),
        Value::Null => Vec::new(),
        value => vec![value],
    }
}

/// A list's texts.
pub fn texts(value: &Value) -> Vec<String> {
    list(value).into_iter().map(text).collect()
}
