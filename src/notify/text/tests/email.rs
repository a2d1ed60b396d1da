use proptest::prelude::*;

use super::{LINK, announcement, english, german, titled};
use crate::domain::seat::SeatNews;
use crate::notify::text::Email;

#[track_caller]
fn assert_email(email: &Email, subject: &str, body: &str) {
    assert_eq!((email.subject.as_str(), email.body.as_str()), (subject, body));
}

#[test]
fn formats_announcements() {
    let announcement = announcement(&["Ana", "Ben"], &["Cleo"], (41, 0), 63);
    assert_email(
        &english().announcement_email(&announcement, LINK),
        "Dance: Ana, Ben and 41 others joined, Cleo left; 63 are in",
        "Dance: Ana, Ben and 41 others joined, Cleo left; 63 are in.

See who is coming, change your sign-up or leave:
https://in.example.org/m/0123456789abcdef

To hear no more of it, open that link and take this address out.",
    );
    assert_email(
        &german().announcement_email(&announcement, LINK),
        "Dance: Ana, Ben und 41 weitere sind dabei, Cleo ist nicht mehr dabei; es sind 63 dabei",
        "Dance: Ana, Ben und 41 weitere sind dabei, Cleo ist nicht mehr dabei; es sind 63 dabei.

Sieh, wer dabei ist, ändere deine Angaben oder sag ab:
https://in.example.org/m/0123456789abcdef

Wenn du nichts mehr davon hören willst, öffne den Link und nimm diese Adresse heraus.",
    );
}

#[test]
fn formats_opt_in_requests() {
    assert_email(
        &english().opt_in_email("Dance", "Ana", LINK),
        "Dance: do you want to hear who joins?",
        "Ana is signed up for “Dance” with this address. Probably that was you.

To hear here when others join or leave, open this link and confirm:
https://in.example.org/m/0123456789abcdef

Without your confirmation you get no such messages. If you want no request like this again, open the link and choose “No, never”.",
    );
    assert_email(
        &german().opt_in_email("Tanz", "Ana", LINK),
        "Tanz: Möchtest du hören, wer dabei ist?",
        "Ana ist mit dieser Adresse bei „Tanz“ angemeldet. Wahrscheinlich warst du das.

Wenn du hier erfahren möchtest, wer dazukommt oder absagt, öffne diesen Link und bestätige es:
https://in.example.org/m/0123456789abcdef

Ohne deine Bestätigung kommen keine solchen Nachrichten. Wenn du auch keine solche Anfrage mehr bekommen möchtest, öffne den Link und wähle „No, never“.",
    );
}

#[test]
fn formats_resent_links() {
    assert_email(
        &english().resent_link_email("Dance", LINK),
        "Dance: your link again",
        "Here is your link for “Dance” again:
https://in.example.org/m/0123456789abcdef

With it you see who is coming, change your sign-up or leave. Whoever has it can do the same, so keep it to yourself.

If you did not ask for it, ignore this.",
    );
    assert_email(
        &german().resent_link_email("Tanz", LINK),
        "Tanz: Noch einmal dein Link",
        "Hier ist noch einmal dein Link zu „Tanz“:
https://in.example.org/m/0123456789abcdef

Mit ihm siehst du, wer dabei ist, änderst deine Angaben oder sagst ab. Wer ihn hat, kann das auch; behalte ihn also für dich.

Wenn du nicht darum gebeten hast, ignoriere dies.",
    );
}

#[test]
fn formats_news_about_seats() {
    let waits = SeatNews::Waiting { position: 12 };
    assert_email(
        &english().seat_email("Dance", "Ana", waits, LINK),
        "Dance: you are number 12 on the waiting list",
        "Ana is number 12 on the waiting list for “Dance”.

You get a message here when there is a place. To change your sign-up or leave the waiting list, open this link:
https://in.example.org/m/0123456789abcdef",
    );
    assert_email(
        &german().seat_email("Tanz", "Ana", waits, LINK),
        "Tanz: du stehst an 12. Stelle der Warteliste",
        "Ana steht bei „Tanz“ an 12. Stelle der Warteliste.

Sobald ein Platz frei ist, bekommst du hier eine Nachricht. Mit diesem Link änderst du deine Angaben oder verlässt die Warteliste:
https://in.example.org/m/0123456789abcdef",
    );
    assert_email(
        &english().seat_email("Dance", "Ana", SeatNews::Confirmed, LINK),
        "Dance: you have a place",
        "Ana has a place at “Dance”.

If you cannot come, cancel with this link, so that somebody else gets the place:
https://in.example.org/m/0123456789abcdef",
    );
    assert_email(
        &german().seat_email("Tanz", "Ana", SeatNews::Confirmed, LINK),
        "Tanz: du hast einen Platz",
        "Ana hat einen Platz bei „Tanz“.

Wenn du nicht kommen kannst, sag mit diesem Link ab, damit jemand anderes den Platz bekommt:
https://in.example.org/m/0123456789abcdef",
    );
}

proptest! {
    #![proptest_config(crate::seed::config(256))]

    #[test]
    fn subject_is_always_one_line(title in "(?s).{0,120}", name in "(?s).{0,80}", link in "\\PC{0,400}") {
        let announcement = titled(&title, announcement(&[&name], &[&name], (1, 1), 2));
        for texts in [english(), german()] {
            let emails = [
                texts.announcement_email(&announcement, &link),
                texts.opt_in_email(&title, &name, &link),
                texts.resent_link_email(&title, &link),
                texts.seat_email(&title, &name, SeatNews::Confirmed, &link),
                texts.seat_email(&title, &name, SeatNews::Waiting { position: 1 }, &link),
            ];
            for email in emails {
                prop_assert!(!email.subject.chars().any(char::is_control), "{:?}", email.subject);
                prop_assert!(email.body.contains(&link));
            }
        }
    }
}
