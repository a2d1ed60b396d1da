mod email;
mod sms;

use super::*;
use crate::domain::change::Movements;
use crate::domain::event::EventId;

/// A manage link of typical length.
const LINK: &str = "https://in.example.org/m/0123456789abcdef";

fn announcement(joined: &[&str], left: &[&str], others: (u64, u64), count: u64) -> Announcement {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    Announcement {
        event: EventId::from_stored("dance".to_owned()),
        title: "Dance".to_owned(),
        joined: owned(joined),
        left: owned(left),
        others: Movements { joined: others.0, left: others.1 },
        count,
    }
}

fn titled(title: &str, announcement: Announcement) -> Announcement {
    Announcement { title: title.to_owned(), ..announcement }
}

fn english() -> MessageTexts {
    MessageTexts::new(Language::English, DEFAULT_NAMES_SHOWN)
}

fn german() -> MessageTexts {
    MessageTexts::new(Language::German, DEFAULT_NAMES_SHOWN)
}

#[test]
fn formats_lines_in_both_languages() {
    for (joined, left, others, count, in_english, in_german) in [
        (&["Ana"][..], &[][..], (0, 0), 1, "Dance: Ana joined; 1 is in.", "Dance: Ana ist dabei; es ist 1 dabei."),
        (
            &["Ana", "Ben"],
            &[],
            (0, 0),
            2,
            "Dance: Ana and Ben joined; 2 are in.",
            "Dance: Ana und Ben sind dabei; es sind 2 dabei.",
        ),
        (
            &["Ana", "Ben", "Cleo"],
            &[],
            (0, 0),
            3,
            "Dance: Ana, Ben and Cleo joined; 3 are in.",
            "Dance: Ana, Ben und Cleo sind dabei; es sind 3 dabei.",
        ),
        (
            &["Ana"],
            &[],
            (1, 0),
            2,
            "Dance: Ana and 1 other joined; 2 are in.",
            "Dance: Ana und 1 weitere Person sind dabei; es sind 2 dabei.",
        ),
        (
            &["Ana", "Ben"],
            &[],
            (41, 0),
            63,
            "Dance: Ana, Ben and 41 others joined; 63 are in.",
            "Dance: Ana, Ben und 41 weitere sind dabei; es sind 63 dabei.",
        ),
        (&[], &[], (1, 0), 1, "Dance: 1 person joined; 1 is in.", "Dance: 1 Person ist neu dabei; es ist 1 dabei."),
        (
            &[],
            &[],
            (3, 0),
            1_000_000,
            "Dance: 3 people joined; 1000000 are in.",
            "Dance: 3 Personen sind neu dabei; es sind 1000000 dabei.",
        ),
        (
            &[],
            &["Cleo"],
            (0, 0),
            0,
            "Dance: Cleo left; nobody is in.",
            "Dance: Cleo ist nicht mehr dabei; niemand ist dabei.",
        ),
        (
            &[],
            &["Cleo", "Dan"],
            (0, 0),
            1,
            "Dance: Cleo and Dan left; 1 is in.",
            "Dance: Cleo und Dan sind nicht mehr dabei; es ist 1 dabei.",
        ),
        (
            &[],
            &[],
            (0, 1),
            2,
            "Dance: 1 person left; 2 are in.",
            "Dance: 1 Person ist nicht mehr dabei; es sind 2 dabei.",
        ),
        (
            &[],
            &[],
            (0, 3),
            0,
            "Dance: 3 people left; nobody is in.",
            "Dance: 3 Personen sind nicht mehr dabei; niemand ist dabei.",
        ),
        (
            &["Ana"],
            &["Cleo"],
            (0, 0),
            2,
            "Dance: Ana joined, Cleo left; 2 are in.",
            "Dance: Ana ist dabei, Cleo ist nicht mehr dabei; es sind 2 dabei.",
        ),
        (
            &["Ana", "Ben"],
            &["Cleo"],
            (2, 1),
            9,
            "Dance: Ana, Ben and 2 others joined, Cleo and 1 other left; 9 are in.",
            "Dance: Ana, Ben und 2 weitere sind dabei, Cleo und 1 weitere Person sind nicht mehr dabei; es sind 9 dabei.",
        ),
        (
            &["Ana"],
            &[],
            (0, 2),
            9,
            "Dance: Ana joined, 2 people left; 9 are in.",
            "Dance: Ana ist dabei, 2 Personen sind nicht mehr dabei; es sind 9 dabei.",
        ),
        (&[], &[], (0, 0), 2, "Dance: 2 are in.", "Dance: es sind 2 dabei."),
    ] {
        let announcement = announcement(joined, left, others, count);
        assert_eq!(english().announcement_line(&announcement), in_english);
        assert_eq!(german().announcement_line(&announcement), in_german);
    }
}

#[test]
fn counts_hidden_names_as_others() {
    let names = ["A", "B", "C", "D"];
    for (shown, joined, left, others, line) in [
        (2, &names[..], &[][..], (0, 0), "Dance: A, B and 2 others joined; 9 are in."),
        (3, &names, &[], (0, 0), "Dance: A, B, C and 1 other joined; 9 are in."),
        (4, &names, &names, (0, 5), "Dance: A, B and 2 others joined, A, B and 7 others left; 9 are in."),
        (4, &names, &["Z"], (0, 0), "Dance: A, B, C and 1 other joined, Z left; 9 are in."),
        (4, &["Z"], &names, (0, 0), "Dance: Z joined, A, B, C and 1 other left; 9 are in."),
        (1, &names, &names, (0, 0), "Dance: A and 3 others joined, 4 people left; 9 are in."),
        (1, &[], &names, (0, 0), "Dance: A and 3 others left; 9 are in."),
        (0, &names, &["Z"], (1, 0), "Dance: 5 people joined, 1 person left; 9 are in."),
    ] {
        assert_eq!(
            MessageTexts::new(Language::English, shown).announcement_line(&announcement(joined, left, others, 9)),
            line
        );
    }
}

#[test]
fn does_not_interpret_names_as_fluent_syntax() {
    let line = english().announcement_line(&titled("{ $count }", announcement(&["{ line }", "\"\\"], &[], (0, 0), 2)));
    assert_eq!(line, "{ $count }: { line } and \"\\ joined; 2 are in.");
}

#[test]
fn texts_can_be_shared_between_threads() {
    fn assert_shareable<T: Send + Sync>() {}
    assert_shareable::<MessageTexts>();
}
