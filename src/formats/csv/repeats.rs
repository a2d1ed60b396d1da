//! Rows about somebody whom an earlier row of the same table names. Most are mistakes: two people with the same name.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::Serialize;

use super::ImportedSignup;

/// The repeats that are kept. The others are counted.
const MAX_KEPT: usize = 20;

/// A row about the same person as an earlier one. Its values replace those of the earlier row, and its empty cells change nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repeat {
    pub row: u64,
    pub earlier_row: u64,
    pub name: String,
}

/// The repeats in a table.
#[derive(Default)]
pub struct Repeats {
    /// The first row about each person, by a hash of event and name. A table may have millions of rows.
    first_rows: HashMap<u64, u64>,
    pub kept: Vec<Repeat>,
    pub count: u64,
}

impl Repeats {
    pub fn note(&mut self, row: u64, signup: &ImportedSignup) {
        let mut hash = DefaultHasher::new();
        (signup.event.id(), signup.name.key().as_str()).hash(&mut hash);
        let earlier_row = *self.first_rows.entry(hash.finish()).or_insert(row);
        if earlier_row == row {
            return;
        }
        self.count += 1;
        if self.kept.len() < MAX_KEPT {
            self.kept.push(Repeat { row, earlier_row, name: signup.name.to_string() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Table;
    use super::*;

    #[test]
    fn second_row_about_a_person_is_noted() {
        let text = "event,name\nDance,Ana\nPizza,Ana\ndance, ANA\nDance,Ben\nDance,ana\nDance,\n";
        let mut table = Table::new(text.as_bytes()).unwrap();
        let mut repeats = Repeats::default();
        while let Some(row) = table.next_row().unwrap() {
            if let Ok(signup) = &row.signup {
                repeats.note(row.number, signup);
            }
        }
        let kept: Vec<_> = repeats.kept.iter().map(|repeat| (repeat.row, repeat.earlier_row, &*repeat.name)).collect();
        assert_eq!(kept, [(4, 2, "ANA"), (6, 2, "ana")]);
        assert_eq!(repeats.count, 2);
    }
}
