use proptest::collection::vec;
use proptest::prelude::*;
use proptest::string::string_regex;
use strum::VariantArray as _;

use super::{LINK, announcement, english, german, titled};
use crate::domain::announcement::Announcement;
use crate::domain::change::Movements;
use crate::domain::event::EventId;
use crate::domain::language::Language;
use crate::domain::seat::SeatNews;
use crate::notify::text::MessageTexts;
use crate::notify::text::gsm7::{is_gsm7, segments};

const NAMES: [&str; 10] = ["Ana", "Ben", "Cleo", "Dan", "Eva", "Fritz", "Gina", "Hugo", "Ida", "Jon"];
const LONG_TITLE: &str = "Street party in Sunny Lane and all of the gardens behind it 2026";

/// A link that takes `length` septets.
fn link(length: usize) -> String {
    format!("{:a<length$}", "https://in.example.org/")
}

#[track_caller]
fn assert_sms(text: &str, expected_segments: usize, body: &str, link: &str) {
    assert_eq!(text, format!("{body} {link}"));
    assert_eq!(segments(text), expected_segments, "{text}");
}

#[test]
fn short_texts_take_one_segment() {
    let announcement = announcement(&["Ana"], &["Cleo"], (0, 0), 2);
    assert_sms(&english().announcement_sms(&announcement, LINK), 1, "Dance: Ana joined, Cleo left; 2 are in.", LINK);
    let body = "Dance: Ana ist dabei, Cleo ist nicht mehr dabei; es sind 2 dabei.";
    assert_sms(&german().announcement_sms(&announcement, LINK), 1, body, LINK);
    let body = "Dance: do you want to hear who joins? Confirm here, or ignore this.";
    assert_sms(&english().opt_in_sms("Dance", LINK), 1, body, LINK);
    let body = "Tanz: Möchtest du hören, wer dabei ist? Bestätige es hier, sonst ignoriere dies.";
    assert_sms(&german().opt_in_sms("Tanz", LINK), 1, body, LINK);
    assert_sms(&english().resent_link_sms("Dance", LINK), 1, "Dance: here is your link again.", LINK);
    assert_sms(&german().resent_link_sms("Tanz", LINK), 1, "Tanz: Hier ist dein Link noch einmal.", LINK);
    let waits = SeatNews::Waiting { position: 12 };
    assert_sms(&english().seat_sms("Dance", waits, LINK), 1, "Dance: you are number 12 on the waiting list.", LINK);
    assert_sms(&german().seat_sms("Tanz", waits, LINK), 1, "Tanz: du stehst an 12. Stelle der Warteliste.", LINK);
    assert_sms(&english().seat_sms("Dance", SeatNews::Confirmed, LINK), 1, "Dance: you have a place.", LINK);
    assert_sms(&german().seat_sms("Tanz", SeatNews::Confirmed, LINK), 1, "Tanz: du hast einen Platz.", LINK);
}

#[test]
fn shortens_names_before_title() {
    for (title, link_length, expected_segments, body) in [
        ("Dance", 73, 1, "Dance: Ana, Ben, Cleo, Dan, Eva, Fritz, Gina, Hugo, Ida and Jon joined; 63 are in."),
        ("Dance", 80, 1, "Dance: Ana, Ben, Cleo, Dan, Eva, Fritz, Gina and 3 others joined; 63 are in."),
        ("Dance", 117, 1, "Dance: Ana and 9 others joined; 63 are in."),
        ("Dance", 118, 2, "Dance: Ana, Ben, Cleo, Dan, Eva, Fritz, Gina, Hugo, Ida and Jon joined; 63 are in."),
        (
            LONG_TITLE,
            70,
            1,
            "Street party in Sunny Lane and all of the gardens...: Ana and 9 others joined; 63 are in.",
        ),
        (LONG_TITLE, 100, 1, "Street party in Sun...: Ana and 9 others joined; 63 are in."),
        (
            LONG_TITLE,
            180,
            2,
            "Street party in Sunny Lane and all of the gardens behind it 2026: \
             Ana, Ben, Cleo, Dan, Eva and 5 others joined; 63 are in.",
        ),
        (LONG_TITLE, 230, 2, "Street party in Sunny Lane and all...: Ana and 9 others joined; 63 are in."),
        (LONG_TITLE, 255, 2, "Street party in S...: 10 people joined; 63 are in."),
        (LONG_TITLE, 260, 2, "Stree...: Ana and 9 others joined; 63 are in."),
        (LONG_TITLE, 270, 2, "St...: 10 people joined; 63 are in."),
    ] {
        let announcement = titled(title, announcement(&NAMES, &[], (0, 0), 63));
        let link = link(link_length);
        assert_sms(&english().announcement_sms(&announcement, &link), expected_segments, body, &link);
    }
}

#[test]
fn omits_link_that_does_not_fit() {
    let announcement = announcement(&["Ana"], &[], (0, 0), 1);
    assert_eq!(english().announcement_sms(&announcement, &link(300)), "Dance: Ana joined; 1 is in.");
    assert_eq!(english().resent_link_sms("Dance", &link(300)), "Dance: here is your link again.");
}

#[test]
fn characters_outside_gsm7_leave_less_room() {
    for (title, names, link_length, expected_segments, body) in [
        ("Łódź", &["Ana"][..], 40, 1, "Łódź: Ana joined; 63 are in."),
        ("Łódź", &["Ana", "Ben"], 40, 2, "Łódź: Ana and Ben joined; 63 are in."),
        ("Łódź", &["Ana", "Ben"], 140, 2, "Event: Ana and Ben joined; 63 are in."),
        ("Łódź: street party in Sunny Lane", &["Ana"], 90, 2, "Łódź: street party…: Ana joined; 63 are in."),
        ("Dance night in the park 🎉", &["Ana"], 60, 1, "Dance night in the park...: Ana joined; 63 are in."),
        ("Dance", &["Ana", "Ben", "Łukasz"], 60, 1, "Dance: Ana, Ben and 1 other joined; 63 are in."),
        ("Dance", &["Łukasz"], 60, 2, "Dance: Łukasz joined; 63 are in."),
        ("Dance", &["Łukasz"], 140, 2, "Dance: 1 person joined; 63 are in."),
    ] {
        let announcement = titled(title, announcement(names, &[], (0, 0), 63));
        let link = link(link_length);
        assert_sms(&english().announcement_sms(&announcement, &link), expected_segments, body, &link);
    }
}

/// Text that a person could type: ASCII letters, characters of different encoded lengths, or any visible characters.
fn typed_text(max_chars: usize) -> impl Strategy<Value = String> {
    let any_of = |characters: &str| string_regex(&format!("{characters}{{1,{max_chars}}}")).unwrap();
    prop_oneof![any_of("[a-z ]"), any_of("[aä€\\[ł🎉e\u{301}\u{200D}א]"), any_of("\\PC")]
}

fn announcements() -> impl Strategy<Value = Announcement> {
    let names = || vec(typed_text(80), 0..8);
    (typed_text(120), names(), names(), any::<(u64, u64)>(), any::<u64>()).prop_map(
        |(title, joined, left, others, count)| {
            let event = EventId::from_stored("dance".to_owned());
            Announcement { event, title, joined, left, others: Movements { joined: others.0, left: others.1 }, count }
        },
    )
}

fn all_sms(texts: &MessageTexts, announcement: &Announcement, link: &str) -> [String; 5] {
    let title = &announcement.title;
    [
        texts.announcement_sms(announcement, link),
        texts.opt_in_sms(title, link),
        texts.resent_link_sms(title, link),
        texts.seat_sms(title, SeatNews::Confirmed, link),
        texts.seat_sms(title, SeatNews::Waiting { position: announcement.count }, link),
    ]
}

proptest! {
    #![proptest_config(crate::seed::config(256))]

    #[test]
    fn never_exceeds_two_segments(
        announcement in announcements(),
        link in prop_oneof!["[!-~]{1,400}", "\\PC{0,400}"],
        names_shown in 0..12_usize,
    ) {
        for language in Language::VARIANTS {
            let texts = MessageTexts::new(*language, names_shown);
            for text in all_sms(&texts, &announcement, &link) {
                prop_assert!(!text.trim().is_empty());
                prop_assert!(segments(&text) <= 2, "{text}");
            }
        }
    }

    #[test]
    fn keeps_links_of_common_length(
        announcement in announcements(),
        link in "https://[a-z0-9/.-]{10,140}",
    ) {
        for texts in [english(), german()] {
            for text in all_sms(&texts, &announcement, &link) {
                let end = format!(" {link}");
                prop_assert!(text.ends_with(&end), "{text}");
            }
        }
    }

    #[test]
    fn message_files_stay_within_gsm7(title in "[a-z]{1,120}", name in "[a-z]{1,80}", counts in any::<(u8, u8, u8)>()) {
        let (joined, left, count) = counts;
        let announcement = announcement(&[&name], &[&name], (joined.into(), left.into()), count.into());
        let announcement = titled(&title, announcement);
        for texts in [english(), german()] {
            for text in all_sms(&texts, &announcement, LINK) {
                prop_assert!(is_gsm7(&text), "{text}");
            }
        }
    }
}
