//! The records as which every storage backend stores domain values.

pub mod announcement;
pub mod attendee;
pub mod button;
pub mod deleted_event;
pub mod digest;
pub mod event_details;
pub mod opt_in;
pub mod seat;

/// Whether a value need not be stored, because it is the default when it is read.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Describes what is wrong with a damaged record, without the values in it: they may be names or contacts. Parsers put
/// them in double quotes.
pub fn describe_damage(error: &impl ToString) -> String {
    let text = error.to_string();
    text.split('"').step_by(2).collect::<Vec<_>>().join("…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn description_of_damage_has_no_values() {
        let error = serde_json::from_str::<u64>(r#""ana@example.org""#).unwrap_err();
        assert!(error.to_string().contains("ana@example.org"));
        assert_eq!(describe_damage(&error), "invalid type: string …, expected u64 at line 1 column 17");
    }
}
